"""A fixed batch of long examples, at which one looks again and again while a network learns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schema.encoded import Encoded

PROBE_EXAMPLES = 16
PROBE_STEPS = 400
"""Longest example that a probe may hold: it is read after each epoch, and must not cost more than it tells."""


@dataclass(frozen=True)
class Probe:
    """A fixed batch that is looked at again and again: padded inputs (batch, steps, ...) by name, and their targets."""

    inputs: Mapping[str, np.ndarray]
    targets: np.ndarray


def choose_probe(encoded: Encoded, examples: int = PROBE_EXAMPLES, steps: int = PROBE_STEPS) -> np.ndarray:
    """Places of the longest examples of at most `steps` steps, longest first; longer ones only where these are too few.

    Always the same for the same data: of examples that are equally long the first come first.
    """
    lengths = encoded.lengths
    return np.argsort(np.where(lengths <= steps, -lengths, lengths), kind="stable")[:examples]


def make_probe(encoded: Encoded, examples: int = PROBE_EXAMPLES) -> Probe:
    """The batch of `choose_probe`, padded as the batches of training are. `encoded` holds targets."""
    places = choose_probe(encoded, examples)
    steps = int(encoded.lengths[places].max())
    if steps > encoded.multiple:
        steps = -(-steps // encoded.multiple) * encoded.multiple

    inputs, targets = encoded.padded(places, steps)
    assert targets is not None
    return Probe(inputs, targets)
