"""The cache: entries are complete or absent, and errors of the disk are never fatal."""

from pathlib import Path

import pytest

from data.cache import cached, default_cache, digest


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


def test_a_damaged_entry_is_computed_again_and_saved(tmp_path):
    work = Work()
    work.result(tmp_path)
    (tmp_path / "works" / "key" / "result.txt").unlink()
    assert work.result(tmp_path) == "result 2"
    assert work.result(tmp_path) == "result 2"


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
    assert default_cache() == tmp_path / "unrolled"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_cache() == tmp_path / "home" / ".cache" / "unrolled"
