"""What a model reads of the form of a word: its characters one by one, and a bag of features such as its ending."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, ops

from models.cells import apply_rnn, recurrent_layer


@keras.saving.register_keras_serializable("unrolled")
class CharRNN(keras.layers.Layer):
    """Reads each word from both ends with a recurrent layer: ids (batch, time, characters) -> (batch, time, 2 x units).

    Padding characters (0) leave the states as they are, and a word without any character gives zeros. Each distinct
    word of a batch is read once, which saves more than half of the work.
    """

    def __init__(
        self, char_vocabulary: int, embedding: int, cell: str, units: int, forget_bias: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self.char_vocabulary, self.embedding_size, self.cell = char_vocabulary, embedding, cell
        self.units, self.forget_bias = units, forget_bias
        self.embedding = keras.layers.Embedding(char_vocabulary, embedding, name="embedding")
        self.reader = recurrent_layer(cell, units, bidirectional=True, forget_bias=forget_bias, name="reader")

    def build(self, characters_shape: Sequence[int | None]) -> None:
        self.embedding.build((None, None))
        self.reader.build((None, None, self.embedding_size))

    def call(self, characters: KerasTensor) -> KerasTensor:
        batch, time, length = ops.shape(characters)
        # TensorFlow's own: Keras has no unique rows.
        words, places = tf.raw_ops.UniqueV2(x=ops.reshape(characters, (-1, length)), axis=[0])
        longest = ops.maximum(ops.max(ops.sum(ops.cast(words != 0, "int32"), axis=1)), 1)
        words = words[:, :longest]
        read = apply_rnn(self.reader, self.embedding(words), ops.not_equal(words, 0))
        return ops.reshape(ops.take(read.last, places, axis=0), (batch, time, 2 * self.units))

    def compute_output_shape(self, characters_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (*characters_shape[:2], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        own = {"char_vocabulary": self.char_vocabulary, "embedding": self.embedding_size, "cell": self.cell}
        return {**super().get_config(), **own, "units": self.units, "forget_bias": self.forget_bias}


@keras.saving.register_keras_serializable("unrolled")
class EmbeddingBag(keras.layers.Layer):
    """Sum of the embeddings of a word's features: ids (..., features) -> (..., size); 0 is no feature and adds nothing.

    rate: in training, share of the features that are left out, the rest scaled up so that the expected sum stays
    """

    def __init__(self, features: int, size: int, rate: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.features, self.size, self.rate = features, size, rate
        self.seeds = keras.random.SeedGenerator()

    def build(self, ids_shape: Sequence[int | None]) -> None:
        self.vectors = self.add_weight(shape=(self.features, self.size), initializer="uniform", name="vectors")

    def call(self, ids: KerasTensor, training: bool = False) -> KerasTensor:
        counted = ops.cast(ids != 0, self.compute_dtype)
        if training and self.rate:
            kept = keras.random.uniform(ops.shape(ids), seed=self.seeds) >= self.rate
            counted = counted * ops.cast(kept, counted.dtype) / (1 - self.rate)
        return ops.sum(ops.take(self.vectors, ids, axis=0) * counted[..., None], axis=-2)

    def compute_output_shape(self, ids_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (*ids_shape[:-1], self.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "features": self.features, "size": self.size, "rate": self.rate}
