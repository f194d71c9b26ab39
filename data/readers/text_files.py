"""Readers of the user's own texts: labelled texts, pairs of texts, and inputs without references.

    a film to remember<TAB>positive                        a table, see tables.py
    {"text": "a film to remember", "label": "positive"}    *.jsonl, *.ndjson, *.json: one object per line

Files are UTF-8, with or without a byte order mark, and have LF or CRLF line endings. Blank lines are skipped. Only LF
ends a line: the other line separators of Unicode occur within real texts.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unicodedata import category

from console.messages import warn_once
from data.readers.columns import by_name, is_header
from data.readers.delimited import Row, delimited_rows, recognize_delimiter
from data.readers.files import UNPRINTABLE, read_bytes, read_lines
from data.readers.json_lines import is_json, json_object, json_rows, key_of, text_value
from data.readers.tables import read_table
from schema.errors import UserError
from schema.examples import LabelledText, TextPair
from schema.file_format import FileFormat

_DEFAULT = FileFormat()
MAX_NAME_LENGTH = 50
"""Number of characters up to which a cell may be the name of a column."""


def read_labelled_texts(path: Path, file_format: FileFormat = _DEFAULT) -> list[LabelledText]:
    """Read the labelled texts of a file. Raises UserError with the file and line of an error."""
    rows, has_header = _read_rows(path, ("text", "label"), file_format)
    examples = [_labelled_text(f"{path}:{number}", *cells) for number, cells in rows]
    if not examples:
        raise UserError(f"{path} holds no examples; expected one per line: text, TAB, label")
    if not has_header:
        _note_unusual_first_label(f"{path}:{rows[0][0]}", examples)
    return examples


def read_pairs(path: Path, file_format: FileFormat = _DEFAULT) -> list[TextPair]:
    """Read the pairs of source and target of a file. Raises UserError with the file and line of an error."""
    rows, _ = _read_rows(path, ("source", "target"), file_format)
    if not rows:
        raise UserError(f"{path} holds no pairs; expected one per line: source, TAB, target")
    return [_pair(f"{path}:{number}", *cells) for number, cells in rows]


def read_texts(path: Path) -> list[str | UserError]:
    """Read the input texts of a file: one for each line, including blank lines, so that each line gets a prediction.

    JSON lines need only a text; an invalid line becomes a UserError in the list. Bytes that are not UTF-8 are replaced
    by U+FFFD. The texts of a *.csv file are those of one column.
    """
    if path.suffix.lower() == ".csv":
        return [*_text_column(path)]
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    if is_json(path):
        return [_text_or_error(f"{path}:{number}", line) for number, line in enumerate(lines, 1)]
    return [line.removesuffix("\r") for line in lines]


def _text_column(path: Path) -> list[str]:
    """The column of the texts by the header of a table, or else its first column."""
    lines = [line for _, line in read_lines(path)]
    rows = [cells for _, cells in delimited_rows(path, lines, recognize_delimiter(lines, path.suffix.lower()))]
    if not rows:
        return []
    named = [index for role in ("text", "source") if (index := by_name(role, rows[0])) is not None]
    has_header = bool(named) and (is_header(rows[0]) or len(rows[0]) == 1)
    index = named[0] if has_header else 0
    warn_once(f"{path.name}: the texts are in column {rows[0][index] if has_header else index + 1}")
    return [cells[index] if index < len(cells) else "" for cells in rows[has_header:]]


def _read_rows(path: Path, roles: Sequence[str], file_format: FileFormat) -> tuple[Sequence[Row], bool]:
    """The rows of a table or of JSON lines, and whether their columns have names."""
    if is_json(path):
        return list(json_rows(path, roles, file_format.columns)), True
    table = read_table(path, roles, file_format)
    return table.rows, table.has_header


def _labelled_text(where: str, text: str, label: str) -> LabelledText:
    if not label.strip():
        raise UserError(f"{where}: the label is empty")
    if any(category(character) in UNPRINTABLE for character in label.strip()):
        raise UserError(f"{where}: the label {label.strip()!r} holds a character that cannot be printed")
    return LabelledText(text, label.strip())


def _note_unusual_first_label(where: str, examples: Sequence[LabelledText]) -> None:
    """Say that the first line may be a header, if no other line has its label."""
    label = examples[0].label or ""
    is_short = len(label) <= MAX_NAME_LENGTH
    if is_short and len(examples) > 1 and Counter(example.label for example in examples)[label] == 1:
        flags = "--text-column and --label-column"
        warn_once(f"{where}: no other line has the label {label!r}; if it is a header, name its columns with {flags}")


def _pair(where: str, source: str, target: str) -> TextPair:
    for name, text in (("source", source), ("target", target)):
        if not text.strip():
            raise UserError(f"{where}: the {name} is empty")
    return TextPair(source, target)


def _text_or_error(where: str, line: str) -> str | UserError:
    try:
        entry = json_object(where, line, '{"text": ...}')
        key = next((key for key in ("text", "source") if key in entry), None)
        return text_value(where, key or key_of(where, "text", entry), entry)
    except UserError as error:
        return error
