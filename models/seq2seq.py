"""Many to many, out of step: a sequence in, another one out.

    source -> embedding -> bidirectional stack -> memory -----------------+
                                  | last state                            v
    target -> embedding -> first recurrent layer -> queries -> attention -> context
                  |                                    |                      |
                  |                                    +-> second recurrent layer, fed with the context at each step
                  +----------------------------------------------> output -> logits, the embedding turned round
                                                                               -> mixed with copies of the source

Queries come from a recurrent layer below the one that is fed with the context (Wu et al. 2016, section 3), so that in
training all steps of a layer are read in one go; the classic cell, which asks with its own last state, would have to
go step by step. Without attention the context is the encoder's last state at every step (Cho et al. 2014).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor, ops

from models.attention import Attention
from models.cells import Read, recurrent_layer, recurrent_stack, run, run_stack, state_sizes, step
from models.pointer import CoverageLoss, Pointer
from models.words import ValidSteps
from schema.configs import AttentionName

LOWER, UPPER = "decoder_1", "decoder_2"
"""The decoder's recurrent layers: the one that asks, and the one that is fed with the context."""


@dataclass(frozen=True)
class Seq2SeqSettings:
    """Sizes and rates; vocabulary: of source and target alike.

    copying: words of the source can be copied, where there is attention
    coverage: weight of the loss for looking at the same ones twice
    """

    vocabulary: int
    cell: str
    units: int
    layers: int
    bidirectional: bool
    embedding: int
    attention: AttentionName
    embedding_dropout: float
    context_dropout: float
    dropout: float
    copying: bool = False
    coverage: float = 0.0
    forget_bias: float = 1.0


def build_seq2seq(settings: Seq2SeqSettings) -> keras.Model:
    """Model from `source` (batch, time) and `target` (batch, steps), which starts with a mark of the beginning.

    Gives logits (batch, steps, vocabulary) of what comes next after each step of the target; where words can be copied
    these are log-probabilities.
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    source_mask = ValidSteps(name="source_mask")(source)
    target_mask = ValidSteps(name="target_mask")(target)

    read = _encode(source, source_mask, settings)
    memory = keras.layers.Dropout(settings.context_dropout, name="memory_dropout")(read.sequence)
    first = _first_states(read, settings)

    embed = TiedEmbedding(settings.vocabulary, settings.embedding, name="target_embedding")
    embedded = embed(target)
    said = keras.layers.Dropout(settings.embedding_dropout, name="target_dropout")(embedded)
    lower = _one_way(settings, LOWER)
    queries = run(lower, said, target_mask, first[LOWER]).sequence
    if settings.attention == "none":
        context, weights = LastState(name="context")(queries, read.last), None
    else:
        attention = Attention(settings.attention, settings.units, name="attention")
        context, weights = attention(queries, memory, mask=source_mask)
    fed = keras.layers.Concatenate(name="fed")([queries, context])
    upper = _one_way(settings, UPPER)
    states = run(upper, keras.layers.Dropout(settings.dropout, name="fed_dropout")(fed), target_mask, first[UPPER])
    features = keras.layers.Concatenate(name="seen")([states.sequence, context, said])
    output = keras.layers.Dense(settings.embedding, activation="tanh", name="output")(features)
    output = keras.layers.Dropout(settings.dropout, name="output_dropout")(output)
    logits = embed(output, reverse=True)
    if settings.copying and weights is not None:
        if settings.coverage:
            weights = CoverageLoss(settings.coverage, name="coverage")(weights, target_mask)
        logits = Pointer(name="pointer")(logits, weights, source, features)
    return keras.Model({"source": source, "target": target}, logits, name="seq2seq")


def _encode(source: KerasTensor, mask: KerasTensor, settings: Seq2SeqSettings) -> Read:
    embed = keras.layers.Embedding(
        settings.vocabulary, settings.embedding, embeddings_initializer=_small(settings.embedding), name="embedding"
    )
    embedded = keras.layers.Dropout(settings.embedding_dropout, name="embedding_dropout")(embed(source))
    stack = recurrent_stack(
        settings.cell, settings.units, settings.layers, settings.bidirectional, forget_bias=settings.forget_bias
    )
    return run_stack(embedded, mask, stack, settings.dropout)


def _small(size: int) -> keras.initializers.Initializer:
    # Target vectors are also compared with outputs: the products should start small.
    return keras.initializers.RandomNormal(stddev=size**-0.5)


def _one_way(settings: Seq2SeqSettings, name: str) -> keras.layers.Layer:
    return recurrent_layer(settings.cell, settings.units, forget_bias=settings.forget_bias, name=name)


def _first_states(read: Read, settings: Seq2SeqSettings) -> dict[str, list[KerasTensor]]:
    """The states that the decoder's layers start from, all of them made of the encoder's last one."""
    states = {}
    for name in (LOWER, UPPER):
        sizes = state_sizes(settings.cell, settings.units)
        states[name] = [
            keras.layers.Dense(size, activation="tanh", name=f"{name}_state_{number}")(read.last)
            for number, size in enumerate(sizes)
        ]
    return states


@keras.saving.register_keras_serializable("unrolled")
class LastState(keras.layers.Layer):
    """The encoder's last state (batch, features) at every step of the queries: (batch, steps, features)."""

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
        self.vectors = self.add_weight(shape=(self.ids, self.size), initializer=_small(self.size), name="vectors")
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

    smoothing: that part (Szegedy et al. 2016, section 7)
    blank: stands in targets (batch, steps) where nothing is asked
    """

    def __init__(self, smoothing: float, blank: int, name: str = "smoothed_cross_entropy", **options: Any) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight", **options)
        self.smoothing, self.blank = smoothing, blank

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> KerasTensor:
        asked = ops.cast(ops.not_equal(y_true, self.blank), y_pred.dtype)
        weights = asked if sample_weight is None else asked * sample_weight
        return super().__call__(y_true, y_pred, weights)

    def call(self, y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        logs = ops.log_softmax(y_pred, axis=-1)
        right = ops.take_along_axis(logs, ops.maximum(y_true, 0)[..., None], axis=-1)[..., 0]
        return -(1 - self.smoothing) * right - self.smoothing * ops.mean(logs, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "smoothing": self.smoothing, "blank": self.blank}


def attention_weights(stepper: "Stepper", source: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """What was attended to before each step of the target was said, (rows, steps, time); None without attention."""
    if stepper.attention is None:
        return None
    # One step of padding, since Keras warns of a softmax over a single place, as an empty source has it.
    state, found = stepper.start(tf.constant(np.pad(source, ((0, 0), (0, 1))))), []
    for said in target.T:
        _, state, weights = stepper.step(tf.constant(said), state)
        found.append(weights.numpy()[:, :-1])
    return np.stack(found, axis=1)


class Stepper:
    """A trained model one step at a time, as `models/decoding.py` wants it; everything here is without dropout.

    A state is a list of tensors whose first axis is the row: the recurrent states of both layers, then what stays the
    same from step to step (memory, its keys and the source, or the encoder's last state).
    """

    def __init__(self, model: keras.Model) -> None:
        self.layers = {layer.name: layer for layer in model.layers}
        self.lower, self.upper = self.layers[LOWER], self.layers[UPPER]
        self.attention: Attention | None = self.layers.get("attention")
        self.pointer: Pointer | None = self.layers.get("pointer")
        names = [layer.name for layer in model.layers if layer.name.startswith("recurrent_")]
        self.stack = [self.layers[name] for name in sorted(names)]

    def start(self, source: tf.Tensor) -> list[tf.Tensor]:
        """The state before anything is said, for ids (rows, time)."""
        mask = tf.not_equal(source, 0)
        read = run_stack(self.layers["embedding"](source), mask, self.stack)
        first = [
            self.layers[name](read.last)
            for layer in (LOWER, UPPER)
            for name in sorted(name for name in self.layers if name.startswith(f"{layer}_state_"))
        ]
        if self.attention is None:
            return [*first, read.last]
        return [*first, read.sequence, self.attention.keys(read.sequence), source]

    def step(self, said: tf.Tensor, state: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Log-probabilities (rows, vocabulary) of what comes after the ids `said` (rows,), the state after it, and what
        was attended to, (rows, time), nothing without attention."""
        count = len(tf.nest.flatten(self.lower.cell.state_size))
        embed = self.layers["target_embedding"]
        embedded = embed(said)
        query, lower = step(self.lower, embedded, state[:count])
        if self.attention is None:
            context, weights = state[2 * count], tf.zeros((tf.shape(said)[0], 0))
        else:
            memory, keys, source = state[2 * count :]
            weights = self.attention.weights_of(query[:, None], keys, tf.not_equal(source, 0))[:, 0]
            context = tf.linalg.matvec(memory, weights, transpose_a=True)
        output, upper = step(self.upper, tf.concat([query, context], -1), state[count : 2 * count])
        features = tf.concat([output, context, embedded], -1)
        logits = embed(self.layers["output"](features), reverse=True)
        if self.pointer is not None:
            logits = self.pointer(logits[:, None], weights[:, None], source, features[:, None])[:, 0]
        return tf.nn.log_softmax(logits), [*lower, *upper, *state[2 * count :]], weights
