"""The lag task: the first of 8 symbols, then `lag` random others; which was the first?

The one thing to remember is at a known distance from the end, so that the lags which a network learns measure its
memory (a classification form of the first experiment of Hochreiter & Schmidhuber 1997).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import keras
import numpy as np

from lab.experiment import Condition, Values
from lab.gradients import state_gradient_by_lag
from lab.training import training_steps
from models.cells import recurrent_layer
from schema.configs import CellName

SYMBOLS = 8
BATCH = 64
LEARNED, WINDOW = 0.98, 50
"""A lag is learned as soon as this fraction of the predictions of a window of batches is correct."""


def lag_batch(rng: np.random.Generator, lag: int, batch: int = BATCH) -> tuple[np.ndarray, np.ndarray]:
    """Draw symbols (batch, lag + 1) and the first symbol of each row, (batch,)."""
    symbols = rng.integers(0, SYMBOLS, (batch, lag + 1), dtype=np.int32)
    return symbols, symbols[:, 0]


def lag_batches(seed: int, lag: int, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw `steps` batches of the lag task."""
    rng = np.random.default_rng(seed)
    return (lag_batch(rng, lag) for _ in range(steps))


def steps_until_learned(accuracies: list[float]) -> float:
    """Number of steps after which the last `WINDOW` accuracies had a mean of `LEARNED`; NaN for never."""
    means = np.convolve(accuracies, np.full(WINDOW, 1 / WINDOW), "valid")
    reached = np.flatnonzero(means >= LEARNED - 1e-9)
    return float(reached[0] + WINDOW) if len(reached) else np.nan


@dataclass(frozen=True)
class LagCondition(Condition):
    """A recurrent cell that learns one lag; the defaults are those of Keras.

    embedding_stddev: of the inputs; None for Keras's default, uniform from -0.05 to 0.05
    chrono: initial biases of LSTM's forget and input gates that fit the lag (Tallec & Ollivier 2018, eq. 16)
    """

    cell: CellName
    lag: int
    units: int = 64
    embedding_size: int = 32
    activation: str = "tanh"
    recurrent_initializer: Literal["orthogonal", "glorot_uniform", "identity"] = "orthogonal"
    forget_bias: float = 1.0
    embedding_stddev: float | None = None
    chrono: bool = False
    max_steps: int = 1500
    learning_rate: float = 2e-3

    @property
    def label(self) -> str:
        return f"{self.name}, lag {self.lag}"

    def build(self, seed: int) -> tuple[keras.Model, keras.layers.Layer, keras.layers.Layer]:
        """Make a model from symbols (batch, lag + 1) to logits (batch, 8), its embedding and its recurrent layer."""
        keras.utils.set_random_seed(seed)
        spread = self.embedding_stddev
        initializer = "uniform" if spread is None else keras.initializers.RandomNormal(stddev=spread)
        embedding = keras.layers.Embedding(SYMBOLS, self.embedding_size, initializer)
        layer = recurrent_layer(
            self.cell,
            self.units,
            forget_bias=self.forget_bias,
            activation=self.activation,
            recurrent_initializer=self.recurrent_initializer,
        )
        symbols = keras.Input((self.lag + 1,), dtype="int32")
        last = layer(embedding(symbols))[1]
        model = keras.Model(symbols, keras.layers.Dense(SYMBOLS)(last))
        if self.chrono:
            set_chrono_biases(layer, self.lag, seed)
        return model, embedding, layer

    def batches(self, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Symbols (batch, lag + 1) and first symbols of the training."""
        return lag_batches(seed, self.lag, self.max_steps)

    def test(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Symbols (500, lag + 1) and first symbols for testing."""
        return lag_batch(np.random.default_rng(seed + 1000), self.lag, 500)

    def first_text(self, seed: int) -> list[str]:
        """The symbols of the first row of `test` as letters."""
        return [chr(ord("A") + symbol) for symbol in self.test(seed)[0][0]]

    def measure(self, seed: int) -> Values:
        """Steps until the lag is learned, and the ratio of the gradients before and after the training."""
        model, embedding, layer = self.build(seed)
        probe = self.test(seed)[0][:BATCH]
        before = state_gradient_by_lag(layer, embedding(probe))
        accuracies: list[float] = []
        for step in training_steps(
            model, lag_batches(seed, self.lag, self.max_steps), learning_rate=self.learning_rate
        ):
            accuracies.append(step.accuracy)
            if len(accuracies) >= WINDOW and np.mean(accuracies[-WINDOW:]) >= LEARNED:
                break
        after = state_gradient_by_lag(layer, embedding(probe))
        return {
            "steps": np.array(steps_until_learned(accuracies)),
            "accuracy": np.array(np.mean(accuracies[-WINDOW:])),
            "ratio_before": np.array(before[-1] / before[0]),
            "ratio_after": np.array(after[-1] / after[0]),
            "gradient_before": before,
            "gradient_after": after,
        }


def set_chrono_biases(layer: keras.layers.Layer, max_lag: int, seed: int) -> None:
    """Draw the forget gate's biases as log(U(1, max_lag)), and set the input gate's to the opposite."""
    draws = np.random.default_rng(seed).uniform(1, max(2, max_lag), layer.units)
    forget = np.log(draws)
    zeros = np.zeros_like(forget)
    # Keras's order: input gate, forget gate, candidate, output gate.
    layer.cell.bias.assign(np.concatenate([-forget, forget, zeros, zeros]))
