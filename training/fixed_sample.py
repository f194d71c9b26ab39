"""A fixed sample of long examples, for the diagnostics after each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schema.encoded import EncodedDataset, round_up

SAMPLE_EXAMPLES = 16
SAMPLE_STEPS = 400
"""Maximum length of an example, if there are enough of them: the diagnostics after each epoch must stay cheap."""


@dataclass(frozen=True)
class FixedSample:
    """A batch with targets: padded inputs (batch, steps, ...) by name."""

    inputs: Mapping[str, np.ndarray]
    targets: np.ndarray


def choose_fixed_sample(
    encoded: EncodedDataset, examples: int = SAMPLE_EXAMPLES, steps: int = SAMPLE_STEPS
) -> np.ndarray:
    """Indices of the longest examples of at most `steps` steps, by decreasing length; then the shortest longer ones.

    The choice is deterministic: among examples of equal length the first ones are taken.
    """
    lengths = encoded.lengths
    return np.argsort(np.where(lengths <= steps, -lengths, lengths), kind="stable")[:examples]


def make_fixed_sample(encoded: EncodedDataset) -> FixedSample:
    """The examples of `choose_fixed_sample`, padded like a training batch. Raises ValueError without targets."""
    indices = choose_fixed_sample(encoded)
    steps = int(round_up(encoded.lengths[indices].max(), encoded.pad_to_multiple_of))
    inputs, targets = encoded.collate(indices, steps)
    if targets is None:
        raise ValueError("a fixed sample needs targets")
    return FixedSample(inputs, targets)
