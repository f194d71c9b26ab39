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
    projection = np.random.default_rng(0).normal(size=layer.units)
    unit_vector = tf.constant(projection / np.linalg.norm(projection), tf.float32)
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
