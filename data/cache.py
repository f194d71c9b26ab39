"""What can be computed again, kept under a key of all that it depends on; safe to delete at any time.

An entry is a folder, written beside its place and renamed, so that a kill leaves a whole entry or none.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

from schema.errors import RunError

Kept = TypeVar("Kept")

# What reading a file that was cut short or changed may end in. Not every exception: a signal is one too.
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile, RunError)

# Raise it when what is kept means something else than before.
CACHE_FORMAT = 1


def default_cache() -> Path:
    """`unrolled` under $XDG_CACHE_HOME, else under ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "unrolled"


def digest(*parts: object) -> str:
    """Key of strings, numbers and flat containers of them."""
    text = json.dumps([CACHE_FORMAT, *parts], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cached(
    folder: Path,
    kind: str,
    key: str,
    save: Callable[[Kept, Path], None],
    load: Callable[[Path], Kept],
    compute: Callable[[], Kept],
    reread: bool = False,
) -> Kept:
    """Load the entry `kind`/`key`, or compute and keep it. A damaged entry is computed anew.

    reread: give what was kept, not what was computed, where loading leaves on disk what computing holds in memory
    A cache that cannot be written is no reason to fail: the result is then simply not kept.
    """
    entry = folder / kind / key
    if entry.is_dir():
        try:
            return load(entry)
        except _DAMAGE:
            shutil.rmtree(entry, ignore_errors=True)
    result = compute()
    with suppress(OSError):
        _keep(result, entry, save)
        if reread:
            return load(entry)
    return result


def _keep(result: Kept, entry: Path, save: Callable[[Kept, Path], None]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{entry.name}.", dir=entry.parent))
    try:
        save(result, fresh)
        fresh.rename(entry)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
