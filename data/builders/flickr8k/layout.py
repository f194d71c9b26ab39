"""Flickr8k as people have it on their disks: the pictures, what was said of them, and which split has which."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.progress import track
from data.readers.images import BadImage, read_image
from schema.errors import RunError

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
    """The pictures of a folder that have captions, in the order of these; no lists are needed, and of what no list
    names where there are lists, nothing is read. Raises RunError for what is missing or broken."""
    pictures = _pictures(folder) or folder
    captions = _captions(folder)
    listed = {name for path in _lists(folder).values() if path.is_file() for name in _lines(path)}
    names = [name for name in captions if name in listed] if listed else list(captions)
    if not names:
        raise RunError(f"{folder} holds no captions; expected a row `image,caption` for each in {TABLE}")
    entries = [(_inside(pictures, name), captions[name]) for name in names]
    _refuse_gaps(entries)
    return entries


def read_layout(folder: Path) -> Layout:
    """What a folder holds. Raises RunError with the file that is missing, or with pictures that are."""
    pictures = _pictures(folder)
    if pictures is None:
        raise RunError(f"{folder} holds none of the folders {', '.join(PICTURES)}")
    captions = _captions(folder)
    lists = _lists(folder)
    missing = [path.name for path in lists.values() if not path.is_file()]
    if missing and (folder / TOKENS).is_file():
        raise RunError(f"{folder} lacks {', '.join(missing)}, which say which pictures are for what")
    names = _by_hash(captions) if missing else {split: _lines(path) for split, path in lists.items()}
    splits = {
        split: [(_inside(pictures, name), captions.get(name, ())) for name in each] for split, each in names.items()
    }
    _refuse_gaps([entry for entries in splits.values() for entry in entries])
    return Layout(splits, official=not missing)


def _lists(folder: Path) -> dict[str, Path]:
    return {split: folder / name for split, name in LISTS.items()}


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
        raise RunError(f"{folder} holds neither {TOKENS} nor {TABLE}, where the captions are")
    found: dict[str, list[str]] = {}
    for picture, caption in pairs:
        said = found.setdefault(picture, [])
        if caption.strip():
            said.append(caption.strip())
    return {picture: tuple(captions) for picture, captions in found.items()}


def _table(path: Path) -> Iterator[tuple[str, str]]:
    """RowSource `image,caption`, below a header of these words or without one; a caption may hold commas without quotes."""
    rows = [_row(line) for line in _lines(path)]
    yield from rows[1:] if rows[:1] == [("image", "caption")] else rows


def _row(line: str) -> tuple[str, str]:
    if line.startswith('"'):
        picture, *said = next(csv.reader([line]))
        return picture, ",".join(said)
    picture, _, caption = line.partition(",")
    # What only begins with a quotation mark is no quoted field.
    quoted = next(csv.reader([caption])) if caption.startswith('"') and caption.endswith('"') else []
    return picture, quoted[0] if len(quoted) == 1 else caption


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _by_hash(captions: Iterable[str]) -> dict[str, list[str]]:
    """Splits of our own, the same on every machine: in the order of the hashes of the names."""
    names = sorted(captions, key=lambda name: hashlib.sha256(name.encode()).digest())
    count = min(HELD_OUT, len(names) // 8)
    return {"test": names[:count], "dev": names[count : 2 * count], "train": sorted(names[2 * count :])}


def _inside(folder: Path, name: str) -> Path:
    """A picture of the folder. Raises RunError for a name that leads out of it."""
    path = folder / name
    if not path.is_relative_to(folder) or ".." in path.relative_to(folder).parts:
        raise RunError(f"the name {name!r} leads out of the folder of pictures, {folder}")
    return path


def _refuse_gaps(entries: Sequence[tuple[Path, tuple[str, ...]]]) -> None:
    """Raises RunError where pictures are missing, have no captions or cannot be read, and names some of them."""
    lost = [path for path, _ in entries if not path.is_file()]
    if lost:
        raise RunError(f"{len(lost)} pictures are not in {lost[0].parent}: {_named(lost)}")
    mute = [path for path, captions in entries if not captions]
    if mute:
        raise RunError(f"{len(mute)} pictures have no captions: {_named(mute)}")
    broken = [fault for path, _ in track(entries, "checking pictures", len(entries)) for fault in _faults(path)]
    if broken:
        raise RunError(f"{len(broken)} pictures in {entries[0][0].parent} cannot be read: {_some(broken)}")


def _faults(path: Path) -> list[str]:
    try:
        read_image(path.read_bytes())
    except BadImage as error:
        return [f"{path.name} ({error})"]
    return []


def _named(paths: Sequence[Path]) -> str:
    return _some([path.name for path in paths])


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
