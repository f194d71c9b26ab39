"""The classifier's layers, and the predictions of an untrained classifier."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models.cells import CELLS
from models.classifier import ClassifierSettings, FixedScale, LinearModelLogits, build_classifier
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


def test_channels_are_scaled_except_constant_ones():
    scaled = FixedScale([2.0, 0.0])(np.array([[[4.0, 3.0]]], np.float32))
    assert np.array(scaled).tolist() == [[[2.0, 3.0]]]


def test_a_single_channel_is_the_logit_of_the_second_class():
    totals = np.array([[[1.0], [-3.0]], [[2.0], [0.0]]], np.float32)
    assert np.array(LinearModelLogits()(totals)).tolist() == [[0.0, -2.0], [0.0, 2.0]]


def test_several_channels_are_the_logits_of_their_classes():
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


def test_pretrained_vectors_initialize_the_embeddings_and_can_be_frozen():
    vectors = random.normal(size=(20, 4)).astype(np.float32)
    for frozen in (False, True):
        model = build_classifier(replace(SETTINGS, freeze_embeddings=frozen), vectors)
        np.testing.assert_array_equal(model.get_layer("embedding").embeddings, vectors)
        assert ("embedding/embeddings" in {weight.path for weight in model.trainable_variables}) is not frozen


def test_a_loaded_model_gives_the_same_logits(tmp_path):
    settings = replace(SETTINGS, pooling=POOLINGS, recurrent=TWO_LAYERS, ngram_stddevs=(0.5, 0.0), ngram_channels=1)
    model = build_classifier(settings)
    inputs = {"words": IDS, "ngram_features": random_features(2), "ngram_totals": random_features(1)}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(loaded(inputs), model(inputs), atol=1e-6)


def test_padding_and_other_rows_change_no_logits():
    model = build_classifier(replace(SETTINGS, pooling=POOLINGS, recurrent=TWO_LAYERS))
    together = np.array(model({"words": IDS}))
    padded = np.array(model({"words": np.pad(IDS, ((0, 0), (0, 8)))}))
    np.testing.assert_allclose(padded, together, atol=1e-6)
    for row, length in enumerate(LENGTHS):
        # A text shorter than a chunk may also come without padding.
        steps = length if length < 4 else -(-length // 4) * 4
        np.testing.assert_allclose(model({"words": IDS[row : row + 1, :steps]})[0], together[row], atol=1e-6)
