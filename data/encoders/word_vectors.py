"""Word vectors, fitted on texts without labels, as initial or frozen embeddings (word2vec: Mikolov et al. 2013)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from console.progress import Progress
from data.encoders.vocabulary import FIRST_ID, Vocabulary
from data.stopwatch import Stopwatch

# Chosen on validation of the sentiment task.
WINDOW, EPOCHS, MIN_COUNT = 6, 5, 5
MAX_VOCABULARY = 100_000
MIN_TOKENS = 1_000_000
"""Minimum number of tokens of the texts; fewer say too little about the meaning of words."""
STDDEV = 0.3
"""Standard deviation of the vectors: the initial weights of the cells expect inputs of about this size."""


def fit_word_vectors(
    texts: Sequence[Sequence[str]], vocabulary: Vocabulary, size: int, seed: int, window: int = WINDOW
) -> np.ndarray:
    """Fit vectors (ids, size), float32, with standard deviation `STDDEV`.

    Padding and unknown get zeros, words with fewer than `MIN_COUNT` occurrences random values.
    window: context words on each side; few for the syntax of a word, many for its topic
    """
    from gensim.models import Word2Vec

    # One epoch more, since the first only counts words.
    with Progress("fitting word vectors", len(texts) * (EPOCHS + 1)) as progress:
        tracked = _TrackedTexts(texts, progress)
        # word2vec is deterministic only with a single worker.
        model = Word2Vec(vector_size=size, window=window, min_count=MIN_COUNT, workers=1, seed=seed)
        model.build_vocab(tracked)
        # gensim does not train if every word is too rare.
        if model.wv.index_to_key:
            model.train(tracked, total_examples=model.corpus_count, epochs=EPOCHS)
    vectors = np.random.default_rng(seed).normal(0, STDDEV, (len(vocabulary), size)).astype(np.float32)
    vectors[:FIRST_ID] = 0
    scale = STDDEV / model.wv.vectors.std() if model.wv.index_to_key else 1.0
    for word, index in vocabulary.ids.items():
        if word in model.wv:
            vectors[index] = scale * model.wv[word]
    return vectors


@dataclass(frozen=True)
class WordVectors:
    """Vectors (ids, size) of words, and the duration of their fit."""

    words: Vocabulary = field(default_factory=lambda: Vocabulary([]))
    values: np.ndarray = field(default_factory=lambda: np.zeros((FIRST_ID, 0), np.float32))
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @classmethod
    def fit(cls, texts: Sequence[Sequence[str]], size: int, seed: int, window: int) -> "WordVectors":
        """Fit vectors of all words with at least `MIN_COUNT` occurrences; none for fewer than `MIN_TOKENS` tokens."""
        watch = Stopwatch()
        if sum(map(len, texts)) < MIN_TOKENS:
            return cls()
        words = Vocabulary.fit(texts, MAX_VOCABULARY, MIN_COUNT)
        values = fit_word_vectors(texts, words, size, seed, window)
        return cls(words, values, watch.seconds, watch.cpu_seconds)

    def save(self, folder: Path) -> None:
        """Write words, vectors and durations."""
        self.words.save(folder / "words.txt")
        np.savez(folder / "vectors.npz", values=self.values, seconds=[self.seconds, self.cpu_seconds])

    @classmethod
    def load(cls, folder: Path) -> "WordVectors":
        """Read the files that `save` wrote."""
        arrays = np.load(folder / "vectors.npz", allow_pickle=False)
        return cls(Vocabulary.load(folder / "words.txt"), arrays["values"], *arrays["seconds"].tolist())


class _TrackedTexts:
    """Texts that can be iterated repeatedly, with progress."""

    def __init__(self, texts: Sequence[Sequence[str]], progress: Progress) -> None:
        self.texts, self.progress = texts, progress

    def __iter__(self) -> Iterator[Sequence[str]]:
        for text in self.texts:
            yield text
            self.progress.advance()
