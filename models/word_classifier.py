"""One to one: a classifier of single words.

    orthographic -> sum of embeddings -> one time step -> recurrent stack -> logits

The single step has no previous state: a SimpleRNN is then a dense layer, and an LSTM or a GRU a gated one.
"""

from dataclasses import dataclass

import keras

from models.cells import apply_stack, recurrent_stack
from models.token_layers import PaddingMask
from models.word_features import EmbeddingBag
from schema.configs import RecurrentSettings


@dataclass(frozen=True)
class WordClassifierSettings:
    """Sizes and rates of a word classifier; orthographic_vocab_size: number of ids of orthographic features."""

    orthographic_vocab_size: int
    num_classes: int
    recurrent: RecurrentSettings
    orthographic_embedding: int
    orthographic_dropout: float


def build_word_classifier(settings: WordClassifierSettings) -> keras.Model:
    """Build a model from `orthographic` (batch, features) to logits (batch, classes); padding (0) adds nothing."""
    features = keras.Input((None,), dtype="int32", name="orthographic")
    bag = EmbeddingBag(
        settings.orthographic_vocab_size,
        settings.orthographic_embedding,
        settings.orthographic_dropout,
        name="orthographic_embedding",
    )
    step = keras.layers.Reshape((1, settings.orthographic_embedding), name="one_step")(bag(features))
    # A word without known features has no valid step, and its state stays zero.
    mask = PaddingMask(name="mask")(features[:, :1])
    dropout, layers = settings.recurrent.dropout, recurrent_stack(settings.recurrent)
    last = apply_stack(keras.layers.Dropout(dropout)(step), mask, layers, dropout).last
    last = keras.layers.Dropout(dropout, name="output_dropout")(last)
    logits = keras.layers.Dense(settings.num_classes, name="logits")(last)
    return keras.Model({"orthographic": features}, logits, name="word_classifier")
