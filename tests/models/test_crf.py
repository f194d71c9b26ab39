"""The CRF against every sequence that there is, and what padding and forbidden tags do to it."""

from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.crf import CRF, CRFLoss, best_sequence, log_partition, marginals, sequence_score, viterbi_decode

TAGS, LENGTHS = 3, (4, 1, 3, 2)
MASK = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
FREE = [[True] * TAGS] * (TAGS + 1)
# Tag 2 goes on with tag 1, and nothing else: I after B.
BOUND = [[True, True, before in (1, 2)] for before in (0, 1, 2, None)]


def potentials_of(allowed: list[list[bool]], seed: int = 0) -> np.ndarray:
    """Those of a layer with random weights, for random scores: (sentences, steps, tags, tags)."""
    random = np.random.default_rng(seed)
    crf = CRF(allowed)
    scores = random.normal(size=(*MASK.shape, TAGS)).astype(np.float32)
    crf.build(scores.shape)
    crf.set_weights([random.normal(size=(TAGS + 1, TAGS))])
    return np.array(crf(scores))


def every_sequence(potentials: np.ndarray, length: int) -> dict[tuple[int, ...], float]:
    """The score of each sequence of tags, step by step."""
    found = {}
    for tags in product(range(TAGS), repeat=length):
        steps = zip((0, *tags), tags, strict=False)
        found[tags] = sum(float(potentials[step, before, tag]) for step, (before, tag) in enumerate(steps))
    return found


@pytest.fixture(scope="module", params=[FREE, BOUND], ids=["free", "bound"])
def potentials(request) -> np.ndarray:
    return potentials_of(request.param)


def test_the_partition_is_the_sum_over_every_sequence(potentials):
    expected = [
        np.logaddexp.reduce(list(every_sequence(*one).values())) for one in zip(potentials, LENGTHS, strict=True)
    ]
    np.testing.assert_allclose(log_partition(potentials, MASK), expected, rtol=1e-5)


def test_viterbi_finds_the_best_of_every_sequence(potentials):
    found = np.array(best_sequence(potentials, MASK))
    for row, one, length in zip(found, potentials, LENGTHS, strict=True):
        scores = every_sequence(one, length)
        assert tuple(row[:length]) == max(scores, key=scores.get)


def test_the_marginals_are_the_shares_of_the_sequences_with_a_tag(potentials):
    found = np.array(marginals(potentials, MASK))
    for row, one, length in zip(found, potentials, LENGTHS, strict=True):
        expected = np.zeros((length, TAGS))
        scores = every_sequence(one, length)
        total = np.logaddexp.reduce(list(scores.values()))
        for tags, score in scores.items():
            expected[np.arange(length), tags] += np.exp(score - total)
        np.testing.assert_allclose(row[:length], expected, atol=1e-5)


def test_the_loss_is_the_surprise_at_the_tags_divided_by_their_number(potentials):
    tags = [(0, 1, 2, 0), (1,), (0, 0, 1), (1, 2)]
    targets = np.full(MASK.shape, -1)
    surprise = 0.0
    for row, one, given in zip(targets, potentials, tags, strict=True):
        row[: len(given)] = given
        scores = every_sequence(one, len(given))
        surprise += np.logaddexp.reduce(list(scores.values())) - scores[given]
    assert float(CRFLoss()(targets, potentials)) == pytest.approx(surprise / sum(LENGTHS), rel=1e-5)


def test_padding_and_neighbours_change_nothing(potentials):
    random = np.random.default_rng(1)
    padded = np.concatenate([potentials, random.normal(size=(4, 3, TAGS, TAGS)).astype(np.float32)], axis=1)
    mask = np.pad(MASK, ((0, 0), (0, 3)))
    np.testing.assert_allclose(log_partition(padded, mask), log_partition(potentials, MASK), rtol=1e-6)
    tags, shares = viterbi_decode(padded, mask)
    for place, length in enumerate(LENGTHS):
        alone, alone_shares = viterbi_decode(potentials[place : place + 1, :length], MASK[place : place + 1, :length])
        np.testing.assert_array_equal(tags[place, :length], alone[0])
        np.testing.assert_allclose(shares[place, :length], alone_shares[0], atol=1e-6)


def test_what_is_forbidden_is_never_answered_and_has_no_probability():
    potentials = potentials_of(BOUND)
    # However much the words speak for it.
    potentials[..., 2] += 50
    tags, shares = (np.array(part) for part in viterbi_decode(potentials, MASK))
    assert (tags[:, 0] != 2).all()
    assert shares[:, 0, 2].max() < 1e-6
    for row, length in zip(tags, LENGTHS, strict=True):
        assert all(before in (1, 2) for before, tag in zip(row, row[1:length], strict=False) if tag == 2)


def test_the_gradient_of_the_loss_is_the_marginal_less_the_truth():
    scores = tf.constant(np.random.default_rng(2).normal(size=(*MASK.shape, TAGS)), tf.float32)
    crf = CRF(FREE)
    targets = np.where(MASK, 1, -1)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        potentials = crf(scores)
        loss = CRFLoss()(targets, potentials)
    expected = (np.array(marginals(potentials, MASK)) - np.eye(TAGS)[1]) * MASK[..., None] / MASK.sum()
    np.testing.assert_allclose(tape.gradient(loss, scores), expected, atol=1e-6)


def test_a_sentence_without_weight_does_not_count(potentials):
    targets = np.where(MASK, 0, -1)
    weights = np.array([1.0, 0, 1, 0], np.float32)[:, None]
    chosen = weights[:, 0] > 0
    assert float(CRFLoss()(targets, potentials, weights)) == pytest.approx(
        float(CRFLoss()(targets[chosen], potentials[chosen])), rel=1e-6
    )


def test_a_sequence_has_the_sum_of_its_potentials(potentials):
    tags = np.where(MASK, 1, -1)
    expected = [every_sequence(one, length)[(1,) * length] for one, length in zip(potentials, LENGTHS, strict=True)]
    np.testing.assert_allclose(sequence_score(potentials, tags), expected, rtol=1e-5)


def test_a_saved_layer_allows_what_it_allowed(tmp_path):
    inputs = keras.Input((None, TAGS))
    model = keras.Model(inputs, CRF(BOUND, name="crf")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.get_layer("crf").allowed == BOUND
    scores = np.random.default_rng(3).normal(size=(2, 5, TAGS)).astype(np.float32)
    np.testing.assert_array_equal(loaded(scores), model(scores))
