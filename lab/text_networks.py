"""Small classifiers of texts: over a fixed length, a bag of embeddings, a CNN, and the cells.

    model = text_network("bag", length=100, units=32, classes=2, seed=1)    # word ids (batch, 100) -> logits (batch, 2)

Padding has no effect, except that a dense layer over a fixed length has weights for it, whose inputs are zeros.
"""

from collections.abc import Mapping
from typing import Literal

import keras
from keras import KerasTensor, ops

from evaluation.plots import GRAY
from lab.figures import CELL_STYLES
from lab.reviews import VOCAB_SIZE
from models.cells import apply_rnn, recurrent_layer
from models.token_layers import PaddingMask
from schema.configs import CellName
from schema.encoded import UNKNOWN

NetworkName = Literal["dense", "bag", "cnn"] | CellName
NETWORK_STYLES: Mapping[NetworkName, tuple[str, str, str]] = {
    "dense": ("flattened dense", "D:", "#CC79A7"),
    "bag": ("bag of embeddings", "v:", GRAY),
    "cnn": ("CNN of width 3", "P-", "#E69F00"),
    "simple_rnn": CELL_STYLES["simple_rnn"],
    "lstm": CELL_STYLES["lstm"],
    "gru": CELL_STYLES["gru"],
}
"""Network -> its name, line and color, the same in all figures."""


def text_network(
    network: NetworkName, length: int, units: int, classes: int, seed: int, embedding_size: int = 16
) -> keras.Model:
    """Make a classifier from word ids (batch, length), 0 after the end of a text, to logits (batch, classes)."""
    keras.utils.set_random_seed(seed)
    words = keras.Input((length,), dtype="int32")
    mask = PaddingMask()(words)
    embedded = keras.layers.Embedding(VOCAB_SIZE + UNKNOWN + 1, embedding_size)(words)
    return keras.Model(words, keras.layers.Dense(classes)(_features(network, units, embedded, mask)))


def _features(network: NetworkName, units: int, embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """Features (batch, units) of embedded words (batch, length, features)."""
    valid = ops.cast(mask, embedded.dtype)[..., None]
    match network:
        case "dense":
            return _hidden(units)(keras.layers.Flatten()(embedded * valid))
        case "bag":
            # A deep averaging network (Iyyer et al. 2015).
            return _hidden(units)(_hidden(units)(keras.layers.GlobalAveragePooling1D()(embedded, mask=mask)))
        case "cnn":
            convolution = keras.layers.Conv1D(units, 3, padding="same", activation="relu")
            # After ReLU a zero is no larger than any valid step (Kim 2014, with one width).
            return keras.layers.GlobalMaxPooling1D()(convolution(embedded * valid) * valid)
    return apply_rnn(recurrent_layer(network, units), embedded, mask).last


def _hidden(units: int) -> keras.layers.Layer:
    return keras.layers.Dense(units, activation="relu")
