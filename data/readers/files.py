"""Readers of the user's own files: texts, labelled texts, and pairs of texts.

    a film to remember<TAB>positive                        two columns, separated by one TAB
    {"text": "a film to remember", "label": "positive"}    *.jsonl, *.ndjson, *.json: one object per line

Files are UTF-8, with or without a byte order mark, and have LF or CRLF line endings. Blank lines are skipped. A first
line `text<TAB>label` is a header. Only LF ends a line: the other line separators of Unicode occur within real texts.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unicodedata import category

from data.readers.tokenization import replace_surrogates
from schema.errors import UserError
from schema.examples import ExampleT, LabelledText, TextPair

ReadLine = Callable[[Path, int, str], ExampleT]
"""From a path, the number of a line and the line to an example."""

_JSON_LINES = {".jsonl", ".ndjson", ".json"}
_DATA_SUFFIXES = {".txt", ".jpg", ".jpeg", ".png", ".gif"}
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories of control characters, lone surrogates and line separators.

They are not allowed in labels, which are printed, and written as UTF-8.
"""


def read_labelled_texts(path: Path) -> list[LabelledText]:
    """Read the labelled texts of a file. Raises UserError with the file and line of an error."""
    examples = _read_examples(path, _labelled_row, _labelled_object, ["text", "label"])
    if not examples:
        raise UserError(f"{path} holds no examples; expected one per line: text, TAB, label")
    return examples


def read_pairs(path: Path) -> list[TextPair]:
    """Read the pairs of source and target of a file. Raises UserError with the file and line of an error."""
    pairs = _read_examples(path, _pair_row, _pair_object, ["source", "target"])
    if not pairs:
        raise UserError(f"{path} holds no pairs; expected one per line: source, TAB, target")
    return pairs


def _read_examples(
    path: Path, read_row: ReadLine[ExampleT], read_object: ReadLine[ExampleT], header: list[str]
) -> list[ExampleT]:
    is_json = path.suffix.lower() in _JSON_LINES
    lines = [(number, line) for number, line in read_lines(path) if line.strip()]
    if lines and not is_json and lines[0][1].lower().split("\t") == header:
        lines = lines[1:]
    read = read_object if is_json else read_row
    return [read(path, number, line) for number, line in lines]


def read_texts(path: Path) -> list[str | UserError]:
    """Read the input texts of a file: one for each line, including blank lines, so that each line gets a prediction.

    JSON lines need only `text`; an invalid line becomes a UserError in the list. Bytes that are not UTF-8 are replaced
    by U+FFFD.
    """
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    if path.suffix.lower() in _JSON_LINES:
        return [_text_or_error(path, number, line) for number, line in enumerate(lines, 1)]
    return [line.removesuffix("\r") for line in lines]


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line. Raises UserError with the file and line of bytes that are not UTF-8."""
    for number, line in enumerate(read_bytes(path).split(b"\n"), 1):
        try:
            yield number, line.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            # `error.object` has no byte order mark, so that its indices are correct.
            byte = error.object[error.start]
            column = len(error.object[: error.start].decode("utf-8")) + 1
            raise UserError(
                f"{path}:{number}: byte 0x{byte:02x} is not UTF-8 (column {column}); save the file as UTF-8"
            ) from error


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises UserError if it cannot be read."""
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder; name a file") from error
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}") from error
    except PermissionError as error:
        raise UserError(f"{path} may not be read; check its permissions") from error
    except (OSError, ValueError) as error:  # a name that is too long, has a file as a parent, or contains NUL
        raise UserError(f"{str(path)[:200]!r} is not a readable file") from error


def _labelled_row(path: Path, number: int, line: str) -> LabelledText:
    return _labelled_text(path, number, *_two_columns(path, number, line, "text and label"))


def _labelled_object(path: Path, number: int, line: str) -> LabelledText:
    entry = _json_object(path, number, line, '{"text": ..., "label": ...}')
    label = entry.get("label")
    if not isinstance(label, str | int) or isinstance(label, bool):
        raise UserError(f'{path}:{number}: no "label" (a string or a whole number)')
    return _labelled_text(path, number, _text_field(path, number, entry), str(label))


def _pair_row(path: Path, number: int, line: str) -> TextPair:
    return TextPair(*_two_columns(path, number, line, "source and target"))


def _pair_object(path: Path, number: int, line: str) -> TextPair:
    entry = _json_object(path, number, line, '{"source": ..., "target": ...}')
    source, target = entry.get("source"), entry.get("target")
    if not isinstance(source, str) or not isinstance(target, str):
        raise UserError(f'{path}:{number}: no "source" and "target" (strings)')
    return TextPair(replace_surrogates(source), replace_surrogates(target))


def _labelled_text(path: Path, number: int, text: str, label: str) -> LabelledText:
    if not label.strip():
        raise UserError(f"{path}:{number}: the label is empty")
    if any(category(character) in UNPRINTABLE for character in label.strip()):
        raise UserError(f"{path}:{number}: the label {label.strip()!r} holds a character that cannot be printed")
    return LabelledText(text, label.strip())


def _json_object(path: Path, number: int, line: str, expected: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:  # ValueError: a number with too many digits
        raise UserError(f"{path}:{number}: not JSON; expected {expected} on one line") from error
    if not isinstance(entry, dict):
        raise UserError(f"{path}:{number}: not an object; expected {expected}")
    return entry


def _text_or_error(path: Path, number: int, line: str) -> str | UserError:
    try:
        return _text_field(path, number, _json_object(path, number, line, '{"text": ...}'))
    except UserError as error:
        return error


def _text_field(path: Path, number: int, entry: dict[str, object]) -> str:
    text = entry.get("text")
    if not isinstance(text, str):
        raise UserError(f'{path}:{number}: no "text" (a string)')
    return replace_surrogates(text)


def _two_columns(path: Path, number: int, line: str, names: str) -> tuple[str, str]:
    columns = line.split("\t")
    if len(columns) != 2:
        raise UserError(f"{path}:{number}: {count_columns(columns)}, expected 2; put one TAB between {names}")
    return columns[0], columns[1]


def count_columns(columns: Sequence[str]) -> str:
    """The number of columns for an error message."""
    return "1 column" if len(columns) == 1 else f"{len(columns)} columns"


def files_source(paths: Sequence[Path]) -> str:
    """Identifier of files or folders by their content. Raises UserError for a file that cannot be read."""
    return "files:" + hashlib.sha256(b"".join(map(_content_digest, paths))).hexdigest()


def _content_digest(path: Path) -> bytes:
    if not path.is_dir():
        return hashlib.sha256(read_bytes(path)).digest()
    digest = hashlib.sha256()
    # By suffix, to leave out the hidden files of file managers.
    for file in sorted(file for file in path.rglob("*") if file.suffix.lower() in _DATA_SUFFIXES and file.is_file()):
        digest.update(f"{file.relative_to(path)}\0".encode() + hashlib.sha256(read_bytes(file)).digest())
    return digest.digest()
