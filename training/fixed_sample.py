"""A fixed batch of long examples, at which one looks again and again while a network learns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schema.encoded import EncodedDataset, round_up

SAMPLE_EXAMPLES = 16
SAMPLE_STEPS = 400
"""Longest example that a probe may hold: it is read after each epoch, and must not cost more than it tells."""


@dataclass(frozen=True)
class FixedSample:
    """A fixed batch that is looked at again and again: padded inputs (batch, steps, ...) by name, and their targets."""

    inputs: Mapping[str, np.ndarray]
    targets: np.ndarray


def choose_fixed_sample(
    encoded: EncodedDataset, examples: int = SAMPLE_EXAMPLES, steps: int = SAMPLE_STEPS
) -> np.ndarray:
    """Places of the longest examples of at most `steps` steps, longest first; longer ones only where these are too few.

    Always the same for the same data: of examples that are equally long the first come first.
    """
    lengths = encoded.lengths
    return np.argsort(np.where(lengths <= steps, -lengths, lengths), kind="stable")[:examples]


def make_fixed_sample(encoded: EncodedDataset, examples: int = SAMPLE_EXAMPLES) -> FixedSample:
    """The batch of `choose_fixed_sample`, padded as the batches of training are. `encoded` holds targets."""
    places = choose_fixed_sample(encoded, examples)
    steps = int(round_up(encoded.lengths[places].max(), encoded.pad_to_multiple_of))
    inputs, targets = encoded.collate(places, steps)
    assert targets is not None
    return FixedSample(inputs, targets)
