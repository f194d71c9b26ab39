"""Scores of classification: one label for each example."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluation.scores import LabelPairs, cross_entropies, macro_f1, table_by_length
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
    pairs = LabelPairs(references, [prediction.label for prediction in predictions], seen.labels)
    losses = cross_entropies(
        [
            prediction.probabilities.get(reference, 0.0)
            for reference, prediction in zip(references, predictions, strict=True)
        ]
    )

    def macro_f1_of(indices: np.ndarray, axis: int = -1) -> np.ndarray:
        return _macro_f1_of_resamples(indices, len(pairs.labels))

    return Scores(
        values={
            "accuracy": float(pairs.correct.mean()),
            "macro_f1": float(macro_f1_of(pairs.confusion_indices)),
            "cross_entropy": float(losses.mean()),
        },
        intervals={
            "accuracy": bootstrap_interval(pairs.correct, np.mean),
            "macro_f1": bootstrap_interval(pairs.confusion_indices, macro_f1_of),
            "cross_entropy": bootstrap_interval(losses, np.mean),
        },
        examples=len(examples),
        tables=(
            table_by_length(
                [len(example.text.split()) for example in examples],
                "accuracy",
                lambda members: float(pairs.correct[members].mean()),
            ),
            pairs.table_by_class(),
        ),
        confusion=pairs.confusion(),
        notes=pairs.notes(),
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
