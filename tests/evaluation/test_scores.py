"""Every score against a value worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.scores import SCORES, classification_scores, format_score, table_by_length
from schema.errors import UserError
from schema.predictions import LabelPrediction


def sure(label):
    return LabelPrediction(label, {label: 1.0})


def score_predictors(references, answered, labels, lengths=None):
    return classification_scores(
        references, [sure(label) for label in answered], lengths or [1] * len(references), labels
    )


def table(scores, title):
    return next(table for table in scores.tables if table.title == title)


# a: 2 right, 2 answered wrongly, 1 missed; b: 1, 1, 1; c: never answered, 1 missed.
REFERENCES, ANSWERED, LABELS = list("aaabbc"), list("aabbaa"), ("a", "b", "c")


def test_accuracy_is_the_share_answered_right():
    assert score_predictors(REFERENCES, ANSWERED, LABELS).values["accuracy"] == pytest.approx(3 / 6)


def test_macro_f1_is_the_mean_over_the_classes():
    assert score_predictors(REFERENCES, ANSWERED, LABELS).values["macro_f1"] == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)


def test_macro_f1_leaves_out_classes_that_no_reference_has():
    # "z" is answered once but stands in no reference: only a's F1 counts, 2 * 1 / (2 * 1 + 0 + 1).
    assert score_predictors(["a", "a"], ["a", "z"], ("a", "z")).values["macro_f1"] == pytest.approx(2 / 3)


def test_cross_entropy_is_the_mean_surprise_in_nats():
    # 1, 2 and 3 bits of surprise: 2 bits on average.
    answers = [LabelPrediction("a", {"a": share, "b": 1 - share}) for share in (1 / 2, 1 / 4, 1 / 8)]
    values = classification_scores(["a"] * 3, answers, [1] * 3, ("a", "b")).values
    assert values["cross_entropy"] == pytest.approx(2 * math.log(2))


def test_a_right_answer_thought_impossible_costs_much_but_not_infinity():
    values = score_predictors(["a", "b"], ["a", "a"], ("a", "b")).values
    assert values["cross_entropy"] == pytest.approx(52 * math.log(2) / 2)


def test_each_class_has_precision_recall_and_f1():
    rows = table(score_predictors(REFERENCES, ANSWERED, LABELS), "scores by class").rows
    assert rows[0] == ("a", 3, pytest.approx(1 / 2), pytest.approx(2 / 3), pytest.approx(4 / 7))
    assert rows[1] == ("b", 2, pytest.approx(1 / 2), pytest.approx(1 / 2), pytest.approx(1 / 2))


def test_what_is_undefined_for_a_class_is_not_shown_as_zero():
    rows = table(score_predictors(REFERENCES, ANSWERED, (*LABELS, "d")), "scores by class").rows
    assert rows[2] == ("c", 1, pytest.approx(math.nan, nan_ok=True), 0.0, 0.0)
    assert rows[3] == ("d", 0, *[pytest.approx(math.nan, nan_ok=True)] * 3)


def test_the_confusion_has_a_row_for_each_true_class():
    confusion = score_predictors(REFERENCES, ANSWERED, LABELS).confusion
    assert confusion.labels == LABELS
    assert confusion.counts.tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]


def test_classes_that_the_model_does_not_know_are_errors_and_are_named():
    answers = [LabelPrediction("a", {"a": 0.5, "b": 0.5})] * 4
    scores = classification_scores(["a", "new", "new", "odd"], answers, [1] * 4, ("a", "b"))
    assert scores.values["accuracy"] == pytest.approx(1 / 4)
    assert scores.confusion.labels == ("a", "b", "new", "odd")
    assert scores.confusion.counts.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0]]
    assert len(scores.notes) == 1
    assert "new (2), odd (1)" in scores.notes[0]
    # a: 2 * 1 / (2 * 1 + 3 + 0); the two unknown classes count 0.
    assert scores.values["macro_f1"] == pytest.approx((2 / 5 + 0 + 0) / 3)


def test_known_classes_need_no_note():
    assert score_predictors(REFERENCES, ANSWERED, LABELS).notes == ()


def test_one_class_alone_has_scores():
    scores = score_predictors(["a", "a"], ["a", "a"], ("a",))
    assert scores.values == {"accuracy": 1.0, "macro_f1": 1.0, "cross_entropy": 0.0}
    assert scores.confusion.counts.tolist() == [[2]]


def test_length_bins_end_where_they_say_and_empty_ones_are_left_out():
    lengths = [0, 5, 6, 10, 11, 800, 801, 5000]
    answered = list("aabaaabb")
    rows = table(score_predictors(["a"] * 8, answered, ("a", "b"), lengths), "accuracy by length").rows
    assert rows == (
        ("up to 5", 2, 1.0),
        ("6-10", 2, 0.5),
        ("11-25", 1, 1.0),
        ("401-800", 1, 1.0),
        ("more than 800", 2, 0.0),
    )


def test_nothing_to_score_is_a_plain_error():
    with pytest.raises(UserError, match="no examples to score"):
        classification_scores([], [], [], ("a",))


def test_sequences_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 references, 1 answers"):
        classification_scores(["a", "b"], [sure("a")], [1, 1], ("a",))


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.sampled_from("abc"), st.integers(0, 2000)), min_size=1))
def test_all_parts_tell_the_same_story(cases):
    references, answered, lengths = map(list, zip(*cases, strict=True))
    scores = score_predictors(references, answered, LABELS, lengths)
    counts = scores.confusion.counts
    bins = table(scores, "accuracy by length").rows
    assert scores.examples == counts.sum() == sum(row[1] for row in bins) == len(cases)
    assert scores.values["accuracy"] == pytest.approx(np.trace(counts) / counts.sum())
    assert scores.values["accuracy"] == pytest.approx(sum(row[1] * row[2] for row in bins) / len(cases))


def test_a_score_of_the_whole_bin_can_be_tabled():
    longest = table_by_length([3, 4, 30], "accuracy", lambda places: float(places.max()))
    assert longest.rows == (("up to 5", 2, 1.0), ("26-50", 1, 2.0))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.9154, "91.54"),
        ("macro_f1", 1.0, "100.00"),
        ("cross_entropy", 0.25, "0.250"),
        ("accuracy", math.nan, "-"),
    ],
)
def test_people_are_shown_shares_times_100(name, value, text):
    assert format_score(name, value) == text


def test_a_score_outside_the_list_is_refused():
    with pytest.raises(ValueError, match="no score is named 'acuracy'"):
        format_score("acuracy", 0.5)


def test_the_list_names_every_score_that_is_given():
    assert set(score_predictors(REFERENCES, ANSWERED, LABELS).values) <= set(SCORES)
