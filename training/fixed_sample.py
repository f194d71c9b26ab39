"""Fixed examples for the diagnostics after each epoch: a sample of long ones, and one that is shown step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schema.encoded import EncodedDataset, round_up
from schema.examples import ExampleT
from tasks.task import Encoder

SAMPLE_EXAMPLES = 16
SAMPLE_STEPS = 400
"""Maximum length of an example, if there are enough of them: the diagnostics after each epoch must stay cheap."""


SHOWN_STEPS = 40
"""Maximum length of the example that is shown step by step, if there is one: longer ones cannot be read in a figure."""


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


@dataclass(frozen=True)
class ShownExample:
    """One example: padded inputs (1, steps, ...) by name, and what is read at each step."""

    inputs: Mapping[str, np.ndarray]
    step_names: Sequence[str]


def make_shown_example(
    encoder: Encoder[ExampleT], examples: Sequence[ExampleT], encoded: EncodedDataset
) -> ShownExample:
    """The longest example of at most `SHOWN_STEPS` steps. `encoded`: the examples, encoded."""
    (index,) = choose_fixed_sample(encoded, 1, SHOWN_STEPS)
    steps = int(round_up(encoded.lengths[index], encoded.pad_to_multiple_of))
    inputs, _ = encoded.collate(np.array([index]), steps)
    return ShownExample(inputs, encoder.step_names(examples[index]))
