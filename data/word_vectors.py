"""First values of word embeddings, learnt from texts alone (word2vec: Mikolov et al. 2013)."""

from collections.abc import Iterator, Sequence

import numpy as np

from console.progress import Progress
from data.vocabulary import Vocabulary

# Settings that were chosen on validation of the sentiment task; see docs/architecture.md.
WINDOW, PASSES, MIN_COUNT = 6, 5, 5


def learn_word_vectors(texts: Sequence[Sequence[str]], vocabulary: Vocabulary, size: int, seed: int) -> np.ndarray:
    """Vectors (ids, size), float32; zeros for padding and unknown, small random values for words too rare to learn.

    One thread, since word2vec repeats itself bit for bit only then.
    """
    from gensim.models import Word2Vec

    # One pass more: the first only counts words.
    with Progress("learning word vectors", len(texts) * (PASSES + 1)) as progress:
        model = Word2Vec(
            sentences=_Watched(texts, progress),
            vector_size=size,
            window=WINDOW,
            epochs=PASSES,
            min_count=MIN_COUNT,
            workers=1,
            seed=seed,
        )
    vectors = np.random.default_rng(seed).normal(0, 0.1, (len(vocabulary), size)).astype(np.float32)
    vectors[:2] = 0
    for word, place in vocabulary.ids.items():
        if word in model.wv:
            vectors[place] = model.wv[word]
    return vectors


class _Watched:
    """Texts that can be gone through again and again, with progress."""

    def __init__(self, texts: Sequence[Sequence[str]], progress: Progress) -> None:
        self.texts, self.progress = texts, progress

    def __iter__(self) -> Iterator[Sequence[str]]:
        for text in self.texts:
            yield text
            self.progress.advance()
