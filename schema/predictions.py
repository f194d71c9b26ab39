"""Predictions of a model or a baseline, in the same terms as the references."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from schema.examples import ExampleT


@dataclass(frozen=True, slots=True)
class LabelPrediction:
    """The predicted class of a text, and the probability of each class of the model."""

    label: str
    probabilities: Mapping[str, float]

    @property
    def probability(self) -> float:
        """Probability of the predicted class, from 0 to 1."""
        return self.probabilities[self.label]


@dataclass(frozen=True, slots=True, eq=False)
class AttentionWeights:
    """Attention of each output token over the source.

    source, target: tokens of the source and of the output
    weights: (target tokens, source tokens)
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class TextPrediction:
    """A generated text.

    score: length-normalized log-probability, by which beam search ranks hypotheses; None for a baseline
    alternatives: the other hypotheses with their scores, best first
    ids: generated ids without the end token; another sequence of ids may spell the same text
    """

    text: str
    score: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    attention: AttentionWeights | None = None
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TagsPrediction:
    """A tag for each word of a sentence.

    labels: the tags of the model
    probabilities: (words, labels), of each tag for each word; None for a prediction without probabilities
    """

    tags: tuple[str, ...]
    labels: tuple[str, ...] = ()
    probabilities: np.ndarray | None = None


PredictionT = TypeVar("PredictionT")

Predictor = Callable[[Sequence[ExampleT]], Sequence[PredictionT]]
"""A fitted baseline or a model: one prediction for each example, in order."""

Arrays = Mapping[str, np.ndarray]
"""What a baseline has learned, as arrays of numbers or bytes."""

Remember = Callable[[str, Callable[[], Arrays]], Arrays]
"""Called with the name of a baseline and the function that fits it: returns the result, or that of an earlier call."""


def fit_anew(name: str, fit: Callable[[], Arrays]) -> Arrays:
    """Remember nothing."""
    return fit()
