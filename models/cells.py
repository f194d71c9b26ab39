"""The recurrent cells, and the one place that knows them apart.

    layer = recurrent_layer("lstm", units=64, bidirectional=True)
    read = run(layer, inputs, mask)          # read.sequence (batch, time, features), read.last (batch, features)

A step whose mask is False leaves the state as it was, in each direction; the mask is always passed by hand, since
Keras drops the automatic one as soon as `initial_state` is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import KerasTensor, ops


@keras.saving.register_keras_serializable("unrolled")
class LSTMBias(keras.initializers.Initializer):
    """Zeros, but for the forget gate (the second quarter): a high bias remembers (Jozefowicz et al. 2015)."""

    def __init__(self, forget_bias: float) -> None:
        self.forget_bias = forget_bias

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> KerasTensor:
        units = shape[-1] // 4
        gates = [ops.full((units,), bias, dtype) for bias in (0.0, self.forget_bias, 0.0, 0.0)]
        return ops.concatenate(gates)

    def get_config(self) -> dict[str, float]:
        return {"forget_bias": self.forget_bias}


def _simple_rnn(units: int, forget_bias: float, **options: Any) -> keras.layers.Layer:
    return keras.layers.SimpleRNN(units, **options)


def _lstm(units: int, forget_bias: float, **options: Any) -> keras.layers.Layer:
    return keras.layers.LSTM(units, unit_forget_bias=False, bias_initializer=LSTMBias(forget_bias), **options)


def _gru(units: int, forget_bias: float, **options: Any) -> keras.layers.Layer:
    return keras.layers.GRU(units, **options)


CELLS: Mapping[str, Callable[..., keras.layers.Layer]] = {"simple_rnn": _simple_rnn, "lstm": _lstm, "gru": _gru}


def recurrent_layer(
    cell: str,
    units: int,
    bidirectional: bool = False,
    *,
    forget_bias: float = 1.0,
    activation: str = "tanh",
    kernel_initializer: str = "glorot_uniform",
    recurrent_initializer: str = "orthogonal",
    name: str | None = None,
) -> keras.layers.Layer:
    """A layer that returns its sequence and its last states, to be called through `run`.

    forget_bias is the LSTM's alone. Raises KeyError for a cell that is not in `CELLS`.
    """
    layer = CELLS[cell](
        units,
        forget_bias,
        activation=activation,
        kernel_initializer=kernel_initializer,
        recurrent_initializer=recurrent_initializer,
        return_sequences=True,
        return_state=True,
        name=name,
    )
    return keras.layers.Bidirectional(layer, name=name) if bidirectional else layer


@dataclass(frozen=True)
class Read:
    """What a recurrent layer made of a sequence.

    sequence: (batch, time, features), both directions side by side
    last: (batch, features), the output after the last valid step of each direction
    states: everything that would start the layer again, Keras's order
    """

    sequence: KerasTensor
    last: KerasTensor
    states: list[KerasTensor]


def run(layer: keras.layers.Layer, inputs: KerasTensor, mask: KerasTensor, initial_state: Any = None) -> Read:
    """Read inputs (batch, time, features) where mask (batch, time) is True."""
    sequence, *states = layer(inputs, mask=mask, initial_state=initial_state)
    # The output is the first state of a direction (LSTM: h, c), so this holds for every cell.
    directions = 2 if isinstance(layer, keras.layers.Bidirectional) else 1
    firsts = states[:: len(states) // directions]
    last = ops.concatenate(firsts, axis=-1) if directions == 2 else firsts[0]
    return Read(sequence, last, states)


def run_stack(
    inputs: KerasTensor, mask: KerasTensor, layers: Sequence[keras.layers.Layer], dropout: float = 0.0
) -> Read:
    """Read with one layer on top of another, values between layers dropped with probability `dropout`."""
    read = run(layers[0], inputs, mask)
    for layer in layers[1:]:
        read = run(layer, keras.layers.Dropout(dropout)(read.sequence), mask)
    return read
