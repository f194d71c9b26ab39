"""What writes: two recurrent layers with attention between them, over whatever was read, a text or a picture.

    target -> embedding -> first recurrent layer -> queries -> attention over the memory -> context
                  |                                    |                      |
                  |                                    +-> second recurrent layer, fed with the context at each step
                  +----------------------------------------------> output -> logits, the embedding turned round
                                                                               -> mixed with copies of the source

Queries come from a recurrent layer below the one that is fed with the context (Wu et al. 2016, section 3), so that in
training all steps of a layer are read in one go; the classic cell, which asks with its own last state, would have to
go step by step. Without attention the context is the memory's last state at every step (Cho et al. 2014).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import KerasTensor, ops

from models.attention import Attention
from models.cells import apply_rnn, recurrent_layer, state_sizes
from models.pointer import CoverageLoss, Pointer
from models.token_layers import PaddingMask, WordDropout
from schema.configs import AttentionName, RecurrentSettings

LOWER, UPPER = "decoder_1", "decoder_2"
"""The decoder's recurrent layers: the one that asks, and the one that is fed with the context."""
TARGET_EMBEDDING = "target_embedding"


@dataclass(frozen=True)
class DecoderSettings:
    """Sizes and rates of a decoder.

    recurrent: cell and sizes of both of its layers, which read forward; an encoder of sequences shares them, and has as
        many layers and directions as they say
    coverage_weight: weight of the coverage loss, for a pointer
    """

    vocab_size: int
    recurrent: RecurrentSettings
    embedding_size: int
    attention: AttentionName
    word_dropout: float
    embedding_dropout: float
    memory_dropout: float
    coverage_weight: float = 0.0


@dataclass(frozen=True)
class Memory:
    """What was read: sequence (batch, time, features), mask of what is real (batch, time), last (batch, features)."""

    sequence: KerasTensor
    mask: KerasTensor
    last: KerasTensor


def target_embedding(settings: DecoderSettings) -> "TiedEmbedding":
    """What `decode` looks targets up in, and turns outputs into logits with."""
    return TiedEmbedding(settings.vocab_size, settings.embedding_size, name=TARGET_EMBEDDING)


def decoder_logits(
    target: KerasTensor,
    embed: "TiedEmbedding",
    memory: Memory,
    settings: DecoderSettings,
    source: KerasTensor | None = None,
    marks: Sequence[int] = (),
) -> KerasTensor:
    """Logits (batch, steps, vocabulary) of what comes after each step of `target`, ids (batch, steps).

    embed: a `target_embedding`
    source: ids (batch, time) of what can be copied, where there is attention; these are then log-probabilities
    marks: ids that are not copied
    """
    target_mask = PaddingMask(name="target_mask")(target)
    looked_at = keras.layers.Dropout(settings.memory_dropout, name="memory_dropout")(memory.sequence)
    first = _first_states(memory.last, settings)

    embedded = embed(WordDropout(settings.word_dropout, name="target_word_dropout")(target))
    said = keras.layers.Dropout(settings.embedding_dropout, name="target_dropout")(embedded)
    lower = _one_way(settings, LOWER)
    queries = apply_rnn(lower, said, target_mask, first[LOWER]).sequence
    if settings.attention == "none":
        context, weights = RepeatContext(name="context")(queries, memory.last), None
    else:
        attention = Attention(settings.attention, settings.recurrent.units, name="attention")
        context, weights = attention(queries, looked_at, mask=memory.mask)
    fed = keras.layers.Concatenate(name="fed")([queries, context])
    upper = _one_way(settings, UPPER)
    states = apply_rnn(
        upper, keras.layers.Dropout(settings.recurrent.dropout, name="fed_dropout")(fed), target_mask, first[UPPER]
    )
    features = keras.layers.Concatenate(name="seen")([states.sequence, context, said])
    output = keras.layers.Dense(settings.embedding_size, activation="tanh", name="output")(features)
    output = keras.layers.Dropout(settings.recurrent.dropout, name="output_dropout")(output)
    logits = embed(output, reverse=True)
    if source is not None and weights is not None:
        if settings.coverage_weight:
            weights = CoverageLoss(settings.coverage_weight, name="coverage")(weights, target_mask)
        logits = Pointer(marks, name="pointer")(logits, weights, source, features)
    return logits


def scaled_normal(size: int) -> keras.initializers.Initializer:
    """For embeddings of so many features: targets' are compared with outputs, and the products should start small."""
    return keras.initializers.RandomNormal(stddev=size**-0.5)


def _one_way(settings: DecoderSettings, name: str) -> keras.layers.Layer:
    recurrent = settings.recurrent
    return recurrent_layer(recurrent.cell, recurrent.units, forget_bias=recurrent.forget_bias, name=name)


def _first_states(last: KerasTensor, settings: DecoderSettings) -> dict[str, list[KerasTensor]]:
    """The states that the decoder's layers start from, all of them made of the memory's last one."""
    states = {}
    for name in (LOWER, UPPER):
        sizes = state_sizes(settings.recurrent.cell, settings.recurrent.units)
        states[name] = [
            keras.layers.Dense(size, activation="tanh", name=f"{name}_state_{number}")(last)
            for number, size in enumerate(sizes)
        ]
    return states


@keras.saving.register_keras_serializable("unrolled")
class RepeatContext(keras.layers.Layer):
    """The memory's last state (batch, features) at every step of the queries: (batch, steps, features)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Masks are passed by hand.
        self.supports_masking = True

    def call(self, queries: KerasTensor, last: KerasTensor) -> KerasTensor:
        steps = ops.shape(queries)[1]
        return ops.repeat(last[:, None], steps, axis=1)

    def compute_mask(self, queries: KerasTensor, previous_mask: Any = None) -> None:
        return None

    def compute_output_shape(self, queries_shape: Any, last_shape: Any) -> tuple[Any, ...]:
        return (*queries_shape[:2], last_shape[-1])

    def get_config(self) -> dict[str, Any]:
        # The one that Keras makes up leaves the name out.
        return super().get_config()


@keras.saving.register_keras_serializable("unrolled")
class TiedEmbedding(keras.layers.Layer):
    """Ids to vectors, and turned round, with a bias, features (..., size) to logits (..., ids) (Press & Wolf 2017)."""

    def __init__(self, ids: int, size: int, **options: Any) -> None:
        super().__init__(**options)
        # Masks are passed by hand.
        self.supports_masking = True
        self.ids, self.size = ids, size

    def build(self, ids_shape: Any) -> None:
        initializer = scaled_normal(self.size)
        self.vectors = self.add_weight(shape=(self.ids, self.size), initializer=initializer, name="vectors")
        self.bias = self.add_weight(shape=(self.ids,), initializer="zeros", name="bias")

    def call(self, inputs: KerasTensor, reverse: bool = False) -> KerasTensor:
        if reverse:
            return ops.matmul(inputs, ops.transpose(self.vectors)) + self.bias
        return ops.take(self.vectors, inputs, axis=0)

    def compute_mask(self, inputs: KerasTensor, previous_mask: Any = None) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "ids": self.ids, "size": self.size}


@keras.saving.register_keras_serializable("unrolled")
class SmoothedCrossEntropy(keras.losses.Loss):
    """Mean over the real steps of the surprise at the target, in nats, part of it shared out over all words.

    label_smoothing: that part (Szegedy et al. 2016, section 7)
    blank: stands in targets (batch, steps) where nothing is asked
    """

    def __init__(self, smoothing: float, blank: int, name: str = "smoothed_cross_entropy", **options: Any) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight", **options)
        self.label_smoothing, self.blank = smoothing, blank

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> KerasTensor:
        asked = ops.cast(ops.not_equal(y_true, self.blank), y_pred.dtype)
        weights = asked if sample_weight is None else asked * sample_weight
        return super().__call__(y_true, y_pred, weights)

    def call(self, y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        logs = ops.log_softmax(y_pred, axis=-1)
        right = ops.take_along_axis(logs, ops.maximum(y_true, 0)[..., None], axis=-1)[..., 0]
        return -(1 - self.label_smoothing) * right - self.label_smoothing * ops.mean(logs, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "smoothing": self.label_smoothing, "blank": self.blank}
