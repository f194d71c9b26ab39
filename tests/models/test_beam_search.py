"""Greedy and beam search against plain loops, and against every sequence there is."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from models.beam_search import MASKED_LOGIT, BeamSearch, SearchConfig

PADDING, BEGIN, END = 0, 2, 3
VOCABULARY = 6


class Table:
    """A made-up model: what comes next depends on the source's sum, the last two words and the number of steps."""

    num_recurrent_states = 2

    def __init__(self, seed: int = 0, beta: float = 2.0) -> None:
        random = np.random.default_rng(seed)
        logits = beta * random.normal(size=(3, VOCABULARY, VOCABULARY, 4, VOCABULARY))
        self.logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        self.tensor = tf.constant(self.logs, tf.float32)

    def start(self, source: tf.Tensor) -> list[tf.Tensor]:
        rows = tf.shape(source)[0]
        return [tf.fill((rows,), PADDING), tf.fill((rows,), 0), tf.reduce_sum(source, axis=1) % 3]

    def step(self, said: tf.Tensor, state: Sequence[tf.Tensor]):
        before, place, about = state
        logs = tf.gather_nd(self.tensor, tf.stack([about, before, said, place % 4], axis=1))
        return logs, [said, place + 1, about], tf.zeros((tf.shape(said)[0], 0))

    def logs_after(self, source: Sequence[int], said: Sequence[int]) -> np.ndarray:
        past = [PADDING, BEGIN, *said]
        return self.logs[sum(source) % 3, past[-2], past[-1], len(said) % 4]


def longest_of(source: Sequence[int], search: SearchConfig) -> int:
    wanted = int(np.ceil(search.max_length_ratio * sum(word != PADDING for word in source)))
    return int(np.clip(wanted, search.min_length, max(search.max_length, search.min_length))) + 1


def allowed_words(logs: np.ndarray, said: Sequence[int], longest: int, search: SearchConfig) -> np.ndarray:
    logs, size = logs.copy(), search.no_repeat_ngram_size
    logs[[PADDING, BEGIN]] = MASKED_LOGIT
    if len(said) < search.min_length:
        logs[END] = MASKED_LOGIT
    if len(said) + 1 >= longest:
        logs[[word for word in range(VOCABULARY) if word != END]] = MASKED_LOGIT
    if size and len(said) >= size - 1:
        grams = {tuple(said[place : place + size]) for place in range(len(said) - size + 1)}
        for word in range(VOCABULARY):
            if (*said[len(said) - size + 1 :], word) in grams:
                logs[word] = MASKED_LOGIT
    return logs


def slow_beam(table: Table, source: Sequence[int], search: SearchConfig) -> list[tuple[float, list[int]]]:
    longest = longest_of(source, search)
    alive, done = [(0.0, [])], []
    for place in range(longest):
        candidates = []
        for score, said in alive:
            logs = allowed_words(table.logs_after(source, said), said, longest, search)
            candidates += [(score + logs[word], [*said, word]) for word in range(VOCABULARY)]
        candidates = sorted((each for each in candidates if each[0] > MASKED_LOGIT / 2), key=lambda each: -each[0])
        candidates = candidates[: 2 * search.beam_size]
        done += [
            (score / (place + 1) ** search.length_penalty, said[:-1]) for score, said in candidates if said[-1] == END
        ]
        done = sorted(done, key=lambda each: -each[0])[: search.beam_size]
        alive = [each for each in candidates if each[1][-1] != END][: search.beam_size]
    return done


def slow_greedy(table: Table, source: Sequence[int], search: SearchConfig) -> tuple[float, list[int]]:
    longest, said, score = longest_of(source, search), [], 0.0
    while not said or said[-1] != END:
        logs = allowed_words(table.logs_after(source, said), said, longest, search)
        said.append(int(logs.argmax()))
        score += logs[said[-1]]
    return score / len(said) ** search.length_penalty, said[:-1]


SOURCES = [[4, 5, 4], [5], [1, 1, 4, 4, 5, 5]]


def padded(sources: Sequence[Sequence[int]], more: int = 0) -> np.ndarray:
    width = max(map(len, sources)) + more
    return np.array([[*source, *[PADDING] * (width - len(source))] for source in sources], np.int32)


def words(ids: np.ndarray) -> list[int]:
    return [int(word) for word in ids if word != PADDING]


SEARCHES = [
    SearchConfig(max_length=7),
    SearchConfig(max_length=7, min_length=3),
    SearchConfig(max_length=9, max_length_ratio=3, no_repeat_ngram_size=2),
    SearchConfig(max_length=9, max_length_ratio=3, no_repeat_ngram_size=1),
    SearchConfig(max_length=9, max_length_ratio=3, length_penalty=0.0, no_repeat_ngram_size=3),
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_greedy_says_what_a_plain_loop_says(search, seed):
    table = Table(seed)
    found = BeamSearch(table, BEGIN, END)(padded(SOURCES), search)
    for source, ids, score in zip(SOURCES, found.ids, found.scores, strict=True):
        expected = slow_greedy(table, source, search)
        assert words(ids[0]) == expected[1]
        assert score[0] == pytest.approx(expected[0], abs=1e-4)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("beam", [2, 5])
@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_a_beam_finds_what_a_plain_loop_finds(search, beam, seed):
    table = Table(seed)
    search = SearchConfig(**{**search.__dict__, "beam_size": beam})
    found = BeamSearch(table, BEGIN, END)(padded(SOURCES), search)
    for source, ids, scores in zip(SOURCES, found.ids, found.scores, strict=True):
        expected = slow_beam(table, source, search)
        assert [words(each) for each in ids][: len(expected)] == [said for _, said in expected]
        np.testing.assert_allclose(scores[: len(expected)], [score for score, _ in expected], atol=1e-4)
        assert (scores[len(expected) :] <= MASKED_LOGIT / 2).all()


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(2))
def test_a_wide_beam_finds_the_best_of_all_sequences(seed, alpha):
    table, source = Table(seed), [4, 5]
    search = SearchConfig(beam_size=100, max_length=3, max_length_ratio=2, length_penalty=alpha)
    every = []
    for length in range(1, 4):
        for said in product([1, 4, 5], repeat=length):
            logs = [table.logs_after(source, said[:place])[word] for place, word in enumerate([*said, END])]
            every.append((sum(logs) / len(logs) ** alpha, list(said)))
    found = BeamSearch(table, BEGIN, END)(padded([source]), search)
    for ids, score, (expected, said) in zip(found.ids[0], found.scores[0], sorted(every, reverse=True), strict=False):
        assert words(ids) == said
        assert score == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("beam", [1, 4])
def test_neither_padding_nor_neighbours_change_an_answer(beam):
    decoder, search = BeamSearch(Table(1), BEGIN, END), SearchConfig(beam_size=beam, max_length=8)
    together = decoder(padded(SOURCES, more=3), search)
    for place, source in enumerate(SOURCES):
        alone = decoder(padded([source]), search)
        assert [words(ids) for ids in together.ids[place]] == [words(ids) for ids in alone.ids[0]]
        np.testing.assert_allclose(together.scores[place], alone.scores[0], atol=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_a_model_that_never_wants_to_end_is_ended(beam):
    table = Table()
    table.tensor = tf.where(tf.range(VOCABULARY) == END, -50.0, table.tensor)
    found = BeamSearch(table, BEGIN, END)(
        padded([[4, 4, 4]]), SearchConfig(beam_size=beam, max_length=100, max_length_ratio=2)
    )
    assert len(words(found.ids[0, 0])) == 6


@pytest.mark.parametrize("beam", [1, 3])
def test_a_model_that_wants_to_end_at_once_says_something(beam):
    table = Table()
    table.tensor = tf.where(tf.range(VOCABULARY) == END, 0.0, table.tensor - 50)
    assert len(words(BeamSearch(table, BEGIN, END)(padded([[4]]), SearchConfig(beam_size=beam)).ids[0, 0])) == 1
