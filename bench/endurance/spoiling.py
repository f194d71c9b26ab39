"""Cache entries and run folders that are spoilt at random: none may be used, and each is one line."""

import io
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path

from bench.endurance.children import run_forked
from console.files import SUMS
from data.cache import cached

Damage = Callable[[Path, random.Random], object]
"""Spoils a file."""


def _truncate(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: rng.randrange(max(1, path.stat().st_size))])


def _flip_bit(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes() or b"\0")
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _append(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 9)))


def _become_folder(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _become_link(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    path.unlink()
    path.symlink_to("/dev/null" if content else "nowhere")


def _add_file(path: Path, rng: random.Random) -> None:
    path.with_name(f"other-{rng.randrange(1000)}").write_bytes(rng.randbytes(9))


DAMAGES: dict[str, Damage] = {
    "cut short": _truncate,
    "a flipped bit": _flip_bit,
    "longer": _append,
    "missing": lambda path, rng: path.unlink(),
    "a folder in its place": _become_folder,
    "a link in its place": _become_link,
    "another file beside it": _add_file,
}


def spoil(folder: Path, rng: random.Random, kind: str) -> Path:
    """Spoil one of the files in `folder`; return its path. The list of checksums can only be spoilt as a whole."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    path = rng.choice([file for file in files if file.stat().st_size] or files)
    DAMAGES[kind](path, rng)
    return path


def spoilt_entries_used(caches: list[Path], count: int, home: Path, rng: random.Random) -> tuple[Counter[str], int]:
    """Spoil `count` copies of the entries in `caches`; return how many by kind of entry, and how many were used."""
    entries = sorted(entry for folder in caches for entry in folder.glob("*/*") if entry.is_dir())
    kinds: Counter[str] = Counter()
    used = 0
    for number in range(count if entries else 0):
        entry = rng.choice(entries)
        copy = home / entry.parent.name / entry.name
        shutil.copytree(entry, copy)
        spoil(copy, rng, list(DAMAGES)[number % len(DAMAGES)])
        kinds[entry.parent.name] += 1
        with redirect_stderr(io.StringIO()):
            used += cached(home, entry.parent.name, entry.name, _save, lambda _: "old", lambda: "new") == "old"
        shutil.rmtree(copy.parent)
    return kinds, used


def _save(result: str, folder: Path) -> None:
    (folder / "result.txt").write_text(result)


def spoilt_runs_faults(run: Path, text: str, count: int, home: Path, rng: random.Random) -> Iterator[str]:
    """Predict with `count` spoilt copies of a run; yield each that neither worked nor ended with one error line."""
    home.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        copy = home / "run"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy)
        kind = list(DAMAGES)[number % len(DAMAGES)]
        path = spoil(copy, rng, kind)
        ended = run_forked("predict", [copy, text], home / "errors.txt")
        one_line = ended.status in (1, 2) and len(ended.error_lines) == 1 and "unexpected" not in ended.errors
        if ended.status and not one_line:
            yield f"{os.path.relpath(path, copy)}, {kind}: status {ended.status}: {ended.errors[-300:]}"
