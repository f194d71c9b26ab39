"""Files and folders are replaced as a whole or not at all."""

import os
from pathlib import Path

import pytest

from console.files import atomic_remove, atomic_write, find_changed_file, write_sums


def test_a_file_is_created_with_its_folders_and_then_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.txt"
    for text in ("old", "new"):
        atomic_write(path, lambda fresh, text=text: fresh.write_text(text))
        assert path.read_text() == text
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    path = tmp_path / "folder"

    def write(fresh: Path) -> None:
        fresh.mkdir()
        (fresh / "file.txt").write_text("text")
        assert not path.exists()

    atomic_write(path, write)
    assert (path / "file.txt").read_text() == "text"
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_after_an_error_the_old_file_is_unchanged(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write(fresh: Path) -> None:
        fresh.write_text("ne")
        raise error

    with pytest.raises(type(error)):
        atomic_write(path, write)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_folder_with_files_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "file.txt").write_text("old")
    with pytest.raises(OSError):
        atomic_write(path, Path.mkdir)
    assert (path / "file.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["folder"]


def test_the_suffix_and_the_permissions_are_those_of_any_file(tmp_path: Path) -> None:
    names = []
    atomic_write(tmp_path / "model.keras", lambda fresh: (names.append(fresh.name), fresh.touch()))
    (tmp_path / "other").touch()
    assert names == ["model.keras"]
    assert (tmp_path / "model.keras").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_is_removed_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "file.txt").touch()
    atomic_remove(tmp_path / "folder")
    assert os.listdir(tmp_path) == []


def test_checksums_are_those_of_sha256sum_and_include_subfolders(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.txt").write_text("abc")
    (tmp_path / "a.txt").write_text("")
    assert write_sums(tmp_path).read_text().splitlines() == [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.txt",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  inner/b.txt",
    ]
    assert find_changed_file(tmp_path) is None
    (tmp_path / "inner" / "b.txt").write_text("abd")
    assert find_changed_file(tmp_path) == (
        tmp_path / "inner" / "b.txt",
        "is not the file that was saved (its checksum differs)",
    )
