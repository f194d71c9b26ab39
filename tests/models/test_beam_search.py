"""Greedy and beam search compared with plain loops, and with an enumeration of all sequences."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from models.attention import MASKED_LOGIT
from models.beam_search import BeamSearch, SearchConfig
from schema.encoded import BEGIN, END, PADDING

VOCAB_SIZE = 6


class ToyModel:
    """A toy model: the next token depends on the sum of the source, the last two tokens and the number of steps."""

    num_recurrent_states = 2

    def __init__(self, seed: int = 0, beta: float = 2.0) -> None:
        random = np.random.default_rng(seed)
        logits = beta * random.normal(size=(3, VOCAB_SIZE, VOCAB_SIZE, 4, VOCAB_SIZE))
        self.logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        self.tensor = tf.constant(self.logs, tf.float32)

    def initial_state(self, source: tf.Tensor) -> list[tf.Tensor]:
        rows = tf.shape(source)[0]
        return [tf.fill((rows,), PADDING), tf.fill((rows,), 0), tf.reduce_sum(source, axis=1) % 3]

    def step(self, tokens: tf.Tensor, state: Sequence[tf.Tensor]):
        before, step, topic = state
        logs = tf.gather_nd(self.tensor, tf.stack([topic, before, tokens, step % 4], axis=1))
        return logs, [tokens, step + 1, topic], tf.zeros((tf.shape(tokens)[0], 0))

    def logs_after(self, source: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        past = [PADDING, BEGIN, *tokens]
        return self.logs[sum(source) % 3, past[-2], past[-1], len(tokens) % 4]


def max_steps_of(source: Sequence[int], config: SearchConfig) -> int:
    proportional = int(np.ceil(config.max_length_ratio * sum(token != PADDING for token in source)))
    return int(np.clip(proportional, config.min_length, max(config.max_length, config.min_length))) + 1


def constrain(logs: np.ndarray, tokens: Sequence[int], max_steps: int, config: SearchConfig) -> np.ndarray:
    logs, size = logs.copy(), config.no_repeat_ngram_size
    logs[[PADDING, BEGIN]] = MASKED_LOGIT
    if len(tokens) < config.min_length:
        logs[END] = MASKED_LOGIT
    if len(tokens) + 1 >= max_steps:
        logs[[token for token in range(VOCAB_SIZE) if token != END]] = MASKED_LOGIT
    if size and len(tokens) >= size - 1:
        ngrams = {tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1)}
        for token in range(VOCAB_SIZE):
            if (*tokens[len(tokens) - size + 1 :], token) in ngrams:
                logs[token] = MASKED_LOGIT
    return logs


def plain_beam_search(model: ToyModel, source: Sequence[int], config: SearchConfig) -> list[tuple[float, list[int]]]:
    max_steps = max_steps_of(source, config)
    unfinished, done = [(0.0, [])], []
    for step in range(max_steps):
        candidates = []
        for score, tokens in unfinished:
            logs = constrain(model.logs_after(source, tokens), tokens, max_steps, config)
            candidates += [(score + logs[token], [*tokens, token]) for token in range(VOCAB_SIZE)]
        candidates = sorted((each for each in candidates if each[0] > MASKED_LOGIT / 2), key=lambda each: -each[0])
        candidates = candidates[: 2 * config.beam_size]
        ended = [(score, tokens[:-1]) for score, tokens in candidates if tokens[-1] == END]
        done += [(score / (step + 1) ** config.length_penalty, tokens) for score, tokens in ended]
        done = sorted(done, key=lambda each: -each[0])[: config.beam_size]
        unfinished = [each for each in candidates if each[1][-1] != END][: config.beam_size]
    return done


def plain_greedy_search(model: ToyModel, source: Sequence[int], config: SearchConfig) -> tuple[float, list[int]]:
    max_steps, tokens, score = max_steps_of(source, config), [], 0.0
    while not tokens or tokens[-1] != END:
        logs = constrain(model.logs_after(source, tokens), tokens, max_steps, config)
        tokens.append(int(logs.argmax()))
        score += logs[tokens[-1]]
    return score / len(tokens) ** config.length_penalty, tokens[:-1]


SOURCES = [[4, 5, 4], [5], [1, 1, 4, 4, 5, 5]]


def pad(sources: Sequence[Sequence[int]], extra: int = 0) -> np.ndarray:
    width = max(map(len, sources)) + extra
    return np.array([[*source, *[PADDING] * (width - len(source))] for source in sources], np.int32)


def unpadded(ids: np.ndarray) -> list[int]:
    return [int(token) for token in ids if token != PADDING]


CONFIGS = [
    SearchConfig(max_length=7),
    SearchConfig(max_length=7, min_length=3),
    SearchConfig(max_length=9, max_length_ratio=3, no_repeat_ngram_size=2),
    SearchConfig(max_length=9, max_length_ratio=3, no_repeat_ngram_size=1),
    SearchConfig(max_length=9, max_length_ratio=3, length_penalty=0.0, no_repeat_ngram_size=3),
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_greedy_search_finds_what_a_plain_loop_finds(config, seed):
    model = ToyModel(seed)
    result = BeamSearch(model)(pad(SOURCES), config)
    for source, ids, score in zip(SOURCES, result.ids, result.scores, strict=True):
        expected = plain_greedy_search(model, source, config)
        assert unpadded(ids[0]) == expected[1]
        assert score[0] == pytest.approx(expected[0], abs=1e-4)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("beam_size", [2, 5])
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_beam_search_finds_what_a_plain_loop_finds(config, beam_size, seed):
    model, config = ToyModel(seed), replace(config, beam_size=beam_size)
    result = BeamSearch(model)(pad(SOURCES), config)
    for source, ids, scores in zip(SOURCES, result.ids, result.scores, strict=True):
        expected = plain_beam_search(model, source, config)
        assert [unpadded(each) for each in ids][: len(expected)] == [tokens for _, tokens in expected]
        np.testing.assert_allclose(scores[: len(expected)], [score for score, _ in expected], atol=1e-4)
        assert (scores[len(expected) :] <= MASKED_LOGIT / 2).all()


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(2))
def test_a_wide_beam_finds_the_best_of_all_sequences(seed, length_penalty):
    model, source = ToyModel(seed), [4, 5]
    config = SearchConfig(beam_size=100, max_length=3, max_length_ratio=2, length_penalty=length_penalty)
    sequences = []
    for length in range(1, 4):
        for tokens in product([1, 4, 5], repeat=length):
            logs = [model.logs_after(source, tokens[:step])[token] for step, token in enumerate([*tokens, END])]
            sequences.append((sum(logs) / len(logs) ** length_penalty, list(tokens)))
    result = BeamSearch(model)(pad([source]), config)
    best_first = sorted(sequences, reverse=True)
    for ids, score, (expected, tokens) in zip(result.ids[0], result.scores[0], best_first, strict=False):
        assert unpadded(ids) == tokens
        assert score == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_padding_and_other_rows_change_no_hypothesis(beam_size):
    search, config = BeamSearch(ToyModel(1)), SearchConfig(beam_size=beam_size, max_length=8)
    together = search(pad(SOURCES, extra=3), config)
    for row, source in enumerate(SOURCES):
        alone = search(pad([source]), config)
        assert [unpadded(ids) for ids in together.ids[row]] == [unpadded(ids) for ids in alone.ids[0]]
        np.testing.assert_allclose(together.scores[row], alone.scores[0], atol=1e-5)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_hypothesis_ends_at_the_maximum_length(beam_size):
    model = ToyModel()
    model.tensor = tf.where(tf.range(VOCAB_SIZE) == END, -50.0, model.tensor)
    config = SearchConfig(beam_size=beam_size, max_length=100, max_length_ratio=2)
    result = BeamSearch(model)(pad([[4, 4, 4]]), config)
    assert len(unpadded(result.ids[0, 0])) == 6


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_hypothesis_has_the_minimum_length(beam_size):
    model = ToyModel()
    model.tensor = tf.where(tf.range(VOCAB_SIZE) == END, 0.0, model.tensor - 50)
    result = BeamSearch(model)(pad([[4]]), SearchConfig(beam_size=beam_size))
    assert len(unpadded(result.ids[0, 0])) == 1
