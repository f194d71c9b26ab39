"""Word dropout and the padding mask."""

import numpy as np
import pytest

from models.token_layers import PaddingMask, WordDropout

random = np.random.default_rng(5)
VALID = np.arange(8) < np.array([8, 5, 4, 1])[:, None]
IDS = np.where(VALID, random.integers(2, 20, (4, 8)), 0).astype(np.int32)


def random_features(channels: int) -> np.ndarray:
    return (random.normal(size=(4, 8, channels)) * VALID[..., None]).astype(np.float32)


def test_the_mask_is_true_at_valid_steps():
    np.testing.assert_array_equal(PaddingMask()(IDS), VALID)


def test_word_dropout_is_inactive_outside_of_training():
    features = random_features(2)
    ids, unchanged = WordDropout(0.9)(IDS, [features], training=False)
    np.testing.assert_array_equal(ids, IDS)
    np.testing.assert_array_equal(unchanged, features)
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


def test_word_dropout_draws_new_words_at_each_call():
    drop = WordDropout(0.5)
    assert (np.array(drop(IDS, training=True)) != np.array(drop(IDS, training=True))).any()


def test_word_dropout_with_rate_zero_changes_nothing():
    np.testing.assert_array_equal(WordDropout(0.0)(IDS, training=True), IDS)


def test_word_dropout_can_be_limited_to_rare_words():
    ids = np.tile(np.array([0, 1, 5, 14, 15, 19], np.int32), (500, 1))
    dropped = np.array(WordDropout(0.5, rare_from=15)(ids, training=True))
    np.testing.assert_array_equal(dropped[:, :4], ids[:, :4])
    assert (dropped[:, 4:] == 1).mean() == pytest.approx(0.5, abs=0.06)
