"""Recurrent layers: masked steps have no effect, and `last` is the final output of each direction."""

from typing import get_args

import keras
import numpy as np
import pytest

from models.cells import CELLS, ForgetGateBias, apply_rnn, apply_stack, directions, gate_activations, recurrent_layer
from models.inspection import unit_states
from schema.configs import CellName

UNITS, FEATURES = 3, 4
# Right padding, a single step, gaps, a gap at the beginning.
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 1, 0], [0, 0, 1, 1, 1]], bool)
INPUTS = np.random.default_rng(1).normal(size=(*MASK.shape, FEATURES)).astype(np.float32)

each_layer = pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
each_cell = pytest.mark.parametrize("cell", CELLS)


def alone(row: int) -> tuple[np.ndarray, np.ndarray]:
    """The valid steps of one example as a batch of its own, and their mask."""
    steps = INPUTS[row][MASK[row]][None]
    return steps, np.ones(steps.shape[:2], bool)


def test_every_cell_of_the_flag_exists():
    assert set(CELLS) == set(get_args(CellName))


@each_cell
@each_layer
def test_masked_steps_have_no_effect(cell, bidirectional):
    keras.utils.set_random_seed(1)
    layer = recurrent_layer(cell, UNITS, bidirectional)
    together = apply_rnn(layer, INPUTS, MASK)
    for row, valid in enumerate(MASK):
        single = apply_rnn(layer, *alone(row))
        np.testing.assert_allclose(together.sequence[row][valid], single.sequence[0], atol=1e-6)
        np.testing.assert_allclose(together.last[row], single.last[0], atol=1e-6)
        for state, expected in zip(together.states, single.states, strict=True):
            np.testing.assert_allclose(state[row], expected[0], atol=1e-6)


@each_cell
@each_layer
def test_the_mask_holds_with_an_initial_state(cell, bidirectional):
    layer = recurrent_layer(cell, UNITS, bidirectional)
    initial = [state * 0 + 0.5 for state in apply_rnn(layer, INPUTS, MASK).states]
    together = apply_rnn(layer, INPUTS, MASK, initial_state=initial)
    for row in range(len(MASK)):
        single = apply_rnn(layer, *alone(row), initial_state=[state[:1] for state in initial])
        np.testing.assert_allclose(together.last[row], single.last[0], atol=1e-6)
    assert np.abs(together.last - apply_rnn(layer, INPUTS, MASK).last).max() > 1e-3


@each_cell
@each_layer
def test_last_is_the_final_output_of_each_direction(cell, bidirectional):
    output = apply_rnn(recurrent_layer(cell, UNITS, bidirectional), INPUTS, MASK)
    sequence = np.array(output.sequence)
    for row, valid in enumerate(MASK):
        steps = np.flatnonzero(valid)
        expected = sequence[row, steps[-1], :UNITS]
        if bidirectional:
            expected = np.concatenate([expected, sequence[row, steps[0], UNITS:]])
        np.testing.assert_array_equal(output.last[row], expected)


@each_cell
def test_a_stack_applies_one_layer_after_another(cell):
    layers = [recurrent_layer(cell, UNITS, True), recurrent_layer(cell, UNITS, True)]
    stacked = apply_stack(INPUTS, MASK, layers, dropout=0.5)
    above = apply_rnn(layers[1], apply_rnn(layers[0], INPUTS, MASK).sequence, MASK)
    np.testing.assert_array_equal(stacked.sequence, above.sequence)
    np.testing.assert_array_equal(stacked.last, above.last)
    for row in range(len(MASK)):
        np.testing.assert_allclose(stacked.last[row], apply_stack(*alone(row), layers).last[0], atol=1e-6)


def test_the_forget_bias_sets_only_the_second_quarter_of_the_bias():
    for bias in (1.0, 3.0, -2.5):
        layer = recurrent_layer("lstm", UNITS, bidirectional=True, forget_bias=bias)
        layer.build(INPUTS.shape)
        for direction in (layer.forward_layer, layer.backward_layer):
            expected = [0.0] * UNITS + [bias] * UNITS + [0.0] * 2 * UNITS
            np.testing.assert_array_equal(direction.cell.bias, expected)


@pytest.mark.parametrize("bias", [-1.0, 0.0, 4.0])
def test_the_forget_bias_controls_the_decay_of_the_cell_state(bias):
    layer = recurrent_layer("lstm", UNITS, forget_bias=bias, recurrent_initializer="zeros")
    inputs = np.zeros((1, 10, FEATURES), np.float32)
    output = apply_rnn(layer, inputs, np.ones((1, 10), bool), [np.zeros((1, UNITS)), np.ones((1, UNITS))])
    # Without input or recurrence each step multiplies the cell state by the forget gate.
    np.testing.assert_allclose(output.states[1], np.full((1, UNITS), (1 / (1 + np.exp(-bias))) ** 10), rtol=1e-4)


@pytest.mark.parametrize("cell", sorted(set(CELLS) - {"lstm"}))
def test_other_cells_ignore_the_forget_bias(cell):
    layer = recurrent_layer(cell, UNITS, forget_bias=5.0)
    layer.build(INPUTS.shape)
    assert not np.any(layer.cell.bias)


def test_the_bias_initializer_can_be_serialized():
    loaded = keras.initializers.deserialize(keras.initializers.serialize(ForgetGateBias(2.0)))
    np.testing.assert_array_equal(loaded((8,)), [0, 0, 2, 2, 0, 0, 0, 0])


def reference_activations(layer: keras.layers.Layer, steps: np.ndarray) -> dict[str, list[np.ndarray]]:
    """Gates and states (units,) of a layer of one direction at each of its steps (time, features), in float64."""
    kernel, recurrent, bias = (np.array(weight, np.float64) for weight in layer.get_weights())
    output, cell, activations = np.zeros(UNITS), np.zeros(UNITS), {}

    def gate(values: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-values))

    for step in steps.astype(np.float64):
        if isinstance(layer, keras.layers.SimpleRNN):
            output = np.tanh(step @ kernel + output @ recurrent + bias)
            gates = {"saturated_units": np.abs(output) > 0.95}
        elif isinstance(layer, keras.layers.LSTM):
            i, f, c, o = np.split(step @ kernel + output @ recurrent + bias, 4)
            cell = gate(f) * cell + gate(i) * np.tanh(c)
            output = gate(o) * np.tanh(cell)
            gates = {"forget_gate": gate(f), "input_gate": gate(i), "output_gate": gate(o), "cell_state": cell}
        else:
            (xz, xr, xh), (hz, hr, hh) = np.split(step @ kernel + bias[0], 3), np.split(output @ recurrent + bias[1], 3)
            z, r = gate(xz + hz), gate(xr + hr)
            output = z * output + (1 - z) * np.tanh(xh + r * hh)
            gates = {"update_gate": z, "reset_gate": r}
        for name, values in (gates | {"output": output}).items():
            activations.setdefault(name, []).append(values)
    return activations


def trained_layer(cell: str, bidirectional: bool) -> keras.layers.Layer:
    """A layer whose weights are large, so that some units saturate and the state matters."""
    keras.utils.set_random_seed(7)
    layer = recurrent_layer(cell, UNITS, bidirectional)
    apply_rnn(layer, INPUTS, MASK)
    layer.set_weights([2 * weight + 0.1 for weight in layer.get_weights()])
    return layer


@each_cell
@each_layer
def test_gate_activations_match_a_plain_loop(cell, bidirectional):
    layer, inputs = trained_layer(cell, bidirectional), 2 * INPUTS
    activations = {name: np.array(values) for name, values in gate_activations(layer, inputs, MASK).items()}
    expected = {}
    for row, valid in enumerate(MASK):
        for direction, one_way in directions(layer).items():
            order = slice(None, None, -1 if direction == "backward" else 1)
            for name, values in reference_activations(one_way, inputs[row][valid][order]).items():
                full = expected.setdefault(f"{direction}/{name}", np.zeros(MASK.shape))
                full[row, valid] = np.mean(values, axis=-1)[order]
    expected = {name: values for name, values in expected.items() if not name.endswith(("output", "cell_state"))}
    assert activations.keys() == expected.keys()
    for name, values in activations.items():
        assert values.any() and not values[~MASK].any()
        np.testing.assert_allclose(values, expected[name], atol=1e-5)


@each_cell
@each_layer
def test_unit_states_match_a_plain_loop(cell, bidirectional):
    layer, steps = trained_layer(cell, bidirectional), 2 * INPUTS[0]
    states = unit_states(layer, steps)
    expected = {}
    for direction, one_way in directions(layer).items():
        order = slice(None, None, -1 if direction == "backward" else 1)
        for name, values in reference_activations(one_way, steps[order]).items():
            expected[f"{direction}/{name}"] = np.array(values)[order]
    assert states.keys() == expected.keys()
    for name, values in states.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-5, err_msg=name)


def test_both_directions_have_names():
    assert list(directions(recurrent_layer("gru", UNITS, bidirectional=True))) == ["forward", "backward"]
    assert list(directions(recurrent_layer("gru", UNITS))) == ["forward"]
