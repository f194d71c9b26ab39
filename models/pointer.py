"""A head that copies words of the source, and a loss for looking at the same ones twice (See et al. 2017)."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

EPSILON = 1e-12
"""Added to probabilities before their logarithm is taken."""


@keras.saving.register_keras_serializable("unrolled")
class Pointer(keras.layers.Layer):
    """Mixes what the model would say with what stands where it looks; See et al. 2017, eq. 8 and 9.

        p(word) = g softmax(logits)[word] + (1 - g) sum of the weights of the source's steps that hold the word

    with g, the share that is not copied, from the features, and the weights shared out among the words: what attention
    gives to a source's marks is no copy. Source and target share their ids, and pieces of words put together are any
    word of known characters, so that no copy needs an id of its own.

    marks: ids of the source that are no words, such as its end
    """

    def __init__(self, marks: Sequence[int] = (), **options: Any) -> None:
        super().__init__(**options)
        # Padding of the source has no weight, and padded steps of the target are left out by the loss.
        self.supports_masking = True
        self.marks = tuple(marks)

    def build(self, logits_shape: Any, weights_shape: Any, source_shape: Any, features_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(features_shape[-1], 1), name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(
        self, logits: KerasTensor, weights: KerasTensor, source: KerasTensor, features: KerasTensor
    ) -> KerasTensor:
        """Log-probabilities (batch, steps, ids).

        logits: (batch, steps, ids); weights: what is attended to, (batch, steps, time); source: ids (batch, time)
        features: (batch, steps, features)
        """
        said = ops.sigmoid(ops.matmul(features, ops.convert_to_tensor(self.kernel)) + self.bias)
        copied = copy_probabilities(self._of_words(weights, source), source, ops.shape(logits)[-1])
        return ops.log(said * ops.softmax(logits, axis=-1) + (1 - said) * copied + EPSILON)

    def _of_words(self, weights: KerasTensor, source: KerasTensor) -> KerasTensor:
        """The weights without those of marks, adding up to 1 where there is a word: (batch, steps, time)."""
        if not self.marks:
            return weights
        marked = ops.any(ops.equal(source[..., None], np.array(self.marks, np.int32)), axis=-1)
        weights = ops.where(marked[:, None], 0.0, weights)
        return weights / (ops.sum(weights, axis=-1, keepdims=True) + EPSILON)

    def compute_mask(self, *inputs: Any, previous_mask: Any = None) -> None:
        return None

    def compute_output_shape(self, logits_shape: Any, *others: Any) -> tuple[Any, ...]:
        return tuple(logits_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "marks": self.marks}


def copy_probabilities(weights: KerasTensor, source: KerasTensor, ids: int) -> KerasTensor:
    """The weights of the steps that hold each id: (batch, steps, time), ids (batch, time) -> (batch, steps, ids)."""
    batch, steps, time = (ops.shape(weights)[axis] for axis in range(3))
    # The target of each weight: its row, its step and the id that the source has there.
    rows = ops.broadcast_to(ops.arange(batch)[:, None, None], (batch, steps, time))
    places = ops.broadcast_to(ops.arange(steps)[None, :, None], (batch, steps, time))
    held = ops.broadcast_to(source[:, None], (batch, steps, time))
    indices = ops.stack([ops.reshape(ops.cast(each, "int32"), (-1,)) for each in (rows, places, held)], axis=-1)
    return ops.scatter(indices, ops.reshape(weights, (-1,)), (batch, steps, ids))


@keras.saving.register_keras_serializable("unrolled")
class CoverageLoss(keras.layers.Layer):
    """Adds to the loss what is looked at again, and gives the weights back as they are; See et al. 2017, eq. 10 and 12.

    Of the paper's two halves this is the loss; that attention is told what was looked at before (eq. 11) would make
    training go step by step.
    """

    def __init__(self, share: float, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.share = share

    def call(self, weights: KerasTensor, asked: KerasTensor) -> KerasTensor:
        """weights: what is attended to, (batch, steps, time); asked: which steps are real, (batch, steps)"""
        before = ops.cumsum(weights, axis=1) - weights
        again = ops.sum(ops.minimum(weights, before), axis=-1)
        real = ops.cast(asked, weights.dtype)
        self.add_loss(self.share * ops.sum(again * real) / ops.maximum(ops.sum(real), 1))
        return weights

    def compute_mask(self, *inputs: Any, previous_mask: Any = None) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "share": self.share}
