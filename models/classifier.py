"""Many to one: a text classifier.

    words -> embedding -+
                        +-> chunks -> recurrent stack -> masked pooling -> logits -+
    ngram_features -----+                                                          +-> sum
    ngram_totals -> sum over the text -> scale ------------------------------------+

Padding has no effect: the mask is made once, from the word ids, and passed to every layer that works over time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import KerasTensor, ops

from models.cells import apply_stack, recurrent_stack
from models.chunks import JoinChunks, LastOfChunks, SplitIntoChunks
from models.pooling import MaskedPooling
from models.token_layers import PaddingMask, WordDropout
from schema.configs import RecurrentSettings


@dataclass(frozen=True)
class ClassifierSettings:
    """Sizes and rates of a classifier.

    chunk_length: steps of a chunk, which the recurrent layers process independently; texts are padded to a multiple of
        it
    pooling: any of `models.pooling.POOLINGS`
    freeze_embeddings: the word embeddings keep their initial values
    ngram_stddevs: standard deviation of each channel of `ngram_features`; empty for a model without n-gram features
    ngram_channels: channels of `ngram_totals`
    """

    vocab_size: int
    num_classes: int
    recurrent: RecurrentSettings
    embedding_size: int
    chunk_length: int
    pooling: Sequence[str]
    word_dropout: float
    embedding_dropout: float
    freeze_embeddings: bool = False
    ngram_stddevs: Sequence[float] = ()
    ngram_channels: int = 0


@keras.saving.register_keras_serializable("unrolled")
class FixedScale(keras.layers.Layer):
    """Divide each channel of (batch, time, channels) by its fixed standard deviation; 0 counts as 1."""

    def __init__(self, deviations: Sequence[float], **options: object) -> None:
        super().__init__(**options)
        self.deviations = [float(deviation) or 1.0 for deviation in deviations]

    def call(self, channels: KerasTensor) -> KerasTensor:
        return channels / ops.convert_to_tensor(self.deviations, channels.dtype)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "deviations": self.deviations}


@keras.saving.register_keras_serializable("unrolled")
class LinearModelLogits(keras.layers.Layer):
    """Logits of the linear model over n-grams: totals (batch, time, channels) -> (batch, classes).

    Sums over time (the totals are 0 at padding) and multiplies by one trained factor, initially 1: an untrained network
    predicts what the linear model predicts. A single channel is the logit of the second of two classes.
    """

    def build(self, totals_shape: Sequence[int]) -> None:
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, totals: KerasTensor) -> KerasTensor:
        logits = self.scale * ops.sum(totals, axis=1)
        return logits if logits.shape[-1] > 1 else ops.concatenate([ops.zeros_like(logits), logits], axis=-1)


def build_classifier(settings: ClassifierSettings, vectors: np.ndarray | None = None) -> keras.Model:
    """Build a model from `words` (batch, time) to logits (batch, classes).

    With n-gram features it has the inputs `ngram_features` and `ngram_totals` (batch, time, channels) too.

    vectors: initial values of the word embeddings, (vocabulary, embedding size)
    """
    inputs = {"words": keras.Input((None,), dtype="int32", name="words")}
    mask = PaddingMask(name="mask")(inputs["words"])
    drop = WordDropout(settings.word_dropout, name="word_dropout")
    if not settings.ngram_stddevs:
        features = _embed(drop(inputs["words"]), settings, vectors)
        return keras.Model(inputs, _logits(features, mask, settings), name="classifier")
    inputs["ngram_features"] = keras.Input((None, len(settings.ngram_stddevs)), name="ngram_features")
    inputs["ngram_totals"] = keras.Input((None, settings.ngram_channels), name="ngram_totals")
    words, ngrams, totals = drop(inputs["words"], [inputs["ngram_features"], inputs["ngram_totals"]])
    scaled = FixedScale(settings.ngram_stddevs, name="scaled_ngram_features")
    features = keras.layers.Concatenate(name="features")([_embed(words, settings, vectors), scaled(ngrams)])
    linear = LinearModelLogits(name="linear_model_logits")(totals)
    logits = keras.layers.Add(name="summed_logits")([_logits(features, mask, settings), linear])
    return keras.Model(inputs, logits, name="classifier")


def _embed(words: KerasTensor, settings: ClassifierSettings, vectors: np.ndarray | None) -> KerasTensor:
    embedding = keras.layers.Embedding(settings.vocab_size, settings.embedding_size, name="embedding")
    embedding.trainable = not settings.freeze_embeddings
    features = embedding(words)
    if vectors is not None:
        embedding.set_weights([vectors])
    return keras.layers.SpatialDropout1D(settings.embedding_dropout, name="embedding_dropout")(features)


def _logits(features: KerasTensor, mask: KerasTensor, settings: ClassifierSettings) -> KerasTensor:
    """Logits (batch, classes) of features (batch, time, features)."""
    return keras.layers.Dense(settings.num_classes, name="logits")(_encode(features, mask, settings))


def _encode(features: KerasTensor, mask: KerasTensor, settings: ClassifierSettings) -> KerasTensor:
    """Encode each text as one vector, (batch, features), by the recurrent layers over its chunks and by pooling."""
    split = SplitIntoChunks(settings.chunk_length, name="chunks")
    stack = recurrent_stack(settings.recurrent)
    output = apply_stack(split(features), split(mask), stack, settings.recurrent.dropout)
    sequence = JoinChunks(name="joined_chunks")(output.sequence, mask)
    last = LastOfChunks(settings.chunk_length, name="last")(output.last, mask)
    pooled = MaskedPooling(settings.pooling, name="pooling")(sequence, last, mask)
    return keras.layers.Dropout(settings.recurrent.dropout, name="output_dropout")(pooled)
