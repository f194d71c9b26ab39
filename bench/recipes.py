"""Ways to train that are compared: our bucketed batches, and the padded batches of tutorials."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from data.batches import Batches
from schema.configs import TrainingConfig
from schema.encoded import Column, EncodedDataset

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Round:
    """The training data of one round.

    fit_arguments: of `keras.Model.fit`
    real_steps, padded_steps: (batches,), time steps of each batch without and with padding
    """

    fit_arguments: Mapping[str, Any]
    real_steps: np.ndarray
    padded_steps: np.ndarray


MakeRound = Callable[[int, int], Round]
"""Makes the data of a round from its number and the number of batches."""


@dataclass(frozen=True)
class Recipe:
    """A way to train: a compiled model, the mean number of examples in a batch, and the data of its rounds."""

    model: "keras.Model"
    batch_size: float
    make_round: MakeRound


def compiled(model: "keras.Model", loss: "keras.losses.Loss", config: TrainingConfig) -> "keras.Model":
    """Compile `model` with the optimizer of the tutorials and the learning rate of `config`."""
    import keras

    model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm), loss)
    return model


def bucketed(batches: Batches, number: int, count: int) -> Round:
    """Our batches, texts of similar length together: the first `count` ones of epoch `number`."""
    batches.epoch = number
    plan = list(islice(cycle(batches.plan()), count))
    return Round(
        fit_arguments={"x": batches.dataset().repeat().take(count)},
        real_steps=np.array([batches.encoded.lengths[indices].sum() for _, indices in plan]),
        padded_steps=np.array([steps * len(indices) for steps, indices in plan]),
    )


def padded(encoded: EncodedDataset, length: int, batch_size: int) -> MakeRound:
    """The batches of most tutorials: random examples, all padded to one length."""

    def make_round(number: int, count: int) -> Round:
        indices = random_indices(len(encoded), number, count, batch_size)
        inputs, targets = encoded.collate(indices.ravel(), length)
        return Round(
            fit_arguments={"x": inputs, "y": targets, "batch_size": batch_size},
            real_steps=encoded.lengths[indices].sum(axis=1),
            padded_steps=np.full(count, length * batch_size),
        )

    return make_round


def unpadded_rows(column: Column | None) -> list[np.ndarray]:
    """The rows of a column, sequences without padding."""
    assert column is not None
    alone = EncodedDataset({"column": column})
    return [alone.collate(np.array([index]), int(length))[0]["column"][0] for index, length in enumerate(alone.lengths)]


def random_indices(examples: int, seed: int, count: int, batch_size: int) -> np.ndarray:
    """Indices of the examples of random batches, (count, batch_size); the examples repeat after one epoch."""
    return np.resize(np.random.default_rng(seed).permutation(examples), (count, batch_size))
