"""What a tagger reads of each word, and what neither padding nor neighbours may change."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models.cells import CELLS, apply_rnn, recurrent_layer
from models.tagger import TaggerSettings, build_tagger, make_predictor, transitions
from models.token_layers import WordDropout
from models.word_classifier import WordClassifierSettings, build_word_classifier
from models.word_features import CharRNN, EmbeddingBag
from schema.configs import RecurrentSettings

RECURRENT = RecurrentSettings("lstm", units=4, layers=1, bidirectional=True, dropout=0.5)
SETTINGS = TaggerSettings(
    vocab_size=20,
    char_vocabulary=9,
    forms=12,
    tags=3,
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
BOUND = [[True, True, before in (1, 2)] for before in (0, 1, 2, None)]
WORDS = np.array([[[3, 4, 5, 0], [2, 0, 0, 0], [3, 4, 5, 0]], [[1, 1, 2, 8], [0, 0, 0, 0], [0, 0, 0, 0]]], np.int32)


def sentences(steps: int = 6, padding: int = 0) -> dict[str, np.ndarray]:
    """Two sentences of five words and of two, with `padding` empty steps more."""
    random = np.random.default_rng(4)
    valid = (np.arange(steps) < np.array([5, 2])[:, None])[..., None]
    words = random.integers(1, 20, (2, steps, 1)) * valid
    batch = {
        "words": words[..., 0],
        "vectors": np.minimum(words[..., 0], 6),
        "characters": random.integers(0, 9, (2, steps, 4)) * valid,
        "forms": random.integers(0, 12, (2, steps, 3)) * valid,
    }
    return {
        name: np.pad(values, [(0, 0), (0, padding), *[(0, 0)] * (values.ndim - 2)]).astype(np.int32)
        for name, values in batch.items()
    }


@pytest.mark.parametrize("cell", CELLS)
def test_each_word_is_read_as_if_it_stood_alone(cell):
    reader = CharRNN(9, 3, cell, 2, 1.0)
    read = np.array(reader(WORDS))
    assert read.shape == (2, 3, 4)
    for sentence, word in np.ndindex(2, 3):
        ids = WORDS[sentence, word][WORDS[sentence, word] != 0][None]
        if ids.size:
            alone = apply_rnn(reader.reader, reader.embedding(ids), np.ones(ids.shape, bool)).last
            np.testing.assert_allclose(read[sentence, word], alone[0], atol=1e-6)
        else:
            assert not read[sentence, word].any()
    np.testing.assert_array_equal(read[0, 0], read[0, 2])


def test_features_are_added_up_and_no_feature_adds_nothing():
    bag = EmbeddingBag(12, 4)
    ids = np.array([[[1, 5, 0], [0, 0, 0], [5, 0, 1]]], np.int32)
    summed = np.array(bag(ids))
    vectors = np.array(bag.vectors)
    np.testing.assert_allclose(summed[0, 0], vectors[1] + vectors[5], rtol=1e-6)
    assert not summed[0, 1].any()
    np.testing.assert_allclose(summed[0, 2], summed[0, 0], rtol=1e-6)


def test_dropped_features_leave_the_expected_sum():
    bag = EmbeddingBag(3, 2, rate=0.5)
    ids = np.full((4000, 1), 2, np.int32)
    dropped = np.array(bag(ids, training=True))
    assert ((dropped == 0).all(axis=1)).mean() == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(dropped.mean(axis=0), np.array(bag.vectors)[2], rtol=0.1)


def test_only_rare_words_are_dropped_where_that_is_asked():
    ids = np.tile(np.array([0, 1, 5, 14, 15, 19], np.int32), (500, 1))
    dropped = np.array(WordDropout(0.5, rare_from=15)(ids, training=True))
    np.testing.assert_array_equal(dropped[:, :4], ids[:, :4])
    assert (dropped[:, 4:] == 1).mean() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("allowed", [None, BOUND], ids=["softmax", "crf"])
@pytest.mark.parametrize("cell", CELLS)
def test_neither_padding_nor_neighbours_change_a_tag(cell, allowed):
    keras.utils.set_random_seed(1)
    answer = make_predictor(
        build_tagger(replace(SETTINGS, recurrent=replace(RECURRENT, cell=cell), allowed_transitions=allowed), VECTORS)
    )
    tags, shares = answer(sentences())
    more_tags, more_shares = answer(sentences(padding=5))
    for place, length in enumerate((5, 2)):
        alone = {name: values[place : place + 1, :length] for name, values in sentences().items()}
        for other_tags, other_shares in ((more_tags[place], more_shares[place]), (row[0] for row in answer(alone))):
            np.testing.assert_array_equal(tags[place, :length], other_tags[:length])
            np.testing.assert_allclose(shares[place, :length], other_shares[:length], atol=1e-5)
    np.testing.assert_allclose(shares[0, :5].sum(axis=-1), 1, rtol=1e-5)


def test_a_model_reads_only_what_has_a_size():
    model = build_tagger(replace(SETTINGS, char_units=0, orthographic_embedding=0))
    assert set(model.input) == {"words"}
    assert set(build_tagger(SETTINGS).input) == {"words", "characters", "forms"}
    assert set(build_tagger(SETTINGS, VECTORS).input) == {"words", "vectors", "characters", "forms"}


def test_vectors_are_read_as_they_were_learnt_and_stay_so():
    model = build_tagger(replace(SETTINGS, char_units=0, orthographic_embedding=0), VECTORS)
    described = keras.Model(model.input, model.get_layer("described").output)
    batch = {name: values for name, values in sentences().items() if name in ("words", "vectors")}
    np.testing.assert_array_equal(np.array(described(batch))[..., SETTINGS.embedding_size :], VECTORS[batch["vectors"]])
    assert not any("vectors" in weight.path for weight in model.trainable_variables)


def test_the_transitions_of_a_crf_say_what_is_forbidden():
    assert transitions(build_tagger(SETTINGS)) is None
    found = transitions(build_tagger(replace(SETTINGS, allowed_transitions=BOUND)))
    np.testing.assert_array_equal(np.isfinite(found), BOUND)


def test_a_word_is_one_step_and_padding_of_its_features_changes_nothing():
    model = build_word_classifier(WordClassifierSettings(12, 3, replace(RECURRENT, bidirectional=False), 5, 0.3))
    forms = np.array([[3, 7, 2], [4, 0, 0], [0, 0, 0]], np.int32)
    logits = np.array(model({"forms": forms}))
    padded = np.array(model({"forms": np.pad(forms, ((0, 0), (0, 4)))}))
    np.testing.assert_allclose(padded, logits, atol=1e-6)
    assert np.isfinite(logits).all()
    assert model.get_layer("recurrent_1").input[0].shape == (None, 1, 5)


def test_a_simple_rnn_at_one_step_is_a_dense_layer():
    layer = recurrent_layer("simple_rnn", 4, name="one")
    step = np.random.default_rng(6).normal(size=(5, 1, 3)).astype(np.float32)
    last = np.array(apply_rnn(layer, step, np.ones((5, 1), bool)).last)
    kernel, _, bias = layer.get_weights()
    np.testing.assert_allclose(last, np.tanh(step[:, 0] @ kernel + bias), atol=1e-6)
