"""A cache on disk for results that take long to compute.

Each result has a folder of its own, whose name is a digest of everything that the result depends on. It holds the
checksums of its files: one that is not as it was saved is never used. The cache can be deleted at any time.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

from console.files import atomic_write, find_changed_file, write_sums
from console.messages import warn
from schema.errors import RunError

ResultT = TypeVar("ResultT")

# Errors of reading a truncated or changed file. Not every exception: signals raise exceptions too.
_DAMAGED_ENTRY_ERRORS = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile, RunError)

# To be increased when the meaning of the entries changes.
CACHE_FORMAT = 4


def cache_folder(chosen: Path | None) -> Path | None:
    """The folder of the cache: `chosen` by --cache, or `unrolled` in $XDG_CACHE_HOME, by default in ~/.cache.

    None if nothing can be written there, which a note says once.
    """
    folder = chosen or _default_folder()
    return folder if _is_writable(folder) else None


def _default_folder() -> Path | None:
    """None without a home folder, as for the user of a container."""
    if home := os.environ.get("XDG_CACHE_HOME"):
        return Path(home) / "unrolled"
    # Not Path.home(): an error for a user without a home.
    home = os.path.expanduser("~")
    return Path(home) / ".cache" / "unrolled" if os.path.isabs(home) else None


@cache
def _is_writable(folder: Path | None) -> bool:
    try:
        if folder is None:
            raise OSError("there is no home folder")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError as error:
        fault = f"{folder}: {error.strerror}" if error.strerror else str(error)
        warn(f"nothing is kept in a cache ({fault}); later trainings take longer. Choose a folder with --cache")
        return False


def digest(*parts: object) -> str:
    """Digest of strings, numbers and containers of them, in hexadecimal digits."""
    text = json.dumps([CACHE_FORMAT, *parts], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cached(
    folder: Path | None,
    kind: str,
    key: str,
    save: Callable[[ResultT, Path], None],
    load: Callable[[Path], ResultT],
    compute: Callable[[], ResultT],
    reread: bool = False,
) -> ResultT:
    """Load the result from `folder`/`kind`/`key`, or compute it and save it there.

    folder: see `cache_folder`; None computes the result without a cache
    save: writes the files of a result into an empty folder; load: reads them
    reread: return the loaded result even if it was just computed, for results that `load` leaves on disk (memory maps)
    A damaged entry is computed again, with a note. If the cache cannot be written, the computed result is returned
    without being saved.
    """
    if folder is None:
        return compute()
    entry = folder / kind / key
    if os.path.lexists(entry):
        try:
            _require_unchanged(entry)
            return load(entry)
        except _DAMAGED_ENTRY_ERRORS as error:
            warn(f"{entry} in the cache is damaged ({error}); it is computed anew")
            _remove(entry)
    result = compute()

    def write(path: Path) -> None:
        path.mkdir()
        save(result, path)
        write_sums(path)

    with suppress(OSError):
        atomic_write(entry, write)
        if reread:
            return load(entry)
    return result


def _require_unchanged(entry: Path) -> None:
    """Raise ValueError if a file of the entry is not as it was saved."""
    if changed := find_changed_file(entry):
        path, fault = changed
        raise ValueError(f"{path.relative_to(entry)} {fault}")


def _remove(entry: Path) -> None:
    with suppress(OSError):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
