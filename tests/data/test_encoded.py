"""Columns of sequences, against loops that anyone can check."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from schema.encoded import Encoded, Ragged


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
@given(columns(), st.integers(0, 4))
def test_padded_rows_are_the_rows_and_zeros_after_them(drawn, more):
    rows, places = drawn
    steps = max(len(row) for row in rows) + more
    expected = np.zeros((len(places), steps, *rows[0].shape[1:]), rows[0].dtype)
    for line, place in enumerate(places):
        expected[line, : len(rows[place])] = rows[place]
    if not sum(len(row) for row in rows):
        return  # a column without a single step has nothing to look up
    padded = Ragged.of(rows).padded(places, steps)
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


def test_the_length_of_an_example_is_that_of_its_longest_sequence():
    source, target = Ragged.of([np.ones(3), np.ones(1)]), Ragged.of([np.ones(2), np.ones(4)])
    both = Encoded({"source": source, "target": target, "picture": np.zeros((2, 5))})
    assert both.lengths.tolist() == [3, 4]
    assert len(both) == 2


def test_examples_without_a_sequence_are_one_step_long():
    assert Encoded({"picture": np.zeros((3, 5))}).lengths.tolist() == [1, 1, 1]
