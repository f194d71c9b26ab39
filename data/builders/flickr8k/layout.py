"""Folders of images with captions: the two layouts in which Flickr8k is distributed."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from unicodedata import normalize

from console.progress import track
from data.readers.columns import is_header
from data.readers.delimited import QuotingError, csv_rows, recognize_delimiter
from data.readers.files import count_columns, read_lines
from data.readers.images import BadImage, read_image
from data.readers.tables import announce, columns_or_error
from schema.errors import RunError, UserError
from schema.file_format import FileFormat

_DEFAULT = FileFormat()

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


def read_images(folder: Path, file_format: FileFormat = _DEFAULT) -> list[tuple[Path, tuple[str, ...]]]:
    """Paths and captions of the images in a folder, in the order of the captions.

    The lists of splits are optional; if there are any, only the images that they name are returned.
    Raises RunError for missing or unreadable files, UserError with the file and line of an invalid caption.
    """
    images = _image_folder(folder) or folder
    captions = _captions(folder, file_format)
    listed = {name for path in _lists(folder).values() if path.is_file() for name in _lines(path)}
    names = [name for name in captions if name in listed] if listed else list(captions)
    if not names:
        raise RunError(f"{folder} holds no captions; expected rows `image,caption` in {TABLE}")
    entries = list(zip(_paths(images, names), (captions[name] for name in names), strict=True))
    _check_images(entries)
    return entries


def read_layout(folder: Path) -> Layout:
    """Read the splits of a folder. Raises RunError that names missing or unreadable files."""
    images = _image_folder(folder)
    if images is None:
        raise RunError(f"{folder} contains none of the folders {', '.join(IMAGE_FOLDERS)}")
    captions = _captions(folder, _DEFAULT)
    lists = _lists(folder)
    missing = [path.name for path in lists.values() if not path.is_file()]
    if missing and (folder / TOKENS).is_file():
        raise RunError(f"{folder} lacks {', '.join(missing)}, the lists of the images of each split")
    names = _own_splits(captions) if missing else {split: _lines(path) for split, path in lists.items()}
    splits = {
        split: [(path, captions.get(name, ())) for path, name in zip(_paths(images, each), each, strict=True)]
        for split, each in names.items()
    }
    _check_images([entry for entries in splits.values() for entry in entries])
    return Layout(splits, official=not missing)


def _lists(folder: Path) -> dict[str, Path]:
    return {split: folder / name for split, name in LISTS.items()}


def _image_folder(folder: Path) -> Path | None:
    return next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), None)


def _captions(folder: Path, file_format: FileFormat) -> dict[str, tuple[str, ...]]:
    """Name of an image -> its captions, in the order of the file. Captions without a letter or digit are left out."""
    path = next((folder / name for name in (TOKENS, TABLE) if (folder / name).is_file()), None)
    if path is None:
        raise RunError(f"{folder} contains neither {TOKENS} nor {TABLE}, the files of captions")
    captions_of: dict[str, list[str]] = {}
    first_line: dict[str, int] = {}
    for number, name, caption in _read_tokens(path) if path.name == TOKENS else _read_table(path, file_format):
        name = normalize("NFC", name)
        first_line.setdefault(name, number)
        captions = captions_of.setdefault(name, [])
        if any(map(str.isalnum, caption)):
            captions.append(caption.strip())
    for name, captions in captions_of.items():
        if not captions:
            raise UserError(f"{path}:{first_line[name]}: {name} has no caption with a letter or a digit")
    return {name: tuple(captions) for name, captions in captions_of.items()}


def _read_tokens(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, image and caption from lines `image#number<TAB>caption`."""
    for number, line in read_lines(path):
        if line.strip():
            numbered, _, caption = line.strip().partition("\t")
            yield number, numbered.rpartition("#")[0], caption


def _read_table(path: Path, file_format: FileFormat) -> Iterator[tuple[int, str, str]]:
    """Line number, image and caption from rows `image,caption`, with or without this header."""
    lines = [line.strip() for _, line in read_lines(path)]
    delimiter = file_format.delimiter or recognize_delimiter(lines, path.suffix, default=",")
    try:
        rows = list(csv_rows(lines, delimiter))
    except QuotingError:
        # Captions with quotation marks of their own.
        rows = [(number, _table_row(line, delimiter)) for number, line in enumerate(lines, 1) if line]
    if not rows:
        return
    number, first = rows[0]
    has_header = is_header(first)
    header = first if has_header else ["image", "caption"]
    columns = columns_or_error(f"{path}:{number}", ("image", "caption"), header, True, {})
    if has_header and (delimiter != "," or columns != {"image": 0, "caption": 1}):
        announce(path, delimiter, {role: header[index] for role, index in columns.items()})
    for number, cells in rows[has_header:]:
        if columns["caption"] == len(header) - 1:
            # A caption may contain commas without being quoted.
            cells = [*cells[: len(header) - 1], delimiter.join(cells[len(header) - 1 :])]
        if len(cells) != len(header):
            raise UserError(f"{path}:{number}: {count_columns(cells)}, expected {len(header)}")
        yield number, cells[columns["image"]].strip(), cells[columns["caption"]].replace("\n", " ")


def _table_row(line: str, delimiter: str) -> list[str]:
    """Image and caption; a caption may contain quotation marks and commas without being quoted."""
    if line.startswith('"'):
        name, *caption_parts = next(csv.reader([line], delimiter=delimiter))
        return [name, delimiter.join(caption_parts)]
    name, _, caption = line.partition(delimiter)
    # A caption that only begins with a quotation mark is not a quoted field.
    quoted = next(csv.reader([caption])) if caption.startswith('"') and caption.endswith('"') else []
    return [name, quoted[0] if len(quoted) == 1 else caption]


def _lines(path: Path) -> list[str]:
    return [normalize("NFC", line.strip()) for _, line in read_lines(path) if line.strip()]


def _own_splits(captions: Iterable[str]) -> dict[str, list[str]]:
    """Splits in the order of the hashes of the names, which is the same on every machine."""
    names = sorted(captions, key=lambda name: hashlib.sha256(name.encode()).digest())
    count = min(HELD_OUT, len(names) // 8)
    return {"test": names[:count], "dev": names[count : 2 * count], "train": sorted(names[2 * count :])}


def _paths(folder: Path, names: Sequence[str]) -> list[Path]:
    """The paths of images, whose names on the disk may be decomposed (NFD). Raises RunError, see `_path_inside`."""
    paths = [_path_inside(folder, name) for name in names]
    if all(map(isfile, paths)):
        return paths
    composed = {normalize("NFC", str(path)): path for path in folder.rglob("*")}
    return [composed.get(normalize("NFC", str(path)), path) for path in paths]


def _path_inside(folder: Path, name: str) -> Path:
    """The path of an image in the folder. Raises RunError for a name with a path outside the folder."""
    path = folder / name
    if not path.is_relative_to(folder) or ".." in path.relative_to(folder).parts:
        raise RunError(f"the path {name!r} is outside the folder of images, {folder}")
    return path


def _check_images(entries: Sequence[tuple[Path, tuple[str, ...]]]) -> None:
    """Raise RunError, with some names, if images are missing, have no captions or cannot be read."""
    # Unlike Path.is_file, which raises an error for a name that is too long.
    missing = [path.name for path, _ in entries if not isfile(path)]
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
