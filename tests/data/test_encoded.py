"""Columns of sequences, against loops that anyone can check."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from schema.encoded import IGNORE_INDEX, EncodedDataset, Ragged


@st.composite
def columns(draw) -> tuple[list[np.ndarray], np.ndarray]:
    """Rows of one kind, empty ones too, and places among them: any order, repeated, perhaps none."""
    shape = draw(st.sampled_from([(), (2,), (3, 2)]))
    kind = draw(st.sampled_from([np.int32, np.float32]))
    lengths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=8))
    numbers = st.integers(1, 1000)
    rows = [draw(arrays.arrays(kind, (length, *shape), elements=numbers)) for length in lengths]
    places = draw(st.lists(st.integers(0, len(rows) - 1), max_size=10))
    return rows, np.array(places, np.int64)


@settings(deadline=None)
@given(columns(), st.integers(0, 4), st.sampled_from([0, IGNORE_INDEX, 7]))
def test_padded_rows_are_the_rows_and_blanks_after_them(drawn, more, blank):
    rows, places = drawn
    steps = max(len(row) for row in rows) + more
    expected = np.full((len(places), steps, *rows[0].shape[1:]), blank, rows[0].dtype)
    for line, place in enumerate(places):
        expected[line, : len(rows[place])] = rows[place]
    padded = Ragged.of(rows, blank).collate(places, steps)
    assert padded.dtype == rows[0].dtype
    np.testing.assert_array_equal(padded, expected)


@settings(deadline=None)
@given(columns())
def test_taken_rows_are_those_asked_for_in_that_order(drawn):
    rows, places = drawn
    taken = Ragged.of(rows).take(places)
    assert len(taken) == len(places)
    assert taken.values.dtype == rows[0].dtype
    for row, place in zip(taken, places, strict=True):
        np.testing.assert_array_equal(row, rows[place])


@settings(deadline=None)
@given(columns())
def test_a_row_can_be_looked_up(drawn):
    rows, _ = drawn
    column = Ragged.of(rows)
    for place, row in enumerate(rows):
        np.testing.assert_array_equal(column[place], row)


def test_a_taken_column_keeps_its_blank():
    tags = Ragged.of([np.array([3, 4]), np.array([5]), np.array([], int)], padding_value=IGNORE_INDEX)
    both = np.array([0, 1])
    assert tags.take(np.array([2, 1])).collate(both, 2).tolist() == [[-1, -1], [5, -1]]
    assert tags.take(np.array([2, 2])).collate(both, 1).tolist() == [[-1], [-1]]
    assert tags.take(np.array([], int)).padding_value == IGNORE_INDEX
    assert EncodedDataset({"words": tags}, tags).take(np.array([1])).targets.collate(both[:1], 2).tolist() == [[5, -1]]


def test_the_length_of_an_example_is_that_of_its_longest_sequence():
    source, target = Ragged.of([np.ones(3), np.ones(1)]), Ragged.of([np.ones(2), np.ones(4)])
    both = EncodedDataset({"source": source, "target": target, "picture": np.zeros((2, 5))})
    assert both.lengths.tolist() == [3, 4]
    assert len(both) == 2


def test_examples_without_a_sequence_are_one_step_long():
    assert EncodedDataset({"picture": np.zeros((3, 5))}).lengths.tolist() == [1, 1, 1]
