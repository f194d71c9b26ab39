"""From a sequence to one vector, with padding left out."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import KerasTensor, ops

from models.attention import MASKED_LOGIT

POOLINGS = ("last", "mean", "max", "attention")


@keras.saving.register_keras_serializable("unrolled")
class MaskedPooling(keras.layers.Layer):
    """Pools sequence (batch, time, features) over the steps where valid (batch, time) is True.

    kinds: any of `POOLINGS`; their results stand side by side, (batch, features x kinds).
    `last` is the layer's last state, (batch, features), which a recurrent layer hands over itself: the last column
    of the sequence is padding, or the wrong end of a backward layer. `attention` weighs the steps by a learnt vector
    (Yang et al. 2016, eq. 5 to 7, without the context matrix's own width). A row without valid steps gives zeros.
    """

    def __init__(self, kinds: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        if unknown := set(kinds) - set(POOLINGS):
            raise ValueError(f"unknown pooling {sorted(unknown)}; known are {POOLINGS}")
        self.kinds = tuple(kinds)
        # The sequence comes with Keras's own mask; it ends here, where `valid` has done its work.
        self.supports_masking = True

    def build(self, sequence_shape: Sequence[int], last_shape: Sequence[int], valid_shape: Sequence[int]) -> None:
        if "attention" in self.kinds:
            features = sequence_shape[-1]
            self.projection = self.add_weight(shape=(features, features), name="projection")
            self.context = self.add_weight(shape=(features,), name="context")

    def call(self, sequence: KerasTensor, last: KerasTensor, valid: KerasTensor) -> KerasTensor:
        # Not named `mask`: Keras fills an argument of that name by itself.
        valid = ops.cast(valid, sequence.dtype)[..., None]
        pooled = {"last": lambda: last * ops.max(valid, axis=1)}
        pooled["mean"] = lambda: ops.sum(sequence * valid, axis=1) / ops.maximum(ops.sum(valid, axis=1), 1)
        pooled["max"] = lambda: ops.max(sequence * valid + MASKED_LOGIT * (1 - valid), axis=1) * ops.max(valid, axis=1)
        pooled["attention"] = lambda: self._attend(sequence, valid)
        return ops.concatenate([pooled[kind]() for kind in self.kinds], axis=-1)

    def _attend(self, sequence: KerasTensor, valid: KerasTensor) -> KerasTensor:
        scores = ops.tanh(sequence @ self.projection) @ self.context[:, None]
        weights = ops.softmax(scores + MASKED_LOGIT * (1 - valid), axis=1) * valid
        return ops.sum(sequence * weights, axis=1)

    def compute_mask(self, *_: Any) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kinds": list(self.kinds)}
