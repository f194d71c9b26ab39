"""Scores of classification: one label for each example."""

from collections.abc import Sequence

import numpy as np

from evaluation.scores import LabelPairs, class_counts, cross_entropies, macro_f1, mean_sums, table_by_length
from evaluation.statistics import bootstrap_interval
from schema.errors import UserError
from schema.examples import LabelledText
from schema.predictions import LabelPrediction
from schema.scores import Scores, SeenInTraining
from schema.segmentation import separate

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
    pairs = _label_pairs(examples, predictions, seen)
    losses = cross_entropies(
        [
            prediction.probabilities.get(reference, 0.0)
            for reference, prediction in zip(pairs.references, predictions, strict=True)
        ]
    )

    def macro_f1_of(indices: np.ndarray, axis: int = -1) -> np.ndarray:
        return _macro_f1_of_resamples(indices, len(pairs.labels))

    return Scores(
        values={
            "accuracy": float(pairs.correct.mean()),
            "macro_f1": float(macro_f1(pairs.counts)),
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
                [len(separate(example.text).split()) for example in examples],
                "accuracy",
                lambda members: float(pairs.correct[members].mean()),
            ),
            pairs.table_by_class(),
        ),
        confusion=pairs.confusion(),
        notes=pairs.notes(),
        sums=mean_sums(pairs.correct),
    )


def macro_f1_frequent(
    examples: Sequence[LabelledText], predictions: Sequence[LabelPrediction], seen: SeenInTraining
) -> float:
    """Macro F1 of the classes with at least `MIN_FREQUENT_REFERENCES` references; NaN if there is none."""
    return float(macro_f1(_label_pairs(examples, predictions, seen).counts, MIN_FREQUENT_REFERENCES))


def _label_pairs(
    examples: Sequence[LabelledText], predictions: Sequence[LabelPrediction], seen: SeenInTraining
) -> LabelPairs:
    return LabelPairs(
        [example.label or "" for example in examples], [prediction.label for prediction in predictions], seen.labels
    )


def _macro_f1_of_resamples(pairs: np.ndarray, num_classes: int) -> np.ndarray:
    """Macro F1 of resampled `LabelPairs.confusion_indices`, (..., examples) -> (...)."""
    rows = pairs.reshape(-1, pairs.shape[-1])
    groups = np.repeat(np.arange(len(rows)), rows.shape[1])
    return macro_f1(class_counts(groups, rows.ravel(), len(rows), num_classes)).reshape(pairs.shape[:-1])
