"""A decoder of two recurrent layers with attention between them, over any memory: a text or an image.

    target -> embedding -> lower recurrent layer -> queries -> attention over the memory -> context
                  |                                    |                      |
                  |                                    +-> upper recurrent layer, whose inputs include the context
                  +----------------------------------------------> output -> logits by the transposed embedding
                                                                               -> mixed with copies of the source

Queries come from a recurrent layer below the one that gets the context (Wu et al. 2016, section 3), so that in training
a layer computes all its steps in one call. The classic decoder, whose query is its own last state, would have to go
step by step. Without attention the context is the memory's final state at every step (Cho et al. 2014).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
from keras import KerasTensor, ops

from models.attention import Attention
from models.cells import apply_rnn, recurrent_layer, state_sizes
from models.pointer import CoverageLoss, Pointer
from models.token_layers import PaddingMask, WordDropout
from schema.configs import AttentionName, RecurrentSettings

LOWER, UPPER = "decoder_1", "decoder_2"
"""Names of the decoder's recurrent layers: the one that makes the queries, and the one that gets the context."""
TARGET_EMBEDDING = "target_embedding"


@dataclass(frozen=True)
class DecoderSettings:
    """Sizes and rates of a decoder.

    recurrent: cell, units, dropout and forget bias of both layers, which are unidirectional; an encoder of sequences
        shares these settings, and takes its number of layers and directions from them
    word_dropout: rate of the target tokens that are replaced by unknown
    embedding_dropout, memory_dropout: dropout rates of the target embeddings and of the memory
    coverage_weight: weight of the coverage loss, for a decoder with a pointer
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
    """Encoded source.

    sequence: (batch, time, features)
    mask: (batch, time), True at valid steps
    last: (batch, features), the final state
    """

    sequence: KerasTensor
    mask: KerasTensor
    last: KerasTensor


def target_embedding(settings: DecoderSettings) -> "TiedEmbedding":
    """Make the embedding of the targets, which also computes the logits."""
    return TiedEmbedding(settings.vocab_size, settings.embedding_size, name=TARGET_EMBEDDING)


def decoder_logits(
    target: KerasTensor,
    embed: "TiedEmbedding",
    memory: Memory,
    settings: DecoderSettings,
    source: KerasTensor | None = None,
    special_ids: Sequence[int] = (),
) -> KerasTensor:
    """Apply the decoder to whole targets: logits (batch, steps, vocabulary) of the token after each step of `target`.

    target: ids (batch, steps); padding is masked
    embed: from `target_embedding`
    source: ids (batch, time) that can be copied, if there is attention; the result is then log-probabilities
    special_ids: ids that are never copied
    """
    target_mask = PaddingMask(name="target_mask")(target)
    dropped_memory = keras.layers.Dropout(settings.memory_dropout, name="memory_dropout")(memory.sequence)
    initial = _initial_states(memory.last, settings)

    embedded = embed(WordDropout(settings.word_dropout, name="target_word_dropout")(target))
    embedded = keras.layers.Dropout(settings.embedding_dropout, name="target_dropout")(embedded)
    lower = _decoder_layer(settings, LOWER)
    queries = apply_rnn(lower, embedded, target_mask, initial[LOWER]).sequence
    if settings.attention == "none":
        context, weights = RepeatContext(name="context")(queries, memory.last), None
    else:
        attention = Attention(settings.attention, settings.recurrent.units, name="attention")
        context, weights = attention(queries, dropped_memory, mask=memory.mask)
    rnn_input = keras.layers.Concatenate(name="rnn_input")([queries, context])
    upper = _decoder_layer(settings, UPPER)
    rnn_input = keras.layers.Dropout(settings.recurrent.dropout, name="rnn_input_dropout")(rnn_input)
    states = apply_rnn(upper, rnn_input, target_mask, initial[UPPER])
    features = keras.layers.Concatenate(name="features")([states.sequence, context, embedded])
    output = keras.layers.Dense(settings.embedding_size, activation="tanh", name="output")(features)
    output = keras.layers.Dropout(settings.recurrent.dropout, name="output_dropout")(output)
    logits = embed(output, reverse=True)
    if source is not None and weights is not None:
        if settings.coverage_weight:
            weights = CoverageLoss(settings.coverage_weight, name="coverage")(weights, target_mask)
        logits = Pointer(special_ids, name="pointer")(logits, weights, source, features)
    return logits


def scaled_normal(size: int) -> keras.initializers.Initializer:
    """Normal initializer for embeddings of `size` features: their products with outputs start small."""
    return keras.initializers.RandomNormal(stddev=size**-0.5)


def _decoder_layer(settings: DecoderSettings, name: str) -> keras.layers.Layer:
    recurrent = settings.recurrent
    return recurrent_layer(recurrent.cell, recurrent.units, forget_bias=recurrent.forget_bias, name=name)


def _initial_states(last: KerasTensor, settings: DecoderSettings) -> dict[str, list[KerasTensor]]:
    """Initial states of the decoder's layers, by layer: projections of the memory's final state."""
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
    """Repeat the memory's final state (batch, features) at every step of the queries: (batch, steps, features)."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        # Masks are passed explicitly.
        self.supports_masking = True

    def call(self, queries: KerasTensor, last: KerasTensor) -> KerasTensor:
        steps = ops.shape(queries)[1]
        return ops.repeat(last[:, None], steps, axis=1)

    def compute_mask(self, queries: KerasTensor, previous_mask: object = None) -> None:
        return None

    def compute_output_shape(
        self, queries_shape: Sequence[int | None], last_shape: Sequence[int | None]
    ) -> tuple[int | None, ...]:
        return (*queries_shape[:2], last_shape[-1])

    def get_config(self) -> dict[str, object]:
        # The one that Keras generates lacks the name.
        return super().get_config()


@keras.saving.register_keras_serializable("unrolled")
class TiedEmbedding(keras.layers.Layer):
    """Embedding whose transpose, with a bias, computes the logits (Press & Wolf 2017).

    ids (...) -> vectors (..., size); with reverse=True, features (..., size) -> logits (..., vocabulary). Padding has a
    vector like other ids, and no mask is made.
    """

    def __init__(self, vocab_size: int, size: int, **options: object) -> None:
        super().__init__(**options)
        # Masks are passed explicitly.
        self.supports_masking = True
        self.vocab_size, self.size = vocab_size, size

    def build(self, ids_shape: Sequence[int | None]) -> None:
        initializer = scaled_normal(self.size)
        self.vectors = self.add_weight(shape=(self.vocab_size, self.size), initializer=initializer, name="vectors")
        self.bias = self.add_weight(shape=(self.vocab_size,), initializer="zeros", name="bias")

    def call(self, inputs: KerasTensor, reverse: bool = False) -> KerasTensor:
        if reverse:
            return ops.matmul(inputs, ops.transpose(self.vectors)) + self.bias
        return ops.take(self.vectors, inputs, axis=0)

    def compute_mask(self, inputs: KerasTensor, previous_mask: object = None) -> None:
        return None

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "vocab_size": self.vocab_size, "size": self.size}


@keras.saving.register_keras_serializable("unrolled")
class SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy with label smoothing, in nats, averaged over the valid steps.

    y_true: ids (batch, steps); y_pred: logits (batch, steps, vocabulary)
    label_smoothing: probability that is spread evenly over the vocabulary (Szegedy et al. 2016, section 7)
    ignore_index: target of the steps that do not count, such as padding
    """

    def __init__(
        self, label_smoothing: float, ignore_index: int, name: str = "smoothed_cross_entropy", **options: object
    ) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight", **options)
        self.label_smoothing, self.ignore_index = label_smoothing, ignore_index

    def __call__(
        self, y_true: KerasTensor, y_pred: KerasTensor, sample_weight: KerasTensor | None = None
    ) -> KerasTensor:
        valid = ops.cast(ops.not_equal(y_true, self.ignore_index), y_pred.dtype)
        weights = valid if sample_weight is None else valid * sample_weight
        return super().__call__(y_true, y_pred, weights)

    def call(self, y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        logs = ops.log_softmax(y_pred, axis=-1)
        correct = ops.take_along_axis(logs, ops.maximum(y_true, 0)[..., None], axis=-1)[..., 0]
        return -(1 - self.label_smoothing) * correct - self.label_smoothing * ops.mean(logs, axis=-1)

    def get_config(self) -> dict[str, object]:
        config = {"label_smoothing": self.label_smoothing, "ignore_index": self.ignore_index}
        return {**super().get_config(), **config}
