"""Flickr8k as people have it on their disks: the pictures, what was said of them, and which split has which."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schema.errors import WorkFailed

INSTRUCTIONS = """\
Flickr8k is for non-commercial research and is sent on request (https://hockenmaier.cs.illinois.edu/8k-pictures.html).
Unpack it so that the folder holds the pictures in Flicker8k_Dataset/ or Images/, beside them Flickr8k.token.txt and
Flickr_8k.trainImages.txt, Flickr_8k.devImages.txt, Flickr_8k.testImages.txt, or captions.txt alone."""

PICTURES = ("Flicker8k_Dataset", "Flickr8k_Dataset", "Images")
TOKENS, TABLE = "Flickr8k.token.txt", "captions.txt"
LISTS = {name: f"Flickr_8k.{name}Images.txt" for name in ("train", "dev", "test")}
HELD_OUT = 1000
"""Pictures of dev and of test where there are no lists."""
NAMED = 5
"""So many missing pictures are named."""


@dataclass(frozen=True)
class Layout:
    """Where each picture of each split lies, and its captions; official: the splits are those of the lists."""

    splits: Mapping[str, Sequence[tuple[Path, tuple[str, ...]]]]
    official: bool


def read_pictures(folder: Path) -> list[tuple[Path, tuple[str, ...]]]:
    """The pictures of a folder that have captions, in the order of these; no lists are needed. Raises WorkFailed."""
    pictures = _pictures(folder) or folder
    entries = [(_inside(pictures, name), captions) for name, captions in _captions(folder).items()]
    _refuse_gaps(entries)
    return entries


def read_layout(folder: Path) -> Layout:
    """What a folder holds. Raises WorkFailed with the file that is missing, or with pictures that are."""
    pictures = _pictures(folder)
    if pictures is None:
        raise WorkFailed(f"{folder} holds none of the folders {', '.join(PICTURES)}")
    captions = _captions(folder)
    lists = {split: folder / name for split, name in LISTS.items()}
    missing = [path.name for path in lists.values() if not path.is_file()]
    if missing and (folder / TOKENS).is_file():
        raise WorkFailed(f"{folder} lacks {', '.join(missing)}, which say which pictures are for what")
    names = _by_hash(captions, pictures) if missing else {split: _lines(path) for split, path in lists.items()}
    splits = {
        split: [(_inside(pictures, name), captions.get(name, ())) for name in each] for split, each in names.items()
    }
    _refuse_gaps([entry for entries in splits.values() for entry in entries])
    return Layout(splits, official=not missing)


def _pictures(folder: Path) -> Path | None:
    return next((folder / name for name in PICTURES if (folder / name).is_dir()), None)


def _captions(folder: Path) -> dict[str, tuple[str, ...]]:
    """Picture -> its captions, in the order of the file."""
    if (folder / TOKENS).is_file():
        rows = (line.partition("\t")[::2] for line in _lines(folder / TOKENS))
        pairs = ((mark.rpartition("#")[0], caption) for mark, caption in rows)
    elif (folder / TABLE).is_file():
        pairs = _table(folder / TABLE)
    else:
        raise WorkFailed(f"{folder} holds neither {TOKENS} nor {TABLE}, where the captions are")
    found: dict[str, list[str]] = {}
    for picture, caption in pairs:
        found.setdefault(picture, []).append(caption.strip())
    return {picture: tuple(captions) for picture, captions in found.items()}


def _table(path: Path) -> Iterator[tuple[str, str]]:
    """Rows `image,caption` below a header of these words; a caption may hold commas without quotes."""
    for line in _lines(path)[1:]:
        picture, _, caption = line.partition(",")
        yield picture, next(csv.reader([caption]))[0] if caption.startswith('"') else caption


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _by_hash(captions: Iterable[str], pictures: Path) -> dict[str, list[str]]:
    """Splits of our own, the same on every machine: in the order of the hashes of the names."""
    there = {path.name for path in pictures.iterdir()}
    names = sorted(there & set(captions), key=lambda name: hashlib.sha256(name.encode()).digest())
    count = min(HELD_OUT, len(names) // 8)
    return {"test": names[:count], "dev": names[count : 2 * count], "train": sorted(names[2 * count :])}


def _inside(folder: Path, name: str) -> Path:
    """A picture of the folder. Raises WorkFailed for a name that leads out of it."""
    path = folder / name
    if not path.is_relative_to(folder) or ".." in path.relative_to(folder).parts:
        raise WorkFailed(f"the name {name!r} leads out of the folder of pictures, {folder}")
    return path


def _refuse_gaps(entries: Sequence[tuple[Path, tuple[str, ...]]]) -> None:
    lost = [path for path, _ in entries if not path.is_file()]
    if lost:
        raise WorkFailed(f"{len(lost)} pictures are not in {lost[0].parent}: {_named(lost)}")
    mute = [path for path, captions in entries if not captions]
    if mute:
        raise WorkFailed(f"{len(mute)} pictures have no captions: {_named(mute)}")


def _named(paths: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in paths[:NAMED])
    return names if len(paths) <= NAMED else f"{names}, …"
