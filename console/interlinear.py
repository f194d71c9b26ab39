"""Words with their labels below them, in columns.

The  dog   barks  .
DET  NOUN  VERB   PUNCT
"""

import shutil
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from console.messages import printable
from console.tables import padded

WIDTH = 100
"""Default width of a line, in characters, without a terminal."""
MAX_COLUMNS = 60
"""Maximum number of words of a tagged sentence in a report."""


def interlinear(rows: Sequence[Sequence[str]], width: int = WIDTH) -> str:
    """Write rows of equal length below one another. Columns beyond `width` continue below, after a blank line."""
    columns = [[" ".join(cell.split()) for cell in column] for column in zip(*rows, strict=True)]
    blocks = []
    for block in _blocks(columns, [max(map(cell_len, column)) for column in columns], width):
        lines = ["  ".join(padded(cell, cell_width) for cell, cell_width in line) for line in zip(*block, strict=True)]
        blocks.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(blocks)


def named_rows(rows: Sequence[Sequence[str]]) -> str:
    """Words, references and predictions, or words and predictions, below one another, with the names of the rows.

    At most `MAX_COLUMNS` words. Control characters are escaped, and lone surrogates replaced.
    """
    names = ("words:", "reference:", "prediction:") if len(rows) == 3 else ("words:", "prediction:")
    ellipsis = ["…"] if len(rows[0]) > MAX_COLUMNS else []
    shown = [[name, *map(_shown, row[:MAX_COLUMNS]), *ellipsis] for name, row in zip(names, rows, strict=True)]
    return interlinear(shown)


def _shown(cell: str) -> str:
    return printable(" ".join(cell.split())).encode("utf-8", "replace").decode("utf-8")


def terminal_width() -> int:
    """Width of the terminal, in characters."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def _blocks(
    columns: Sequence[Sequence[str]], widths: Sequence[int], width: int
) -> Iterator[list[list[tuple[str, int]]]]:
    """Groups of columns that fit into one line, at least one column each, as cells with the widths of their columns."""
    block: list[list[tuple[str, int]]] = []
    used = 0
    for column, column_width in zip(columns, widths, strict=True):
        if block and used + column_width > width:
            yield block
            block, used = [], 0
        block.append([(cell, column_width) for cell in column])
        used += column_width + 2
    if block:
        yield block
