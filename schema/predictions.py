"""What a model says, in the same terms as the reference."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class LabelPrediction:
    """The most probable class of a text, and the probability of each class that the model knows."""

    label: str
    probabilities: Mapping[str, float]

    @property
    def probability(self) -> float:
        """Probability of the answer, from 0 to 1."""
        return self.probabilities[self.label]


@dataclass(frozen=True, slots=True, eq=False)
class AttentionWeights:
    """What a text was made from, piece by piece: weights (pieces of the answer, pieces of the source)."""

    source: tuple[str, ...]
    answer: tuple[str, ...]
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class TextPrediction:
    """A text in answer to another.

    score: log-probability over length, as the search judges it, where a model gave the answer
    alternatives: what came next in the search, with their scores, the best first
    ids: the text as the model said it, without its end; another row of ids may spell the same text
    """

    text: str
    score: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    attention: AttentionWeights | None = None
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TagsPrediction:
    """A tag for each word of a sentence.

    labels: the tags that the model knows; probabilities: of each of them for each word, (words, known), where the
        answer comes with some
    """

    tags: tuple[str, ...]
    labels: tuple[str, ...] = ()
    probabilities: np.ndarray | None = None
