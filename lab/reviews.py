"""Word ids of film reviews, for experiments on real text."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from console.progress import track
from data.encoders.vocabulary import Vocabulary
from data.readers.tokenization import tokenize
from schema.errors import UserError
from schema.examples import LabelledText
from tasks.sentiment import TASK, SentimentConfig

VOCAB_SIZE = 5000


@dataclass(frozen=True)
class Reviews:
    """Tokens and classes (0 or 1) of reviews, for training and for testing, in a fixed order.

    The test reviews are of the validation split: the data set's own test split is for results of `train.py` alone.
    """

    train: list[list[str]]
    train_classes: np.ndarray
    test: list[list[str]]
    test_classes: np.ndarray
    vocabulary: Vocabulary


@cache
def load_reviews(dataset: str, examples: int, min_words: int = 1) -> Reviews:
    """Load `examples` reviews of at least `min_words` words for training, and at most as many for testing.

    Raises UserError if the data set has too few.
    """
    splits = TASK.splits(SentimentConfig(dataset=dataset))
    labels = sorted({str(example.label) for example in splits.train})
    train, train_classes = _tokens(splits.train, labels, examples, min_words)
    test, test_classes = _tokens(splits.validation, labels, examples, min_words)
    if len(train) < examples or not test:
        raise UserError(f"{dataset} has only {len(train)} reviews of {min_words} words or more")
    return Reviews(train, train_classes, test, test_classes, Vocabulary.fit(train, VOCAB_SIZE))


def _tokens(
    reviews: Sequence[LabelledText], labels: list[str], examples: int, min_words: int
) -> tuple[list[list[str]], np.ndarray]:
    tokens: list[list[str]] = []
    classes: list[int] = []
    for review in track(reviews, "reading reviews"):
        words = tokenize(review.text)
        if len(words) >= min_words:
            tokens.append(words)
            classes.append(labels.index(str(review.label)))
        if len(tokens) == examples:
            break
    return tokens, np.array(classes, np.int32)


def last_words(tokens: list[list[str]], vocabulary: Vocabulary, length: int) -> np.ndarray:
    """Ids of the last `length` words of texts that have as many, (texts, length)."""
    return np.stack([vocabulary.encode(text[-length:]) for text in tokens])


def first_words(tokens: list[list[str]], vocabulary: Vocabulary, length: int) -> np.ndarray:
    """Ids of the first `length` words, (texts, length), with 0 after the end of shorter texts."""
    ids = np.zeros((len(tokens), length), np.int32)
    for row, text in zip(ids, tokens, strict=True):
        encoded = vocabulary.encode(text[:length])
        row[: len(encoded)] = encoded
    return ids
