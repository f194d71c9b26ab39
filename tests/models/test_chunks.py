"""Windows: a text is cut at fixed places, put together again, and ends where it ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.chunks import JoinChunks, LastOfChunks, SplitIntoChunks

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6))

# Each example starts a few operations of TensorFlow one by one.
few = settings(max_examples=25, deadline=None)


def lengths_for(batch: int, time: int) -> np.ndarray:
    """Valid steps of each text: every text has at least one."""
    return np.random.default_rng(batch * time).integers(1, time + 1, batch)


@few
@given(SIZES)
def test_joined_windows_are_the_sequence(sizes):
    batch, windows, size = sizes
    sequence = np.random.default_rng(0).normal(size=(batch, windows * size, 3)).astype(np.float32)
    split = SplitIntoChunks(size)(sequence)
    assert split.shape == (batch * windows, size, 3)
    joined = JoinChunks()(split, np.ones((batch, windows * size), bool))
    np.testing.assert_array_equal(joined, sequence)


@few
@given(SIZES)
def test_a_window_holds_steps_of_one_text_in_order(sizes):
    batch, windows, size = sizes
    numbers = np.arange(batch * windows * size).reshape(batch, windows * size)
    split = np.array(SplitIntoChunks(size)(numbers))
    for window, row in enumerate(split):
        assert row.tolist() == list(range(window * size, (window + 1) * size))


@few
@given(SIZES)
def test_the_last_window_is_the_last_one_with_a_valid_step(sizes):
    batch, windows, size = sizes
    lengths = lengths_for(batch, windows * size)
    states = np.random.default_rng(1).normal(size=(batch * windows, 2)).astype(np.float32)
    valid = np.arange(windows * size) < lengths[:, None]
    last = np.array(LastOfChunks(size)(states, valid))
    for text, length in enumerate(lengths):
        np.testing.assert_array_equal(last[text], states[text * windows + (length - 1) // size])


@few
@given(SIZES, st.integers(1, 3))
def test_padding_moves_no_border(sizes, more):
    batch, windows, size = sizes
    words = np.random.default_rng(2).integers(1, 9, (batch, windows * size))
    padded = np.pad(words, ((0, 0), (0, more * size)))
    split = np.array(SplitIntoChunks(size)(words)).reshape(batch, windows, size)
    split_padded = np.array(SplitIntoChunks(size)(padded)).reshape(batch, windows + more, size)
    np.testing.assert_array_equal(split_padded[:, :windows], split)
    assert not split_padded[:, windows:].any()


@few
@given(st.integers(1, 4), st.integers(1, 7))
def test_a_text_shorter_than_a_window_is_one_of_its_own_length(batch, time):
    sequence = np.random.default_rng(3).normal(size=(batch, time, 2)).astype(np.float32)
    valid = np.arange(time) < lengths_for(batch, time)[:, None]
    np.testing.assert_array_equal(SplitIntoChunks(8)(sequence), sequence)
    np.testing.assert_array_equal(JoinChunks()(sequence, valid), sequence)
    np.testing.assert_array_equal(LastOfChunks(8)(sequence[:, 0], valid), sequence[:, 0])


def test_a_text_without_a_valid_step_takes_its_first_window():
    states = np.array([[1.0], [2.0]], np.float32)
    assert np.array(LastOfChunks(2)(states, np.zeros((1, 4), bool))).tolist() == [[1.0]]


def test_time_that_is_no_multiple_of_the_size_is_refused():
    with pytest.raises(Exception, match="(?i)reshape"):
        LastOfChunks(4)(SplitIntoChunks(4)(np.ones((2, 6, 1)))[:, 0], np.ones((2, 6), bool))
