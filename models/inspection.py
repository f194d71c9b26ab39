"""Norms of gradients by time step, and gate activations, of the first recurrent layer of a trained model.

    recorder = GradientRecorder(model)
    curve = loss_gradient(recorder, inputs, targets, loss).curve()     # mean of |dL/dx_t| by lag
    ratio = gradient_ratio(curve, lag=20)
    curve = state_gradient(recorder, inputs)["forward"].curve()        # the same for the final state

The layer is the one named as in `LAYERS`. x_t are its inputs, not the sequence that it returns: that sequence holds
copies of the states, so the derivative of the final state by it is zero except at the last step, and would show
vanishing gradients where there are none.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from models.cells import CANDIDATE, directions, gate_activations, unit_activations

LAYERS = ("recurrent_1", "decoder_1")
"""Names of the recorded layer: the first of an encoder, or where there is none, of the decoder."""
FIXED_LAGS = (5, 10, 20, 50, 100)
"""Lags whose gradient is compared with that of lag 0: the same in all runs, so that these can be compared."""
EXPECTED_AT_START = (
    "Before training SimpleRNN's gradient reaches farthest where inputs are small, as Keras's embeddings are: its "
    "kernel is orthogonal and tanh almost linear. Large inputs, such as pretrained word vectors, saturate tanh, and it "
    "vanishes. LSTM's forget gate starts at 0.73 (the sigmoid of its bias 1) and GRU's update gate at 0.5, by which "
    "they multiply the gradient at each step. Training changes that."
)
"""What a first look at the gradient of the last state shows, at Keras's defaults."""
HALF_LIFE_LAGS = (10, 40)
"""First and last lag of the fit of `half_life`."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class NormsByLag:
    """Gradient norms of time steps, by their distance from the end.

    norms: (rows, time); lags: (rows, time), in steps, -1 at padding
    """

    norms: np.ndarray
    lags: np.ndarray

    def curve(self, min_fraction: float = 0.0) -> np.ndarray:
        """Mean of the norms over the rows, by lag: (maximum lag + 1,); NaN for a lag without steps.

        min_fraction: of the rows with any step that must reach a lag; the curve ends before the first lag that fewer
            rows reach, since the mean of a few rows says more about these than about the lag
        """
        valid = self.lags >= 0
        counts = np.bincount(self.lags[valid])
        totals = np.bincount(self.lags[valid], self.norms[valid].astype(np.float64))
        means = np.divide(totals, counts, out=np.full(len(counts), np.nan), where=counts > 0)
        rare = np.flatnonzero(counts < min_fraction * valid.any(axis=1).sum())
        return means[: rare[0]] if len(rare) else means


class GradientRecorder:
    """A functional model, and the inputs of its first recurrent layer. Weights are shared, not copied.

    The model calls this layer once, with a mask and possibly with initial states. Each computation is traced once, at
    its first use, for any number of rows and steps. The model itself stays unchanged: no model is made that starts at
    tensors in its middle, since Keras would then rewire its graph, and it could no longer be saved.
    """

    def __init__(self, model: keras.Model) -> None:
        names = {layer.name for layer in model.layers}
        self.layer = model.get_layer(next(name for name in LAYERS if name in names))
        steps, *others = self.layer.input
        # States have as many features as the layer has units; the length of a mask is not known.
        (mask,) = (tensor for tensor in others if tensor.shape[-1] is None)
        initial_state = [tensor for tensor in others if tensor.shape[-1] is not None]
        self.to_layer = keras.Model(model.input, [steps, mask, initial_state], name="to_layer")
        self.to_output = keras.Model(model.input, [steps, mask, model.output], name="to_output")
        self._inputs = keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), model.input)
        self._loss_functions: dict[
            tuple[keras.losses.Loss, tf.TensorSpec], Callable[..., tuple[tf.Tensor, tf.Tensor]]
        ] = {}
        self.state_norms = tf.function(self._state_norms, input_signature=[self._inputs, tf.TensorSpec((None,))])
        self.activations = tf.function(self._activations, input_signature=[self._inputs])

    def tensors(self, inputs: Arrays) -> dict[str, tf.Tensor]:
        """Convert a batch to the dtypes of the model's inputs."""
        return {name: tf.convert_to_tensor(inputs[name], spec.dtype) for name, spec in self._inputs.items()}

    def loss_norms(self, inputs: Arrays, targets: np.ndarray, loss: keras.losses.Loss) -> tuple[tf.Tensor, tf.Tensor]:
        """Norms of dL/dx_t and mask, (rows, time) each, of the recorded layer's rows."""
        spec = tf.TensorSpec([None] * targets.ndim, targets.dtype)
        if (loss, spec) not in self._loss_functions:
            differentiate = partial(self._loss_norms, loss)
            self._loss_functions[loss, spec] = tf.function(differentiate, input_signature=[self._inputs, spec])
        return self._loss_functions[loss, spec](self.tensors(inputs), tf.convert_to_tensor(targets))

    def _loss_norms(
        self, loss: keras.losses.Loss, inputs: dict[str, tf.Tensor], targets: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        sources = [variable.value for variable in self.to_layer.variables] + list(inputs.values())
        # A tape records what depends on a watched tensor; the layer's own weights need not be watched.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([source for source in sources if source.dtype.is_floating])
            steps, mask, output = self.to_output(inputs, training=False)
            value = loss(targets, output)
        return _norms(tape.gradient(value, steps)), mask

    def _state_norms(
        self, inputs: dict[str, tf.Tensor], projection: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        steps, mask, initial_state = self.to_layer(inputs, training=False)
        norms = {}
        for direction, layer in directions(self.layer).items():
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(steps)
                # The output is the first of the LSTM's two states.
                last = layer(steps, mask=mask, initial_state=initial_state or None, training=False)[1]
                # Rows are independent, so the gradient of the sum is that of each row.
                value = tf.reduce_sum(tf.linalg.matvec(last, projection))
            norms[direction] = _norms(tape.gradient(value, steps))
        return norms, mask

    def _activations(self, inputs: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        steps, mask, initial_state = self.to_layer(inputs, training=False)
        return gate_activations(self.layer, steps, mask, initial_state), mask


def loss_gradient(
    recorder: GradientRecorder, inputs: Arrays, targets: np.ndarray, loss: keras.losses.Loss
) -> NormsByLag:
    """|dL/dx_t| of the batch's loss for each step, (rows, time); lag 0 is a row's last step.

    A row is what the layer processes in one go: a text, or each of its chunks. No gradient passes from chunk to chunk.
    """
    norms, mask = recorder.loss_norms(inputs, np.asarray(targets), loss)
    return NormsByLag(norms.numpy(), _lags(mask.numpy(), "forward"))


def state_gradient(recorder: GradientRecorder, inputs: Arrays) -> dict[str, NormsByLag]:
    """|d(v . h_T)/dx_t|, (rows, time), by direction: how much of each step remains in the final state h_T.

    v is a fixed random vector of length 1, the same for all rows and directions. A row is what the layer processes in
    one go: a text, or each of its chunks. The forward direction ends at the last step of a row, the backward at the
    first. This is the gradient that Pascanu et al. (2013, eq. 5) follow back through time, without pooling and without
    the other direction, either of which would hide that it vanishes.
    """
    units = next(iter(directions(recorder.layer).values())).units
    projection = np.random.default_rng(0).normal(size=units)
    unit_vector = tf.constant(projection / np.linalg.norm(projection), tf.float32)
    norms, mask = recorder.state_norms(recorder.tensors(inputs), unit_vector)
    return {name: NormsByLag(values.numpy(), _lags(mask.numpy(), name)) for name, values in norms.items()}


def mean_gate_activations(recorder: GradientRecorder, inputs: Arrays) -> dict[str, np.ndarray]:
    """Mean of `models.cells.gate_activations` over the rows that reach a step, (time,), by DIRECTION/NAME."""
    activations, mask = recorder.activations(recorder.tensors(inputs))
    rows = mask.numpy().sum(axis=0)
    # The activations are 0 at padding, so the sum is over valid steps only.
    return {
        name: np.divide(values.numpy().sum(axis=0), rows, out=np.full(len(rows), np.nan), where=rows > 0)
        for name, values in activations.items()
    }


def unit_states(
    layer: keras.layers.Layer, steps: np.ndarray, initial_state: Sequence[np.ndarray] = ()
) -> dict[str, np.ndarray]:
    """Gates and states of each unit while a layer of `recurrent_layer` reads one sequence.

    steps: inputs (time, features), all valid
    initial_state: (1, units) each, of a layer of one direction

    Gives DIRECTION/NAME -> (time, units), in the order of the text: the gates, `output` (h_t) and, for LSTM,
    `cell_state` (c_t).
    """
    mask = np.ones((1, len(steps)), bool)
    activations = unit_activations(layer, steps[None], mask, initial_state)
    states = {name: np.asarray(values)[0] for name, values in activations.items()}
    for direction, one_way in directions(layer).items():
        backward = one_way.go_backwards
        output = np.asarray(one_way(steps[None], initial_state=list(initial_state) or None)[0])[0]
        states[f"{direction}/output"] = output[::-1] if backward else output
        candidate = states.pop(f"{direction}/{CANDIDATE}", None)
        if candidate is not None:
            start = np.asarray(initial_state[1])[0] if len(initial_state) > 1 else np.zeros(one_way.units)
            gates = states[f"{direction}/forget_gate"], states[f"{direction}/input_gate"]
            states[f"{direction}/cell_state"] = _cell_states(*gates, candidate, start, backward)
    return states


def read_states(recorder: GradientRecorder, inputs: Arrays) -> tuple[dict[str, np.ndarray], list[int]]:
    """`unit_states` of the recorded layer while the model reads one example, (steps, units) by DIRECTION/NAME.

    inputs: of one example, (1, time, ...). Also gives the steps at which the layer starts anew: the borders of chunks.
    """
    steps, mask, initial_state = recorder.to_layer(recorder.tensors(inputs), training=False)
    start = [np.asarray(state) for state in initial_state]
    rows = [row[valid] for row, valid in zip(np.asarray(steps), np.asarray(mask), strict=True) if valid.any()]
    read = [unit_states(recorder.layer, row, start) for row in rows]
    states = {name: np.concatenate([each[name] for each in read]) for name in read[0]}
    return states, np.cumsum([len(row) for row in rows])[:-1].tolist()


def _cell_states(
    forget: np.ndarray, write: np.ndarray, candidate: np.ndarray, start: np.ndarray, backward: bool
) -> np.ndarray:
    """c_t = forget_t * c_{t-1} + write_t * candidate_t, (time, units), in the order of the text."""
    states, state = np.zeros_like(candidate), start
    for step in reversed(range(len(candidate))) if backward else range(len(candidate)):
        state = forget[step] * state + write[step] * candidate[step]
        states[step] = state
    return states


def gradient_ratio(curve: np.ndarray, lag: int) -> float:
    """Gradient at `lag` divided by that at lag 0; NaN for a curve that does not reach the lag or is zero at lag 0."""
    if lag >= len(curve) or not curve[0] > 0:
        return math.nan
    return float(curve[lag] / curve[0])


def half_life(curve: np.ndarray) -> float:
    """Steps in which the gradient halves: log-linear least squares on `HALF_LIFE_LAGS`, zeros left out.

    Infinite if the line does not fall, NaN if there are fewer than two lags to fit.
    """
    first, last = HALF_LIFE_LAGS
    lags = np.arange(first, min(last, len(curve) - 1) + 1)
    lags = lags[np.isfinite(curve[lags]) & (curve[lags] > 0)]
    if len(lags) < 2:
        return math.nan
    slope = np.polyfit(lags, np.log2(curve[lags]), 1)[0]
    return float(-1 / slope) if slope < 0 else math.inf


def _norms(gradient: tf.Tensor) -> tf.Tensor:
    """Norm of the gradient at each step: (rows, time, features) -> (rows, time)."""
    return tf.norm(gradient, axis=-1)


def _lags(mask: np.ndarray, direction: str) -> np.ndarray:
    """Distance of each step from the one at which `direction` ends, (rows, time); -1 where the mask is False."""
    steps = np.arange(mask.shape[1])
    if direction == "backward":
        distance = steps - mask.argmax(axis=1)[:, None]
    else:
        distance = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)[:, None] - steps
    return np.where(mask, distance, -1)
