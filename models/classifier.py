"""Many to one: a text in, a class out.

    words -> embedding -+
                        +-> windows -> recurrent stack -> masked pooling -> logits -+
    evidence -----------+                                                           +-> sum
             +-> sum over the text -> scale ----------------------------------------+

Padding has no effect: the mask is made once, from the ids, and handed to every layer that reads over time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import KerasTensor, ops

from models.cells import recurrent_stack, run_stack
from models.chunks import JoinChunks, LastOfChunks, SplitIntoChunks
from models.pooling import MaskedPooling
from models.token_layers import PaddingMask, WordDropout
from schema.configs import RecurrentSettings


@dataclass(frozen=True)
class ClassifierSettings:
    """Sizes and rates of a classifier.

    chunk_length: steps that are read in one go; texts are padded to a multiple of it
    embedding_fixed: the word embeddings keep their first values
    evidence_deviations: standard deviation of each channel of `evidence` that the recurrent layers read; none where
        the words stand alone
    totals: further channels of `evidence` that add up, over the text, to what a linear model says
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
    evidence_deviations: Sequence[float] = ()
    totals: int = 0


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
    """Model from `words` (batch, time) and `evidence` (batch, time, channels) to logits (batch, classes).

    vectors: first values of the word embeddings, (vocabulary, embedding)
    """
    inputs = {"words": keras.Input((None,), dtype="int32", name="words")}
    mask = PaddingMask(name="mask")(inputs["words"])
    drop = WordDropout(settings.word_dropout, name="word_dropout")
    channels = len(settings.evidence_deviations)
    if channels:
        inputs["evidence"] = keras.Input((None, channels + settings.totals), name="evidence")
        words, evidence = drop(inputs["words"], inputs["evidence"])
    else:
        words, evidence = drop(inputs["words"]), None
    features = _embed(words, settings, vectors)
    if evidence is not None:
        scaled = FixedScale(settings.evidence_deviations, name="scaled_evidence")(evidence[..., :channels])
        features = keras.layers.Concatenate(name="words_and_evidence")([features, scaled])
    logits = keras.layers.Dense(settings.classes, name="logits")(_read(features, mask, settings))
    if evidence is not None:
        total = LinearModelLogits(name="evidence_logits")(evidence[..., channels:])
        logits = keras.layers.Add(name="all_logits")([logits, total])
    return keras.Model(inputs, logits, name="classifier")


def _embed(words: KerasTensor, settings: ClassifierSettings, vectors: np.ndarray | None) -> KerasTensor:
    embedding = keras.layers.Embedding(settings.vocab_size, settings.embedding_size, name="embedding")
    embedding.trainable = not settings.embedding_fixed
    features = embedding(words)
    if vectors is not None:
        embedding.set_weights([vectors])
    return keras.layers.SpatialDropout1D(settings.embedding_dropout, name="embedding_dropout")(features)


def _read(features: KerasTensor, mask: KerasTensor, settings: ClassifierSettings) -> KerasTensor:
    """From features (batch, time, width) to one vector a text, window by window."""
    split = SplitIntoChunks(settings.chunk_length, name="windows")
    stack = recurrent_stack(settings.recurrent)
    read = run_stack(split(features), split(mask), stack, settings.recurrent.dropout)
    sequence = JoinChunks(name="joined")(read.sequence, mask)
    last = LastOfChunks(settings.chunk_length, name="last")(read.last, mask)
    pooled = MaskedPooling(settings.pooling, name="pooling")(sequence, last, mask)
    return keras.layers.Dropout(settings.recurrent.dropout, name="output_dropout")(pooled)
