"""Held-out validation, subsamples and duplicates of splits."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.datasets import RawSplits
from data.splits import duplicate_indices, hold_out, make_splits, overlaps, subsample
from schema.examples import LabelledText, TaggedSentence, TextPair

TEXTS = st.lists(st.sampled_from("abcdefgh"), max_size=40)


def examples_of(texts: str | list[str]) -> list[TextPair]:
    """Examples without classes; the target is the index."""
    return [TextPair(text, str(index)) for index, text in enumerate(texts)]


@settings(deadline=None)
@given(TEXTS)
def test_held_out_texts_are_disjoint_from_train_and_complete(texts):
    examples = examples_of(texts)
    train, validation = hold_out(examples)
    assert {example.source for example in train}.isdisjoint(example.source for example in validation)
    in_order = sorted(train + validation, key=lambda example: int(example.target))
    assert in_order == examples
    for part in (train, validation):
        assert part == sorted(part, key=lambda example: int(example.target))


@pytest.mark.parametrize("count, held", [(0, 0), (1, 0), (2, 1), (3, 1), (14, 1), (16, 2), (100, 10)])
def test_a_tenth_and_at_least_one_example_is_held_out(count, held):
    train, validation = hold_out(examples_of([str(index) for index in range(count)]))
    assert (len(train), len(validation)) == (count - held, held)


def test_a_single_distinct_text_stays_in_train():
    assert hold_out(examples_of("aaa")) == (examples_of("aaa"), [])


def test_held_out_texts_do_not_depend_on_global_seeds_or_duplicates():
    texts = [str(index) for index in range(50)]
    random.seed(1)
    np.random.seed(1)
    _, first = hold_out(examples_of(texts))
    random.seed(2)
    np.random.seed(2)
    _, again = hold_out(examples_of(texts))
    _, with_duplicates = hold_out(examples_of(texts + texts[::-1]))
    assert again == first
    assert {example.source for example in with_duplicates} == {example.source for example in first}
    assert len(with_duplicates) == 2 * len(first)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), max_size=40))
def test_no_class_is_held_out_as_a_whole(pairs):
    examples = [LabelledText(*pair) for pair in pairs]
    train, validation = hold_out(examples)
    assert {example.label for example in train} == {label for _, label in pairs}
    assert len(train) + len(validation) == len(pairs)
    assert {example.text for example in train}.isdisjoint(example.text for example in validation)


def test_no_tag_is_held_out_as_a_whole():
    sentences = [TaggedSentence((str(index), "x"), ("O", f"B-{index}")) for index in range(20)]
    assert hold_out(sentences) == (sentences, [])


def test_the_held_out_part_is_changed_for_a_vanished_class_alone(capsys):
    texts = [str(index) for index in range(100)]
    usual = [example.source for example in hold_out(examples_of(texts))[1]]
    labels = dict.fromkeys(texts, "common") | {usual[0]: "single", usual[1]: "double", usual[2]: "double"}
    raw = RawSplits("mine", "files:1", [LabelledText(text, label) for text, label in labels.items()], test=[])
    splits = make_splits(raw)
    assert [example.text for example in splits.validation] == usual[2:]
    assert capsys.readouterr().err == (
        "note: validation cannot have these classes, whose only example stays in train: single\n"
    )


def test_a_subsample_keeps_the_order_and_covers_the_range():
    sample = subsample(range(1000), 100)
    assert len(sample) == len(set(sample)) == 100
    assert list(sample) == sorted(sample)
    assert min(sample) < 100 and max(sample) > 900
    assert list(subsample(range(1000), 100)) == list(sample)
    assert list(subsample(range(5), 5)) == list(subsample(range(5), None)) == [0, 1, 2, 3, 4]


def test_overlaps_of_a_small_example():
    splits = {"train": examples_of("aabc"), "validation": examples_of("bd"), "test": examples_of("aadde")}
    assert overlaps(splits) == {
        "train: duplicates": 1,
        "validation: also in train": 1,
        "test: duplicates": 2,
        "test: also in train": 2,
        "test: also in validation": 2,
    }


def test_disjoint_splits_have_no_overlaps():
    assert overlaps({"train": examples_of("ab"), "test": examples_of("cd")}) == {}


def test_duplicate_indices_of_a_small_example():
    assert duplicate_indices(examples_of("xaby"), examples_of("ba")) == {1, 2}


def test_official_splits_are_unchanged_and_their_overlaps_counted():
    raw = RawSplits("mine", "files:1", train=examples_of("abcdefghija"), test=examples_of("xa"))
    splits = make_splits(raw)
    assert len(splits.train) + len(splits.validation) == 11
    assert splits.validation
    assert list(splits.test) == raw.test
    assert splits.duplicates_of_train() == {1}
    assert splits.overlaps() == {"train: duplicates": 1, "test: also in train": 1}


def test_official_validation_is_kept():
    raw = RawSplits("mine", "files:1", examples_of("abc"), test=[], validation=examples_of("d"))
    splits = make_splits(raw)
    assert (splits.train, splits.validation) == (examples_of("abc"), examples_of("d"))


def test_a_limit_applies_to_every_split_and_to_the_duplicates_of_train():
    letters = [chr(code) for code in range(ord("A"), ord("z"))]
    raw = RawSplits("mine", "files:1", examples_of(letters), test=examples_of(letters[::2]))
    splits = make_splits(raw, limit=5)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [5, 5, 5]
    assert splits.duplicates_of_train() == {0, 1, 2, 3, 4}
