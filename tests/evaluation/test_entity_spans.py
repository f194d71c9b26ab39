"""Entities from IOB2 tags: spans, mentions and texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.entity_spans import bracketed, entity_spans, entity_texts, is_mention, merge_mentions

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def slow_spans(tags):
    """An entity is a B- and all I- of its type after it, step by step."""
    spans, start = set(), None
    for index, tag in enumerate([*tags, "O"]):
        if start is not None and tag != f"I-{tags[start][2:]}":
            spans.add((start, index, tags[start][2:]))
            start = None
        if tag.startswith("B-"):
            start = index
    return spans


@given(st.lists(st.lists(st.sampled_from(TAGS), max_size=8), max_size=4))
def test_spans_equal_those_of_a_slow_implementation(sentences):
    assert entity_spans(sentences) == [slow_spans(tags) for tags in sentences]


@pytest.mark.parametrize(
    "tags, expected",
    [
        ("B-PER I-PER O B-LOC", {(0, 2, "PER"), (3, 4, "LOC")}),
        ("B-PER B-PER", {(0, 1, "PER"), (1, 2, "PER")}),
        ("O I-PER I-PER", set()),
        ("B-PER I-LOC I-LOC", {(0, 1, "PER")}),
        ("", set()),
    ],
)
def test_an_inside_tag_that_continues_nothing_is_no_entity(tags, expected):
    assert entity_spans([tags.split()]) == [expected]


def test_no_entity_continues_into_the_next_sentence():
    assert entity_spans([["B-PER"], ["I-PER"]]) == [{(0, 1, "PER")}, set()]


@pytest.mark.parametrize(
    "words, tags, expected",
    [
        ("@ ann @ bob", "B-PER B-PER B-PER B-PER", "B-PER I-PER B-PER I-PER"),
        ("@ ann lee", "B-PER B-PER I-PER", "B-PER I-PER I-PER"),
        ("@ ann", "O B-PER", "O B-PER"),
        ("@ ibm", "B-PER B-ORG", "B-PER B-ORG"),
        ("ann bob", "B-PER B-PER", "B-PER B-PER"),
        ("@ @ ann", "B-PER B-PER B-PER", "B-PER I-PER I-PER"),
        ("ann @", "B-PER B-PER", "B-PER B-PER"),
    ],
)
def test_a_mention_sign_and_the_name_after_it_are_merged(words, tags, expected):
    assert merge_mentions(words.split(), tags.split()) == expected.split()


def test_a_mention_begins_with_the_sign_or_follows_it():
    words = ["ann", "@", "bob", "@zed", "lee", "@"]
    assert [is_mention(words, start) for start in range(6)] == [False, True, True, True, False, True]


def test_entities_are_formatted_as_text():
    words, tags = ["Ann", "Lee", "went", "to", "Paris", "."], ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
    assert bracketed(words, tags) == "[PER Ann Lee] went to [LOC Paris] ."
    assert sorted(entity_texts(words, entity_spans([tags])[0])) == ["LOC Paris", "PER Ann Lee"]
    assert bracketed([], []) == ""
