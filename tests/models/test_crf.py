"""The CRF compared with an enumeration of all sequences, and the effect of padding and of forbidden tags."""

from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.crf import CRF, CRFLoss, best_sequence, log_partition, marginals, sequence_score, viterbi_decode

TAGS, LENGTHS = 3, (4, 1, 3, 2)
MASK = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
FREE = [[True] * TAGS] * (TAGS + 1)
# Tag 2 may follow only tags 1 and 2, as I follows B.
RESTRICTED = [[True, True, before in (1, 2)] for before in (0, 1, 2, None)]


def random_potentials(allowed: list[list[bool]], seed: int = 0) -> np.ndarray:
    """Potentials of a layer with random weights, for random scores: (sentences, steps, tags, tags)."""
    random = np.random.default_rng(seed)
    crf = CRF(allowed)
    scores = random.normal(size=(*MASK.shape, TAGS)).astype(np.float32)
    crf.build(scores.shape)
    crf.set_weights([random.normal(size=(TAGS + 1, TAGS))])
    return np.array(crf(scores))


def sequence_scores(potentials: np.ndarray, length: int) -> dict[tuple[int, ...], float]:
    """Score of each possible sequence of tags."""
    scores = {}
    for tags in product(range(TAGS), repeat=length):
        steps = zip((0, *tags), tags, strict=False)
        scores[tags] = sum(float(potentials[step, before, tag]) for step, (before, tag) in enumerate(steps))
    return scores


@pytest.fixture(scope="module", params=[FREE, RESTRICTED], ids=["free", "restricted"])
def potentials(request) -> np.ndarray:
    return random_potentials(request.param)


def test_the_partition_is_the_sum_over_all_sequences(potentials):
    expected = [
        np.logaddexp.reduce(list(sequence_scores(*one).values())) for one in zip(potentials, LENGTHS, strict=True)
    ]
    np.testing.assert_allclose(log_partition(potentials, MASK), expected, rtol=1e-5)


def test_viterbi_finds_the_best_sequence(potentials):
    output = np.array(best_sequence(potentials, MASK))
    for row, one, length in zip(output, potentials, LENGTHS, strict=True):
        scores = sequence_scores(one, length)
        assert tuple(row[:length]) == max(scores, key=scores.get)


def test_the_marginals_sum_the_probabilities_of_the_sequences_with_a_tag(potentials):
    output = np.array(marginals(potentials, MASK))
    for row, one, length in zip(output, potentials, LENGTHS, strict=True):
        expected = np.zeros((length, TAGS))
        scores = sequence_scores(one, length)
        total = np.logaddexp.reduce(list(scores.values()))
        for tags, score in scores.items():
            expected[np.arange(length), tags] += np.exp(score - total)
        np.testing.assert_allclose(row[:length], expected, atol=1e-5)


def test_the_loss_is_the_negative_log_likelihood_divided_by_the_number_of_words(potentials):
    tags = [(0, 1, 2, 0), (1,), (0, 0, 1), (1, 2)]
    targets = np.full(MASK.shape, -1)
    negative_log_likelihood = 0.0
    for row, one, sequence in zip(targets, potentials, tags, strict=True):
        row[: len(sequence)] = sequence
        scores = sequence_scores(one, len(sequence))
        negative_log_likelihood += np.logaddexp.reduce(list(scores.values())) - scores[sequence]
    assert float(CRFLoss()(targets, potentials)) == pytest.approx(negative_log_likelihood / sum(LENGTHS), rel=1e-5)


def test_padding_and_other_sentences_change_nothing(potentials):
    random = np.random.default_rng(1)
    padded = np.concatenate([potentials, random.normal(size=(4, 3, TAGS, TAGS)).astype(np.float32)], axis=1)
    mask = np.pad(MASK, ((0, 0), (0, 3)))
    np.testing.assert_allclose(log_partition(padded, mask), log_partition(potentials, MASK), rtol=1e-6)
    tags, probabilities = viterbi_decode(padded, mask)
    for row, length in enumerate(LENGTHS):
        alone, alone_probabilities = viterbi_decode(potentials[row : row + 1, :length], MASK[row : row + 1, :length])
        np.testing.assert_array_equal(tags[row, :length], alone[0])
        np.testing.assert_allclose(probabilities[row, :length], alone_probabilities[0], atol=1e-6)


def test_forbidden_tags_are_never_predicted_and_have_no_probability():
    potentials = random_potentials(RESTRICTED)
    # Even with high scores.
    potentials[..., 2] += 50
    tags, probabilities = (np.array(part) for part in viterbi_decode(potentials, MASK))
    assert (tags[:, 0] != 2).all()
    assert probabilities[:, 0, 2].max() < 1e-6
    for row, length in zip(tags, LENGTHS, strict=True):
        assert all(before in (1, 2) for before, tag in zip(row, row[1:length], strict=False) if tag == 2)


def test_the_gradient_of_the_loss_is_the_marginal_minus_the_target():
    scores = tf.constant(np.random.default_rng(2).normal(size=(*MASK.shape, TAGS)), tf.float32)
    crf = CRF(FREE)
    targets = np.where(MASK, 1, -1)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        potentials = crf(scores)
        loss = CRFLoss()(targets, potentials)
    expected = (np.array(marginals(potentials, MASK)) - np.eye(TAGS)[1]) * MASK[..., None] / MASK.sum()
    np.testing.assert_allclose(tape.gradient(loss, scores), expected, atol=1e-6)


def test_a_sentence_with_weight_zero_does_not_count(potentials):
    targets = np.where(MASK, 0, -1)
    weights = np.array([1.0, 0, 1, 0], np.float32)[:, None]
    chosen = weights[:, 0] > 0
    assert float(CRFLoss()(targets, potentials, weights)) == pytest.approx(
        float(CRFLoss()(targets[chosen], potentials[chosen])), rel=1e-6
    )


def test_the_score_of_a_sequence_is_the_sum_of_its_potentials(potentials):
    tags = np.where(MASK, 1, -1)
    expected = [sequence_scores(one, length)[(1,) * length] for one, length in zip(potentials, LENGTHS, strict=True)]
    np.testing.assert_allclose(sequence_score(potentials, tags), expected, rtol=1e-5)


def test_a_saved_layer_keeps_its_allowed_transitions(tmp_path):
    inputs = keras.Input((None, TAGS))
    model = keras.Model(inputs, CRF(RESTRICTED, name="crf")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.get_layer("crf").allowed == RESTRICTED
    scores = np.random.default_rng(3).normal(size=(2, 5, TAGS)).astype(np.float32)
    np.testing.assert_array_equal(loaded(scores), model(scores))
