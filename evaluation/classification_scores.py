"""Scores of classification: one label for each example."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluation.scores import (
    MIN_PROBABILITY,
    all_labels,
    confusion_indices,
    confusion_matrix,
    macro_f1,
    table_by_class,
    table_by_length,
    unknown_label_notes,
)
from evaluation.statistics import bootstrap_interval
from schema.errors import UserError
from schema.examples import LabelledText
from schema.predictions import LabelPrediction
from schema.scores import Scores, SeenInTraining

MIN_FREQUENT_REFERENCES = 10
"""References of a class that counts in `macro_f1_frequent`: the F1 of a rarer one is mostly chance."""


def classification_scores(
    examples: Sequence[LabelledText], predictions: Sequence[LabelPrediction], seen: SeenInTraining
) -> Scores:
    """Accuracy, macro F1 and cross-entropy.

    A reference that is not among `seen.labels` counts as an error, has a row of its own and is named in `notes`.
    Raises UserError if there are no examples, ValueError if there are more or fewer predictions.
    """
    if len(examples) != len(predictions):
        raise ValueError(f"{len(examples)} examples and {len(predictions)} predictions")
    if not examples:
        raise UserError("There are no examples to score; give a split or a file with at least one labelled example.")
    references = [example.label or "" for example in examples]
    predicted = [prediction.label for prediction in predictions]
    correct = np.array([reference == label for reference, label in zip(references, predicted, strict=True)], float)
    losses = _cross_entropies(references, predictions)
    labels_and_unknown = all_labels(seen.labels, references, predicted)
    indices = confusion_indices(references, predicted, labels_and_unknown)

    def macro_f1_of(indices: np.ndarray, axis: int = -1) -> np.ndarray:
        return _macro_f1_of_resamples(indices, len(labels_and_unknown))

    return Scores(
        values={
            "accuracy": float(correct.mean()),
            "macro_f1": float(macro_f1_of(indices)),
            "cross_entropy": float(losses.mean()),
        },
        intervals={
            "accuracy": bootstrap_interval(correct, np.mean),
            "macro_f1": bootstrap_interval(indices, macro_f1_of),
            "cross_entropy": bootstrap_interval(losses, np.mean),
        },
        examples=len(references),
        tables=(
            table_by_length(
                [len(example.text.split()) for example in examples],
                "accuracy",
                lambda members: float(correct[members].mean()),
            ),
            table_by_class(references, predicted, labels_and_unknown),
        ),
        confusion=confusion_matrix(indices, labels_and_unknown),
        notes=unknown_label_notes(references, seen.labels),
    )


def with_frequent_classes(scores: Scores, *notes: str) -> Scores:
    """Add `macro_f1_frequent`, from the confusion matrix, and further notes."""
    if scores.confusion is None:
        raise ValueError("macro_f1_frequent needs a confusion matrix")
    frequent = float(macro_f1(scores.confusion.counts.reshape(-1), MIN_FREQUENT_REFERENCES))
    return replace(scores, values={**scores.values, "macro_f1_frequent": frequent}, notes=(*notes, *scores.notes))


def _macro_f1_of_resamples(indices: np.ndarray, classes: int) -> np.ndarray:
    """Macro F1 from indices into the flattened confusion matrix, (..., examples) -> (...)."""
    rows = indices.reshape(-1, indices.shape[-1])
    shifted = rows + classes**2 * np.arange(len(rows))[:, None]
    counts = np.bincount(shifted.ravel(), minlength=classes**2 * len(rows))
    return macro_f1(counts.reshape(*indices.shape[:-1], classes**2))


def _cross_entropies(references: Sequence[str], predictions: Sequence[LabelPrediction]) -> np.ndarray:
    """-log p(reference) of each example, in nats; a class unknown to the model has probability 0."""
    pairs = zip(references, predictions, strict=True)
    probabilities = [prediction.probabilities.get(reference, 0.0) for reference, prediction in pairs]
    return -np.log(np.clip(probabilities, MIN_PROBABILITY, 1))
