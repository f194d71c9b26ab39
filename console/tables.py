"""Tables for terminals, pipes and Markdown files. Columns of numbers are aligned to the right."""

import re
import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from console.messages import is_terminal, printable, say

_NUMBER = r"[-+]?[\d,]+(\.\d+)?( ?%)?"
# A number, or two of them: mean and deviation, or an interval.
_NUMERIC = re.compile(rf"{_NUMBER}( ?(±|to) ?{_NUMBER})?")


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stdout: with borders on a terminal, as aligned plain text in a pipe."""
    cells = _one_line_cells(rows)
    if is_terminal(sys.stdout):
        say(_bordered_table(title, header, cells), styled=True)
    else:
        say("\n".join([*([title] if title else []), plain_table(header, cells)]))


def plain_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as aligned plain text, one line per row, two spaces between the columns."""
    return "\n".join("  ".join(row).rstrip() for row in _aligned(header, _one_line_cells(rows)))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table. The cells are Markdown; only a `|` in them, which would end the cell, is escaped."""
    header, *cells = [[cell.replace("|", r"\|") for cell in row] for row in [header, *_one_line_cells(rows)]]
    top, *rest = _aligned(header, cells)
    dashes = [
        "-" * (cell_len(name) + 1) + ":" if numeric else ":" + "-" * (cell_len(name) + 1)
        for name, numeric in zip(top, _numeric_columns(len(header), cells), strict=True)
    ]
    lines = [f"| {' | '.join(row)} |" for row in [top, *rest]]
    return "\n".join([lines[0], f"|{'|'.join(dashes)}|", *lines[1:]])


def padded(cell: str, width: int, right_aligned: bool = False) -> str:
    """Fill `cell` with spaces up to `width` columns of the terminal."""
    # Not str.ljust: a Chinese character takes two columns.
    padding = " " * (width - cell_len(cell))
    return padding + cell if right_aligned else cell + padding


def _one_line_cells(rows: Iterable[Sequence[object]]) -> list[list[str]]:
    return [[printable(" ".join(str(cell).split())) for cell in row] for row in rows]


def _numeric_columns(columns: int, cells: Sequence[Sequence[str]]) -> list[bool]:
    """For each column, whether it holds numbers alone, besides cells that are empty or "-"."""
    return [_is_numeric([row[index] for row in cells]) for index in range(columns)]


def _is_numeric(column: Sequence[str]) -> bool:
    return any(column) and all(cell in ("", "-") or _NUMERIC.fullmatch(cell) for cell in column)


def _aligned(header: Sequence[str], cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """The header and the rows, with each cell padded to the width of its column."""
    rows = [header, *cells]
    widths = [max(cell_len(row[index]) for row in rows) for index in range(len(header))]
    numeric = _numeric_columns(len(header), cells)
    return [
        [padded(cell, width, right) for cell, width, right in zip(row, widths, numeric, strict=True)] for row in rows
    ]


def _bordered_table(title: str, header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    from rich import console, table, text

    bordered = table.Table(title=text.Text(title) if title else None, title_justify="left")
    for name, numeric in zip(header, _numeric_columns(len(header), cells), strict=True):
        bordered.add_column(text.Text(name), justify="right" if numeric else "left")
    for row in cells:
        # As Text, so that a cell such as "[B-PER]" is not read as markup.
        bordered.add_row(*map(text.Text, row))
    terminal = console.Console()
    with terminal.capture() as capture:
        terminal.print(bordered)
    return capture.get().rstrip("\n")
