"""Rows of delimited text, and the delimiter that a text uses."""

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from data.readers.columns import is_header
from schema.errors import UserError
from schema.file_format import DELIMITERS

TAB = "\t"
_SAMPLE = 100
"""Number of rows from which the delimiter is recognized."""
_CSV_REASONS = {
    "unexpected end of data": "a quotation mark is opened and never closed",
    "new-line": "a carriage return stands outside of quotation marks",
}

Row = tuple[int, list[str]]
"""Number of the line in which a row begins, and its cells."""

csv.field_size_limit(sys.maxsize)


class QuotingError(UserError):
    """Quotation marks that are not those of a CSV file; the message has the line and the reason."""


def delimited_rows(path: Path, lines: Sequence[str], delimiter: str) -> list[Row]:
    """Split the lines of a file into rows. Raises UserError with the file and line of a wrong quotation mark."""
    if delimiter == TAB:
        return _tab_rows(lines)
    try:
        return list(csv_rows(lines, delimiter, skip_spaces=True))
    except QuotingError as error:
        raise UserError(f"{path}:{error}") from error


def csv_rows(lines: Sequence[str], delimiter: str, skip_spaces: bool = False) -> Iterator[Row]:
    """The rows of a CSV file, without blank ones. Quoted fields may contain line breaks. Raises QuotingError."""
    for first, _, cells in _csv_rows(lines, delimiter, skip_spaces):
        yield first, cells


def _csv_rows(lines: Sequence[str], delimiter: str, skip_spaces: bool) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and cells of each row."""
    with_breaks = (f"{line}\n" for line in lines)
    reader = csv.reader(with_breaks, delimiter=delimiter, strict=True, skipinitialspace=skip_spaces)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            reasons = (text for part, text in _CSV_REASONS.items() if part in str(error))
            reason = next(reasons, "a quotation mark within a quoted field must be doubled")
            raise QuotingError(f"{first}: {reason}") from error
        if cells is None:
            return
        if any(map(str.strip, cells)):
            yield first, reader.line_num, cells


def _tab_rows(lines: Sequence[str]) -> list[Row]:
    """The rows of TAB-separated lines. Quotation marks are part of a text, unless a CSV writer has set them all."""
    plain = [(number, line.split(TAB)) for number, line in enumerate(lines, 1) if line.strip()]
    if not any('"' in line for line in lines):
        return plain
    with suppress(QuotingError):
        rows = list(_csv_rows(lines, TAB, skip_spaces=False))
        is_line_by_line = _is_regular(plain) and len(rows) != len(plain)
        if not is_line_by_line and _is_written_by_csv(lines, rows):
            return [(first, cells) for first, _, cells in rows]
    return plain


def _is_regular(rows: Sequence[Row]) -> bool:
    """Whether all rows have the same number of columns, at least two."""
    return bool(rows) and len(rows[0][1]) > 1 and len({len(cells) for _, cells in rows}) == 1


def _is_written_by_csv(lines: Sequence[str], rows: Sequence[tuple[int, int, list[str]]]) -> bool:
    """Whether only quoted fields hold quotation marks, and some need their quotes or every row has a quoted field."""
    if not _is_regular([(first, cells) for first, _, cells in rows]):
        return False
    needed, quoted_rows = False, []
    for first, last, cells in rows:
        raw, at = "\n".join(lines[first - 1 : last]), 0
        quoted_rows.append(False)
        for cell in cells:
            is_quoted = raw.startswith('"', at)
            if not is_quoted and '"' in cell:
                return False
            escaped = cell.replace('"', '""')
            at += len(escaped) + 2 * is_quoted + 1
            quoted_rows[-1] |= is_quoted
            needed |= is_quoted and any(mark in cell for mark in '"\n\t')
    # A header may go without quotes.
    return needed or (len(rows) > 1 and all(quoted_rows[1:]))


def recognize_delimiter(
    lines: Sequence[str], suffix: str, names: Sequence[str] = (), default: str | None = None
) -> str:
    """Find the delimiter of a text: by its header, or else by its first rows.

    suffix: of the file's name
    names: names of columns that the header must hold
    default: for a text whose rows have different numbers of columns
    """
    sample = list(islice(filter(str.strip, lines), _SAMPLE))
    for delimiter in DELIMITERS.values():
        if is_header(_first_cells(sample, delimiter), names):
            return delimiter
    if suffix in (".tsv", ".tab") or 2 * sum(TAB in line for line in sample) >= max(1, len(sample)):
        return TAB
    regular = {delimiter: rows for delimiter in ",;" if _is_regular(rows := _sample_rows(lines, delimiter))}
    if regular:
        # If both split all rows, the labels are those that repeat and are short.
        return min(regular, key=lambda delimiter: _label_likeness([cells[-1] for _, cells in regular[delimiter]]))
    return default or (max(",;", key=sample[0].count) if suffix == ".csv" and sample else TAB)


def _label_likeness(cells: Sequence[str]) -> tuple[int, int]:
    return len(set(cells)), sum(map(len, cells))


def _first_cells(sample: Sequence[str], delimiter: str) -> list[str]:
    rows = _sample_rows(sample[:1], delimiter)
    return rows[0][1] if rows else []


def _sample_rows(lines: Sequence[str], delimiter: str) -> list[Row]:
    """The first rows; none if they are no CSV with this delimiter."""
    with suppress(QuotingError):
        return list(islice(csv_rows(lines, delimiter, skip_spaces=True), _SAMPLE))
    return []
