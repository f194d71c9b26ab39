"""Layers over token ids: word dropout, and the padding mask."""

from collections.abc import Sequence
from itertools import accumulate

import keras
from keras import KerasTensor, ops

from schema.encoded import PADDING, UNKNOWN


@keras.saving.register_keras_serializable("unrolled")
class WordDropout(keras.layers.Layer):
    """Replace ids (batch, time) by `UNKNOWN` at random in training. Padding stays padding.

    rate: probability that an id is replaced
    rare_from: only ids from here on are replaced. Vocabularies are sorted by frequency, so dropout can be limited to
        rare words, which are most like unseen words.

    Optional features of the words, (batch, time, channels) each, are set to 0 for dropped words and scaled up for the
    others, which keeps their expected sum.
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
            ids = ops.where(kept, ids, ops.minimum(ids, UNKNOWN))
            if features:
                joined = ops.concatenate(features, axis=-1)
                joined = joined * ops.cast(kept, joined.dtype)[..., None] / (1 - self.rate)
                features = ops.split(joined, list(accumulate(part.shape[-1] for part in features))[:-1], axis=-1)
        return (ids, *features) if features else ids

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "rate": self.rate, "rare_from": self.rare_from}


@keras.saving.register_keras_serializable("unrolled")
class PaddingMask(keras.layers.Layer):
    """Mask of ids (batch, time): True where an id is not padding. A model makes it once and passes it explicitly."""

    def call(self, ids: KerasTensor) -> KerasTensor:
        return ops.not_equal(ids, PADDING)
