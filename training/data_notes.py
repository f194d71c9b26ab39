"""Notes about data on which a good score is out of reach: words unknown to the model, references without a word."""

from collections.abc import Sequence

import numpy as np

from evaluation.scores import display_factor, format_score
from schema.encoded import UNKNOWN, EncodedDataset
from schema.examples import ExampleT
from schema.scores import SeenInTraining
from tasks.task import AnyTask

MIN_UNKNOWN = 0.5
"""Fraction of unknown words above which there is a note."""


def unknown_note(encoded: EncodedDataset, split: str) -> str | None:
    """A note if most words, or subwords, of a split are not in the vocabulary."""
    for name in {"words", "source"} & set(encoded.inputs):
        unknown = float(np.mean(encoded.ragged(name).values == UNKNOWN)) if len(encoded) else 0.0
        if unknown > MIN_UNKNOWN:
            return f"{100 * unknown:.0f} % of the words of {split} are not in the vocabulary of train"
    return None


def reachable_note(task: AnyTask, examples: Sequence[ExampleT], seen: SeenInTraining) -> str | None:
    """A note if the references themselves do not get the maximum of the primary metric."""
    perfect = task.perfect_predictions(examples)
    if perfect is None:
        return None
    name = task.primary_metric
    value = task.scores(examples, perfect, seen).values[name]
    if value * display_factor(name) > 100 - 1e-6:
        return None
    missed = sum(task.to_scored_example(*pair).score < 1 for pair in zip(examples, perfect, strict=True))
    reason = f"; in {missed:,} of them nothing counts" if missed else ""
    return f"the references of validation score {name} {format_score(name, value)} themselves{reason}"
