"""Gradients of one sequence three times: by hand (`numpy_cells.py`), by Keras, and by finite differences."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import tensorflow as tf

from lab.experiment import Values
from lab.numpy_cells import NUMPY_CELLS, State, Weights, backward, forward
from models.cells import CELLS, step_cell
from schema.configs import CellName

DELTA = 1e-5
STATES = ("h", "c")


@dataclass(frozen=True)
class Problem:
    """A sequence, a cell and a loss of its last output: y = v . h_T, L = (y - target)^2 / 2.

    inputs: (time, features); output_weights: v, (units,)
    """

    cell: CellName
    weights: Weights
    inputs: np.ndarray
    output_weights: np.ndarray
    target: float

    def loss(self, output: np.ndarray) -> float:
        """The loss of the last output h_T."""
        return 0.5 * (self.output_weights @ output - self.target) ** 2

    def as_type(self, dtype: str) -> "Problem":
        """The same numbers at another precision."""
        weights = {name: weight.astype(dtype) for name, weight in self.weights.items()}
        return replace(
            self,
            weights=weights,
            inputs=self.inputs.astype(dtype),
            output_weights=self.output_weights.astype(dtype),
        )


def random_problem(cell: CellName, seed: int, steps: int = 8, features: int = 3, units: int = 4) -> Problem:
    """Draw all numbers from -1 to 1."""
    rng = np.random.default_rng(seed)
    width = NUMPY_CELLS[cell].gates * units
    bias = (2, width) if cell == "gru" else (width,)
    shapes = {"kernel": (features, width), "recurrent_kernel": (units, width), "bias": bias}
    weights = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}
    return Problem(cell, weights, rng.uniform(-1, 1, (steps, features)), rng.uniform(-1, 1, units), target=1.0)


def numpy_gradients(problem: Problem) -> Values:
    """Gradients of the loss by hand: of each step's part of the weights (parts_...), of weights, inputs and states."""
    cell, v = NUMPY_CELLS[problem.cell], problem.output_weights
    steps = forward(cell, problem.weights, problem.inputs)
    error = v @ steps[-1].after[0] - v.dtype.type(problem.target)
    gradients = backward(cell, problem.weights, steps, error * v)
    return {
        **{f"parts_{name}": parts for name, parts in gradients.weights.items()},
        **{name: parts.sum(axis=0) for name, parts in gradients.weights.items()},
        **dict(zip(STATES, gradients.states, strict=False)),
        "inputs": gradients.inputs,
    }


def keras_gradients(problem: Problem) -> Values:
    """The same gradients, without the parts, from Keras and TensorFlow: of its layer, and of its cell step by step."""
    inputs = tf.constant(problem.inputs[None])
    layer = CELLS[problem.cell].build(len(problem.output_weights), 1.0, dtype=inputs.dtype.name)
    layer.build(inputs.shape)
    for weight in layer.trainable_variables:
        weight.assign(problem.weights[weight.name])
    variables = [weight.value for weight in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = _loss(problem, layer(inputs))
    *weights, of_inputs = tape.gradient(loss, [*variables, inputs])
    names = [weight.name for weight in layer.trainable_variables]
    gradients = {name: gradient.numpy() for name, gradient in zip(names, weights, strict=True)}
    return {**gradients, "inputs": of_inputs.numpy()[0], **_keras_state_gradients(problem, layer, inputs)}


def _keras_state_gradients(problem: Problem, layer: tf.Module, inputs: tf.Tensor) -> Values:
    states = [tf.zeros((1, layer.units), inputs.dtype) for _ in range(NUMPY_CELLS[problem.cell].states)]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        by_step = []
        for step in tf.unstack(inputs, axis=1):
            _, states = step_cell(layer, step, states)
            by_step.append(states)
        loss = _loss(problem, states[0])
    return {
        name: np.concatenate([tape.gradient(loss, state).numpy() for state in of_steps])
        for name, of_steps in zip(STATES, zip(*by_step, strict=True), strict=False)
        if tape.gradient(loss, of_steps[-1]) is not None
    }


def _loss(problem: Problem, output: tf.Tensor) -> tf.Tensor:
    return 0.5 * tf.reduce_sum((tf.linalg.matvec(output, problem.output_weights) - problem.target) ** 2)


def finite_differences(problem: Problem) -> Values:
    """Central differences of the loss by each weight, each input, and each unit of h after each step."""
    cell, inputs = NUMPY_CELLS[problem.cell], problem.inputs

    def loss_from(start: int, state: State) -> float:
        steps = forward(cell, problem.weights, inputs[start:], state)
        return problem.loss((steps[-1].after if steps else state)[0])

    def differences(array: np.ndarray) -> np.ndarray:
        return _differences(array, lambda: loss_from(0, ()))

    of_states = []
    for number, step in enumerate(forward(cell, problem.weights, inputs), 1):
        state = (step.after[0].copy(), *step.after[1:])
        of_states.append(_differences(state[0], partial(loss_from, number, state)))
    gradients = {name: differences(weight) for name, weight in problem.weights.items()}
    return {**gradients, "inputs": differences(inputs), "h": np.stack(of_states)}


def _differences(array: np.ndarray, loss: Callable[[], float]) -> np.ndarray:
    """(L(a + delta) - L(a - delta)) / 2 delta for each number a of `array`, which is changed and restored."""
    gradient = np.zeros_like(array)
    for index, value in np.ndenumerate(array):
        losses = []
        for changed in (value + DELTA, value - DELTA):
            array[index] = changed
            losses.append(loss())
        array[index] = value
        gradient[index] = (losses[0] - losses[1]) / (2 * DELTA)
    return gradient
