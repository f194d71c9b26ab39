"""Batches: complete epochs, limited sizes, and an order that depends only on seed and epoch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batches import BUCKETS, Batches, auto_batch_tokens, auto_epochs, bucket_bounds, predict_in_batches
from schema.encoded import EncodedDataset, Ragged

LENGTHS = st.lists(st.integers(1, 40) | st.integers(500, 3000), min_size=1, max_size=80)


def encoded_of(lengths: list[int], multiple: int = 1) -> EncodedDataset:
    """Distinguishable examples: example i repeats i + 1, and its target is i."""
    indices = np.arange(len(lengths))
    words = Ragged(np.repeat(indices + 1, lengths).astype(np.int32), np.array(lengths, np.int64))
    return EncodedDataset({"words": words}, indices.astype(np.int32), multiple)


def order_of(batches: Batches) -> list[list[int]]:
    return [targets.tolist() for _, targets in batches]


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60), st.none() | st.integers(0, 5), st.integers(0, 3))
def test_an_epoch_has_each_example_exactly_once(lengths, batch_tokens, multiple, seed, epoch):
    batches = Batches(encoded_of(lengths, multiple), batch_tokens, seed)
    batches.epoch = epoch
    check_rows(batches, lengths)


def check_rows(batches: Batches, lengths: list[int]) -> None:
    """Each example of `encoded_of(lengths)` occurs exactly once, with padding after its steps."""
    seen = []
    for inputs, targets in batches:
        for row, index in zip(inputs["words"], targets, strict=True):
            assert row.tolist() == [index + 1] * lengths[index] + [0] * (len(row) - lengths[index])
        seen += targets.tolist()
    assert sorted(seen) == list(range(len(lengths)))


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60), st.none() | st.just(3))
def test_a_batch_above_the_maximum_size_is_one_example(lengths, batch_tokens, multiple, seed):
    shapes = [inputs["words"].shape for inputs, _ in Batches(encoded_of(lengths, multiple), batch_tokens, seed)]
    assert all(rows * steps <= batch_tokens or rows == 1 for rows, steps in shapes)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60))
def test_the_length_is_the_number_of_batches(lengths, batch_tokens, multiple):
    batches = Batches(encoded_of(lengths, multiple), batch_tokens, seed=1)
    assert len(batches) == len(list(batches))


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 60))
def test_bounds_are_limited_in_number_and_are_multiples_up_to_the_maximum_length(lengths, multiple):
    bounds = bucket_bounds(np.array(lengths), BUCKETS, multiple)
    assert 1 <= len(bounds) <= BUCKETS
    assert (np.diff(bounds) > 0).all()
    assert (bounds[bounds > multiple] % multiple == 0).all()
    assert max(lengths) <= bounds[-1] < max(lengths) + multiple


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60))
def test_padding_is_the_fraction_of_zeros(lengths, batch_tokens, multiple):
    batches = Batches(encoded_of(lengths, multiple), batch_tokens, seed=1)
    words = [inputs["words"] for inputs, _ in batches]
    zeros = sum(int((batch == 0).sum()) for batch in words)
    assert batches.padding == pytest.approx(zeros / sum(batch.size for batch in words))
    assert batches.tokens == sum(lengths)


def test_padding_of_a_small_example():
    # A bucket of 3 steps, and one of 8 with two examples: 3 of 3, 5 and 6 of 8 steps are real.
    assert Batches(encoded_of([3, 5, 6], multiple=4), 100).padding == pytest.approx(5 / 19)


def test_the_order_depends_only_on_seed_and_epoch():
    encoded = encoded_of([1 + index % 30 for index in range(200)])
    one, same, other = Batches(encoded, 50, seed=1), Batches(encoded, 50, seed=1), Batches(encoded, 50, seed=2)
    first = order_of(one)
    assert order_of(one) == first  # an epoch can be repeated
    assert order_of(other) != first
    one.epoch = same.epoch = 1
    np.random.seed(0)
    second = order_of(one)
    np.random.seed(1)
    assert order_of(same) == second
    assert {frozenset(batch) for batch in second} != {frozenset(batch) for batch in first}


def test_without_a_seed_the_order_is_by_length():
    encoded = encoded_of([30, 2, 9, 2, 17])
    lengths = [inputs["words"].shape[1] for inputs, _ in Batches(encoded, 20)]
    assert lengths == sorted(lengths)
    assert order_of(Batches(encoded, 20)) == order_of(Batches(encoded, 20))


@pytest.mark.parametrize("lengths", [[7], [1, 1, 1], [1 + index % 23 for index in range(97)]])
def test_the_cardinality_of_the_data_set_is_the_number_of_batches(lengths):
    batches = Batches(encoded_of(lengths), 40, seed=1)
    dataset = batches.dataset()
    assert int(dataset.cardinality()) == len(batches)
    for _ in range(2):
        assert sum(1 for _ in dataset) == len(batches)


def test_a_data_set_without_examples_is_an_error():
    with pytest.raises(ValueError, match="no examples"):
        Batches(encoded_of([]), 40).dataset()


def test_target_sequences_are_padded_like_their_inputs():
    words = Ragged.of([np.array([5, 6, 7]), np.array([8, 9])])
    tags = Ragged.of([np.array([1, 2, 1]), np.array([2, 2])])
    padded = [
        (inputs["words"].tolist(), targets.tolist())
        for inputs, targets in Batches(EncodedDataset({"words": words}, tags), 9)
    ]
    assert padded == [([[8, 9]], [[2, 2]]), ([[5, 6, 7]], [[1, 2, 1]])]
    long = EncodedDataset({"words": words}, tags, pad_to_multiple_of=2)
    assert [targets.tolist() for _, targets in Batches(long, 9)] == [[[2, 2]], [[1, 2, 1, 0]]]


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.integers(1, 6), st.none() | st.just(3))
def test_examples_without_steps_are_padded_to_one_step(lengths, batch_tokens, seed):
    batches = Batches(encoded_of(lengths), batch_tokens, seed)
    assert all(inputs["words"].shape[1] >= 1 for inputs, _ in batches)
    check_rows(batches, lengths)


def test_a_target_without_steps_is_ignored():
    words = Ragged.of([np.array([], np.int32), np.array([5], np.int32)])
    tags = Ragged(words.values, words.lengths, padding_value=-1)
    padded = [
        (inputs["words"].tolist(), targets.tolist())
        for inputs, targets in Batches(EncodedDataset({"words": words}, tags), 9)
    ]
    assert padded == [([[0], [5]], [[-1], [5]])]


def test_automatic_batch_tokens():
    assert auto_batch_tokens(encoded_of([100] * 9000)) == 9000  # a hundredth of all steps
    assert auto_batch_tokens(encoded_of([7, 3, 2])) == 64  # at least sixteen examples of mean length
    assert auto_batch_tokens(encoded_of([500] + [1] * 99)) == 500  # at least the longest example
    assert auto_batch_tokens(encoded_of([1000] * 9000)) == 24_000


def test_small_data_sets_get_more_epochs():
    assert auto_epochs(225, 4) == auto_epochs(5000, 4) == 4
    assert auto_epochs(224, 4) == 5
    assert auto_epochs(224, 10) == 10
    assert auto_epochs(31, 4) == 30  # 29 x 31 = 899


class Echo:
    """A model that predicts the index of each example and counts the batches."""

    batches = 0

    def predict_on_batch(self, inputs):
        self.batches += 1
        return inputs["words"][:, 0] - 1


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000))
def test_predictions_are_in_the_order_of_the_examples(lengths, batch_tokens):
    echo = Echo()
    assert predict_in_batches(echo.predict_on_batch, encoded_of(lengths), batch_tokens) == list(range(len(lengths)))
    assert echo.batches == len(Batches(encoded_of(lengths), batch_tokens))


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.integers(1, 100))
def test_tuples_of_predictions_are_in_the_order_of_the_examples(lengths, batch_tokens):
    def max_and_first(inputs):
        words = inputs["words"]
        return words.max(axis=1), words[:, :1]

    pairs = predict_in_batches(max_and_first, encoded_of(lengths), batch_tokens)
    expected = [index + 1 if length else 0 for index, length in enumerate(lengths)]
    assert [(int(one), other.tolist()) for one, other in pairs] == [(value, [value]) for value in expected]
