"""Many to many, in step: words in, a tag for each.

    words      -> embedding --------------------+
    vectors    -> vectors learnt elsewhere -----+
    characters -> recurrent reader of each word +-> recurrent stack -> scores -> softmax or CRF
    forms      -> sum of embeddings ------------+

Padding has no effect: the mask is made once, from the word ids, and handed to every layer that reads over time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import KerasTensor
from scipy.special import softmax

from models.cells import recurrent_stack, run_stack
from models.crf import CRF, viterbi_decode
from models.token_layers import PaddingMask, WordDropout
from models.word_features import CharRNN, EmbeddingBag
from schema.configs import RecurrentSettings


@dataclass(frozen=True)
class TaggerSettings:
    """Sizes and rates of a tagger.

    vocabulary, char_vocabulary, forms: number of ids of words, characters and features of forms
    rare_from: word ids from here on are dropped to unknown with probability `rare_word_dropout` in training
    allowed_transitions: which tag may follow which (models/crf.py) for a CRF; None for a softmax at each word
    """

    vocab_size: int
    char_vocabulary: int
    forms: int
    tags: int
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
    """Model from `words`, `vectors` (batch, time), `characters` (batch, time, length), `forms` (batch, time, features).

    vectors: (ids, size) of the words that have a vector; they stay as they are
    The latter three are read where they have a size. Gives logits (batch, time, tags), or with a CRF potentials (batch,
    time, tags, tags); what stands at padding means nothing.
    """
    read = {
        "words": True,
        "vectors": vectors is not None,
        "characters": settings.char_units > 0,
        "forms": settings.orthographic_embedding > 0,
    }
    shapes = {"words": (None,), "vectors": (None,), "characters": (None, None), "forms": (None, None)}
    inputs = {name: keras.Input(shapes[name], dtype="int32", name=name) for name in read if read[name]}
    mask = PaddingMask(name="mask")(inputs["words"])
    described = _describe(inputs, settings, vectors)
    features = keras.layers.Dropout(settings.embedding_dropout, name="embedding_dropout")(described)
    dropout = settings.recurrent.dropout
    sequence = run_stack(features, mask, recurrent_stack(settings.recurrent), dropout).sequence
    sequence = keras.layers.Dropout(dropout, name="output_dropout")(sequence)
    scores = keras.layers.Dense(settings.tags, name="scores")(sequence)
    output = scores if settings.allowed_transitions is None else CRF(settings.allowed_transitions, name="crf")(scores)
    return keras.Model(inputs, output, name="tagger")


def make_predictor(model: keras.Model) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """From a batch of inputs to the best tags, int (batch, time), and the probability of each, (batch, time, tags)."""

    def answer(inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        given = model.predict_on_batch(inputs)
        if given.ndim == 3:
            return given.argmax(axis=-1), softmax(given, axis=-1)
        tags, shares = viterbi_decode(given, inputs["words"] != 0)
        return tags.numpy(), shares.numpy()

    return answer


def transitions(model: keras.Model) -> np.ndarray | None:
    """What a tag adds after another, and in the last row as the first one, (tags + 1, tags); -inf where it may not.

    None for a model without a CRF.
    """
    crf = next((layer for layer in model.layers if isinstance(layer, CRF)), None)
    return None if crf is None else np.where(crf.allowed, crf.steps.numpy(), -np.inf)


def _describe(inputs: Mapping[str, KerasTensor], settings: TaggerSettings, vectors: np.ndarray | None) -> KerasTensor:
    """What is known of each word before its neighbours are read, (batch, time, features)."""
    words = WordDropout(settings.word_dropout, name="word_dropout")(inputs["words"])
    words = WordDropout(settings.rare_word_dropout, settings.rare_from, name="rare_word_dropout")(words)
    parts = [keras.layers.Embedding(settings.vocab_size, settings.embedding_size, name="embedding")(words)]
    if vectors is not None:
        fixed = keras.layers.Embedding(*vectors.shape, weights=[vectors], trainable=False, name="vectors_fixed")
        parts.append(fixed(inputs["vectors"]))
    if settings.char_units:
        reader = CharRNN(
            settings.char_vocabulary,
            settings.char_embedding,
            settings.recurrent.cell,
            settings.char_units,
            settings.recurrent.forget_bias,
            name="characters_read",
        )
        parts.append(reader(inputs["characters"]))
    if settings.orthographic_embedding:
        bag = EmbeddingBag(
            settings.forms, settings.orthographic_embedding, settings.orthographic_dropout, name="forms_embedded"
        )
        parts.append(bag(inputs["forms"]))
    # The mask is handed on by itself: Keras would take the joined features for valid everywhere.
    return keras.layers.Concatenate(name="described")(parts) if len(parts) > 1 else parts[0]
