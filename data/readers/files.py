"""A user's own files: texts, and texts with their class.

    a film to remember<TAB>positive                        any name: two columns, one TAB between them
    {"text": "a film to remember", "label": "positive"}    *.jsonl, *.ndjson or *.json: one object a line

UTF-8 (a byte order mark is fine), line ends LF or CRLF, blank lines left out; a first line `text<TAB>label` is taken
for a header. A line is what ends in LF: other line ends of Unicode stand in real texts.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import category

from data.readers.tokenization import replace_surrogates
from schema.errors import UserError
from schema.examples import LabelledText, TextPair

_JSON_LINES = {".jsonl", ".ndjson", ".json"}
_HEADER = ["text", "label"]
_READ_OF_FOLDERS = {".txt", ".jpg", ".jpeg", ".png", ".gif"}
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories of control characters, halves of one, and line ends: a label is printed, and written as UTF-8."""


def read_labelled_texts(path: Path) -> list[LabelledText]:
    """All examples of a file, in order. Raises UserError with file and line for what cannot be read."""
    read = _labelled_object if path.suffix.lower() in _JSON_LINES else _labelled_row
    lines = [(number, line) for number, line in read_lines(path) if line.strip()]
    if lines and read is _labelled_row and lines[0][1].lower().split("\t") == _HEADER:
        lines = lines[1:]
    if not lines:
        raise UserError(f"{path} holds no examples; expected one a line: text, TAB, label")
    return [read(path, number, line) for number, line in lines]


def read_pairs(path: Path) -> list[TextPair]:
    """All pairs of a file, in order: source and target. Raises UserError with file and line for what cannot be read."""
    read = _pair_object if path.suffix.lower() in _JSON_LINES else _pair_row
    lines = [(number, line) for number, line in read_lines(path) if line.strip()]
    if lines and read is _pair_row and lines[0][1].lower().split("\t") == ["source", "target"]:
        lines = lines[1:]
    if not lines:
        raise UserError(f"{path} holds no pairs; expected one a line: source, TAB, target")
    return [read(path, number, line) for number, line in lines]


def read_texts(path: Path) -> list[str | UserError]:
    """The texts of a file of questions, one a line, blank ones too: as many answers are owed as there are lines.

    JSON lines need only `text`; what is wrong with one stands in its place. Bytes that are not UTF-8 are replaced by
    U+FFFD.
    """
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    if path.suffix.lower() in _JSON_LINES:
        return [_text_or_error(path, number, line) for number, line in enumerate(lines, 1)]
    return [line.removesuffix("\r") for line in lines]


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line of a UTF-8 file. Raises UserError with file and line for what is not UTF-8."""
    for number, line in enumerate(read_bytes(path).split(b"\n"), 1):
        try:
            yield number, line.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            # The error's own line: without a byte order mark, so that its places are right.
            byte = error.object[error.start]
            column = len(error.object[: error.start].decode("utf-8")) + 1
            raise UserError(
                f"{path}:{number}: byte 0x{byte:02x} is not UTF-8 (column {column}); save the file as UTF-8"
            ) from error


def read_bytes(path: Path) -> bytes:
    """The content of a user's file. Raises UserError where it cannot be read."""
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder; name a file") from error
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}") from error
    except PermissionError as error:
        raise UserError(f"{path} may not be read; check its permissions") from error
    except (OSError, ValueError) as error:  # a name that is too long, or leads through a file, or holds a NUL
        raise UserError(f"{str(path)[:200]!r} names no file that can be read") from error


def _labelled_row(path: Path, number: int, line: str) -> LabelledText:
    columns = line.split("\t")
    if len(columns) != 2:
        raise UserError(f"{path}:{number}: {_columns(len(columns))}, expected 2; put one TAB between text and label")
    return _checked(path, number, *columns)


def _labelled_object(path: Path, number: int, line: str) -> LabelledText:
    entry = _object(path, number, line, '{"text": ..., "label": ...}')
    label = entry.get("label")
    if not isinstance(label, str | int) or isinstance(label, bool):
        raise UserError(f'{path}:{number}: no "label" (a string or a whole number)')
    return _checked(path, number, _text_of(path, number, entry), str(label))


def _pair_row(path: Path, number: int, line: str) -> TextPair:
    columns = line.split("\t")
    if len(columns) != 2:
        raise UserError(f"{path}:{number}: {_columns(len(columns))}, expected 2; put one TAB between source and target")
    return TextPair(*columns)


def _pair_object(path: Path, number: int, line: str) -> TextPair:
    entry = _object(path, number, line, '{"source": ..., "target": ...}')
    source, target = entry.get("source"), entry.get("target")
    if not isinstance(source, str) or not isinstance(target, str):
        raise UserError(f'{path}:{number}: no "source" and "target" (strings)')
    return TextPair(replace_surrogates(source), replace_surrogates(target))


def _checked(path: Path, number: int, text: str, label: str) -> LabelledText:
    if not label.strip():
        raise UserError(f"{path}:{number}: the label is empty")
    if any(category(mark) in UNPRINTABLE for mark in label.strip()):
        raise UserError(f"{path}:{number}: the label {label.strip()!r} holds a character that cannot be printed")
    return LabelledText(text, label.strip())


def _object(path: Path, number: int, line: str, expected: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:  # a number of too many digits is a bare ValueError
        raise UserError(f"{path}:{number}: not JSON; expected {expected} on one line") from error
    if not isinstance(entry, dict):
        raise UserError(f"{path}:{number}: not an object; expected {expected}")
    return entry


def _text_or_error(path: Path, number: int, line: str) -> str | UserError:
    try:
        return _text_of(path, number, _object(path, number, line, '{"text": ...}'))
    except UserError as error:
        return error


def _text_of(path: Path, number: int, entry: dict[str, object]) -> str:
    text = entry.get("text")
    if not isinstance(text, str):
        raise UserError(f'{path}:{number}: no "text" (a string)')
    return replace_surrogates(text)


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def files_source(paths: Sequence[Path]) -> str:
    """Names a user's files, or folders of them, by their content. Raises UserError for one that cannot be read."""
    return "files:" + hashlib.sha256(b"".join(map(_content_digest, paths))).hexdigest()


def _content_digest(path: Path) -> bytes:
    if not path.is_dir():
        return hashlib.sha256(read_bytes(path)).digest()
    whole = hashlib.sha256()
    # Not what file managers leave behind.
    for file in sorted(file for file in path.rglob("*") if file.suffix.lower() in _READ_OF_FOLDERS and file.is_file()):
        whole.update(f"{file.relative_to(path)}\0".encode() + hashlib.sha256(read_bytes(file)).digest())
    return whole.digest()
