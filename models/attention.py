"""Attention: which of the encoder's states matter now, and their mean weighed so."""

from typing import Any

import keras
from keras import KerasTensor, ops

from schema.configs import AttentionName

MASKED_LOGIT = -1e9
"""Score of a masked position or a forbidden id. Finite on purpose: sums and products with it are never NaN."""


@keras.saving.register_keras_serializable("unrolled")
class Attention(keras.layers.Layer):
    """Weighs a memory by queries: (batch, steps, query), (batch, time, memory) -> (batch, steps, memory).

    The weights, (batch, steps, time), come with it; they add up to 1.

    additive: v . tanh(W q + U m), Bahdanau et al. 2015, appendix A.1.2
    multiplicative: q . (W m), Luong et al. 2015, eq. 8, "general"
    "none" is for models to heed: they have no such layer then.
    What stands where the mask is False weighs nothing; each row has a valid step at least.
    """

    def __init__(self, kind: AttentionName, units: int, **options: Any) -> None:
        super().__init__(**options)
        # The mask of the memory is passed by hand.
        self.supports_masking = True
        self.kind, self.units = kind, units

    def build(self, query_shape: Any, memory_shape: Any) -> None:
        self.of_memory = self.add_weight(shape=(memory_shape[-1], self.units), name="of_memory")
        if self.kind == "additive":
            self.of_query = self.add_weight(shape=(query_shape[-1], self.units), name="of_query")
            self.score = self.add_weight(shape=(self.units,), initializer="random_normal", name="score")
        elif query_shape[-1] != self.units:
            raise ValueError(f"multiplicative attention needs queries of {self.units} features, not {query_shape[-1]}")

    def keys(self, memory: KerasTensor) -> KerasTensor:
        """What queries are compared with, (batch, time, units): the same for every query."""
        return ops.matmul(memory, ops.convert_to_tensor(self.of_memory))

    def weights_of(self, query: KerasTensor, keys: KerasTensor, mask: KerasTensor) -> KerasTensor:
        """The shares of the memory's steps, (batch, steps, time)."""
        if self.kind == "additive":
            asked = ops.matmul(query, ops.convert_to_tensor(self.of_query))
            # A product of matrices: (batch, steps, time, units) is the largest thing of all, and no second one is kept.
            compared = ops.tanh(asked[:, :, None] + keys[:, None])
            scores = ops.matmul(compared, ops.convert_to_tensor(self.score)[:, None])[..., 0]
        else:
            scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))
        return ops.softmax(ops.where(mask[:, None], scores, MASKED_LOGIT), axis=-1)

    def call(self, query: KerasTensor, memory: KerasTensor, mask: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        weights = self.weights_of(query, self.keys(memory), mask)
        return ops.matmul(weights, memory), weights

    def compute_mask(self, query: KerasTensor, memory: KerasTensor, previous_mask: Any = None) -> tuple[None, None]:
        # Keras would hand on the memory's.
        return None, None

    def compute_output_shape(
        self, query_shape: Any, memory_shape: Any, mask_shape: Any = None
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return (*query_shape[:2], memory_shape[-1]), (*query_shape[:2], memory_shape[1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "units": self.units}
