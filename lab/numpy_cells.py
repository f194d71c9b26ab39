"""The three cells and backpropagation through time in NumPy, for one sequence, equation by equation.

    steps = forward(NUMPY_CELLS["lstm"], weights, inputs)                  # inputs: (time, features)
    gradients = backward(NUMPY_CELLS["lstm"], weights, steps, gradient_of_last_output)

W is the kernel, (features, gates x units), U the recurrent kernel, (units, gates x units), b the bias: laid out and
named as in Keras, so that both can use the same weights. A product `*` of vectors is element by element. "d_x" is
dL/dx, the gradient of the loss; it has the shape of x.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schema.configs import CellName

Weights = Mapping[str, np.ndarray]
State = tuple[np.ndarray, ...]
"""h, or h and c of LSTM, (units,) each."""
Gates = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Step:
    """One step forward, with all that the way back needs."""

    inputs: np.ndarray
    before: State
    after: State
    gates: Gates


@dataclass(frozen=True)
class StepGradients:
    """Gradients of one step, before they are carried on to the weights, the inputs and the state before.

    from_inputs, from_state: of the sums x W + b and h U + b, (gates x units,); they differ in GRU alone
    carried: of the state before along the paths that lead past the sums
    after: of the state after, along all paths
    """

    from_inputs: np.ndarray
    from_state: np.ndarray
    carried: State
    after: State


@dataclass(frozen=True)
class NumpyCell:
    """gates: number of blocks in W; states: number of vectors in the state."""

    gates: int
    states: int
    forward: Callable[[Weights, np.ndarray, State], tuple[State, Gates]]
    backward: Callable[[Step, State], StepGradients]


@dataclass(frozen=True)
class Gradients:
    """weights: name -> the part of each step, (time, ...), whose sum is the gradient of the weight, as it is shared.

    states: dL/dh_t (and dL/dc_t) after each step, (time, units) each; inputs: dL/dx_t, (time, features)
    """

    weights: Weights
    states: tuple[np.ndarray, ...]
    inputs: np.ndarray


def zero_state(cell: NumpyCell, weights: Weights) -> State:
    """The state before the first step."""
    U = weights["recurrent_kernel"]
    return (np.zeros(len(U), U.dtype),) * cell.states


def forward(cell: NumpyCell, weights: Weights, inputs: np.ndarray, state: State = ()) -> list[Step]:
    """Forward propagation: the state of each step from its input and the state before, first step first.

    state: that before the first step, by default zeros
    """
    state = state or zero_state(cell, weights)
    steps = []
    for x in inputs:
        after, gates = cell.forward(weights, x, state)
        steps.append(Step(x, state, after, gates))
        state = after
    return steps


def backward(cell: NumpyCell, weights: Weights, steps: Sequence[Step], d_output: np.ndarray) -> Gradients:
    """Backpropagation through time, last step first. d_output: dL/dh_T, (units,)."""
    W, U = weights["kernel"], weights["recurrent_kernel"]
    d_state: State = (d_output, *(np.zeros_like(d_output) for _ in range(cell.states - 1)))
    found: list[StepGradients] = []
    for step in reversed(steps):
        gradients = cell.backward(step, d_state)
        found.append(gradients)
        # The state before has an effect through h U, and directly.
        d_h, *d_others = gradients.carried
        d_state = (d_h + U @ gradients.from_state, *d_others)
    found.reverse()
    parts = [_weight_gradients(weights, step, gradients) for step, gradients in zip(steps, found, strict=True)]
    return Gradients(
        {name: np.stack([part[name] for part in parts]) for name in weights},
        tuple(np.stack(values) for values in zip(*(gradients.after for gradients in found), strict=True)),
        np.stack([W @ gradients.from_inputs for gradients in found]),
    )


def _weight_gradients(weights: Weights, step: Step, gradients: StepGradients) -> Weights:
    """The part of one step in the gradients of the weights: of x W, it is x times the gradient of the sum."""
    d_inputs, d_state = gradients.from_inputs, gradients.from_state
    return {
        "kernel": np.outer(step.inputs, d_inputs),
        "recurrent_kernel": np.outer(step.before[0], d_state),
        # GRU has a bias for each of its two sums.
        "bias": d_inputs if weights["bias"].ndim == 1 else np.stack([d_inputs, d_state]),
    }


def _simple_rnn(weights: Weights, x: np.ndarray, state: State) -> tuple[State, Gates]:
    # h_t = tanh(x_t W + h_{t-1} U + b)
    (h,) = state
    return (np.tanh(x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"]),), ()


def _simple_rnn_backward(step: Step, d_state: State) -> StepGradients:
    # tanh'(a) = 1 - tanh(a)^2
    (d_h,), (h,) = d_state, step.after
    d_sum = d_h * (1 - h**2)
    return StepGradients(d_sum, d_sum, (np.zeros_like(h),), d_state)


def _lstm(weights: Weights, x: np.ndarray, state: State) -> tuple[State, Gates]:
    # Hochreiter & Schmidhuber 1997, Gers et al. 2000. Input gate i, forget gate f, candidate g, output gate o:
    # c_t = f * c_{t-1} + i * g,  h_t = o * tanh(c_t)
    h, c = state
    a_i, a_f, a_g, a_o = np.split(x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"], 4)
    i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
    c = f * c + i * g
    return (o * np.tanh(c), c), (i, f, g, o)


def _lstm_backward(step: Step, d_state: State) -> StepGradients:
    i, f, g, o = step.gates
    c_before, c = step.before[1], step.after[1]
    d_h, d_c = d_state
    # c_t has an effect through h_t, too.
    d_c = d_c + d_h * o * (1 - np.tanh(c) ** 2)
    d_sum = np.concatenate(
        [
            d_c * g * i * (1 - i),
            d_c * c_before * f * (1 - f),
            d_c * i * (1 - g**2),
            d_h * np.tanh(c) * o * (1 - o),
        ]
    )
    # dc_t/dc_{t-1} = f: no matrix and no tanh on this path.
    return StepGradients(d_sum, d_sum, (np.zeros_like(d_h), d_c * f), (d_h, d_c))


def _gru(weights: Weights, x: np.ndarray, state: State) -> tuple[State, Gates]:
    # Cho et al. 2014, in the form of Keras (reset_after=True). Update gate z, reset gate r, candidate g:
    # h_t = z * h_{t-1} + (1 - z) * g,  g = tanh(x_t W_g + b_g + r * (h_{t-1} U_g + b'_g))
    (h,) = state
    x_z, x_r, x_g = np.split(x @ weights["kernel"] + weights["bias"][0], 3)
    h_z, h_r, h_g = np.split(h @ weights["recurrent_kernel"] + weights["bias"][1], 3)
    z, r = _sigmoid(x_z + h_z), _sigmoid(x_r + h_r)
    g = np.tanh(x_g + r * h_g)
    return (z * h + (1 - z) * g,), (z, r, g, h_g)


def _gru_backward(step: Step, d_state: State) -> StepGradients:
    z, r, g, h_g = step.gates
    (h,), (d_h,) = step.before, d_state
    d_z = d_h * (h - g) * z * (1 - z)
    d_g = d_h * (1 - z) * (1 - g**2)
    d_r = d_g * h_g * r * (1 - r)
    # The candidate sees the state through the reset gate.
    return StepGradients(np.concatenate([d_z, d_r, d_g]), np.concatenate([d_z, d_r, d_g * r]), (d_h * z,), d_state)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


NUMPY_CELLS: Mapping[CellName, NumpyCell] = {
    "simple_rnn": NumpyCell(1, 1, _simple_rnn, _simple_rnn_backward),
    "lstm": NumpyCell(4, 2, _lstm, _lstm_backward),
    "gru": NumpyCell(3, 1, _gru, _gru_backward),
}
