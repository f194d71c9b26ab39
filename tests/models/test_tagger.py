"""The word features of a tagger, its predictions, and the classifier of single words."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models.cells import CELLS, apply_rnn, recurrent_layer
from models.tagger import TaggerSettings, build_tagger, make_predictor, transition_scores
from models.word_classifier import WordClassifierSettings, build_word_classifier
from models.word_features import CharRNN, EmbeddingBag
from schema.configs import RecurrentSettings

RECURRENT = RecurrentSettings("lstm", units=4, layers=1, bidirectional=True, dropout=0.5)
SETTINGS = TaggerSettings(
    vocab_size=20,
    char_vocab_size=9,
    orthographic_vocab_size=12,
    num_tags=3,
    recurrent=RECURRENT,
    embedding_size=5,
    char_embedding=3,
    char_units=2,
    orthographic_embedding=4,
    embedding_dropout=0.5,
    word_dropout=0.1,
    rare_word_dropout=0.5,
    rare_from=15,
    orthographic_dropout=0.2,
)
VECTORS = np.random.default_rng(5).normal(size=(7, 3)).astype(np.float32)
RESTRICTED = [[True, True, before in (1, 2)] for before in (0, 1, 2, None)]
WORDS = np.array([[[3, 4, 5, 0], [2, 0, 0, 0], [3, 4, 5, 0]], [[1, 1, 2, 8], [0, 0, 0, 0], [0, 0, 0, 0]]], np.int32)


def sentences(steps: int = 6, padding: int = 0) -> dict[str, np.ndarray]:
    """A batch of two sentences, of five words and of two, with `padding` extra steps."""
    random = np.random.default_rng(4)
    valid = (np.arange(steps) < np.array([5, 2])[:, None])[..., None]
    words = random.integers(1, 20, (2, steps, 1)) * valid
    batch = {
        "words": words[..., 0],
        "vectors": np.minimum(words[..., 0], 6),
        "chars": random.integers(0, 9, (2, steps, 4)) * valid,
        "orthographic": random.integers(0, 12, (2, steps, 3)) * valid,
    }
    return {
        name: np.pad(values, [(0, 0), (0, padding), *[(0, 0)] * (values.ndim - 2)]).astype(np.int32)
        for name, values in batch.items()
    }


@pytest.mark.parametrize("cell", CELLS)
def test_each_word_is_encoded_independently_of_the_others(cell):
    char_rnn = CharRNN(9, 3, cell, 2, 1.0)
    encoded = np.array(char_rnn(WORDS))
    assert encoded.shape == (2, 3, 4)
    for sentence, word in np.ndindex(2, 3):
        ids = WORDS[sentence, word][WORDS[sentence, word] != 0][None]
        if ids.size:
            alone = apply_rnn(char_rnn.rnn, char_rnn.embedding(ids), np.ones(ids.shape, bool)).last
            np.testing.assert_allclose(encoded[sentence, word], alone[0], atol=1e-6)
        else:
            assert not encoded[sentence, word].any()
    np.testing.assert_array_equal(encoded[0, 0], encoded[0, 2])


def test_an_embedding_bag_sums_its_features_and_ignores_padding():
    bag = EmbeddingBag(12, 4)
    ids = np.array([[[1, 5, 0], [0, 0, 0], [5, 0, 1]]], np.int32)
    summed = np.array(bag(ids))
    vectors = np.array(bag.vectors)
    np.testing.assert_allclose(summed[0, 0], vectors[1] + vectors[5], rtol=1e-6)
    assert not summed[0, 1].any()
    np.testing.assert_allclose(summed[0, 2], summed[0, 0], rtol=1e-6)


def test_feature_dropout_keeps_the_expected_sum():
    bag = EmbeddingBag(3, 2, dropout=0.5)
    ids = np.full((4000, 1), 2, np.int32)
    dropped = np.array(bag(ids, training=True))
    assert ((dropped == 0).all(axis=1)).mean() == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(dropped.mean(axis=0), np.array(bag.vectors)[2], rtol=0.1)


@pytest.mark.parametrize("allowed", [None, RESTRICTED], ids=["softmax", "crf"])
@pytest.mark.parametrize("cell", CELLS)
def test_padding_and_other_sentences_change_no_tag(cell, allowed):
    keras.utils.set_random_seed(1)
    predict = make_predictor(
        build_tagger(replace(SETTINGS, recurrent=replace(RECURRENT, cell=cell), allowed_transitions=allowed), VECTORS)
    )
    tags, probabilities = predict(sentences())
    padded = predict(sentences(padding=5))
    for row, length in enumerate((5, 2)):
        alone = predict({name: values[row : row + 1, :length] for name, values in sentences().items()})
        for other_tags, other_probabilities in ((each[row] for each in padded), (each[0] for each in alone)):
            np.testing.assert_array_equal(tags[row, :length], other_tags[:length])
            np.testing.assert_allclose(probabilities[row, :length], other_probabilities[:length], atol=1e-5)
    np.testing.assert_allclose(probabilities[0, :5].sum(axis=-1), 1, rtol=1e-5)


def test_a_model_has_only_inputs_with_a_size():
    model = build_tagger(replace(SETTINGS, char_units=0, orthographic_embedding=0))
    assert set(model.input) == {"words"}
    assert set(build_tagger(SETTINGS).input) == {"words", "chars", "orthographic"}
    assert set(build_tagger(SETTINGS, VECTORS).input) == {"words", "vectors", "chars", "orthographic"}


def test_pretrained_vectors_are_frozen():
    model = build_tagger(replace(SETTINGS, char_units=0, orthographic_embedding=0), VECTORS)
    features = keras.Model(model.input, model.get_layer("word_features").output)
    batch = {name: values for name, values in sentences().items() if name in ("words", "vectors")}
    np.testing.assert_array_equal(np.array(features(batch))[..., SETTINGS.embedding_size :], VECTORS[batch["vectors"]])
    assert not any("pretrained_embedding" in weight.path for weight in model.trainable_variables)


def test_forbidden_transitions_of_a_crf_are_minus_infinity():
    assert transition_scores(build_tagger(SETTINGS)) is None
    scores = transition_scores(build_tagger(replace(SETTINGS, allowed_transitions=RESTRICTED)))
    np.testing.assert_array_equal(np.isfinite(scores), RESTRICTED)


def test_a_single_word_is_one_step_and_padding_of_its_features_changes_nothing():
    model = build_word_classifier(WordClassifierSettings(12, 3, replace(RECURRENT, bidirectional=False), 5, 0.3))
    features = np.array([[3, 7, 2], [4, 0, 0], [0, 0, 0]], np.int32)
    logits = np.array(model({"orthographic": features}))
    padded = np.array(model({"orthographic": np.pad(features, ((0, 0), (0, 4)))}))
    np.testing.assert_allclose(padded, logits, atol=1e-6)
    assert np.isfinite(logits).all()
    assert model.get_layer("recurrent_1").input[0].shape == (None, 1, 5)


def test_a_simple_rnn_over_one_step_is_a_dense_layer():
    layer = recurrent_layer("simple_rnn", 4, name="one")
    step = np.random.default_rng(6).normal(size=(5, 1, 3)).astype(np.float32)
    last = np.array(apply_rnn(layer, step, np.ones((5, 1), bool)).last)
    kernel, _, bias = layer.get_weights()
    np.testing.assert_allclose(last, np.tanh(step[:, 0] @ kernel + bias), atol=1e-6)
