"""Layers over the spelling of a word: a recurrent network over its characters, and a bag of orthographic features."""

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import KerasTensor, ops

from models.cells import apply_rnn, recurrent_layer
from schema.encoded import PADDING


@keras.saving.register_keras_serializable("unrolled")
class CharRNN(keras.layers.Layer):
    """Encode each word by a bidirectional recurrent layer over its characters.

    ids (batch, time, characters) -> (batch, time, 2 x units)

    Padding characters (0) leave the states unchanged, and a word without characters gives zeros. Each distinct word of
    a batch is encoded once, which saves more than half of the work.
    """

    def __init__(
        self,
        char_vocab_size: int,
        embedding_size: int,
        cell: str,
        units: int,
        forget_bias: float,
        **options: object,
    ) -> None:
        super().__init__(**options)
        self.char_vocab_size, self.embedding_size, self.cell = char_vocab_size, embedding_size, cell
        self.units, self.forget_bias = units, forget_bias
        self.embedding = keras.layers.Embedding(char_vocab_size, embedding_size, name="embedding")
        self.rnn = recurrent_layer(cell, units, bidirectional=True, forget_bias=forget_bias, name="rnn")

    def build(self, chars_shape: Sequence[int | None]) -> None:
        self.embedding.build((None, None))
        self.rnn.build((None, None, self.embedding_size))

    def call(self, chars: KerasTensor) -> KerasTensor:
        batch, time, length = ops.shape(chars)
        # TensorFlow's own operation: Keras has no unique rows.
        words, indices = tf.raw_ops.UniqueV2(x=ops.reshape(chars, (-1, length)), axis=[0])
        max_length = ops.maximum(ops.max(ops.sum(ops.cast(words != PADDING, "int32"), axis=1)), 1)
        words = words[:, :max_length]
        encoded = apply_rnn(self.rnn, self.embedding(words), ops.not_equal(words, PADDING))
        return ops.reshape(ops.take(encoded.last, indices, axis=0), (batch, time, 2 * self.units))

    def compute_output_shape(self, chars_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (*chars_shape[:2], 2 * self.units)

    def get_config(self) -> dict[str, object]:
        return {
            **super().get_config(),
            "char_vocab_size": self.char_vocab_size,
            "embedding_size": self.embedding_size,
            "cell": self.cell,
            "units": self.units,
            "forget_bias": self.forget_bias,
        }


@keras.saving.register_keras_serializable("unrolled")
class EmbeddingBag(keras.layers.Layer):
    """Sum of the embeddings of a word's features: ids (..., features) -> (..., size).

    Padding (0) adds nothing.

    vocab_size: number of feature ids
    dropout: rate of the features that are dropped in training; the others are scaled up to keep the expected sum
    """

    def __init__(self, vocab_size: int, size: int, dropout: float = 0.0, **options: object) -> None:
        super().__init__(**options)
        self.vocab_size, self.size, self.dropout = vocab_size, size, dropout
        self.seeds = keras.random.SeedGenerator()

    def build(self, ids_shape: Sequence[int | None]) -> None:
        self.vectors = self.add_weight(shape=(self.vocab_size, self.size), initializer="uniform", name="vectors")

    def call(self, ids: KerasTensor, training: bool = False) -> KerasTensor:
        weights = ops.cast(ids != PADDING, self.compute_dtype)
        if training and self.dropout:
            kept = keras.random.uniform(ops.shape(ids), seed=self.seeds) >= self.dropout
            weights = weights * ops.cast(kept, weights.dtype) / (1 - self.dropout)
        return ops.sum(ops.take(self.vectors, ids, axis=0) * weights[..., None], axis=-2)

    def compute_output_shape(self, ids_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (*ids_shape[:-1], self.size)

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "vocab_size": self.vocab_size, "size": self.size, "dropout": self.dropout}
