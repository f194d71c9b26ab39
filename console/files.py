"""Files and folders that are replaced as a whole, and checksums of what they hold."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

SUMS = "SHA256SUMS"
"""Name of the file with the checksums of all files of its folder, as `sha256sum` writes and checks it."""


FRESH = ".fresh-"
"""Start of the names of folders for files that are not finished."""


def atomic_write(path: Path, write: Callable[[Path], object]) -> None:
    """Create a file or a folder elsewhere and move it to `path`, so that a kill leaves the old one or the new one.

    write: creates the file or folder at the path that it is given, which ends in the same name as `path`
    An existing file is replaced. An existing folder has to be empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A folder of its own beside `path`: a rename needs the same file system, and Keras the suffix of a file's name.
    with TemporaryDirectory(prefix=FRESH, dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        write(fresh)
        os.replace(fresh, path)


def atomic_remove(path: Path) -> None:
    """Remove a folder, so that a kill leaves all of it or nothing under its name. Raises OSError."""
    with TemporaryDirectory(prefix=".removed-", dir=path.parent, ignore_cleanup_errors=True) as folder:
        os.replace(path, Path(folder) / path.name)


def sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(folder: Path) -> Path:
    """Write the checksums of all files in `folder`, subfolders included, and return the path of the file."""
    names = [name for name in _file_names(folder) if name != SUMS]
    (folder / SUMS).write_text("".join(f"{sha256(folder / name)}  {name}\n" for name in names), encoding="utf-8")
    return folder / SUMS


def find_changed_file(folder: Path) -> tuple[Path, str] | None:
    """The first file of `folder` that is not as `write_sums` found it, and what is wrong; None if there is none."""
    sums = folder / SUMS
    if not sums.is_file():
        return sums, "is missing"
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    listed = {name: expected for expected, _, name in (line.partition("  ") for line in lines)}
    found = {*_file_names(folder)} - {SUMS}
    if found - {*listed}:
        return sums, "does not list all files beside it"
    for name, expected in listed.items():
        if name not in found:
            return folder / name, "is missing"
        if not (folder / name).is_file():
            return folder / name, "is not a file"
        if sha256(folder / name) != expected:
            return folder / name, "is not the file that was saved (its checksum differs)"
    return None


def _file_names(folder: Path) -> list[str]:
    """Names of everything in `folder` but its folders, relative to it, sorted."""
    files = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in files)
