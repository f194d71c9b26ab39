"""How far back the last state of a recurrent layer depends on its inputs and on its states."""

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor

from models.cells import step_cell


def state_gradient_by_lag(layer: keras.layers.Layer, steps: KerasTensor) -> np.ndarray:
    """Mean over the rows of |d(v . h_T)/dx_t|, (time,), at lag 0 (the last step) first.

    layer: of one direction, made by `models.cells.recurrent_layer`; steps: its inputs, (rows, time, features), without
        padding. v is a fixed random vector of length 1, as in `models.inspection.state_gradient`.
    """
    steps = tf.convert_to_tensor(steps)
    unit_vector = _unit_vector(layer.units)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(steps)
        value = tf.reduce_sum(tf.linalg.matvec(layer(steps, training=False)[1], unit_vector))
    norms = tf.norm(tape.gradient(value, steps), axis=-1)
    return np.mean(norms.numpy(), axis=0)[::-1].astype(float)


def state_jacobian(layer: keras.layers.Layer, inputs: KerasTensor, states: list[KerasTensor]) -> np.ndarray:
    """dh_t/dh_{t-1} of one step, (rows, units, units); of LSTM the cell state c is held fixed.

    inputs: (rows, features); states: those before the step, (rows, units) each
    """
    outputs = tf.convert_to_tensor(states[0])
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        new, _ = step_cell(layer, inputs, [outputs, *states[1:]])
    return tape.batch_jacobian(new, outputs).numpy()


def cell_state_gradient_by_lag(layer: keras.layers.Layer, steps: np.ndarray) -> np.ndarray:
    """Mean over the rows of |d(v . c_T)/dc_t| of an LSTM, (time,), at lag 0 first; v as in `state_gradient_by_lag`.

    It includes the way through the outputs h and the gates, beside the direct one through the forget gates.
    """
    unit_vector = _unit_vector(layer.units)
    states = [tf.zeros((len(steps), layer.units))] * 2
    cells = []
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for step in range(steps.shape[1]):
            _, states = step_cell(layer, tf.constant(steps[:, step]), states)
            # A copy, so that what follows depends on it.
            states[1] = tf.identity(states[1])
            tape.watch(states[1])
            cells.append(states[1])
        value = tf.reduce_sum(tf.linalg.matvec(cells[-1], unit_vector))
    gradients = tape.gradient(value, cells)
    return np.array([float(tf.reduce_mean(tf.norm(gradient, axis=-1))) for gradient in gradients])[::-1]


def _unit_vector(units: int) -> tf.Tensor:
    """A fixed random vector of length 1."""
    projection = np.random.default_rng(0).normal(size=units)
    return tf.constant(projection / np.linalg.norm(projection), tf.float32)
