"""Tables: with borders on a terminal, aligned plain text in a pipe, and Markdown in files."""

import io
import sys

import pytest
from markdown_it import MarkdownIt

from console.tables import markdown_table, plain_table, print_table

ROWS = [["[B-PER]", 0.5, "日本"], ["O", "12.25", "x"], ["all\nof it", "-", "y"]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_pipe_a_table_is_plain_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Test", ["tag", "F1", "名前"], ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "Test",
        "tag           F1  名前",
        "[B-PER]      0.5  日本",
        "O          12.25  x",
        "all of it      -  y",
    ]


def test_on_a_terminal_a_table_has_borders_and_no_cell_is_read_as_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    print_table("Test [bold]", ["tag", "F1"], [["[red]", 0.5]])
    printed = terminal.getvalue()
    assert "[red]" in printed and "Test [bold]" in printed
    assert "│" in printed


def test_markdown_columns_are_as_wide_as_their_widest_cell() -> None:
    assert markdown_table(["tag", "F1", "名前"], ROWS).splitlines() == [
        "| tag       |    F1 | 名前 |",
        "|:----------|------:|:-----|",
        "| [B-PER]   |   0.5 | 日本 |",
        "| O         | 12.25 | x    |",
        "| all of it |     - | y    |",
    ]


@pytest.mark.parametrize("rows", [[], [["", "a|b"]], [["x", "`|`"], ["", r"\|"]]])
def test_a_browser_shows_every_cell_of_a_markdown_table(rows: list[list[str]]) -> None:
    html = MarkdownIt("commonmark").enable("table").render(markdown_table(["", "b"], rows))
    assert html.count("<th") == 2 + 1  # and the element <thead>
    assert html.count("<td") == 2 * len(rows)


@pytest.mark.parametrize(
    ("column", "numeric"),
    [
        (["1", "1,234", "-0.5"], True),
        (["12 %", "3.5%"], True),
        (["91.20 ± 0.31", "90 to 92.5", "-", ""], True),
        (["3.15.0"], False),
        (["12 s"], False),
        (["", ""], False),
        ([], False),
    ],
)
def test_only_columns_of_numbers_are_aligned_to_the_right(column: list[str], numeric: bool) -> None:
    header = "the header of a column"
    lines = plain_table([header], [[cell] for cell in column]).split("\n")
    assert lines[1:] == [cell.rjust(len(header)).rstrip() if numeric else cell for cell in column]
