"""Adam that measures the norm of the gradient before clipping."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, ops


def auto_ema_decay(decay: float, steps: int) -> float:
    """Decay of the moving average of the weights for a training of `steps` steps, at most `decay`.

    A short training gets a smaller decay, since an average over more than a fifth of it would still contain the
    initial weights.
    """
    return min(decay, max(0.0, 1 - 5 / steps))


@keras.saving.register_keras_serializable("unrolled")
class AdamWithGradientNorm(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), identical to that of Keras, with the norm of the last gradient.

    gradient_norm: variable with the root of the sum of squares over all weights, before clipping; 0 before the first
    step. It does not belong to `variables`, so that a saved state is that of Adam. Repeated rows of an embedding
    gradient are summed first; the clipping of Keras counts them one by one.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # A TensorFlow variable, since Keras would add a variable of its own to those that are saved.
        self.gradient_norm = tf.Variable(0.0, trainable=False, name="gradient_norm")

    def apply(
        self, grads: Sequence[KerasTensor | None], trainable_variables: Sequence[keras.Variable] | None = None
    ) -> None:
        squares = [ops.sum(ops.square(tf.convert_to_tensor(grad))) for grad in grads if grad is not None]
        if squares:
            self.gradient_norm.assign(ops.sqrt(ops.sum(ops.stack(squares))))
        super().apply(grads, trainable_variables)
