"""Chunks: splitting at fixed positions, joining, and the final output of each text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.chunks import JoinChunks, LastOfChunks, SplitIntoChunks

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6))

# Each example runs a few TensorFlow operations eagerly.
few = settings(max_examples=25, deadline=None)


def lengths_for(batch: int, time: int) -> np.ndarray:
    """Number of valid steps of each text, at least one."""
    return np.random.default_rng(batch * time).integers(1, time + 1, batch)


@few
@given(SIZES)
def test_joined_chunks_give_the_sequence(sizes):
    batch, chunks, chunk_length = sizes
    sequence = np.random.default_rng(0).normal(size=(batch, chunks * chunk_length, 3)).astype(np.float32)
    split = SplitIntoChunks(chunk_length)(sequence)
    assert split.shape == (batch * chunks, chunk_length, 3)
    joined = JoinChunks()(split, np.ones((batch, chunks * chunk_length), bool))
    np.testing.assert_array_equal(joined, sequence)


@few
@given(SIZES)
def test_a_chunk_holds_consecutive_steps_of_one_text(sizes):
    batch, chunks, chunk_length = sizes
    numbers = np.arange(batch * chunks * chunk_length).reshape(batch, chunks * chunk_length)
    split = np.array(SplitIntoChunks(chunk_length)(numbers))
    for chunk, row in enumerate(split):
        assert row.tolist() == list(range(chunk * chunk_length, (chunk + 1) * chunk_length))


@few
@given(SIZES)
def test_the_final_output_is_that_of_the_last_chunk_with_a_valid_step(sizes):
    batch, chunks, chunk_length = sizes
    lengths = lengths_for(batch, chunks * chunk_length)
    states = np.random.default_rng(1).normal(size=(batch * chunks, 2)).astype(np.float32)
    valid = np.arange(chunks * chunk_length) < lengths[:, None]
    last = np.array(LastOfChunks(chunk_length)(states, valid))
    for text, length in enumerate(lengths):
        np.testing.assert_array_equal(last[text], states[text * chunks + (length - 1) // chunk_length])


@few
@given(SIZES, st.integers(1, 3))
def test_padding_moves_no_border_between_chunks(sizes, extra):
    batch, chunks, chunk_length = sizes
    words = np.random.default_rng(2).integers(1, 9, (batch, chunks * chunk_length))
    padded = np.pad(words, ((0, 0), (0, extra * chunk_length)))
    split = np.array(SplitIntoChunks(chunk_length)(words)).reshape(batch, chunks, chunk_length)
    split_padded = np.array(SplitIntoChunks(chunk_length)(padded)).reshape(batch, chunks + extra, chunk_length)
    np.testing.assert_array_equal(split_padded[:, :chunks], split)
    assert not split_padded[:, chunks:].any()


@few
@given(st.integers(1, 4), st.integers(1, 7))
def test_a_text_shorter_than_a_chunk_is_a_single_chunk(batch, time):
    sequence = np.random.default_rng(3).normal(size=(batch, time, 2)).astype(np.float32)
    valid = np.arange(time) < lengths_for(batch, time)[:, None]
    np.testing.assert_array_equal(SplitIntoChunks(8)(sequence), sequence)
    np.testing.assert_array_equal(JoinChunks()(sequence, valid), sequence)
    np.testing.assert_array_equal(LastOfChunks(8)(sequence[:, 0], valid), sequence[:, 0])


def test_a_text_without_valid_steps_uses_its_first_chunk():
    states = np.array([[1.0], [2.0]], np.float32)
    assert np.array(LastOfChunks(2)(states, np.zeros((1, 4), bool))).tolist() == [[1.0]]


def test_time_that_is_no_multiple_of_the_chunk_length_raises_an_error():
    with pytest.raises(Exception, match="(?i)reshape"):
        LastOfChunks(4)(SplitIntoChunks(4)(np.ones((2, 6, 1)))[:, 0], np.ones((2, 6), bool))
