"""What models of text do with word ids: 0 is padding, 1 any word that the vocabulary does not hold."""

import keras
from keras import KerasTensor, ops


@keras.saving.register_keras_serializable("unrolled")
class WordDropout(keras.layers.Layer):
    """In training, replaces ids (batch, time) by unknown (1) with probability `rate`; padding (0) stays padding.

    rare_from: only ids from here on are replaced. A vocabulary has its most frequent words first, so that rare words
        alone can be dropped: those are what unseen words are like.
    What stands beside a dropped word, evidence (batch, time, channels), becomes 0, and the rest is scaled up so that
    its expected sum stays.
    """

    def __init__(self, rate: float, rare_from: int = 0, **options: object) -> None:
        super().__init__(**options)
        self.rate, self.rare_from = rate, rare_from
        if rate:
            self.seeds = keras.random.SeedGenerator()

    def call(
        self, ids: KerasTensor, evidence: KerasTensor | None = None, training: bool = False
    ) -> KerasTensor | tuple[KerasTensor, KerasTensor]:
        if training and self.rate:
            kept = keras.random.uniform(ops.shape(ids), seed=self.seeds) >= self.rate
            kept = ops.logical_or(kept, ids < self.rare_from)
            ids = ops.where(kept, ids, ops.minimum(ids, 1))
            if evidence is not None:
                evidence = evidence * ops.cast(kept, evidence.dtype)[..., None] / (1 - self.rate)
        return ids if evidence is None else (ids, evidence)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rate": self.rate, "rare_from": self.rare_from}


@keras.saving.register_keras_serializable("unrolled")
class PaddingMask(keras.layers.Layer):
    """The one mask of a model, (batch, time): True where an id is not padding."""

    def call(self, ids: KerasTensor) -> KerasTensor:
        return ops.not_equal(ids, 0)
