"""Folders of images with captions: the two layouts in which Flickr8k is distributed."""

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
Unpack it so that the folder contains the images in Flicker8k_Dataset/ or Images/, and either Flickr8k.token.txt with
Flickr_8k.trainImages.txt, Flickr_8k.devImages.txt and Flickr_8k.testImages.txt, or captions.txt."""

IMAGE_FOLDERS = ("Flicker8k_Dataset", "Flickr8k_Dataset", "Images")
TOKENS, TABLE = "Flickr8k.token.txt", "captions.txt"
LISTS = {name: f"Flickr_8k.{name}Images.txt" for name in ("train", "dev", "test")}
HELD_OUT = 1000
"""Number of images in each of dev and test if there are no lists."""
MAX_NAMES = 5
"""Maximum number of images that an error message names."""


@dataclass(frozen=True)
class Layout:
    """Paths and captions of the images of each split; official: whether the splits are those of the lists."""

    splits: Mapping[str, Sequence[tuple[Path, tuple[str, ...]]]]
    official: bool


def read_images(folder: Path) -> list[tuple[Path, tuple[str, ...]]]:
    """Paths and captions of the images in a folder, in the order of the captions.

    The lists of splits are optional; if there are any, only the images that they name are returned.
    Raises RunError for missing or unreadable files.
    """
    images = _image_folder(folder) or folder
    captions = _captions(folder)
    listed = {name for path in _lists(folder).values() if path.is_file() for name in _lines(path)}
    names = [name for name in captions if name in listed] if listed else list(captions)
    if not names:
        raise RunError(f"{folder} holds no captions; expected rows `image,caption` in {TABLE}")
    entries = [(_path_inside(images, name), captions[name]) for name in names]
    _check_images(entries)
    return entries


def read_layout(folder: Path) -> Layout:
    """Read the splits of a folder. Raises RunError that names missing or unreadable files."""
    images = _image_folder(folder)
    if images is None:
        raise RunError(f"{folder} contains none of the folders {', '.join(IMAGE_FOLDERS)}")
    captions = _captions(folder)
    lists = _lists(folder)
    missing = [path.name for path in lists.values() if not path.is_file()]
    if missing and (folder / TOKENS).is_file():
        raise RunError(f"{folder} lacks {', '.join(missing)}, the lists of the images of each split")
    names = _own_splits(captions) if missing else {split: _lines(path) for split, path in lists.items()}
    splits = {
        split: [(_path_inside(images, name), captions.get(name, ())) for name in each] for split, each in names.items()
    }
    _check_images([entry for entries in splits.values() for entry in entries])
    return Layout(splits, official=not missing)


def _lists(folder: Path) -> dict[str, Path]:
    return {split: folder / name for split, name in LISTS.items()}


def _image_folder(folder: Path) -> Path | None:
    return next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), None)


def _captions(folder: Path) -> dict[str, tuple[str, ...]]:
    """Name of an image -> its captions, in the order of the file."""
    if (folder / TOKENS).is_file():
        pairs = _read_tokens(folder / TOKENS)
    elif (folder / TABLE).is_file():
        pairs = _read_table(folder / TABLE)
    else:
        raise RunError(f"{folder} contains neither {TOKENS} nor {TABLE}, the files of captions")
    captions_of: dict[str, list[str]] = {}
    for name, caption in pairs:
        captions = captions_of.setdefault(name, [])
        if caption.strip():
            captions.append(caption.strip())
    return {name: tuple(captions) for name, captions in captions_of.items()}


def _read_tokens(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of image and caption from lines `image#number<TAB>caption`."""
    for line in _lines(path):
        numbered, _, caption = line.partition("\t")
        yield numbered.rpartition("#")[0], caption


def _read_table(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of image and caption from rows `image,caption`, with or without this header."""
    rows = [_table_row(line) for line in _lines(path)]
    yield from rows[1:] if rows[:1] == [("image", "caption")] else rows


def _table_row(line: str) -> tuple[str, str]:
    """Image and caption; a caption may contain commas without being quoted."""
    if line.startswith('"'):
        name, *caption_parts = next(csv.reader([line]))
        return name, ",".join(caption_parts)
    name, _, caption = line.partition(",")
    # A caption that only begins with a quotation mark is not a quoted field.
    quoted = next(csv.reader([caption])) if caption.startswith('"') and caption.endswith('"') else []
    return name, quoted[0] if len(quoted) == 1 else caption


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _own_splits(captions: Iterable[str]) -> dict[str, list[str]]:
    """Splits in the order of the hashes of the names, which is the same on every machine."""
    names = sorted(captions, key=lambda name: hashlib.sha256(name.encode()).digest())
    count = min(HELD_OUT, len(names) // 8)
    return {"test": names[:count], "dev": names[count : 2 * count], "train": sorted(names[2 * count :])}


def _path_inside(folder: Path, name: str) -> Path:
    """The path of an image in the folder. Raises RunError for a name with a path outside the folder."""
    path = folder / name
    if not path.is_relative_to(folder) or ".." in path.relative_to(folder).parts:
        raise RunError(f"the path {name!r} is outside the folder of images, {folder}")
    return path


def _check_images(entries: Sequence[tuple[Path, tuple[str, ...]]]) -> None:
    """Raise RunError, with some names, if images are missing, have no captions or cannot be read."""
    missing = [path.name for path, _ in entries if not path.is_file()]
    if missing:
        raise RunError(f"{len(missing)} images are not in {entries[0][0].parent}: {_first_names(missing)}")
    without_captions = [path.name for path, captions in entries if not captions]
    if without_captions:
        raise RunError(f"{len(without_captions)} images have no captions: {_first_names(without_captions)}")
    paths = track([path for path, _ in entries], "checking images", unit="images")
    unreadable = [f"{path.name} ({error})" for path in paths if (error := _read_error(path))]
    if unreadable:
        raise RunError(f"{len(unreadable)} images in {entries[0][0].parent} cannot be read: {_first_names(unreadable)}")


def _read_error(path: Path) -> BadImage | None:
    try:
        read_image(path.read_bytes())
    except BadImage as error:
        return error
    return None


def _first_names(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
