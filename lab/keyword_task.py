"""The keyword task, and a recurrent layer whose weights are shared by the steps or differ at each of them.

A sequence of 20 symbols holds one of 4 keywords, at a known position among random other symbols.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import keras
import numpy as np
from keras import KerasTensor, ops

KEYWORDS, OTHERS, LENGTH = 4, 20, 20
Target = Literal["keyword", "position", "keyword and position"]
Readout = Literal["last", "maximum"]
CLASSES: Mapping[Target, int] = {"keyword": KEYWORDS, "position": LENGTH, "keyword and position": KEYWORDS}


class StepRNN(keras.layers.Layer):
    """h_t = tanh(x_t W + h_{t-1} U + b), with the same W, U and b at each step or with W_t, U_t and b_t.

    Inputs (batch, time, features), with a fixed time; gives the states (batch, time, units). Apart from the number of
    weights nothing depends on `shared`: the same operations in the same order, each step's weights drawn as Keras
    draws those of its SimpleRNN.
    """

    def __init__(self, units: int, shared: bool) -> None:
        super().__init__()
        self.units = units
        self.shared = shared

    def build(self, input_shape: Sequence[int]) -> None:
        """Make the weights, (1 or time, ...)."""
        _, time, features = input_shape
        copies = 1 if self.shared else time
        self.kernel = self.add_weight(
            shape=(copies, features, self.units), initializer=_for_each_copy(keras.initializers.GlorotUniform)
        )
        self.recurrent_kernel = self.add_weight(
            shape=(copies, self.units, self.units), initializer=_for_each_copy(keras.initializers.Orthogonal)
        )
        self.bias = self.add_weight(shape=(copies, self.units), initializer="zeros")

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """States after each step, (batch, time, units)."""
        steps = ops.unstack(inputs, axis=1)
        weights = [ops.unstack(weight) for weight in (self.kernel, self.recurrent_kernel, self.bias)]
        if self.shared:
            weights = [weight * len(steps) for weight in weights]
        state = ops.zeros((ops.shape(inputs)[0], self.units))
        states = []
        for step, kernel, recurrent_kernel, bias in zip(steps, *weights, strict=True):
            state = ops.tanh(step @ kernel + state @ recurrent_kernel + bias)
            states.append(state)
        return ops.stack(states, axis=1)


def _for_each_copy(
    initializer: Callable[[], keras.initializers.Initializer],
) -> Callable[[Sequence[int], str], KerasTensor]:
    """Draw the weights of each copy anew."""
    return lambda shape, dtype: ops.stack([initializer()(shape[1:], dtype) for _ in range(shape[0])])


def keyword_model(shared: bool, length: int, classes: int, units: int = 32, readout: Readout = "last") -> keras.Model:
    """A model from symbols (batch, length) to logits (batch, classes).

    Inputs are one-hot vectors: an embedding would be shared by the steps. readout: the last state, or of each unit the
    maximum over the steps
    """
    symbols = keras.Input((length,), dtype="int32")
    states = StepRNN(units, shared)(ops.one_hot(symbols, KEYWORDS + OTHERS))
    read = states[:, -1] if readout == "last" else ops.max(states, axis=1)
    return keras.Model(symbols, keras.layers.Dense(classes)(read))


def keyword_examples(
    rng: np.random.Generator, positions: np.ndarray, target: Target = "keyword"
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a sequence for each of the positions (from 0) of its keyword; gives symbols (examples, 20) and classes.

    target: the keyword, its position, or the keyword in a meaning that changes with its position
    """
    rows = np.arange(len(positions))
    symbols = rng.integers(KEYWORDS, KEYWORDS + OTHERS, (len(rows), LENGTH))
    keywords = rng.integers(0, KEYWORDS, len(rows))
    symbols[rows, positions] = keywords
    meanings = np.random.default_rng(0).integers(0, KEYWORDS, LENGTH)
    classes = {
        "keyword": keywords,
        "position": positions,
        "keyword and position": (keywords + meanings[positions]) % KEYWORDS,
    }[target]
    return symbols.astype(np.int32), classes.astype(np.int32)
