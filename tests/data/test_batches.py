"""Batches: nothing is lost, nothing is too large, and the order follows from seed and epoch alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.batches import BUCKETS, Batches, auto_batch_tokens, auto_epochs, bucket_bounds, predict_in_batches
from schema.encoded import EncodedDataset, Ragged

LENGTHS = st.lists(st.integers(1, 40) | st.integers(500, 3000), min_size=1, max_size=80)


def encoded_of(lengths: list[int], multiple: int = 1) -> EncodedDataset:
    """Examples that can be told apart: example i is i + 1, over and over; its target is i."""
    places = np.arange(len(lengths))
    words = Ragged(np.repeat(places + 1, lengths).astype(np.int32), np.array(lengths, np.int64))
    return EncodedDataset({"words": words}, places.astype(np.int32), multiple)


def order_of(batches: Batches) -> list[list[int]]:
    return [targets.tolist() for _, targets in batches]


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60), st.none() | st.integers(0, 5), st.integers(0, 3))
def test_a_pass_has_each_example_once_and_whole(lengths, batch_tokens, multiple, seed, epoch):
    batches = Batches(encoded_of(lengths, multiple), batch_tokens, seed)
    batches.epoch = epoch
    seen = []
    for inputs, targets in batches:
        for row, place in zip(inputs["words"], targets, strict=True):
            assert row.tolist() == [place + 1] * lengths[place] + [0] * (len(row) - lengths[place])
        seen += targets.tolist()
    assert sorted(seen) == list(range(len(lengths)))


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60), st.none() | st.just(3))
def test_a_batch_above_the_size_is_one_example(lengths, batch_tokens, multiple, seed):
    shapes = [inputs["words"].shape for inputs, _ in Batches(encoded_of(lengths, multiple), batch_tokens, seed)]
    assert all(rows * steps <= batch_tokens or rows == 1 for rows, steps in shapes)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60))
def test_there_are_as_many_batches_as_are_announced(lengths, batch_tokens, multiple):
    batches = Batches(encoded_of(lengths, multiple), batch_tokens, seed=1)
    assert len(batches) == len(list(batches))


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 60))
def test_bounds_are_few_and_reach_the_longest_and_long_ones_are_multiples(lengths, multiple):
    bounds = bucket_bounds(np.array(lengths), BUCKETS, multiple)
    assert 1 <= len(bounds) <= BUCKETS
    assert (np.diff(bounds) > 0).all()
    assert (bounds[bounds > multiple] % multiple == 0).all()
    assert max(lengths) <= bounds[-1] < max(lengths) + multiple


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000), st.integers(1, 60))
def test_padding_is_the_share_of_zeros(lengths, batch_tokens, multiple):
    batches = Batches(encoded_of(lengths, multiple), batch_tokens, seed=1)
    words = [inputs["words"] for inputs, _ in batches]
    zeros = sum(int((batch == 0).sum()) for batch in words)
    assert batches.padding == pytest.approx(zeros / sum(batch.size for batch in words))
    assert batches.tokens == sum(lengths)


def test_padding_worked_out_by_hand():
    # A bucket of 3 steps, and one of 8 with two examples: 3 of 3, 5 and 6 of 8 steps are real.
    assert Batches(encoded_of([3, 5, 6], multiple=4), 100).padding == pytest.approx(5 / 19)


def test_order_follows_from_seed_and_epoch_alone():
    encoded = encoded_of([1 + place % 30 for place in range(200)])
    one, same, other = Batches(encoded, 50, seed=1), Batches(encoded, 50, seed=1), Batches(encoded, 50, seed=2)
    first = order_of(one)
    assert order_of(one) == first  # a pass can be repeated
    assert order_of(other) != first
    one.epoch = same.epoch = 1
    np.random.seed(0)
    second = order_of(one)
    np.random.seed(1)
    assert order_of(same) == second
    assert {frozenset(batch) for batch in second} != {frozenset(batch) for batch in first}


def test_without_a_seed_the_short_come_first():
    encoded = encoded_of([30, 2, 9, 2, 17])
    lengths = [inputs["words"].shape[1] for inputs, _ in Batches(encoded, 20)]
    assert lengths == sorted(lengths)
    assert order_of(Batches(encoded, 20)) == order_of(Batches(encoded, 20))


@pytest.mark.parametrize("lengths", [[7], [1, 1, 1], [1 + place % 23 for place in range(97)]])
def test_the_data_set_knows_exactly_how_many_batches_come(lengths):
    batches = Batches(encoded_of(lengths), 40, seed=1)
    passes = batches.dataset()
    assert int(passes.cardinality()) == len(batches)
    for _ in range(2):
        assert sum(1 for _ in passes) == len(batches)


def test_no_examples_make_no_data_set():
    with pytest.raises(ValueError, match="no examples"):
        Batches(encoded_of([]), 40).dataset()


def test_targets_that_are_sequences_are_padded_as_their_inputs_are():
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
def test_examples_without_steps_are_padded_to_one_and_lost_nowhere(lengths, batch_tokens, seed):
    seen = []
    for inputs, targets in Batches(encoded_of(lengths), batch_tokens, seed):
        assert inputs["words"].shape[1] >= 1
        for row, place in zip(inputs["words"], targets, strict=True):
            assert row.tolist() == [place + 1] * lengths[place] + [0] * (len(row) - lengths[place])
        seen += targets.tolist()
    assert sorted(seen) == list(range(len(lengths)))


def test_a_target_without_steps_asks_nothing():
    words = Ragged.of([np.array([], np.int32), np.array([5], np.int32)])
    tags = Ragged(words.values, words.lengths, padding_value=-1)
    padded = [
        (inputs["words"].tolist(), targets.tolist())
        for inputs, targets in Batches(EncodedDataset({"words": words}, tags), 9)
    ]
    assert padded == [([[0], [5]], [[-1], [5]])]


def test_a_batch_is_as_large_as_the_data_want_it():
    assert auto_batch_tokens(encoded_of([100] * 9000)) == 9000  # a hundredth of all steps
    assert auto_batch_tokens(encoded_of([7, 3, 2])) == 64  # sixteen examples of mean length at least
    assert auto_batch_tokens(encoded_of([500] + [1] * 99)) == 500  # the longest example at least
    assert auto_batch_tokens(encoded_of([1000] * 9000)) == 24_000


def test_small_data_are_gone_through_more_often():
    assert auto_epochs(225, 4) == auto_epochs(5000, 4) == 4
    assert auto_epochs(224, 4) == 5
    assert auto_epochs(224, 10) == 10
    assert auto_epochs(31, 4) == 30  # 29 x 31 are 899


class Echo:
    """Stands in for a model: says which example it was shown, and counts the batches."""

    batches = 0

    def predict_on_batch(self, inputs):
        self.batches += 1
        return inputs["words"][:, 0] - 1


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4000))
def test_predictions_come_in_the_order_of_the_examples(lengths, batch_tokens):
    echo = Echo()
    assert predict_in_batches(echo.predict_on_batch, encoded_of(lengths), batch_tokens) == list(range(len(lengths)))
    assert echo.batches == len(Batches(encoded_of(lengths), batch_tokens))


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.integers(1, 100))
def test_pairs_of_predictions_come_in_that_order_too(lengths, batch_tokens):
    def longest_and_first(inputs):
        words = inputs["words"]
        return words.max(axis=1), words[:, :1]

    pairs = predict_in_batches(longest_and_first, encoded_of(lengths), batch_tokens)
    expected = [place + 1 if length else 0 for place, length in enumerate(lengths)]
    assert [(int(one), other.tolist()) for one, other in pairs] == [(value, [value]) for value in expected]
