"""Adam that also says how long the gradient was before it was clipped."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, ops


def auto_ema_decay(momentum: float, steps: int) -> float:
    """EmaDecay of a running average of the weights for a training of so many steps.

    An average over more than a fifth of a short training would still hold what it began with.
    """
    return min(momentum, max(0.0, 1 - 5 / steps))


@keras.saving.register_keras_serializable("unrolled")
class AdamWithGradientNorm(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), step by step the same as Keras's, that keeps the norm of the last gradient.

    gradient_norm: a variable; the root of the sum of squares over all weights together, before clipping. It is 0 before
    the first step, and no part of `variables`, so that a saved state is that of a plain Adam. Rows of an embedding that
    occur several times in a batch are added up first; Keras, when it clips, counts them one by one.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # TensorFlow's own kind of variable: Keras would put one of its own among those that it saves.
        self.gradient_norm = tf.Variable(0.0, trainable=False, name="gradient_norm")

    def apply(self, grads: Sequence[KerasTensor | None], trainable_variables: Any = None) -> None:
        squares = [ops.sum(ops.square(tf.convert_to_tensor(grad))) for grad in grads if grad is not None]
        if squares:
            self.gradient_norm.assign(ops.sqrt(ops.sum(ops.stack(squares))))
        super().apply(grads, trainable_variables)
