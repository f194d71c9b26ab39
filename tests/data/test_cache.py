"""The cache: entries are complete or absent, and errors of the disk are never fatal."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data.cache import cache_folder, cached, digest


class Work:
    """A cached computation that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def result(self, folder: Path, key: str = "key", save=None) -> str:
        return cached(folder, "works", key, save or self.save, self.load, self.compute)

    def compute(self) -> str:
        self.calls += 1
        return f"result {self.calls}"

    def save(self, result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result)

    def load(self, folder: Path) -> str:
        return (folder / "result.txt").read_text()


def test_a_cached_result_is_not_computed_again(tmp_path):
    work = Work()
    assert work.result(tmp_path) == work.result(tmp_path) == "result 1"
    assert work.result(tmp_path, "other key") == "result 2"


def spoil(entry: Path, kind: str) -> None:
    file = entry / "result.txt"
    content = file.read_bytes()
    if kind == "truncated":
        file.write_bytes(content[:-1])
    elif kind == "flipped bit":
        file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "missing file":
        file.unlink()
    elif kind == "extra file":
        (entry / "other.txt").touch()
    elif kind == "extra file in a folder":
        (entry / "more").mkdir()
        (entry / "more" / "other.txt").touch()
    elif kind == "no checksums":
        (entry / "SHA256SUMS").unlink()
    elif kind == "other checksums":
        (entry / "SHA256SUMS").write_text("0" * 64 + "  result.txt\n")
    elif kind == "a folder for a file":
        file.unlink()
        file.mkdir()
    elif kind == "a pipe for a file":
        file.unlink()
        os.mkfifo(file)
    elif kind == "a file for the entry":
        shutil.rmtree(entry)
        entry.write_bytes(content)
    elif kind == "a dangling link for the entry":
        shutil.rmtree(entry)
        entry.symlink_to("nowhere")
    else:
        raise ValueError(kind)


@pytest.mark.parametrize(
    "kind",
    [
        "truncated",
        "flipped bit",
        "empty",
        "missing file",
        "extra file",
        "extra file in a folder",
        "no checksums",
        "other checksums",
        "a folder for a file",
        "a pipe for a file",
        "a file for the entry",
        "a dangling link for the entry",
    ],
)
def test_a_damaged_entry_is_computed_again_and_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    work = Work()
    work.result(tmp_path)
    spoil(tmp_path / "works" / "key", kind)
    assert work.result(tmp_path) == "result 2"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: {tmp_path / 'works' / 'key'} in the cache is damaged (")
    assert work.result(tmp_path) == "result 2"
    assert capsys.readouterr().err == ""


def test_a_cache_folder_is_not_needed(tmp_path):
    work = Work()
    assert cached(None, "works", "key", work.save, work.load, work.compute) == "result 1"


def test_a_cache_that_cannot_be_written_is_not_an_error(tmp_path):
    (tmp_path / "file").write_text("no folder can be made under a file")
    work = Work()
    assert work.result(tmp_path / "file") == "result 1"
    assert work.result(tmp_path / "file") == "result 2"


def test_a_full_disk_is_not_an_error_and_leaves_no_partial_entry(tmp_path):
    def full(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result[:3])
        raise OSError(28, "No space left on device")

    work = Work()
    assert work.result(tmp_path, save=full) == "result 1"
    assert list((tmp_path / "works").iterdir()) == []
    assert work.result(tmp_path) == "result 2"


def test_an_interrupt_while_writing_leaves_no_entry(tmp_path):
    def interrupted(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result[:3])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Work().result(tmp_path, save=interrupted)
    assert list((tmp_path / "works").iterdir()) == []


def test_an_entry_appears_only_when_it_is_complete(tmp_path):
    """A kill while writing leaves a folder with another name, which is never used as the entry."""
    exists = []

    def save(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result)
        exists.append((tmp_path / "works" / "key").exists())

    Work().result(tmp_path, save=save)
    assert exists == [False]
    (tmp_path / "works" / ".other.half-written").mkdir()
    assert Work().result(tmp_path, "other") == "result 1"


def test_concurrent_computations_both_return_their_result(tmp_path):
    work, other = Work(), Work()

    def slow(result: str, folder: Path) -> None:
        other.result(tmp_path)
        work.save(result, folder)

    assert work.result(tmp_path, save=slow) == "result 1"
    assert work.result(tmp_path) == "result 1"
    assert [entry.name for entry in (tmp_path / "works").iterdir()] == ["key"]


def test_equal_parts_have_equal_digests_and_others_differ():
    assert digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
    different = [digest(), digest("a", "b"), digest("ab"), digest(["a", "b"]), digest("a", 1), digest("a", "1")]
    assert len(set(different)) == len(different)


def test_the_default_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(None) == tmp_path / "unrolled"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder(None) == tmp_path / "home" / ".cache" / "unrolled"
    assert cache_folder(tmp_path / "chosen") == tmp_path / "chosen"


def no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.delenv("HOME")
    # As for a user id without an entry in the list of users.
    monkeypatch.setattr("pwd.getpwuid", lambda _: {}["uid"])
    return "there is no home folder"


def home_under_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    home = tmp_path / "file"
    home.write_text("")
    monkeypatch.setenv("HOME", str(home))
    return f"{home / '.cache' / 'unrolled'}: Not a directory"


@pytest.mark.parametrize("without", [no_home, home_under_a_file])
def test_without_a_home_folder_there_is_no_cache_and_one_note(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    without: Callable[[pytest.MonkeyPatch, Path], str],
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    fault = without(monkeypatch, tmp_path)
    assert cache_folder(None) is None and cache_folder(None) is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: nothing is kept in a cache ({fault})")
