"""First values of the word embeddings."""

import numpy as np
import pytest

from data.vocabulary import Vocabulary
from data.word_vectors import DEVIATION, MIN_COUNT, learn_word_vectors

TEXTS = [["the", "cat", "drinks", "milk"], ["the", "dog", "eats", "meat"], ["my", "cat", "eats", "fish"]] * MIN_COUNT
VOCABULARY = Vocabulary([*sorted({word for text in TEXTS for word in text}), "never-seen"])


def test_every_word_has_a_vector_of_the_promised_size_and_padding_and_unknown_have_zeros():
    vectors = learn_word_vectors(TEXTS, VOCABULARY, 16, seed=1)
    assert vectors.shape == (len(VOCABULARY), 16)
    assert vectors.dtype == np.float32
    assert not vectors[:2].any()
    assert (np.abs(vectors[2:]).max(axis=1) > 0).all()
    assert vectors[2:].std() == pytest.approx(DEVIATION, rel=0.2)


def test_the_seed_decides():
    one, same, other = (learn_word_vectors(TEXTS, VOCABULARY, 8, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("texts", [[], [["cat"]], [["cat"], ["dog"]]])
def test_texts_too_few_to_learn_from_give_random_vectors(texts):
    vectors = learn_word_vectors(texts, VOCABULARY, 8, seed=1)
    assert vectors.shape == (len(VOCABULARY), 8)
    assert (np.abs(vectors[2:]).max(axis=1) > 0).all()
