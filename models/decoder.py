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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor, ops

from models.attention import Attention
from models.cells import apply_rnn, recurrent_layer, state_sizes, step_cell
from models.pointer import CoverageLoss, Pointer
from models.words import PaddingMask, WordDropout
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


def attention_weights(stepper: "IncrementalDecoder", source: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """What was attended to before each step of the target was said, (rows, steps, time); None without attention."""
    if stepper.attention is None:
        return None
    state, found = stepper.start(tf.constant(source)), []
    for said in target.T:
        _, state, weights = stepper.step(tf.constant(said), state)
        found.append(weights.numpy())
    return np.stack(found, axis=1)


class IncrementalDecoder:
    """A trained model one step at a time, as `models/decoding.py` wants it; everything here is without dropout.

    read: from what is to be answered, (rows, ...), to the memory, with the model's own layers
    A state is a list of tensors whose first axis is the row: the recurrent states of both layers, then what stays the
    same from step to step (memory, its keys, its mask and what can be copied, or the memory's last state).
    """

    def __init__(self, model: keras.Model, read: Callable[[tf.Tensor], Memory]) -> None:
        self.layers = {layer.name: layer for layer in model.layers}
        self.read = read
        self.lower, self.upper = self.layers[LOWER], self.layers[UPPER]
        self.attention: Attention | None = self.layers.get("attention")
        self.pointer: Pointer | None = self.layers.get("pointer")
        # Those of both recurrent layers.
        self.num_recurrent_states = 2 * len(tf.nest.flatten(self.lower.cell.state_size))

    def start(self, source: tf.Tensor) -> list[tf.Tensor]:
        """The state before anything is said."""
        memory = self.read(source)
        first = [
            self.layers[name](memory.last)
            for layer in (LOWER, UPPER)
            for name in sorted(name for name in self.layers if name.startswith(f"{layer}_state_"))
        ]
        if self.attention is None:
            return [*first, memory.last]
        held = [memory.sequence, self.attention.keys(memory.sequence), memory.mask]
        return [*first, *held, source] if self.pointer is not None else [*first, *held]

    def step(self, said: tf.Tensor, state: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Log-probabilities (rows, vocabulary) of what comes after the ids `said` (rows,), the state after it, and what
        was attended to, (rows, time), nothing without attention."""
        count, held = self.num_recurrent_states // 2, state[self.num_recurrent_states :]
        embed = self.layers[TARGET_EMBEDDING]
        embedded = embed(said)
        query, lower = step_cell(self.lower, embedded, state[:count])
        if self.attention is None:
            context, weights = held[0], tf.zeros((tf.shape(said)[0], 0))
        else:
            memory, keys, mask = held[:3]
            weights = self.attention.weights_of(query[:, None], keys, mask)[:, 0]
            context = tf.linalg.matvec(memory, weights, transpose_a=True)
        output, upper = step_cell(self.upper, tf.concat([query, context], -1), state[count : self.num_recurrent_states])
        features = tf.concat([output, context, embedded], -1)
        logits = embed(self.layers["output"](features), reverse=True)
        if self.pointer is not None:
            logits = self.pointer(logits[:, None], weights[:, None], held[3], features[:, None])[:, 0]
        return tf.nn.log_softmax(logits), [*lower, *upper, *held], weights
