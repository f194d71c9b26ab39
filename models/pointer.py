"""A pointer that copies words from the source, and a loss against repeated attention (See et al. 2017)."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

EPSILON = 1e-12
"""Added to probabilities before their logarithm is taken."""


@keras.saving.register_keras_serializable("unrolled")
class Pointer(keras.layers.Layer):
    """Mixture of the decoder's distribution and of the attended source tokens; See et al. 2017, eq. 8 and 9.

        p(token) = g softmax(logits)[token] + (1 - g) sum of the attention weights of the source steps with this token

    logits (batch, steps, vocabulary), weights (batch, steps, time), source ids (batch, time), features (batch, steps,
    features) -> log-probabilities (batch, steps, vocabulary)

    g, the probability to generate and not to copy, is computed from the features. The weights are normalized over the
    tokens that may be copied. Source and target share their ids, and subwords form any word of known characters, so no
    copied word needs an id of its own. Padding of the source has no attention weight, and the loss ignores padded steps
    of the target, so no mask is needed.

    special_ids: source ids that are never copied, such as the end of the sequence
    """

    def __init__(self, special_ids: Sequence[int] = (), **options: object) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.special_ids = tuple(special_ids)

    def build(
        self,
        logits_shape: Sequence[int | None],
        weights_shape: Sequence[int | None],
        source_shape: Sequence[int | None],
        features_shape: Sequence[int | None],
    ) -> None:
        self.kernel = self.add_weight(shape=(features_shape[-1], 1), name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(
        self, logits: KerasTensor, weights: KerasTensor, source: KerasTensor, features: KerasTensor
    ) -> KerasTensor:
        generate = ops.sigmoid(ops.matmul(features, ops.convert_to_tensor(self.kernel)) + self.bias)
        copied = copy_probabilities(self._word_weights(weights, source), source, ops.shape(logits)[-1])
        return ops.log(generate * ops.softmax(logits, axis=-1) + (1 - generate) * copied + EPSILON)

    def _word_weights(self, weights: KerasTensor, source: KerasTensor) -> KerasTensor:
        """Weights (batch, steps, time) without special ids, normalized; all 0 for a source of special ids only."""
        if not self.special_ids:
            return weights
        special = ops.any(ops.equal(source[..., None], np.array(self.special_ids, np.int32)), axis=-1)
        weights = ops.where(special[:, None], 0.0, weights)
        return weights / (ops.sum(weights, axis=-1, keepdims=True) + EPSILON)

    def compute_mask(self, *inputs: object, previous_mask: object = None) -> None:
        return None

    def compute_output_shape(self, logits_shape: Sequence[int | None], *others: object) -> tuple[int | None, ...]:
        return tuple(logits_shape)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "special_ids": self.special_ids}


def copy_probabilities(weights: KerasTensor, source: KerasTensor, vocab_size: int) -> KerasTensor:
    """Sum of the attention weights by source id.

    weights (batch, steps, time), source ids (batch, time) -> (batch, steps, vocab_size)
    """
    batch, steps, time = (ops.shape(weights)[axis] for axis in range(3))
    # The target of each weight: its row, its step and the id of the source there.
    rows = ops.broadcast_to(ops.arange(batch)[:, None, None], (batch, steps, time))
    columns = ops.broadcast_to(ops.arange(steps)[None, :, None], (batch, steps, time))
    ids = ops.broadcast_to(source[:, None], (batch, steps, time))
    indices = ops.stack([ops.reshape(ops.cast(axis, "int32"), (-1,)) for axis in (rows, columns, ids)], axis=-1)
    return ops.scatter(indices, ops.reshape(weights, (-1,)), (batch, steps, vocab_size))


@keras.saving.register_keras_serializable("unrolled")
class CoverageLoss(keras.layers.Layer):
    """Identity that adds a penalty for repeated attention to the loss; See et al. 2017, eq. 10 and 12.

    weights (batch, steps, time), target_mask (batch, steps) -> weights, unchanged

    This is the loss, one of the two parts of the paper's method. The other, coverage as an input of the attention
    (eq. 11), would make training go step by step.

    rate: weight of the penalty, a mean over the valid steps
    """

    def __init__(self, rate: float, **options: object) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.rate = rate

    def call(self, weights: KerasTensor, target_mask: KerasTensor) -> KerasTensor:
        coverage = ops.cumsum(weights, axis=1) - weights
        repeated = ops.sum(ops.minimum(weights, coverage), axis=-1)
        valid = ops.cast(target_mask, weights.dtype)
        self.add_loss(self.rate * ops.sum(repeated * valid) / ops.maximum(ops.sum(valid), 1))
        return weights

    def compute_mask(self, *inputs: object, previous_mask: object = None) -> None:
        return None

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rate": self.rate}
