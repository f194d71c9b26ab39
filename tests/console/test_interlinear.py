"""Words with their labels below them, in aligned columns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from console.interlinear import interlinear, terminal_width

CELLS = st.text(st.sampled_from("aéZ中😀#_"), min_size=1, max_size=6)


def test_columns_are_as_wide_as_their_widest_cell():
    rows = [["The", "dog", "barks", "."], ["DET", "NOUN", "VERB", "PUNCT"]]
    assert interlinear(rows) == "The  dog   barks  .\nDET  NOUN  VERB   PUNCT"


def test_a_wide_character_takes_two_columns_of_the_terminal():
    assert interlinear([["東京", "is"], ["B", "O"]]) == "東京  is\nB     O"


# Columns of width 2 with two spaces between them: 6 for two columns, 10 for three.
@pytest.mark.parametrize(
    "width, expected",
    [
        (10, "aa  bb  cc\nA   B   C"),
        (9, "aa  bb\nA   B\n\ncc\nC"),
        (6, "aa  bb\nA   B\n\ncc\nC"),
        (5, "aa\nA\n\nbb\nB\n\ncc\nC"),
        (1, "aa\nA\n\nbb\nB\n\ncc\nC"),
    ],
)
def test_columns_beyond_the_width_continue_below(width, expected):
    assert interlinear([["aa", "bb", "cc"], ["A", "B", "C"]], width) == expected


@pytest.mark.parametrize("rows", [[], [[], []]], ids=["no rows", "empty rows"])
def test_empty_rows_give_an_empty_text(rows):
    assert interlinear(rows) == ""


def test_an_empty_cell_keeps_its_column():
    assert interlinear([["a", "", "c"], ["A", "BB", "C"]]) == "a      c\nA  BB  C"


def test_line_breaks_and_repeated_spaces_do_not_break_the_columns():
    assert interlinear([["New \n York", "x"], ["B\tLOC", "O"]]) == "New York  x\nB LOC     O"


def test_rows_of_different_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        interlinear([["a", "b"], ["A"]])


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.integers(1, 30))
def test_every_cell_appears_once_in_order_and_no_line_is_too_wide(columns, width):
    words, tags = zip(*columns, strict=True)
    lines = [block.split("\n") for block in interlinear([words, tags], width).split("\n\n")]
    assert [cell for above, _ in lines for cell in above.split()] == list(words)
    assert [cell for _, below in lines for cell in below.split()] == list(tags)
    widest = max(cell_len(cell) for column in columns for cell in column)
    assert all(cell_len(line) <= max(width, widest) for block in lines for line in block)


def test_the_width_is_that_of_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "57")
    assert terminal_width() == 57
