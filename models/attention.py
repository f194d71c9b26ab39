"""Attention of queries over a memory: additive (Bahdanau et al. 2015) or multiplicative (Luong et al. 2015)."""

from collections.abc import Sequence

import keras
from keras import KerasTensor, ops

from schema.configs import AttentionName

MASKED_LOGIT = -1e9
"""Score of a masked position or a forbidden id. Finite on purpose: sums and products with it are never NaN."""


@keras.saving.register_keras_serializable("unrolled")
class Attention(keras.layers.Layer):
    """Mean of a memory, weighted by its similarity to each query.

    query (batch, steps, query features), memory (batch, time, memory features), mask (batch, time)
    -> context (batch, steps, memory features), weights (batch, steps, time)

    The weights of a step add up to 1. Positions where the mask is False have weight 0; each row needs at least one
    valid position.

    kind: the score of query q and memory m
        "additive": v . tanh(W q + U m), Bahdanau et al. 2015, appendix A.1.2
        "multiplicative": q . (W m), Luong et al. 2015, eq. 8, "general"
        A model with attention "none" has no such layer.
    units: size of the space in which queries and memory are compared; for multiplicative attention that of the queries
    """

    def __init__(self, kind: AttentionName, units: int, **options: object) -> None:
        super().__init__(**options)
        # The mask of the memory is passed explicitly.
        self.supports_masking = True
        self.kind, self.units = kind, units

    def build(self, query_shape: Sequence[int | None], memory_shape: Sequence[int | None]) -> None:
        self.memory_kernel = self.add_weight(shape=(memory_shape[-1], self.units), name="memory_kernel")
        if self.kind == "additive":
            self.query_kernel = self.add_weight(shape=(query_shape[-1], self.units), name="query_kernel")
            self.score_kernel = self.add_weight(shape=(self.units,), initializer="random_normal", name="score_kernel")
        elif query_shape[-1] != self.units:
            raise ValueError(f"multiplicative attention needs queries of {self.units} features, not {query_shape[-1]}")

    def keys(self, memory: KerasTensor) -> KerasTensor:
        """Project the memory to the keys that queries are compared with: (batch, time, units)."""
        return ops.matmul(memory, ops.convert_to_tensor(self.memory_kernel))

    def compute_weights(self, query: KerasTensor, keys: KerasTensor, mask: KerasTensor) -> KerasTensor:
        """Compute the attention weights (batch, steps, time) from queries, keys and the mask of the memory."""
        if self.kind == "additive":
            query_projection = ops.matmul(query, ops.convert_to_tensor(self.query_kernel))
            energy = ops.tanh(query_projection[:, :, None] + keys[:, None])
            # A matrix product: (batch, steps, time, units) is the largest tensor of the model, and no second is kept.
            scores = ops.matmul(energy, ops.convert_to_tensor(self.score_kernel)[:, None])[..., 0]
        else:
            scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))
        return ops.softmax(ops.where(mask[:, None], scores, MASKED_LOGIT), axis=-1)

    def call(self, query: KerasTensor, memory: KerasTensor, mask: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        weights = self.compute_weights(query, self.keys(memory), mask)
        return ops.matmul(weights, memory), weights

    def compute_mask(self, query: KerasTensor, memory: KerasTensor, previous_mask: object = None) -> tuple[None, None]:
        # Keras would pass on the mask of the memory.
        return None, None

    def compute_output_shape(
        self, query_shape: Sequence[int | None], memory_shape: Sequence[int | None], mask_shape: object = None
    ) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
        return (*query_shape[:2], memory_shape[-1]), (*query_shape[:2], memory_shape[1])

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "kind": self.kind, "units": self.units}
