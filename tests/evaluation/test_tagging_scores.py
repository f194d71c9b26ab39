"""Scores of a tag for each word, worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.tagging_scores import tagging_scores
from schema.errors import UserError
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction

# "barks" is tagged wrongly, "the" and "so" and "it" and "dog" stand in train.
LINES = ["the DET dog NOUN barks VERB", "Zed PROPN", "so ADV it PRON"]
ANSWERS = ["DET NOUN NOUN", "PROPN", "ADV PRON"]
TAGS, SEEN = ("ADV", "DET", "NOUN", "PRON", "PROPN", "VERB"), {"the", "dog", "so", "it", "zed"}


def sentence(line: str) -> TaggedSentence:
    parts = line.split()
    return TaggedSentence(tuple(parts[::2]), tuple(parts[1::2]))


def score_predictors(lines, answers, tags=TAGS, seen=SEEN):
    return tagging_scores(
        [sentence(line) for line in lines], [TagsPrediction(tuple(each.split())) for each in answers], tags, seen
    )


def rows(scores, title):
    return next(table.rows for table in scores.tables if table.title == title)


def test_scores_worked_out_by_hand():
    scores = score_predictors(LINES, ANSWERS)
    assert scores.values == {
        "accuracy": pytest.approx(5 / 6),
        "accuracy_unseen": pytest.approx(1 / 2),  # Zed, whose case train does not have, and barks
        "accuracy_unseen_types": pytest.approx(1 / 2),
        "sentence_accuracy": pytest.approx(2 / 3),
        "macro_f1": pytest.approx((1 + 1 + 2 / 3 + 1 + 1 + 0) / 6),
    }
    assert scores.examples == 3
    assert scores.notes == ()
    assert scores.intervals.keys() == scores.values.keys()
    assert scores.intervals["sentence_accuracy"] == (0.0, 1.0)
    # Drawn thrice, the first sentence alone gives 2 of 3 words.
    assert scores.intervals["accuracy"] == (pytest.approx(2 / 3), 1.0)
    assert scores.confusion.counts[TAGS.index("VERB")].tolist() == [0, 0, 1, 0, 0, 0]
    assert scores.confusion.counts.sum() == 6


def test_a_form_never_seen_counts_once_with_its_usual_tag():
    # "runs" is usually a verb and usually called one, "Zed" is a noun as often, and PROPN is rarer in all.
    lines = ["runs VERB runs VERB runs NOUN", "Zed PROPN Zed NOUN"]
    scores = score_predictors(lines, ["VERB NOUN VERB", "PROPN PROPN"])
    assert scores.values["accuracy_unseen_types"] == pytest.approx(1 / 2)
    assert scores.values["accuracy_unseen"] == pytest.approx(2 / 5)


def test_without_an_unseen_word_there_is_no_score_of_them():
    scores = score_predictors(["the DET", "dog NOUN"], ["DET", "DET"])
    assert math.isnan(scores.values["accuracy_unseen"])
    assert all(map(math.isnan, scores.intervals["accuracy_unseen"]))


# Wrong at the first and at the last of six words.
LONG, SHORT = " ".join(f"w{place} X" for place in range(6)), "a X b X"


@pytest.mark.parametrize("empty", [[], [""]], ids=["no empty sentence", "an empty sentence"])
def test_words_are_counted_by_length_and_by_position(empty):
    scores = score_predictors([LONG, *empty, SHORT], ["Y X X X X Y", *empty, "X X"], ("X", "Y"))
    assert rows(scores, "accuracy by length")[-1] == ("6-10", 1, pytest.approx(4 / 6))
    assert rows(scores, "accuracy by length")[0] == ("up to 5", 1 + len(empty), 1.0)
    assert rows(scores, "accuracy by position") == (
        ("1", 2, 0.5),
        ("2", 2, 1.0),
        ("3", 1, 1.0),
        ("4-5", 2, 1.0),
        ("6-10", 1, 0.0),
    )
    assert scores.values["accuracy"] == pytest.approx(6 / 8)


def test_a_tag_that_the_model_does_not_know_is_an_error_and_is_named():
    scores = score_predictors(["dog NOUN", "so PART it PART", "hm INTJ"], ["NOUN", "ADV PRON", "ADV"])
    assert scores.values["accuracy"] == pytest.approx(1 / 4)
    assert len(scores.notes) == 1
    assert "INTJ (1), PART (2)" in scores.notes[0]
    assert scores.confusion.labels == (*TAGS, "INTJ", "PART")
    assert scores.values["macro_f1"] == pytest.approx(1 / 3)


def test_cross_entropy_is_the_mean_surprise_at_a_word():
    # 1, 2 and 3 bits: 2 bits on average, though the mean over the sentences would be another.
    first = TagsPrediction(("a", "b"), ("a", "b"), np.array([[1 / 2, 1 / 2], [1 / 4, 3 / 4]]))
    second = TagsPrediction(("a",), ("a", "b"), np.array([[7 / 8, 1 / 8]]))
    values = tagging_scores([sentence("x a y a"), sentence("z b")], [first, second], ("a", "b"), set()).values
    assert values["cross_entropy"] == pytest.approx(2 * math.log(2))


def test_an_unknown_tag_surprises_much_but_not_infinitely():
    answer = TagsPrediction(("a",), ("a",), np.array([[1.0]]))
    values = tagging_scores([sentence("x new"), sentence("y a")], [answer] * 2, ("a",), set()).values
    assert values["cross_entropy"] == pytest.approx(52 * math.log(2) / 2)


def test_where_one_answer_has_no_probabilities_there_is_no_cross_entropy():
    answers = [TagsPrediction(("a",), ("a",), np.array([[1.0]])), TagsPrediction(("a",))]
    assert "cross_entropy" not in tagging_scores([sentence("x a")] * 2, answers, ("a",), set()).values


@pytest.mark.parametrize("lines", [[], [""]], ids=["no sentence", "no word"])
def test_nothing_to_score_is_a_plain_error(lines):
    with pytest.raises(UserError, match="no examples to score"):
        score_predictors(lines, lines)


@pytest.mark.parametrize("answers", [["X"], ["X", "X X"], ["X", ""]])
def test_wrong_counts_are_refused(answers):
    with pytest.raises(ValueError, match="2 examples and 1 answers|2 words and [31] tags"):
        score_predictors(["a X", "b X"], answers)


CASES = st.lists(st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("XY")), min_size=1, max_size=7), min_size=1)


@settings(deadline=None, max_examples=10)
@given(CASES)
def test_all_parts_tell_the_same_story(cases):
    lines = [" ".join(f"w {tag}" for tag, _ in case) for case in cases]
    scores = score_predictors(lines, [" ".join(answer for _, answer in case) for case in cases], ("X", "Y"))
    words = [tag == answer for case in cases for tag, answer in case]
    assert scores.values["accuracy"] == pytest.approx(np.mean(words))
    assert scores.values["accuracy"] == pytest.approx(np.trace(scores.confusion.counts) / len(words))
    positions = rows(scores, "accuracy by position")
    assert sum(row[1] for row in positions) == len(words)
    assert sum(row[1] * row[2] for row in positions) == pytest.approx(sum(words))
    assert sum(row[1] for row in rows(scores, "accuracy by length")) == len(cases)
