"""The recurrent cells, and the one place that knows them apart.

    layer = recurrent_layer("lstm", units=64, bidirectional=True)
    read = apply_rnn(layer, inputs, mask)          # read.sequence (batch, time, features), read.last (batch, features)
    gates = gate_activations(layer, inputs, mask)    # "forward/forget_gate" and the like -> (batch, time)

A step whose mask is False leaves the state as it was, in each direction; the mask is always passed by hand, since
Keras drops the automatic one as soon as `initial_state` is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import KerasTensor, ops

from schema.configs import RecurrentSettings


@keras.saving.register_keras_serializable("unrolled")
class ForgetGateBias(keras.initializers.Initializer):
    """Zeros, but for the forget gate (the second quarter): a high bias remembers (Jozefowicz et al. 2015)."""

    def __init__(self, forget_bias: float) -> None:
        self.forget_bias = forget_bias

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> KerasTensor:
        units = shape[-1] // 4
        gates = [ops.full((units,), bias, dtype) for bias in (0.0, self.forget_bias, 0.0, 0.0)]
        return ops.concatenate(gates)

    def get_config(self) -> dict[str, float]:
        return {"forget_bias": self.forget_bias}


@dataclass(frozen=True)
class Cell:
    """What is to be known of one kind of cell.

    build: makes a layer of so many units, with a first forget bias that only the LSTM heeds, and Keras's own options
    gate_activations: from a layer of one direction, its inputs (batch, time, features) in the order in which it reads them, and
        its output before and after each step, (batch, time, units), to what the cell does, by name: (batch, time),
        a share or a mean over the units, from 0 to 1
    """

    build: Callable[..., keras.layers.Layer]
    gate_activations: Callable[[keras.layers.Layer, KerasTensor, KerasTensor, KerasTensor], dict[str, KerasTensor]]


def _simple_rnn(units: int, forget_bias: float, **options: Any) -> keras.layers.Layer:
    return keras.layers.SimpleRNN(units, **options)


def _lstm(units: int, forget_bias: float, **options: Any) -> keras.layers.Layer:
    return keras.layers.LSTM(units, unit_forget_bias=False, bias_initializer=ForgetGateBias(forget_bias), **options)


def _gru(units: int, forget_bias: float, **options: Any) -> keras.layers.Layer:
    return keras.layers.GRU(units, **options)


SATURATED = 0.95
"""Beyond this output a tanh unit passes back less than a tenth of a gradient (1 - 0.95^2)."""


def _saturation(
    layer: keras.layers.Layer, inputs: KerasTensor, before: KerasTensor, after: KerasTensor
) -> dict[str, KerasTensor]:
    return {"saturated_units": ops.mean(ops.cast(ops.abs(after) > SATURATED, after.dtype), axis=-1)}


def _lstm_gates(
    layer: keras.layers.Layer, inputs: KerasTensor, before: KerasTensor, after: KerasTensor
) -> dict[str, KerasTensor]:
    cell = layer.cell
    sums = inputs @ ops.convert_to_tensor(cell.kernel) + before @ ops.convert_to_tensor(cell.recurrent_kernel)
    # Keras's order: input gate, forget gate, candidate, output gate.
    parts = ops.split(sums + cell.bias, 4, axis=-1)
    named = {"forget_gate": parts[1], "input_gate": parts[0], "output_gate": parts[3]}
    return {name: ops.mean(cell.recurrent_activation(part), axis=-1) for name, part in named.items()}


def _gru_gates(
    layer: keras.layers.Layer, inputs: KerasTensor, before: KerasTensor, after: KerasTensor
) -> dict[str, KerasTensor]:
    cell = layer.cell
    # Keras's order: update gate, reset gate, candidate; one row of biases beside each kernel (reset_after=True).
    given = inputs @ ops.convert_to_tensor(cell.kernel) + cell.bias[0]
    kept = before @ ops.convert_to_tensor(cell.recurrent_kernel) + cell.bias[1]
    update, reset, _ = ops.split(given + kept, 3, axis=-1)
    named = {"update_gate": update, "reset_gate": reset}
    return {name: ops.mean(cell.recurrent_activation(part), axis=-1) for name, part in named.items()}


CELLS: Mapping[str, Cell] = {
    "simple_rnn": Cell(_simple_rnn, _saturation),
    "lstm": Cell(_lstm, _lstm_gates),
    "gru": Cell(_gru, _gru_gates),
}

_CELL_OF: Mapping[type[keras.layers.Layer], Cell] = {
    keras.layers.SimpleRNN: CELLS["simple_rnn"],
    keras.layers.LSTM: CELLS["lstm"],
    keras.layers.GRU: CELLS["gru"],
}


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
    layer = CELLS[cell].build(
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


def recurrent_stack(settings: RecurrentSettings) -> list[keras.layers.Layer]:
    """Layers for `run_stack`, the lowest first, named `recurrent_1` and so on."""
    return [
        recurrent_layer(
            settings.cell,
            settings.units,
            settings.bidirectional,
            forget_bias=settings.forget_bias,
            name=f"recurrent_{number}",
        )
        for number in range(1, settings.layers + 1)
    ]


@dataclass(frozen=True)
class RNNOutput:
    """What a recurrent layer made of a sequence.

    sequence: (batch, time, features), both directions side by side
    last: (batch, features), the output after the last valid step of each direction
    states: everything that would start the layer again, Keras's order
    """

    sequence: KerasTensor
    last: KerasTensor
    states: list[KerasTensor]


def apply_rnn(
    layer: keras.layers.Layer, inputs: KerasTensor, mask: KerasTensor, initial_state: Any = None
) -> RNNOutput:
    """RNNOutput inputs (batch, time, features) where mask (batch, time) is True."""
    sequence, *states = layer(inputs, mask=mask, initial_state=initial_state)
    # The output is the first state of a direction (LSTM: h, c), so this holds for every cell.
    directions = 2 if isinstance(layer, keras.layers.Bidirectional) else 1
    firsts = states[:: len(states) // directions]
    last = ops.concatenate(firsts, axis=-1) if directions == 2 else firsts[0]
    return RNNOutput(sequence, last, states)


def run_stack(
    inputs: KerasTensor, mask: KerasTensor, layers: Sequence[keras.layers.Layer], dropout: float = 0.0
) -> RNNOutput:
    """RNNOutput with one layer on top of another, values between layers dropped with probability `dropout`."""
    read = apply_rnn(layers[0], inputs, mask)
    for layer in layers[1:]:
        read = apply_rnn(layer, keras.layers.Dropout(dropout)(read.sequence), mask)
    return read


def state_sizes(cell: str, units: int) -> list[int]:
    """The sizes of the states of one direction, in Keras's order."""
    return list(keras.tree.flatten(recurrent_layer(cell, units).cell.state_size))


def step_cell(
    layer: keras.layers.Layer, inputs: KerasTensor, states: Sequence[KerasTensor]
) -> tuple[KerasTensor, list[KerasTensor]]:
    """One step of a layer of one direction, outside of training: inputs (rows, features) -> output (rows, units)."""
    output, after = layer.cell(inputs, list(states), training=False)
    return output, list(keras.tree.flatten(after))


def directions(layer: keras.layers.Layer) -> dict[str, keras.layers.Layer]:
    """The layer that reads forward and, where there is one, that which reads backward."""
    if isinstance(layer, keras.layers.Bidirectional):
        return {"forward": layer.forward_layer, "backward": layer.backward_layer}
    return {"forward": layer}


def gate_activations(
    layer: keras.layers.Layer, inputs: KerasTensor, mask: KerasTensor, first: Sequence[KerasTensor] = ()
) -> dict[str, KerasTensor]:
    """What the cells of a layer made by `recurrent_layer` do while they read inputs (batch, time, features).

    first: the states that a layer of one direction starts from, zeros where there are none

    Gives DIRECTION/NAME -> (batch, time), in the order of the text, 0 where mask (batch, time) is False: for SimpleRNN
    the share of saturated units; for the LSTM (Gers et al. 2000) and the GRU (Cho et al. 2014) the mean of each gate.
    """
    found = {}
    for direction, one_way in directions(layer).items():
        turn = (lambda values: ops.flip(values, axis=1)) if one_way.go_backwards else (lambda values: values)
        # Keras gives the steps in the order in which they were read.
        after = one_way(inputs, mask=mask, initial_state=list(first) or None)[0]
        read, valid = turn(inputs), turn(mask)
        named = _CELL_OF[type(one_way)].gate_activations(one_way, read, _before(after, valid, first), after)
        for name, values in named.items():
            found[f"{direction}/{name}"] = turn(values * ops.cast(valid, values.dtype))
    return found


def _before(after: KerasTensor, valid: KerasTensor, first: Sequence[KerasTensor]) -> KerasTensor:
    """The output that each step starts from, (batch, time, units): that of the last valid step before it, or the first
    of the states that the layer started from."""
    time = ops.shape(valid)[1]
    numbers = ops.arange(1, time + 1)
    earlier = ops.logical_and(valid[:, None, :], numbers[None, None, :] < numbers[None, :, None])
    # Place 0 is the state before the first step.
    place = ops.max(ops.where(earlier, numbers[None, None, :], 0), axis=-1)
    start = first[0][:, None] if first else ops.zeros_like(after[:, :1])
    states = ops.concatenate([start, after], axis=1)
    return ops.take_along_axis(states, place[..., None], axis=1)
