"""A cache on disk for results that take long to compute.

Each result has a folder of its own, whose name is a digest of everything that the result depends on.
The cache can be deleted at any time.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

from console.files import atomic_write
from schema.errors import RunError

ResultT = TypeVar("ResultT")

# Errors of reading a truncated or changed file. Not every exception: signals raise exceptions too.
_DAMAGED_ENTRY_ERRORS = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile, RunError)

# To be increased when the meaning of the entries changes.
CACHE_FORMAT = 2


def default_cache() -> Path:
    """The folder `unrolled` in $XDG_CACHE_HOME, by default in ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "unrolled"


def digest(*parts: object) -> str:
    """Digest of strings, numbers and containers of them, in hexadecimal digits."""
    text = json.dumps([CACHE_FORMAT, *parts], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cached(
    folder: Path,
    kind: str,
    key: str,
    save: Callable[[ResultT, Path], None],
    load: Callable[[Path], ResultT],
    compute: Callable[[], ResultT],
    reread: bool = False,
) -> ResultT:
    """Load the result from `folder`/`kind`/`key`, or compute it and save it there. A damaged entry is computed again.

    save: writes the files of a result into an empty folder; load: reads them
    reread: return the loaded result even if it was just computed, for results that `load` leaves on disk (memory maps)
    If the cache cannot be written, the computed result is returned without being saved.
    """
    entry = folder / kind / key
    if entry.is_dir():
        try:
            return load(entry)
        except _DAMAGED_ENTRY_ERRORS:
            shutil.rmtree(entry, ignore_errors=True)
    result = compute()

    def write(path: Path) -> None:
        path.mkdir()
        save(result, path)

    with suppress(OSError):
        atomic_write(entry, write)
        if reread:
            return load(entry)
    return result
