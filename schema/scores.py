"""How good answers are: numbers, tables and single samples, for programs and for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

TableValue = str | int | float


@dataclass(frozen=True)
class Table:
    """A titled table; floats are shares from 0 to 1 and are shown x 100."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[TableValue, ...], ...]


@dataclass(frozen=True)
class ConfusionMatrix:
    """counts[i, j]: examples of class `labels[i]` that were answered `labels[j]`."""

    labels: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True)
class Scores:
    """All that is said of the answers to one split.

    values: name of the score (see evaluation/scores.py) -> value, on the scale that its name implies
    intervals: name of the score -> lowest and highest value that other examples of the kind may give, at 95 %
    tables: breakdowns, by length for example
    notes: one plain sentence each, about what a reader would otherwise miss
    """

    values: Mapping[str, float]
    examples: int
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    confusion: ConfusionMatrix | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoredExample:
    """One example beside its answer, as people read it.

    score: how good the answer is, from 0 to 1, comparable within one task
    rows: words and what is said of each, of equal length, where they are best read under one another
    """

    input: str
    reference: str
    answer: str
    score: float
    rows: tuple[tuple[str, ...], ...] = ()
