"""The classifier's own layers, and what it says before it has learnt anything."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models.cells import CELLS
from models.classifier import ClassifierSettings, FixedScale, LinearModelLogits, WordDropout, build_classifier
from models.pooling import POOLINGS
from schema.configs import RecurrentSettings

RECURRENT = RecurrentSettings("lstm", units=3, layers=1, bidirectional=True, dropout=0.5)
SETTINGS = ClassifierSettings(
    vocab_size=20,
    num_classes=2,
    recurrent=RECURRENT,
    embedding_size=4,
    chunk_length=4,
    pooling=("mean", "max"),
    word_dropout=0.5,
    embedding_dropout=0.5,
)
random = np.random.default_rng(5)
TWO_LAYERS = replace(RECURRENT, layers=2)
LENGTHS = np.array([8, 5, 4, 1])
VALID = np.arange(8) < LENGTHS[:, None]
IDS = np.where(VALID, random.integers(2, 20, (4, 8)), 0).astype(np.int32)


def random_features(channels: int) -> np.ndarray:
    return (random.normal(size=(4, 8, channels)) * VALID[..., None]).astype(np.float32)


def test_word_dropout_is_for_training_alone():
    features = random_features(2)
    ids, same = WordDropout(0.9)(IDS, [features], training=False)
    np.testing.assert_array_equal(ids, IDS)
    np.testing.assert_array_equal(same, features)
    np.testing.assert_array_equal(WordDropout(0.9)(IDS, training=False), IDS)


def test_dropped_words_become_unknown_and_padding_stays_padding():
    many = np.tile(IDS, (200, 1))
    dropped = np.array(WordDropout(0.3)(many, training=True))
    valid = many != 0
    assert (dropped[~valid] == 0).all()
    assert ((dropped == many) | (dropped == 1))[valid].all()
    assert (dropped == 1)[valid].mean() == pytest.approx(0.3, abs=0.05)


def test_features_of_dropped_words_are_zero_and_the_others_are_scaled_up():
    features = [random_features(2), random_features(1)]
    ids, *results = (np.array(part) for part in WordDropout(0.5)(IDS, features, training=True))
    dropped = (ids == 1) & VALID
    assert dropped.any() and (ids > 1).any()
    for before, after in zip(features, results, strict=True):
        assert not after[dropped].any()
        np.testing.assert_allclose(after[ids > 1], before[ids > 1] / 0.5, rtol=1e-6)


def test_word_dropout_draws_anew_each_time():
    drop = WordDropout(0.5)
    assert (np.array(drop(IDS, training=True)) != np.array(drop(IDS, training=True))).any()


def test_word_dropout_of_nothing_changes_nothing():
    np.testing.assert_array_equal(WordDropout(0.0)(IDS, training=True), IDS)


def test_channels_are_scaled_and_a_constant_one_is_left():
    scaled = FixedScale([2.0, 0.0])(np.array([[[4.0, 3.0]]], np.float32))
    assert np.array(scaled).tolist() == [[[2.0, 3.0]]]


def test_a_single_channel_speaks_for_the_second_class():
    totals = np.array([[[1.0], [-3.0]], [[2.0], [0.0]]], np.float32)
    assert np.array(LinearModelLogits()(totals)).tolist() == [[0.0, -2.0], [0.0, 2.0]]


def test_several_channels_speak_each_for_its_class():
    totals = np.array([[[1.0, 2.0, 3.0], [1.0, 0.0, -3.0]]], np.float32)
    assert np.array(LinearModelLogits()(totals)).tolist() == [[2.0, 2.0, 0.0]]


@pytest.mark.parametrize("classes, channels", [(2, 1), (3, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_an_untrained_classifier_adds_the_score_of_the_linear_model(cell, classes, channels):
    recurrent = replace(RECURRENT, cell=cell)
    settings = replace(
        SETTINGS, recurrent=recurrent, num_classes=classes, ngram_stddevs=(1.0, 1.0), ngram_channels=channels
    )
    model = build_classifier(settings)
    inputs = {"words": IDS, "ngram_features": random_features(2)}
    totals = random_features(channels)
    without_totals = model({**inputs, "ngram_totals": np.zeros_like(totals)})
    added = np.array(model({**inputs, "ngram_totals": totals}) - without_totals)
    scores = totals.sum(axis=1)
    expected = scores if classes > 2 else np.stack([0 * scores[:, 0], scores[:, 0]], axis=1)
    np.testing.assert_allclose(added, expected, atol=1e-5)


def test_an_untrained_classifier_predicts_like_a_confident_linear_model():
    model = build_classifier(replace(SETTINGS, ngram_stddevs=(1.0,), ngram_channels=1))
    features, totals = np.zeros((2, 4, 8, 1), np.float32)
    totals[:, 0, 0] = scores = np.array([6.0, -6.0, 6.0, -6.0])
    logits = np.array(model({"words": IDS, "ngram_features": features, "ngram_totals": totals}))
    assert ((logits[:, 1] > logits[:, 0]) == (scores > 0)).all()


def test_given_vectors_are_the_first_embeddings_and_may_be_fixed():
    vectors = random.normal(size=(20, 4)).astype(np.float32)
    for fixed in (False, True):
        model = build_classifier(replace(SETTINGS, freeze_embeddings=fixed), vectors)
        np.testing.assert_array_equal(model.get_layer("embedding").embeddings, vectors)
        assert ("embedding/embeddings" in {weight.path for weight in model.trainable_variables}) is not fixed


def test_the_model_file_gives_the_same_answers(tmp_path):
    settings = replace(SETTINGS, pooling=POOLINGS, recurrent=TWO_LAYERS, ngram_stddevs=(0.5, 0.0), ngram_channels=1)
    model = build_classifier(settings)
    inputs = {"words": IDS, "ngram_features": random_features(2), "ngram_totals": random_features(1)}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(loaded(inputs), model(inputs), atol=1e-6)


def test_padding_changes_no_answer():
    model = build_classifier(replace(SETTINGS, pooling=POOLINGS, recurrent=TWO_LAYERS))
    together = np.array(model({"words": IDS}))
    padded = np.array(model({"words": np.pad(IDS, ((0, 0), (0, 8)))}))
    np.testing.assert_allclose(padded, together, atol=1e-6)
    for row, length in enumerate(LENGTHS):
        # A text that is shorter than a window may also come without any padding.
        steps = length if length < 4 else -(-length // 4) * 4
        np.testing.assert_allclose(model({"words": IDS[row : row + 1, :steps]})[0], together[row], atol=1e-6)
