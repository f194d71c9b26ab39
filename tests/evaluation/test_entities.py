"""Scores of whole entities, worked out by hand and against seqeval's own."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.entities import bracketed, entity_scores, entity_texts, is_mention, merge_mentions, spans
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def slow_spans(tags):
    """An entity is a B- and all I- of its type after it, step by step."""
    found, first = set(), None
    for place, tag in enumerate([*tags, "O"]):
        if first is not None and tag != f"I-{tags[first][2:]}":
            found.add((first, place, tags[first][2:]))
            first = None
        if tag.startswith("B-"):
            first = place
    return found


@given(st.lists(st.lists(st.sampled_from(TAGS), max_size=8), max_size=4))
def test_entities_are_those_of_a_slow_reading(sentences):
    assert spans(sentences) == [slow_spans(tags) for tags in sentences]


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
def test_an_i_that_continues_nothing_is_no_entity(tags, expected):
    assert spans([tags.split()]) == [expected]


def test_no_entity_goes_on_into_the_next_sentence():
    assert spans([["B-PER"], ["I-PER"]]) == [{(0, 1, "PER")}, set()]


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
def test_a_sign_and_the_name_after_it_are_merged(words, tags, expected):
    assert merge_mentions(words.split(), tags.split()) == expected.split()


def test_a_mention_begins_with_the_sign_or_follows_it():
    words = ["ann", "@", "bob", "@zed", "lee", "@"]
    assert [is_mention(words, first) for first in range(6)] == [False, True, True, True, False, True]


def test_entities_are_shown_as_text():
    words, tags = ["Ann", "Lee", "went", "to", "Paris", "."], ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
    assert bracketed(words, tags) == "[PER Ann Lee] went to [LOC Paris] ."
    assert sorted(entity_texts(words, spans([tags])[0])) == ["LOC Paris", "PER Ann Lee"]
    assert bracketed([], []) == ""


def score_predictors(*cases: tuple[str, str, str], seen=frozenset()):
    """Words, real tags and answered tags of each sentence."""
    examples = [TaggedSentence(tuple(words.split()), tuple(real.split())) for words, real, _ in cases]
    return entity_scores(examples, [TagsPrediction(tuple(given.split())) for *_, given in cases], TAGS, seen)


# RawSplits: (@) (ann) (Bob) (Paris) against (@ ann) (Bob). Merged: the first two are one, and right.
TWEET = ("@ ann met Bob in Paris", "B-PER B-PER O B-PER O B-LOC", "B-PER I-PER O B-PER O O")


def test_the_three_views_of_a_tweet():
    scores = score_predictors(TWEET, ("so it is", "O O O", "O O O"), seen={"PER Bob", "LOC Bob", "PER Paris"})
    assert scores.values == {
        "entity_f1": pytest.approx(2 * 1 / (4 + 2)),
        "entity_f1_merged": pytest.approx(2 * 2 / (3 + 2)),
        "entity_f1_without_mentions": pytest.approx(2 * 1 / (2 + 1)),
        "entity_precision": pytest.approx(1 / 2),
        "entity_recall": pytest.approx(1 / 4),
        "recall_seen": pytest.approx(1 / 1),
        "recall_unseen": pytest.approx(0 / 3),
        "accuracy": pytest.approx(7 / 9),
    }
    assert scores.intervals.keys() == scores.values.keys()


def test_each_type_has_precision_recall_and_f1():
    tables = {table.title: table.rows for table in score_predictors(TWEET).tables}
    nan = pytest.approx(math.nan, nan_ok=True)
    assert tables["entities by type, official"] == (
        ("LOC", 1, nan, 0.0, 0.0),
        ("PER", 3, pytest.approx(1 / 2), pytest.approx(1 / 3), pytest.approx(2 / 5)),
        ("all", 4, pytest.approx(1 / 2), pytest.approx(1 / 4), pytest.approx(1 / 3)),
    )
    assert [row[1] for row in tables["entities by type, merged"]] == [1, 2, 3]
    assert [row[1] for row in tables["entities by type, without mentions"]] == [1, 1, 2]


def test_where_there_is_no_entity_there_is_no_score_of_them():
    values = score_predictors(("so it", "O O", "O O"), ("", "", ""), ("is", "O", "O")).values
    assert values.pop("accuracy") == 1.0
    assert all(map(math.isnan, values.values()))


def test_a_tag_that_the_model_does_not_know_is_named():
    notes = score_predictors(("IBM is", "B-ORG O", "B-PER O")).notes
    assert any("B-ORG (1)" in note for note in notes)


@pytest.mark.parametrize("seed", range(3))
def test_the_scores_are_those_of_seqeval(seed):
    from seqeval.metrics import f1_score, precision_score, recall_score
    from seqeval.scheme import IOB2

    random = np.random.default_rng(seed)
    lengths = random.integers(1, 12, 40)
    real, given = ([list(random.choice(TAGS, length)) for length in lengths] for _ in range(2))
    # Half of the answers are right.
    given = [real[place] if place % 2 else tags for place, tags in enumerate(given)]
    values = score_predictors(
        *((" ".join(["w"] * len(a)), " ".join(a), " ".join(b)) for a, b in zip(real, given, strict=True))
    ).values
    strict = {"mode": "strict", "scheme": IOB2, "average": "micro"}
    for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        assert values[f"entity_{name}"] == pytest.approx(score(real, given, **strict))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.lists(st.sampled_from(TAGS), min_size=1, max_size=6), min_size=1, max_size=5))
def test_a_sentence_answered_with_its_own_tags_is_right(tagged):
    values = score_predictors(
        *((" ".join(["@"] * len(tags)), " ".join(tags), " ".join(tags)) for tags in tagged)
    ).values
    assert all(value == 1.0 or math.isnan(value) for value in values.values())
