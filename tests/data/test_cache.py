"""The cache saves work and never breaks it."""

from pathlib import Path

import pytest

from data.cache import cached, default_cache, digest


class Work:
    """Something that takes long; counts how often it was done."""

    def __init__(self) -> None:
        self.done = 0

    def through(self, folder: Path, key: str = "key", save=None) -> str:
        return cached(folder, "works", key, save or self.save, self.load, self.compute)

    def compute(self) -> str:
        self.done += 1
        return f"result {self.done}"

    def save(self, result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result)

    def load(self, folder: Path) -> str:
        return (folder / "result.txt").read_text()


def test_what_was_done_is_not_done_again(tmp_path):
    work = Work()
    assert work.through(tmp_path) == work.through(tmp_path) == "result 1"
    assert work.through(tmp_path, "other key") == "result 2"


def test_a_damaged_entry_is_done_anew_and_kept(tmp_path):
    work = Work()
    work.through(tmp_path)
    (tmp_path / "works" / "key" / "result.txt").unlink()
    assert work.through(tmp_path) == "result 2"
    assert work.through(tmp_path) == "result 2"


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("no folder can be made under a file")
    work = Work()
    assert work.through(tmp_path / "file") == "result 1"
    assert work.through(tmp_path / "file") == "result 2"


def test_a_full_disk_is_no_failure_and_leaves_no_half_entry(tmp_path):
    def full(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result[:3])
        raise OSError(28, "No space left on device")

    work = Work()
    assert work.through(tmp_path, save=full) == "result 1"
    assert list((tmp_path / "works").iterdir()) == []
    assert work.through(tmp_path) == "result 2"


def test_an_interrupt_while_writing_leaves_nothing(tmp_path):
    def interrupted(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result[:3])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Work().through(tmp_path, save=interrupted)
    assert list((tmp_path / "works").iterdir()) == []


def test_an_entry_appears_only_when_it_is_whole(tmp_path):
    """A kill while writing leaves a folder of another name, which no later run takes for the entry."""
    seen = []

    def handle_signals(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result)
        seen.append((tmp_path / "works" / "key").exists())

    Work().through(tmp_path, save=handle_signals)
    assert seen == [False]
    (tmp_path / "works" / ".other.half-written").mkdir()
    assert Work().through(tmp_path, "other") == "result 1"


def test_two_at_once_both_get_their_result(tmp_path):
    work, other = Work(), Work()

    def slow(result: str, folder: Path) -> None:
        other.through(tmp_path)
        work.save(result, folder)

    assert work.through(tmp_path, save=slow) == "result 1"
    assert work.through(tmp_path) == "result 1"
    assert [entry.name for entry in (tmp_path / "works").iterdir()] == ["key"]


def test_a_key_tells_apart_what_differs_and_nothing_else():
    assert digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
    different = [digest(), digest("a", "b"), digest("ab"), digest(["a", "b"]), digest("a", 1), digest("a", "1")]
    assert len(set(different)) == len(different)


def test_the_cache_lies_where_the_system_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "unrolled"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_cache() == tmp_path / "home" / ".cache" / "unrolled"
