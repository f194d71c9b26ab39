"""What a model says, in the same terms as the reference."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelAnswer:
    """The most probable class of a text, and the probability of each class that the model knows."""

    label: str
    probabilities: Mapping[str, float]

    @property
    def probability(self) -> float:
        """Probability of the answer, from 0 to 1."""
        return self.probabilities[self.label]
