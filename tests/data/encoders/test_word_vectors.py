"""Word vectors that are fitted on texts, and their files."""

import numpy as np
import pytest

from data.encoders import word_vectors
from data.encoders.vocabulary import Vocabulary
from data.encoders.word_vectors import MIN_COUNT, STDDEV, WordVectors, fit_word_vectors

TEXTS = [["the", "cat", "drinks", "milk"], ["the", "dog", "eats", "meat"], ["my", "cat", "eats", "fish"]] * MIN_COUNT
VOCABULARY = Vocabulary([*sorted({word for text in TEXTS for word in text}), "never-seen"])


def test_every_word_has_a_scaled_vector_and_padding_and_unknown_have_zeros():
    vectors = fit_word_vectors(TEXTS, VOCABULARY, 16, seed=1)
    assert vectors.shape == (len(VOCABULARY), 16)
    assert vectors.dtype == np.float32
    assert not vectors[:2].any()
    assert (np.abs(vectors[2:]).max(axis=1) > 0).all()
    assert vectors[2:].std() == pytest.approx(STDDEV, rel=0.2)


def test_the_vectors_depend_on_the_seed_only():
    one, same, other = (fit_word_vectors(TEXTS, VOCABULARY, 8, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("texts", [[], [["cat"]], [["cat"], ["dog"]]])
def test_too_few_texts_give_random_vectors(texts):
    vectors = fit_word_vectors(texts, VOCABULARY, 8, seed=1)
    assert vectors.shape == (len(VOCABULARY), 8)
    assert (np.abs(vectors[2:]).max(axis=1) > 0).all()


def test_all_frequent_words_get_a_vector_and_load_restores_them(monkeypatch, tmp_path):
    monkeypatch.setattr(word_vectors, "MIN_TOKENS", 12 * MIN_COUNT)
    vectors = WordVectors.fit([*TEXTS, ["rare"]], size=8, seed=1, window=2)
    assert set(vectors.words.words) == {word for text in TEXTS for word in text}
    assert vectors.values.shape == (len(vectors.words), 8)
    vectors.save(tmp_path)
    loaded = WordVectors.load(tmp_path)
    np.testing.assert_array_equal(loaded.values, vectors.values)
    assert (loaded.words.words, loaded.seconds) == (vectors.words.words, vectors.seconds)


def test_too_few_tokens_give_no_vectors():
    vectors = WordVectors.fit(TEXTS, size=8, seed=1, window=2)
    assert not vectors.words.words
    assert vectors.values.shape[0] == len(vectors.words)
