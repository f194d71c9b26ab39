"""Words with what is said of each under it, in columns.

The  dog   barks  .
DET  NOUN  VERB   PUNCT
"""

import shutil
from collections.abc import Iterator, Sequence

WIDTH = 100
"""Characters of a line where there is no terminal that says otherwise."""


def interlinear(rows: Sequence[Sequence[str]], width: int = WIDTH) -> str:
    """Rows of equal length under one another; what is wider than `width` goes on below, after a blank line."""
    from rich.cells import cell_len

    columns = [[" ".join(cell.split()) for cell in column] for column in zip(*rows, strict=True)]
    blocks = []
    for block in _blocks(columns, [max(map(cell_len, column)) for column in columns], width):
        # Not str.ljust: a Chinese character is two cells wide.
        lines = [
            "  ".join(cell + " " * (room - cell_len(cell)) for cell, room in line) for line in zip(*block, strict=True)
        ]
        blocks.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(blocks)


def terminal_width() -> int:
    """Characters of a line of the terminal."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def _blocks(
    columns: Sequence[Sequence[str]], widths: Sequence[int], width: int
) -> Iterator[list[list[tuple[str, int]]]]:
    """Columns that fit beside one another, each cell with the room of its column; at least one column a block."""
    block: list[list[tuple[str, int]]] = []
    used = 0
    for column, room in zip(columns, widths, strict=True):
        if block and used + room > width:
            yield block
            block, used = [], 0
        block.append([(cell, room) for cell in column])
        used += room + 2
    if block:
        yield block
