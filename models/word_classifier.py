"""One to one: a single word in, its class out.

    forms -> sum of embeddings -> one time step -> recurrent stack -> logits

At one time step there is no state to start from: a SimpleRNN is then a dense layer, an LSTM or a GRU a gated one.
"""

from dataclasses import dataclass

import keras

from models.cells import recurrent_stack, run_stack
from models.token_layers import PaddingMask
from models.word_features import EmbeddingBag
from schema.configs import RecurrentSettings


@dataclass(frozen=True)
class WordClassifierSettings:
    """Sizes and rates of a classifier of single words; forms: number of ids of features."""

    forms: int
    classes: int
    recurrent: RecurrentSettings
    orthographic_embedding: int
    orthographic_dropout: float


def build_word_classifier(settings: WordClassifierSettings) -> keras.Model:
    """Model from `forms` (batch, features) to logits (batch, classes); 0 is no feature and adds nothing."""
    forms = keras.Input((None,), dtype="int32", name="forms")
    bag = EmbeddingBag(
        settings.forms, settings.orthographic_embedding, settings.orthographic_dropout, name="forms_embedded"
    )
    step = keras.layers.Reshape((1, settings.orthographic_embedding), name="one_step")(bag(forms))
    # A word without any known feature has no step, and its state stays zero.
    mask = PaddingMask(name="mask")(forms[:, :1])
    dropout = settings.recurrent.dropout
    stack = recurrent_stack(settings.recurrent)
    last = run_stack(keras.layers.Dropout(dropout)(step), mask, stack, dropout).last
    last = keras.layers.Dropout(dropout, name="output_dropout")(last)
    logits = keras.layers.Dense(settings.classes, name="logits")(last)
    return keras.Model({"forms": forms}, logits, name="word_classifier")
