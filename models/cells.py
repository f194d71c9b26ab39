"""The recurrent cells: layers of each kind, stacks of them, and the activations of their gates.

    layer = recurrent_layer("lstm", units=64, bidirectional=True)
    output = apply_rnn(layer, inputs, mask)
    output.sequence, output.last                     # (batch, time, features), (batch, features)
    gates = gate_activations(layer, inputs, mask)    # "forward/forget_gate" and so on -> (batch, time)

A step whose mask is False leaves the state unchanged, in each direction. The mask is always passed explicitly, since
Keras drops the automatic one as soon as `initial_state` is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
from keras import KerasTensor, ops

from schema.configs import RecurrentSettings


@keras.saving.register_keras_serializable("unrolled")
class ForgetGateBias(keras.initializers.Initializer):
    """Zeros, except for the forget gate (the second quarter): a high bias remembers (Jozefowicz et al. 2015)."""

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
    """One kind of recurrent cell.

    build: makes a layer from the units, the forget bias, which only the LSTM uses, and Keras's own options
    unit_activations: maps a layer of one direction, its inputs (batch, time, features) in the order of its steps, and
        its output before and after each step, (batch, time, units), to named activations (batch, time, units)
    """

    build: Callable[..., keras.layers.Layer]
    unit_activations: Callable[[keras.layers.Layer, KerasTensor, KerasTensor, KerasTensor], dict[str, KerasTensor]]


def _simple_rnn(units: int, forget_bias: float, **options: object) -> keras.layers.Layer:
    return keras.layers.SimpleRNN(units, **options)


def _lstm(units: int, forget_bias: float, **options: object) -> keras.layers.Layer:
    return keras.layers.LSTM(units, unit_forget_bias=False, bias_initializer=ForgetGateBias(forget_bias), **options)


def _gru(units: int, forget_bias: float, **options: object) -> keras.layers.Layer:
    return keras.layers.GRU(units, **options)


SATURATED = 0.95
"""Absolute output above which a tanh unit passes back less than a tenth of a gradient (1 - 0.95^2)."""


def _saturation(
    layer: keras.layers.Layer, inputs: KerasTensor, before: KerasTensor, after: KerasTensor
) -> dict[str, KerasTensor]:
    return {"saturated_units": ops.cast(ops.abs(after) > SATURATED, after.dtype)}


def _lstm_gates(
    layer: keras.layers.Layer, inputs: KerasTensor, before: KerasTensor, after: KerasTensor
) -> dict[str, KerasTensor]:
    cell = layer.cell
    sums = inputs @ ops.convert_to_tensor(cell.kernel) + before @ ops.convert_to_tensor(cell.recurrent_kernel)
    # Keras's order: input gate, forget gate, candidate, output gate.
    write, forget, candidate, output = ops.split(sums + cell.bias, 4, axis=-1)
    gates = {"forget_gate": forget, "input_gate": write, "output_gate": output}
    return _activated(cell, gates) | {CANDIDATE: cell.activation(candidate)}


def _gru_gates(
    layer: keras.layers.Layer, inputs: KerasTensor, before: KerasTensor, after: KerasTensor
) -> dict[str, KerasTensor]:
    cell = layer.cell
    # Keras's order: update gate, reset gate, candidate; one row of biases for each kernel (reset_after=True).
    from_inputs = inputs @ ops.convert_to_tensor(cell.kernel) + cell.bias[0]
    from_state = before @ ops.convert_to_tensor(cell.recurrent_kernel) + cell.bias[1]
    update, reset, _ = ops.split(from_inputs + from_state, 3, axis=-1)
    return _activated(cell, {"update_gate": update, "reset_gate": reset})


def _activated(cell: keras.layers.Layer, gates: Mapping[str, KerasTensor]) -> dict[str, KerasTensor]:
    return {name: cell.recurrent_activation(sums) for name, sums in gates.items()}


CANDIDATE = "candidate"
"""The LSTM's new content of its cell state, from -1 to 1; unlike the gates, its mean says nothing."""

CELLS: Mapping[str, Cell] = {
    "simple_rnn": Cell(_simple_rnn, _saturation),
    "lstm": Cell(_lstm, _lstm_gates),
    "gru": Cell(_gru, _gru_gates),
}

_CELL_BY_LAYER: Mapping[type[keras.layers.Layer], Cell] = {
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
    recurrent_initializer: str | keras.initializers.Initializer = "orthogonal",
    name: str | None = None,
) -> keras.layers.Layer:
    """Make a layer that returns its sequence and its final states, for use with `apply_rnn`.

    forget_bias: initial bias of the LSTM's forget gate; other cells ignore it

    Raises KeyError for a cell that is not in `CELLS`.
    """
    layer = CELLS[cell].build(
        units,
        forget_bias,
        activation=activation,
        recurrent_initializer=recurrent_initializer,
        return_sequences=True,
        return_state=True,
        name=name,
    )
    return keras.layers.Bidirectional(layer, name=name) if bidirectional else layer


def recurrent_stack(settings: RecurrentSettings) -> list[keras.layers.Layer]:
    """Make the layers for `apply_stack`, the lowest first, named `recurrent_1` and so on."""
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
    """Output of a recurrent layer.

    sequence: (batch, time, features), both directions concatenated
    last: (batch, features), the output after the last valid step of each direction
    states: all final states, in Keras's order; as `initial_state` they continue the sequence
    """

    sequence: KerasTensor
    last: KerasTensor
    states: list[KerasTensor]


def apply_rnn(
    layer: keras.layers.Layer,
    inputs: KerasTensor,
    mask: KerasTensor,
    initial_state: Sequence[KerasTensor] | None = None,
) -> RNNOutput:
    """Apply a layer of `recurrent_layer` to inputs (batch, time, features), where mask (batch, time) is True."""
    sequence, *states = layer(inputs, mask=mask, initial_state=initial_state)
    # The output is the first state of a direction (LSTM: h, c), so this holds for every cell.
    directions = 2 if isinstance(layer, keras.layers.Bidirectional) else 1
    outputs = states[:: len(states) // directions]
    last = ops.concatenate(outputs, axis=-1) if directions == 2 else outputs[0]
    return RNNOutput(sequence, last, states)


def apply_stack(
    inputs: KerasTensor, mask: KerasTensor, layers: Sequence[keras.layers.Layer], dropout: float = 0.0
) -> RNNOutput:
    """Apply recurrent layers one after another, with dropout between them; gives the output of the last one."""
    output = apply_rnn(layers[0], inputs, mask)
    for layer in layers[1:]:
        output = apply_rnn(layer, keras.layers.Dropout(dropout)(output.sequence), mask)
    return output


def state_sizes(cell: str, units: int) -> list[int]:
    """Sizes of the states of one direction, in Keras's order."""
    return list(keras.tree.flatten(recurrent_layer(cell, units).cell.state_size))


def step_cell(
    layer: keras.layers.Layer, inputs: KerasTensor, states: Sequence[KerasTensor]
) -> tuple[KerasTensor, list[KerasTensor]]:
    """Advance a layer of one direction by one step, without dropout.

    inputs (rows, features), states -> output (rows, units), new states
    """
    output, new_states = layer.cell(inputs, list(states), training=False)
    return output, list(keras.tree.flatten(new_states))


def directions(layer: keras.layers.Layer) -> dict[str, keras.layers.Layer]:
    """Layers of the single directions by name: "forward" and, for a bidirectional layer, "backward"."""
    if isinstance(layer, keras.layers.Bidirectional):
        return {"forward": layer.forward_layer, "backward": layer.backward_layer}
    return {"forward": layer}


def gate_activations(
    layer: keras.layers.Layer, inputs: KerasTensor, mask: KerasTensor, initial_state: Sequence[KerasTensor] = ()
) -> dict[str, KerasTensor]:
    """Mean of `unit_activations` over the units, DIRECTION/NAME -> (batch, time), from 0 to 1; without candidates.

    For SimpleRNN it is the fraction of saturated units; for LSTM (Gers et al. 2000) and GRU (Cho et al. 2014) the mean
    of each gate.
    """
    activations = unit_activations(layer, inputs, mask, initial_state)
    return {name: ops.mean(values, axis=-1) for name, values in activations.items() if not name.endswith(CANDIDATE)}


def unit_activations(
    layer: keras.layers.Layer, inputs: KerasTensor, mask: KerasTensor, initial_state: Sequence[KerasTensor] = ()
) -> dict[str, KerasTensor]:
    """Gate activations of a layer of `recurrent_layer` for inputs (batch, time, features).

    initial_state: of a layer of one direction; zeros by default

    Gives DIRECTION/NAME -> (batch, time, units), in the order of the text, 0 where mask (batch, time) is False.
    """
    activations = {}
    for direction, one_way in directions(layer).items():
        in_order = (lambda values: ops.flip(values, axis=1)) if one_way.go_backwards else (lambda values: values)
        # Keras returns the steps in the order in which the layer takes them.
        after = one_way(inputs, mask=mask, initial_state=list(initial_state) or None)[0]
        steps, valid = in_order(inputs), in_order(mask)
        before = _outputs_before(after, valid, initial_state)
        for name, values in _CELL_BY_LAYER[type(one_way)].unit_activations(one_way, steps, before, after).items():
            activations[f"{direction}/{name}"] = in_order(values * ops.cast(valid, values.dtype)[..., None])
    return activations


def _outputs_before(after: KerasTensor, valid: KerasTensor, initial_state: Sequence[KerasTensor]) -> KerasTensor:
    """Output before each step, (batch, time, units): that of the last valid step before it, or the initial state."""
    time = ops.shape(valid)[1]
    numbers = ops.arange(1, time + 1)
    earlier = ops.logical_and(valid[:, None, :], numbers[None, None, :] < numbers[None, :, None])
    # Index 0 is the state before the first step.
    indices = ops.max(ops.where(earlier, numbers[None, None, :], 0), axis=-1)
    start = initial_state[0][:, None] if initial_state else ops.zeros_like(after[:, :1])
    outputs = ops.concatenate([start, after], axis=1)
    return ops.take_along_axis(outputs, indices[..., None], axis=1)
