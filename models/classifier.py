"""Many to one: a text in, a class out.

    words -> embedding -+
                        +-> chunks -> recurrent stack -> masked pooling -> logits -+
    ngram_features -----+                                                          +-> sum
    ngram_totals -> sum over the text -> scale ------------------------------------+

Padding has no effect: the mask is made once, from the ids, and handed to every layer that reads over time.
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

    chunk_length: steps that are read in one go; texts are padded to a multiple of it
    embedding_fixed: the word embeddings keep their first values
    ngram_stddevs: standard deviation of each channel of `ngram_features`; empty for a model without n-gram features
    ngram_channels: channels of `ngram_totals`
    """

    vocab_size: int
    classes: int
    recurrent: RecurrentSettings
    embedding_size: int
    chunk_length: int
    pooling: Sequence[str]
    word_dropout: float
    embedding_dropout: float
    embedding_fixed: bool = False
    ngram_stddevs: Sequence[float] = ()
    ngram_channels: int = 0


@keras.saving.register_keras_serializable("unrolled")
class FixedScale(keras.layers.Layer):
    """Divides each channel of (batch, time, channels) by its fixed standard deviation; 0 counts as 1."""

    def __init__(self, deviations: Sequence[float], **options: object) -> None:
        super().__init__(**options)
        self.deviations = [float(deviation) or 1.0 for deviation in deviations]

    def call(self, channels: KerasTensor) -> KerasTensor:
        return channels / ops.convert_to_tensor(self.deviations, channels.dtype)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "deviations": self.deviations}


@keras.saving.register_keras_serializable("unrolled")
class LinearModelLogits(keras.layers.Layer):
    """The linear model's score of a text as logits: totals (batch, time, channels) -> (batch, classes).

    Sums over time (padding holds zeros) and multiplies by one learnt number that begins at 1: an untrained network
    says what the linear model says. A single channel speaks for the second of two classes.
    """

    def build(self, totals_shape: Sequence[int]) -> None:
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, totals: KerasTensor) -> KerasTensor:
        logits = self.scale * ops.sum(totals, axis=1)
        return logits if logits.shape[-1] > 1 else ops.concatenate([ops.zeros_like(logits), logits], axis=-1)


def build_classifier(settings: ClassifierSettings, vectors: np.ndarray | None = None) -> keras.Model:
    """Model from `words` (batch, time) and, with n-gram features, `ngram_features` and `ngram_totals` (batch, time,
    channels) to logits (batch, classes).

    vectors: initial values of the word embeddings, (vocabulary, embedding)
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
    embedding.trainable = not settings.embedding_fixed
    features = embedding(words)
    if vectors is not None:
        embedding.set_weights([vectors])
    return keras.layers.SpatialDropout1D(settings.embedding_dropout, name="embedding_dropout")(features)


def _logits(features: KerasTensor, mask: KerasTensor, settings: ClassifierSettings) -> KerasTensor:
    """Logits (batch, classes) of features (batch, time, width)."""
    return keras.layers.Dense(settings.classes, name="logits")(_pooled(features, mask, settings))


def _pooled(features: KerasTensor, mask: KerasTensor, settings: ClassifierSettings) -> KerasTensor:
    """One vector a text, (batch, width), by the recurrent layers, which process the features chunk by chunk."""
    split = SplitIntoChunks(settings.chunk_length, name="windows")
    stack = recurrent_stack(settings.recurrent)
    read = apply_stack(split(features), split(mask), stack, settings.recurrent.dropout)
    sequence = JoinChunks(name="joined")(read.sequence, mask)
    last = LastOfChunks(settings.chunk_length, name="last")(read.last, mask)
    pooled = MaskedPooling(settings.pooling, name="pooling")(sequence, last, mask)
    return keras.layers.Dropout(settings.recurrent.dropout, name="output_dropout")(pooled)
