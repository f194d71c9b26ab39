"""Pooling of a sequence to one vector, over its valid steps."""

from collections.abc import Sequence

import keras
from keras import KerasTensor, ops

from models.attention import MASKED_LOGIT

POOLINGS = ("last", "mean", "max", "attention")


@keras.saving.register_keras_serializable("unrolled")
class MaskedPooling(keras.layers.Layer):
    """Pool a sequence over the steps where `valid` is True.

    sequence (batch, time, features), last (batch, features), valid (batch, time) -> (batch, features x kinds)

    kinds: any of `POOLINGS`; their results are concatenated
        "last": the final output of a recurrent layer, which it returns itself; the last column of the sequence would
            be padding, or the wrong end of a backward layer
        "mean", "max": over the valid steps
        "attention": the steps weighted by a trained vector (Yang et al. 2016, eq. 5 to 7, where the projection is as
            wide as the features)

    A row without valid steps gives zeros.
    """

    def __init__(self, kinds: Sequence[str], **options: object) -> None:
        super().__init__(**options)
        if unknown := set(kinds) - set(POOLINGS):
            raise ValueError(f"unknown pooling {sorted(unknown)}; choose from {POOLINGS}")
        self.kinds = tuple(kinds)
        # The automatic mask of the sequence ends here; `valid` is what counts.
        self.supports_masking = True

    def build(
        self,
        sequence_shape: Sequence[int | None],
        last_shape: Sequence[int | None],
        valid_shape: Sequence[int | None],
    ) -> None:
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

    def compute_mask(self, *_: object) -> None:
        return None

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "kinds": list(self.kinds)}
