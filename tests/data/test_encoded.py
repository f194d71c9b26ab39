"""Columns of sequences, compared with plain loops."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from schema.encoded import IGNORE_INDEX, EncodedDataset, Ragged


@st.composite
def columns(draw) -> tuple[list[np.ndarray], np.ndarray]:
    """Rows of one dtype and shape, some of them empty, and indices of rows in any order, possibly repeated or none."""
    shape = draw(st.sampled_from([(), (2,), (3, 2)]))
    kind = draw(st.sampled_from([np.int32, np.float32]))
    lengths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=8))
    numbers = st.integers(1, 1000)
    rows = [draw(arrays.arrays(kind, (length, *shape), elements=numbers)) for length in lengths]
    indices = draw(st.lists(st.integers(0, len(rows) - 1), max_size=10))
    return rows, np.array(indices, np.int64)


@settings(deadline=None)
@given(columns(), st.integers(0, 4), st.sampled_from([0, IGNORE_INDEX, 7]))
def test_collated_rows_are_padded_at_the_end(drawn, more, padding):
    rows, indices = drawn
    steps = max(len(row) for row in rows) + more
    expected = np.full((len(indices), steps, *rows[0].shape[1:]), padding, rows[0].dtype)
    for row, index in enumerate(indices):
        expected[row, : len(rows[index])] = rows[index]
    padded = Ragged.of(rows, padding).collate(indices, steps)
    assert padded.dtype == rows[0].dtype
    np.testing.assert_array_equal(padded, expected)


@settings(deadline=None)
@given(columns())
def test_take_selects_rows_in_the_given_order(drawn):
    rows, indices = drawn
    taken = Ragged.of(rows).take(indices)
    assert len(taken) == len(indices)
    assert taken.values.dtype == rows[0].dtype
    for row, index in zip(taken, indices, strict=True):
        np.testing.assert_array_equal(row, rows[index])


@settings(deadline=None)
@given(columns())
def test_a_column_can_be_indexed(drawn):
    rows, _ = drawn
    column = Ragged.of(rows)
    for index, row in enumerate(rows):
        np.testing.assert_array_equal(column[index], row)


def test_take_keeps_the_padding_value():
    tags = Ragged.of([np.array([3, 4]), np.array([5]), np.array([], int)], padding_value=IGNORE_INDEX)
    both = np.array([0, 1])
    assert tags.take(np.array([2, 1])).collate(both, 2).tolist() == [[-1, -1], [5, -1]]
    assert tags.take(np.array([2, 2])).collate(both, 1).tolist() == [[-1], [-1]]
    assert tags.take(np.array([], int)).padding_value == IGNORE_INDEX
    assert EncodedDataset({"words": tags}, tags).take(np.array([1])).targets.collate(both[:1], 2).tolist() == [[5, -1]]


def test_the_length_of_an_example_is_its_maximum_sequence_length():
    source, target = Ragged.of([np.ones(3), np.ones(1)]), Ragged.of([np.ones(2), np.ones(4)])
    both = EncodedDataset({"source": source, "target": target, "image": np.zeros((2, 5))})
    assert both.lengths.tolist() == [3, 4]
    assert len(both) == 2


def test_examples_without_sequences_have_one_step():
    assert EncodedDataset({"image": np.zeros((3, 5))}).lengths.tolist() == [1, 1, 1]
