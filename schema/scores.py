"""Scores of predictions: numbers, tables and single examples, for programs and for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

TableValue = str | int | float


@dataclass(frozen=True)
class Table:
    """A table with a title; floats are fractions from 0 to 1 and are displayed x 100."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[TableValue, ...], ...]


@dataclass(frozen=True)
class ConfusionMatrix:
    """counts[i, j]: number of examples of class `labels[i]` that were predicted as `labels[j]`."""

    labels: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True)
class Scores:
    """Evaluation of the predictions for one split.

    values: name of the score (see evaluation/scores.py) -> value, on the scale that its name implies
    intervals: name of the score -> lower and upper bound of its 95 % confidence interval (bootstrap over examples)
    tables: breakdowns, for example by length
    notes: one sentence each, about what a reader would otherwise miss
    """

    values: Mapping[str, float]
    examples: int
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    confusion: ConfusionMatrix | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoredExample:
    """An example with its prediction, as shown in reports.

    score: quality of the prediction, from 0 to 1, comparable within one task
    rows: words and their annotations, all of the same length, to be shown aligned
    """

    input: str
    reference: str
    prediction: str
    score: float
    rows: tuple[tuple[str, ...], ...] = ()
