"""Scores of classification, worked out by hand."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.classification_scores import classification_scores
from evaluation.scores import SCORES, class_counts
from schema.errors import UserError
from schema.examples import LabelledText
from schema.predictions import LabelPrediction
from schema.scores import SeenInTraining


def certain(label):
    return LabelPrediction(label, {label: 1.0})


def scores_of(references, predicted, labels, lengths=None):
    return scores_of_predictions(references, [certain(label) for label in predicted], labels, lengths)


def scores_of_predictions(references, predictions, labels, lengths=None):
    lengths = lengths or [1] * len(references)
    examples = [LabelledText("word " * length, label) for label, length in zip(references, lengths, strict=True)]
    return classification_scores(examples, predictions, SeenInTraining(labels=labels))


def table(scores, title):
    return next(table for table in scores.tables if table.title == title)


# True positives, false positives and false negatives: a 2, 2, 1; b 1, 1, 1; c 0, 0, 1.
REFERENCES, PREDICTED, LABELS = list("aaabbc"), list("aabbaa"), ("a", "b", "c")


def test_accuracy_is_the_fraction_of_correct_predictions():
    assert scores_of(REFERENCES, PREDICTED, LABELS).values["accuracy"] == pytest.approx(3 / 6)


def test_macro_f1_is_the_mean_over_the_classes():
    assert scores_of(REFERENCES, PREDICTED, LABELS).values["macro_f1"] == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)


def test_macro_f1_ignores_classes_without_references():
    # "z" is predicted once but is not a reference: only the F1 of "a" counts, 2 * 1 / (2 * 1 + 0 + 1).
    assert scores_of(["a", "a"], ["a", "z"], ("a", "z")).values["macro_f1"] == pytest.approx(2 / 3)


def test_cross_entropy_is_in_nats():
    # 1, 2 and 3 bits: 2 bits on average.
    predictions = [LabelPrediction("a", {"a": p, "b": 1 - p}) for p in (1 / 2, 1 / 4, 1 / 8)]
    values = scores_of_predictions(["a"] * 3, predictions, ("a", "b")).values
    assert values["cross_entropy"] == pytest.approx(2 * math.log(2))


def test_cross_entropy_of_a_reference_with_probability_zero_is_finite():
    values = scores_of(["a", "b"], ["a", "a"], ("a", "b")).values
    assert values["cross_entropy"] == pytest.approx(52 * math.log(2) / 2)


def test_each_class_has_precision_recall_and_f1():
    rows = table(scores_of(REFERENCES, PREDICTED, LABELS), "scores by class").rows
    assert rows[0] == ("a", 3, pytest.approx(1 / 2), pytest.approx(2 / 3), pytest.approx(4 / 7))
    assert rows[1] == ("b", 2, pytest.approx(1 / 2), pytest.approx(1 / 2), pytest.approx(1 / 2))


def test_undefined_scores_of_a_class_are_nan():
    rows = table(scores_of(REFERENCES, PREDICTED, (*LABELS, "d")), "scores by class").rows
    assert rows[2] == ("c", 1, pytest.approx(math.nan, nan_ok=True), 0.0, 0.0)
    assert rows[3] == ("d", 0, *[pytest.approx(math.nan, nan_ok=True)] * 3)


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    confusion = scores_of(REFERENCES, PREDICTED, LABELS).confusion
    assert confusion.labels == LABELS
    assert confusion.counts.tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]


def test_classes_unknown_to_the_model_are_errors_and_are_named():
    predictions = [LabelPrediction("a", {"a": 0.5, "b": 0.5})] * 4
    scores = scores_of_predictions(["a", "new", "new", "odd"], predictions, ("a", "b"))
    assert scores.values["accuracy"] == pytest.approx(1 / 4)
    assert scores.confusion.labels == ("a", "b", "new", "odd")
    assert scores.confusion.counts.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0]]
    assert len(scores.notes) == 1
    assert "new (2), odd (1)" in scores.notes[0]
    # a: 2 * 1 / (2 * 1 + 3 + 0); the F1 of the two unknown classes is 0.
    assert scores.values["macro_f1"] == pytest.approx((2 / 5 + 0 + 0) / 3)


def test_known_classes_need_no_note():
    assert scores_of(REFERENCES, PREDICTED, LABELS).notes == ()


def test_a_single_class_has_scores():
    scores = scores_of(["a", "a"], ["a", "a"], ("a",))
    assert scores.values == {"accuracy": 1.0, "macro_f1": 1.0, "cross_entropy": 0.0}
    assert scores.confusion.counts.tolist() == [[2]]


def test_length_bins_include_their_bounds_and_empty_ones_are_left_out():
    lengths = [0, 5, 6, 10, 11, 800, 801, 5000]
    predicted = list("aabaaabb")
    rows = table(scores_of(["a"] * 8, predicted, ("a", "b"), lengths), "accuracy by length").rows
    assert rows == (
        ("up to 5", 2, 1.0),
        ("6-10", 2, 0.5),
        ("11-25", 1, 1.0),
        ("401-800", 1, 1.0),
        ("more than 800", 2, 0.0),
    )


def test_no_examples_are_a_plain_error():
    with pytest.raises(UserError, match="no examples to score"):
        scores_of([], [], ("a",))


def test_sequences_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 examples and 1 predictions"):
        scores_of(["a", "b"], ["a"], ("a",))


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.sampled_from("abc"), st.integers(0, 2000)), min_size=1))
def test_scores_tables_and_confusion_matrix_agree(cases):
    references, predicted, lengths = map(list, zip(*cases, strict=True))
    scores = scores_of(references, predicted, LABELS, lengths)
    counts = scores.confusion.counts
    bins = table(scores, "accuracy by length").rows
    assert scores.examples == counts.sum() == sum(row[1] for row in bins) == len(cases)
    assert scores.values["accuracy"] == pytest.approx(np.trace(counts) / counts.sum())
    assert scores.values["accuracy"] == pytest.approx(sum(row[1] * row[2] for row in bins) / len(cases))


def test_every_score_is_in_the_list_of_names():
    assert set(scores_of(REFERENCES, PREDICTED, LABELS).values) <= set(SCORES)


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9), min_size=1))
def test_counts_by_class_are_the_sums_of_the_confusion_matrix(groups):
    rows = [(group, 5 * reference + predicted) for group, pairs in enumerate(groups) for reference, predicted in pairs]
    counts = class_counts(*np.array(rows).T, num_groups=len(groups), num_classes=5)
    for row, pairs in zip(counts, groups, strict=True):
        confusion = np.zeros((5, 5), int)
        for pair in pairs:
            confusion[pair] += 1
        np.testing.assert_array_equal(row, [*np.diag(confusion), *confusion.sum(axis=1), *confusion.sum(axis=0)])


def test_memory_of_scoring_is_linear_in_the_number_of_classes():
    labels = tuple(map(str, range(3000)))
    scored = scores_of(labels[:200], labels[1:201], labels)
    tracemalloc.start()
    scored = scores_of(labels[:200], labels[1:201], labels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scored.values["macro_f1"] == 0 and scored.confusion is None
    # A single matrix of 3000 x 3000 counts has 72 MB.
    assert peak < 40e6
