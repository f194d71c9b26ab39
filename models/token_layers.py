"""What models of text do with word ids: 0 is padding, 1 any word that the vocabulary does not hold."""

from collections.abc import Sequence
from itertools import accumulate

import keras
from keras import KerasTensor, ops


@keras.saving.register_keras_serializable("unrolled")
class WordDropout(keras.layers.Layer):
    """In training, replaces ids (batch, time) by unknown (1) with probability `rate`; padding (0) stays padding.

    rare_from: only ids from here on are replaced. A vocabulary has its most frequent words first, so that rare words
        alone can be dropped: those are what unseen words are like.
    Features of the words, (batch, time, channels) each, become 0 at a dropped word, and the others are scaled up so
    that the expected sum stays.
    """

    def __init__(self, rate: float, rare_from: int = 0, **options: object) -> None:
        super().__init__(**options)
        self.rate, self.rare_from = rate, rare_from
        if rate:
            self.seeds = keras.random.SeedGenerator()

    def call(
        self, ids: KerasTensor, features: Sequence[KerasTensor] = (), training: bool = False
    ) -> KerasTensor | tuple[KerasTensor, ...]:
        if training and self.rate:
            kept = keras.random.uniform(ops.shape(ids), seed=self.seeds) >= self.rate
            kept = ops.logical_or(kept, ids < self.rare_from)
            ids = ops.where(kept, ids, ops.minimum(ids, 1))
            if features:
                joined = ops.concatenate(features, axis=-1)
                joined = joined * ops.cast(kept, joined.dtype)[..., None] / (1 - self.rate)
                features = ops.split(joined, list(accumulate(part.shape[-1] for part in features))[:-1], axis=-1)
        return (ids, *features) if features else ids

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rate": self.rate, "rare_from": self.rare_from}


@keras.saving.register_keras_serializable("unrolled")
class PaddingMask(keras.layers.Layer):
    """The one mask of a model, (batch, time): True where an id is not padding."""

    def call(self, ids: KerasTensor) -> KerasTensor:
        return ops.not_equal(ids, 0)
