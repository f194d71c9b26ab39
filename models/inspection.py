"""What a gradient is worth, step by step on its way back, in any model with a recurrent layer that has one of `LAYERS`
as its name.

    inside = GradientRecorder(model)
    curve = loss_gradient(inside, inputs, targets, loss).curve()        # mean of |dL/dx_t| by lag
    value, lag = gradient_ratio(curve)
    memory = state_gradient(inside, inputs)["forward"].curve()         # the same for the state where reading ends

x_t is what that layer reads, before it was split off from what it returns: the derivative by a returned sequence is
zero but at the last step, since that sequence holds copies, and would show a vanishing that is none.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.cells import directions, gate_activations

LAYERS = ("recurrent_1", "decoder_1")
"""Names of the layer that is looked at: the first that reads, or where nothing is read step by step, that writes."""
LAG = 100
"""The lag whose gradient `gradient_ratio` compares with that of lag 0."""
FITTED = (10, 40)
"""Lags, both included, to which `half_life` fits its line."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class NormsByLag:
    """A value for each step, and how far the step is from where reading ends.

    norms: (rows, time), lags: (rows, time), in steps; -1 at padding
    """

    norms: np.ndarray
    lags: np.ndarray

    def curve(self, share: float = 0.0) -> np.ndarray:
        """Mean of the norms over the rows, by lag: (longest lag + 1,); NaN where no row has a step.

        share: of the rows that must reach a lag; the curve ends before one that fewer reach, for the mean of a few rows
            says more of these than of the lag
        """
        valid = self.lags >= 0
        counts = np.bincount(self.lags[valid])
        totals = np.bincount(self.lags[valid], self.norms[valid].astype(np.float64))
        means = np.divide(totals, counts, out=np.full(len(counts), np.nan), where=counts > 0)
        few = np.flatnonzero(counts < share * len(self.lags))
        return means[: few[0]] if len(few) else means


class GradientRecorder:
    """A functional model together with what its first recurrent layer reads. Weights are shared, not copied.

    The layer is called once in the model, with a mask and perhaps with the states that it starts from. What is to be
    computed is traced once, at its first use, and then serves arrays of any number of rows and steps. The model itself
    stays as it was: no new model is made from tensors in its middle, for which Keras would rewire its graph so that it
    could not be saved any more.
    """

    def __init__(self, model: keras.Model) -> None:
        names = {layer.name for layer in model.layers}
        self.layer = model.get_layer(next(name for name in LAYERS if name in names))
        steps, *others = self.layer.input
        # States have as many features as the layer has units, a mask as many steps as there are.
        (mask,) = (tensor for tensor in others if tensor.shape[-1] is None)
        first = [tensor for tensor in others if tensor.shape[-1] is not None]
        self.before = keras.Model(model.input, [steps, mask, first], name="before")
        self.whole = keras.Model(model.input, [steps, mask, model.output], name="whole")
        self._inputs = keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), model.input)
        self._by_loss: dict[tuple[keras.losses.Loss, tf.TensorSpec], Callable[..., Any]] = {}
        self._by_state = tf.function(self._differentiate_states, input_signature=[self._inputs, tf.TensorSpec((None,))])
        self._diagnoses = tf.function(self._diagnose, input_signature=[self._inputs])

    def _tensors(self, inputs: Arrays) -> dict[str, tf.Tensor]:
        return {name: tf.convert_to_tensor(inputs[name], spec.dtype) for name, spec in self._inputs.items()}

    def _differentiate_loss(
        self, loss: keras.losses.Loss, inputs: dict[str, tf.Tensor], targets: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        sources = [variable.value for variable in self.before.variables] + list(inputs.values())
        # A tape follows what comes from something that is watched; the layer's own weights need not be followed.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([source for source in sources if source.dtype.is_floating])
            steps, mask, output = self.whole(inputs, training=False)
            value = loss(targets, output)
        return _norms(tape.gradient(value, steps)), mask

    def _differentiate_states(
        self, inputs: dict[str, tf.Tensor], weights: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        steps, mask, first = self.before(inputs, training=False)
        norms = {}
        for direction, layer in directions(self.layer).items():
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(steps)
                # Of the states an LSTM has two, and its output comes first.
                last = layer(steps, mask=mask, initial_state=first or None, training=False)[1]
                # Rows do not know one another, so that the gradient of the sum is that of each.
                value = tf.reduce_sum(tf.linalg.matvec(last, weights))
            norms[direction] = _norms(tape.gradient(value, steps))
        return norms, mask

    def _diagnose(self, inputs: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        steps, mask, first = self.before(inputs, training=False)
        return gate_activations(self.layer, steps, mask, first), mask


def loss_gradient(inside: GradientRecorder, inputs: Arrays, targets: np.ndarray, loss: keras.losses.Loss) -> NormsByLag:
    """|dL/dx_t| of the batch's loss for each step of each example, (batch, time); lag 0 is an example's last step."""
    targets = np.asarray(targets)
    spec = tf.TensorSpec([None] * targets.ndim, targets.dtype)
    if (loss, spec) not in inside._by_loss:
        differentiate = partial(inside._differentiate_loss, loss)
        inside._by_loss[loss, spec] = tf.function(differentiate, input_signature=[inside._inputs, spec])
    norms, mask = inside._by_loss[loss, spec](inside._tensors(inputs), tf.convert_to_tensor(targets))
    # Rows are example x windows, batch-major (models/windows.py): end to end they are the text again.
    batch = len(targets)
    norms, mask = norms.numpy().reshape(batch, -1), mask.numpy().reshape(batch, -1)
    return NormsByLag(norms, _lags(mask, "forward"))


def state_gradient(inside: GradientRecorder, inputs: Arrays, seed: int = 0) -> dict[str, NormsByLag]:
    """How much of each step is left in the state where each direction ends: |d(v . h_last)/dx_t|, (rows, time).

    v: a fixed random vector of length 1, the same for all rows and directions. Rows are what the layer reads in one go
    (a text, or each of its windows); the forward direction ends at the last step of a row, the backward at the first.
    What Pascanu et al. (2013, eq. 5) follow back through time, apart from pooling and from the other direction, either
    of which would hide that it vanishes.
    """
    units = next(iter(directions(inside.layer).values())).units
    weights = np.random.default_rng(seed).normal(size=units)
    norms, mask = inside._by_state(inside._tensors(inputs), tf.constant(weights / np.linalg.norm(weights), tf.float32))
    return {name: NormsByLag(values.numpy(), _lags(mask.numpy(), name)) for name, values in norms.items()}


def cell_activity(inside: GradientRecorder, inputs: Arrays) -> dict[str, np.ndarray]:
    """DIRECTION/NAME -> mean of what `models.cells.gate_activations` gives, over the rows that reach a step: (time,)."""
    found, mask = inside._diagnoses(inside._tensors(inputs))
    rows = mask.numpy().sum(axis=0)
    # Padding holds zeros, so that the sum is over valid steps alone.
    return {
        name: np.divide(values.numpy().sum(axis=0), rows, out=np.full(len(rows), np.nan), where=rows > 0)
        for name, values in found.items()
    }


def gradient_ratio(curve: np.ndarray, lag: int = LAG) -> tuple[float, int]:
    """Gradient at `lag`, or at the longest lag below it that the curve has, over that at lag 0; and the lag used.

    NaN where the curve has no lag 0 or is zero there.
    """
    reached = np.flatnonzero(np.isfinite(curve[: lag + 1]))
    if not len(reached) or reached[0] != 0 or curve[0] == 0:
        return math.nan, 0
    return float(curve[reached[-1]] / curve[0]), int(reached[-1])


def half_life(curve: np.ndarray) -> float:
    """Steps in which the gradient halves: log-linear least squares on the lags `FITTED`, those with zeros left out.

    Infinite where the line does not fall, NaN where fewer than two lags can be fitted.
    """
    first, last = FITTED
    lags = np.arange(first, min(last, len(curve) - 1) + 1)
    lags = lags[np.isfinite(curve[lags]) & (curve[lags] > 0)]
    if len(lags) < 2:
        return math.nan
    slope = np.polyfit(lags, np.log2(curve[lags]), 1)[0]
    return float(-1 / slope) if slope < 0 else math.inf


def _norms(gradient: tf.Tensor) -> tf.Tensor:
    """Length of each step's gradient: (rows, time, features) -> (rows, time)."""
    return tf.norm(gradient, axis=-1)


def _lags(mask: np.ndarray, direction: str) -> np.ndarray:
    """Steps between each step and the one at which `direction` ends, (rows, time); -1 where mask is False."""
    places = np.arange(mask.shape[1])
    if direction == "backward":
        distance = places - mask.argmax(axis=1)[:, None]
    else:
        distance = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)[:, None] - places
    return np.where(mask, distance, -1)
