"""Many to many, synchronous: a sequence tagger.

    words        -> embedding -----------------------+
    vectors      -> frozen pretrained embedding -----+
    chars        -> recurrent layer over each word --+-> recurrent stack -> tag scores -> softmax or CRF
    orthographic -> sum of embeddings ---------------+

Padding has no effect: the mask is made once, from the word ids, and passed to every layer that works over time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import KerasTensor
from scipy.special import softmax

from models.cells import apply_stack, recurrent_stack
from models.crf import CRF, viterbi_decode
from models.token_layers import PaddingMask, WordDropout
from models.word_features import CharRNN, EmbeddingBag
from schema.configs import RecurrentSettings
from schema.encoded import PADDING


@dataclass(frozen=True)
class TaggerSettings:
    """Sizes and rates of a tagger.

    vocab_size, char_vocab_size, orthographic_vocab_size: number of ids of words, characters and orthographic features
    char_units: units of the recurrent layer over characters; 0 for none
    orthographic_embedding: size of the embeddings of orthographic features; 0 for none
    rare_word_dropout: rate of the word ids from `rare_from` on that are replaced by unknown in training
    allowed_transitions: which tag may follow which, for a CRF (models/crf.py); None for a softmax at each word
    """

    vocab_size: int
    char_vocab_size: int
    orthographic_vocab_size: int
    num_tags: int
    recurrent: RecurrentSettings
    embedding_size: int
    char_embedding: int
    char_units: int
    orthographic_embedding: int
    embedding_dropout: float
    word_dropout: float
    rare_word_dropout: float
    rare_from: int
    orthographic_dropout: float
    allowed_transitions: Sequence[Sequence[bool]] | None = None


def build_tagger(settings: TaggerSettings, vectors: np.ndarray | None = None) -> keras.Model:
    """Build a model from ids of words to tag logits (batch, time, tags).

    Its inputs are `words`, `vectors` (batch, time), `chars` (batch, time, length) and `orthographic` (batch, time,
    features); the latter three only if they have a size. With a CRF the output is potentials (batch, time, tags, tags).
    The output at padding is arbitrary.

    vectors: frozen pretrained embeddings, (ids, size)
    """
    used = {
        "words": True,
        "vectors": vectors is not None,
        "chars": settings.char_units > 0,
        "orthographic": settings.orthographic_embedding > 0,
    }
    shapes = {"words": (None,), "vectors": (None,), "chars": (None, None), "orthographic": (None, None)}
    inputs = {name: keras.Input(shapes[name], dtype="int32", name=name) for name in used if used[name]}
    mask = PaddingMask(name="mask")(inputs["words"])
    features = _word_features(inputs, settings, vectors)
    features = keras.layers.Dropout(settings.embedding_dropout, name="embedding_dropout")(features)
    dropout = settings.recurrent.dropout
    sequence = apply_stack(features, mask, recurrent_stack(settings.recurrent), dropout).sequence
    sequence = keras.layers.Dropout(dropout, name="output_dropout")(sequence)
    scores = keras.layers.Dense(settings.num_tags, name="scores")(sequence)
    output = scores if settings.allowed_transitions is None else CRF(settings.allowed_transitions, name="crf")(scores)
    return keras.Model(inputs, output, name="tagger")


def make_predictor(model: keras.Model) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make a function from a batch of inputs to tags, int (batch, time), and probabilities (batch, time, tags)."""

    def predict(inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        output = model.predict_on_batch(inputs)
        if output.ndim == 3:
            return output.argmax(axis=-1), softmax(output, axis=-1)
        tags, probabilities = viterbi_decode(output, inputs["words"] != PADDING)
        return tags.numpy(), probabilities.numpy()

    return predict


def transition_scores(model: keras.Model) -> np.ndarray | None:
    """Scores of a CRF's transitions, (tags + 1, tags); the last row is for first tags, forbidden ones are -inf.

    None for a model without a CRF.
    """
    crf = next((layer for layer in model.layers if isinstance(layer, CRF)), None)
    return None if crf is None else np.where(crf.allowed, crf.transition_scores.numpy(), -np.inf)


def _word_features(
    inputs: Mapping[str, KerasTensor], settings: TaggerSettings, vectors: np.ndarray | None
) -> KerasTensor:
    """Features of each word without its neighbors, (batch, time, features)."""
    words = WordDropout(settings.word_dropout, name="word_dropout")(inputs["words"])
    words = WordDropout(settings.rare_word_dropout, settings.rare_from, name="rare_word_dropout")(words)
    parts = [keras.layers.Embedding(settings.vocab_size, settings.embedding_size, name="embedding")(words)]
    if vectors is not None:
        pretrained = keras.layers.Embedding(
            *vectors.shape, weights=[vectors], trainable=False, name="pretrained_embedding"
        )
        parts.append(pretrained(inputs["vectors"]))
    if settings.char_units:
        char_rnn = CharRNN(
            settings.char_vocab_size,
            settings.char_embedding,
            settings.recurrent.cell,
            settings.char_units,
            settings.recurrent.forget_bias,
            name="char_rnn",
        )
        parts.append(char_rnn(inputs["chars"]))
    if settings.orthographic_embedding:
        bag = EmbeddingBag(
            settings.orthographic_vocab_size,
            settings.orthographic_embedding,
            settings.orthographic_dropout,
            name="orthographic_embedding",
        )
        parts.append(bag(inputs["orthographic"]))
    # The mask is passed explicitly: Keras would take the concatenated features as valid everywhere.
    return keras.layers.Concatenate(name="word_features")(parts) if len(parts) > 1 else parts[0]
