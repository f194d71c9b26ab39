"""A plain training loop for the small networks of the experiments.

    for step in training_steps(model, batches):
        if step.accuracy == 1: break

The step is compiled with XLA, which halves the time of small recurrent networks on a CPU, and compiles once for each
shape: all batches should have the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor


@dataclass(frozen=True)
class Step:
    """Loss, accuracy and norm of the gradient of one batch, before the step changed the weights and before clipping."""

    loss: float
    accuracy: float
    gradient_norm: float


def class_loss() -> keras.losses.Loss:
    """Cross-entropy of classes (batch,) and logits (batch, classes)."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def training_steps(
    model: keras.Model,
    batches: Iterable[tuple[np.ndarray | Mapping[str, np.ndarray], np.ndarray]],
    *,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 2e-3,
    clip_norm: float | None = 1.0,
    loss: Callable[[KerasTensor, KerasTensor], KerasTensor] | None = None,
) -> Iterator[Step]:
    """Train with Adam on one batch (inputs, targets) after another; the caller decides when to stop.

    clip_norm: maximum global norm of the gradient; None for no clipping
    """
    optimizer = keras.optimizers.Adam(learning_rate, global_clipnorm=clip_norm)
    optimizer.build(model.trainable_variables)
    loss = loss or class_loss()

    @tf.function(jit_compile=True)
    def step(inputs: tf.Tensor | Mapping[str, tf.Tensor], targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            value = loss(targets, outputs)
        gradients = tape.gradient(value, [weight.value for weight in model.trainable_variables])
        optimizer.apply(gradients, model.trainable_variables)
        return value, _accuracy(targets, outputs), tf.linalg.global_norm(gradients)

    for inputs, targets in batches:
        yield Step(*map(float, step(keras.tree.map_structure(tf.constant, inputs), tf.constant(targets))))


def accuracy(model: keras.Model, inputs: np.ndarray, targets: np.ndarray, batch: int = 500) -> float:
    """Fraction of the targets (examples,) to which the model gives the highest logit."""
    starts = range(0, len(inputs), batch)
    # Not model.predict, which is traced anew for each model and each length.
    predicted = [np.argmax(model(inputs[start : start + batch], training=False), axis=-1) for start in starts]
    return float(np.mean(np.concatenate(predicted) == targets))


def shuffled_batches(
    inputs: np.ndarray, targets: np.ndarray, batch: int, epochs: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of equal size, in a new order each epoch; the examples left over by an epoch are left out of it."""
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(inputs) - batch + 1, batch):
            chosen = order[start : start + batch]
            yield inputs[chosen], targets[chosen]


def _accuracy(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    if outputs.shape[-1] == 1:
        # A regression has none.
        return tf.constant(np.nan)
    predicted = tf.argmax(outputs, axis=-1, output_type=targets.dtype)
    return tf.reduce_mean(tf.cast(predicted == targets, tf.float32))
