"""Held-out, cut and compared splits."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.datasets import RawSplits
from data.splits import duplicate_indices, hold_out, make_splits, overlaps, subsample
from schema.examples import LabelledText

TEXTS = st.lists(st.sampled_from("abcdefgh"), max_size=40)


def examples_of(texts: str | list[str]) -> list[LabelledText]:
    return [LabelledText(text, str(place)) for place, text in enumerate(texts)]


@settings(deadline=None)
@given(TEXTS)
def test_held_out_texts_stand_on_one_side_and_nothing_is_lost(texts):
    examples = examples_of(texts)
    train, validation = hold_out(examples)
    assert {example.text for example in train}.isdisjoint(example.text for example in validation)
    by_place = sorted(train + validation, key=lambda example: int(example.label))
    assert by_place == examples
    for part in (train, validation):
        assert part == sorted(part, key=lambda example: int(example.label))


@pytest.mark.parametrize("count, held", [(0, 0), (1, 0), (2, 1), (3, 1), (14, 1), (16, 2), (100, 10)])
def test_a_tenth_is_held_out_and_at_least_one(count, held):
    train, validation = hold_out(examples_of([str(place) for place in range(count)]))
    assert (len(train), len(validation)) == (count - held, held)


def test_copies_of_one_text_alone_stay_in_train():
    assert hold_out(examples_of("aaa")) == (examples_of("aaa"), [])


def test_what_is_held_out_depends_on_no_seed_and_no_copies():
    texts = [str(place) for place in range(50)]
    random.seed(1)
    np.random.seed(1)
    _, first = hold_out(examples_of(texts))
    random.seed(2)
    np.random.seed(2)
    _, again = hold_out(examples_of(texts))
    _, with_copies = hold_out(examples_of(texts + texts[::-1]))
    assert again == first
    assert {example.text for example in with_copies} == {example.text for example in first}
    assert len(with_copies) == 2 * len(first)


def test_a_cut_keeps_the_order_and_draws_from_everywhere():
    kept = subsample(range(1000), 100)
    assert len(kept) == len(set(kept)) == 100
    assert list(kept) == sorted(kept)
    assert min(kept) < 100 and max(kept) > 900
    assert list(subsample(range(1000), 100)) == list(kept)
    assert list(subsample(range(5), 5)) == list(subsample(range(5), None)) == [0, 1, 2, 3, 4]


def test_overlaps_counted_by_hand():
    splits = {"train": examples_of("aabc"), "validation": examples_of("bd"), "test": examples_of("aadde")}
    assert overlaps(splits) == {
        "train: duplicates": 1,
        "validation: also in train": 1,
        "test: duplicates": 2,
        "test: also in train": 2,
        "test: also in validation": 2,
    }


def test_splits_that_share_nothing_have_no_overlaps():
    assert overlaps({"train": examples_of("ab"), "test": examples_of("cd")}) == {}


def test_places_seen_counted_by_hand():
    assert duplicate_indices(examples_of("xaby"), examples_of("ba")) == {1, 2}


def test_official_splits_stay_as_they_are_and_say_what_they_share():
    official = RawSplits("mine", "files:1", train=examples_of("abcdefghija"), test=examples_of("xa"))
    splits = make_splits(official)
    assert len(splits.train) + len(splits.validation) == 11
    assert splits.validation
    assert list(splits.test) == official.test
    assert splits.duplicates_of_train() == {1}
    assert splits.overlaps() == {"train: duplicates": 1, "test: also in train": 1}


def test_official_validation_is_kept():
    official = RawSplits("mine", "files:1", examples_of("abc"), test=[], validation=examples_of("d"))
    splits = make_splits(official)
    assert (splits.train, splits.validation) == (examples_of("abc"), examples_of("d"))


def test_a_limit_cuts_every_split_and_places_seen_are_those_of_the_cut():
    letters = [chr(place) for place in range(ord("A"), ord("z"))]
    official = RawSplits("mine", "files:1", examples_of(letters), test=examples_of(letters[::2]))
    splits = make_splits(official, limit=5)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [5, 5, 5]
    assert splits.duplicates_of_train() == {0, 1, 2, 3, 4}
