"""First values of word embeddings, learnt from texts alone (word2vec: Mikolov et al. 2013)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from console.progress import Progress
from data.encoders.vocabulary import Vocabulary
from data.stopwatch import Stopwatch

# Settings that were chosen on validation of the sentiment task; see docs/architecture.md.
WINDOW, EPOCHS, MIN_COUNT = 6, 5, 5
LARGEST_VOCABULARY = 100_000
ENOUGH_WORDS = 1_000_000
"""Fewer words of text say too little of what a word means."""
STDDEV = 0.3
"""Size of the vectors' values. A cell's first weights expect inputs of about this size, see docs/architecture.md."""


def fit_word_vectors(
    texts: Sequence[Sequence[str]], vocabulary: Vocabulary, size: int, seed: int, window: int = WINDOW
) -> np.ndarray:
    """Vectors (ids, size), float32, of standard deviation `STDDEV`; zeros for padding and unknown, random values for
    words too rare to learn.

    window: words to each side that a word is learnt from; few tell what kind of word it is, many what it is about
    One thread, since word2vec repeats itself bit for bit only then.
    """
    from gensim.models import Word2Vec

    # One pass more: the first only counts words.
    with Progress("learning word vectors", len(texts) * (EPOCHS + 1)) as progress:
        watched = _Watched(texts, progress)
        model = Word2Vec(vector_size=size, window=window, min_count=MIN_COUNT, workers=1, seed=seed)
        model.build_vocab(watched)
        # gensim refuses to train where every word is too rare.
        if model.wv.index_to_key:
            model.train(watched, total_examples=model.corpus_count, epochs=EPOCHS)
    vectors = np.random.default_rng(seed).normal(0, STDDEV, (len(vocabulary), size)).astype(np.float32)
    vectors[:2] = 0
    scale = STDDEV / model.wv.vectors.std() if model.wv.index_to_key else 1.0
    for word, place in vocabulary.ids.items():
        if word in model.wv:
            vectors[place] = scale * model.wv[word]
    return vectors


@dataclass(frozen=True)
class WordVectors:
    """Vectors (ids, size) of words, and what learning them took."""

    words: Vocabulary = field(default_factory=lambda: Vocabulary([]))
    values: np.ndarray = field(default_factory=lambda: np.zeros((2, 0), np.float32))
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def save(self, folder: Path) -> None:
        self.words.save(folder / "words.txt")
        np.savez(folder / "vectors.npz", values=self.values, seconds=[self.seconds, self.cpu_seconds])

    @classmethod
    def load(cls, folder: Path) -> "WordVectors":
        """Read what `save` wrote."""
        kept = np.load(folder / "vectors.npz", allow_pickle=False)
        return cls(Vocabulary.load(folder / "words.txt"), kept["values"], *kept["seconds"].tolist())


def fit_vectors_of_all_words(texts: Sequence[Sequence[str]], size: int, seed: int, window: int) -> WordVectors:
    """Vectors of all words that stand in the texts often enough; of none where the texts hold too few words."""
    watch = Stopwatch()
    if sum(map(len, texts)) < ENOUGH_WORDS:
        return WordVectors()
    words = Vocabulary.fit(texts, LARGEST_VOCABULARY, MIN_COUNT)
    values = fit_word_vectors(texts, words, size, seed, window)
    return WordVectors(words, values, watch.seconds, watch.cpu_seconds)


class _Watched:
    """Texts that can be gone through again and again, with progress."""

    def __init__(self, texts: Sequence[Sequence[str]], progress: Progress) -> None:
        self.texts, self.progress = texts, progress

    def __iter__(self) -> Iterator[Sequence[str]]:
        for text in self.texts:
            yield text
            self.progress.advance()
