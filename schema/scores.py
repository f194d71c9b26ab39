"""Scores of predictions: numbers, tables and single examples, for programs and for people."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

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
class SeenInTraining:
    """Facts about the training data that scoring needs.

    labels: classes or tags of train, in the order of the model's outputs
    words: words of train, if scores distinguish seen from unseen words
    entities: entities of train as type and words, if scores distinguish seen from unseen entities
    target_language: two letters of the language of the targets, if scores depend on it
    bleu_tokenizer: name of the tokenization of BLEU in sacreBLEU, if scores depend on it
    bleu_order: number of words of the largest n-grams of BLEU
    vocab_size: number of words that the model can generate, if scores mention it
    """

    labels: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    target_language: str = ""
    bleu_tokenizer: str = "13a"
    bleu_order: int = 4
    vocab_size: int = 0

    def to_json(self) -> Mapping[str, object]:
        """Convert to values of JSON, sorted."""
        return {**asdict(self), "words": sorted(self.words), "entities": sorted(self.entities)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Convert back from the values of `to_json`. Raises TypeError, KeyError or ValueError for other values."""
        return cls(
            labels=tuple(map(str, values["labels"])),
            words=frozenset(map(str, values["words"])),
            entities=frozenset(map(str, values["entities"])),
            target_language=str(values["target_language"]),
            # Not in runs of version 0.2.
            bleu_tokenizer=str(values.get("bleu_tokenizer", "13a")),
            bleu_order=int(values.get("bleu_order", 4)),
            vocab_size=int(values["vocab_size"]),
        )


@dataclass(frozen=True)
class ExampleSums:
    """What each example contributes to the primary metric, for a paired test of two systems on the same examples.

    counts: contribution of each example to each sum, (examples, sums)
    score: sums (..., sums) -> score (...), on the scale of the metric
    """

    counts: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Scores:
    """Evaluation of the predictions for one split.

    values: name of the score (see evaluation/scores.py) -> value, on the scale that its name implies
    intervals: name of the score -> lower and upper bound of its 95 % confidence interval (bootstrap over examples)
    tables: breakdowns, for example by length
    notes: one sentence each, about what a reader would otherwise miss
    sums: of the primary metric
    """

    values: Mapping[str, float]
    examples: int
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    confusion: ConfusionMatrix | None = None
    notes: tuple[str, ...] = ()
    sums: ExampleSums | None = None


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
