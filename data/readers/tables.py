"""Tables in text files: delimiter, header and quotation marks are recognized.

    review,sentiment                        a header of known names, in any order and case
    "A film to remember, truly",positive    a quoted field may contain delimiters, line breaks and doubled quotes

Without a header the columns have the order of their roles, such as text and label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.messages import warn_once
from data.readers.columns import assign_columns, is_header
from data.readers.delimited import TAB, Row, delimited_rows, recognize_delimiter
from data.readers.files import count_columns, read_lines
from schema.errors import UserError
from schema.file_format import DELIMITERS, FileFormat


@dataclass(frozen=True)
class Table:
    """The columns of a file that have a role.

    rows: the cells of each row in the order of the roles, with the number of the line in which the row begins
    columns: names or numbers of the columns, in the same order
    """

    rows: Sequence[Row]
    columns: Sequence[str]
    has_header: bool


@dataclass(frozen=True)
class Advice:
    """What to do about a row with the wrong number of columns; is_free: whether a header or flags name the columns."""

    roles: Sequence[str]
    delimiter: str
    is_free: bool

    def of(self, too_many: bool) -> str:
        """The advice for a row with too many columns, or too few."""
        mark = "TAB" if self.delimiter == TAB else self.delimiter
        advice = f"put one {mark} between {' and '.join(self.roles)}"
        if too_many and self.delimiter != TAB:
            advice += f", and texts that contain {mark} in quotation marks"
        if too_many and not self.is_free:
            advice += f", or choose the columns with {' and '.join(f'--{role}-column' for role in self.roles)}"
        return advice


def read_table(path: Path, roles: Sequence[str], file_format: FileFormat) -> Table:
    """Read the columns with these roles. Raises UserError with the file and line of an error."""
    lines = [line for _, line in read_lines(path)]
    names = [column for column in file_format.columns.values() if not column.isdecimal()]
    delimiter = file_format.delimiter or recognize_delimiter(lines, path.suffix.lower(), names)
    rows = delimited_rows(path, lines, delimiter)
    if not rows:
        return Table([], [], has_header=False)
    number, first = rows[0]
    has_header = is_header(first, names)
    is_free = has_header or bool(file_format.columns)
    width = max(len(roles), _width(first)) if is_free else len(roles)
    advice = Advice(roles, delimiter, is_free)
    fitted = [(number, _fitted(f"{path}:{number}", cells, width, advice)) for number, cells in rows]
    indices = columns_or_error(f"{path}:{number}", roles, fitted[0][1], has_header, file_format.columns)
    table = Table(
        [(number, [cells[index] for index in indices.values()]) for number, cells in fitted[has_header:]],
        [fitted[0][1][index] if has_header else str(index + 1) for index in indices.values()],
        has_header,
    )
    if is_free or delimiter != TAB:
        announce(path, delimiter, dict(zip(roles, table.columns, strict=True)))
    return table


def columns_or_error(
    where: str, roles: Sequence[str], first: Sequence[str], has_header: bool, given: Mapping[str, str]
) -> dict[str, int]:
    """Assign the columns; an error names the file and line."""
    try:
        return assign_columns(roles, first, has_header, given)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def announce(path: Path, delimiter: str, columns: Mapping[str, str]) -> None:
    """Say how a file is read."""
    name = next(name for name, character in DELIMITERS.items() if character == delimiter)
    taken = ", ".join(f"{role} in column {column}" for role, column in columns.items())
    warn_once(f"{path.name}: {'TAB' if delimiter == TAB else name}-separated, {taken}")


def _width(cells: Sequence[str]) -> int:
    """Number of cells without empty ones at the end."""
    return max((number for number, cell in enumerate(cells, 1) if cell.strip()), default=0)


def _fitted(where: str, cells: list[str], width: int, advice: Advice) -> list[str]:
    """The cells without empty ones beyond `width`. Raises UserError for another number of cells."""
    cells = cells[: max(width, _width(cells))]
    if len(cells) != width:
        raise UserError(f"{where}: {count_columns(cells)}, expected {width}; {advice.of(len(cells) > width)}")
    return cells
