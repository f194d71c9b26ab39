"""Film reviews, a cell that classifies them, and questions, for experiments on real text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import keras
import numpy as np

from console.progress import track
from data.encoders.vocabulary import Vocabulary
from data.readers.tokenization import tokenize
from lab.experiment import Condition, Values
from lab.figures import CELL_STYLES
from lab.gradients import state_gradient_by_lag
from lab.training import accuracy, shuffled_batches, training_steps
from models.cells import recurrent_layer
from schema.configs import CellName
from schema.errors import UserError
from schema.examples import LabelledText, Splits
from tasks import sentiment, topic

VOCAB_SIZE = 5000


@dataclass(frozen=True)
class Texts:
    """Tokens and classes (from 0) of reviews or questions, for training and for testing, in a fixed order.

    The test texts are of the validation split: the data set's own test split is for results of `train.py` alone.
    """

    train: list[list[str]]
    train_classes: np.ndarray
    test: list[list[str]]
    test_classes: np.ndarray
    vocabulary: Vocabulary


@cache
def load_reviews(dataset: str, examples: int, min_words: int = 1) -> Texts:
    """Load `examples` reviews of at least `min_words` words for training, and at most as many for testing.

    Raises UserError if the data set has too few.
    """
    splits = sentiment.TASK.splits(sentiment.SentimentConfig(dataset=dataset))
    return _load(splits, examples, min_words)


@cache
def load_questions(dataset: str, examples: int) -> Texts:
    """Load `examples` questions for training, and at most as many for testing; their classes are types of answers.

    Raises UserError if the data set has too few.
    """
    return _load(topic.TASK.splits(topic.TopicConfig(dataset=dataset)), examples)


def _load(splits: Splits[LabelledText], examples: int, min_words: int = 1) -> Texts:
    labels = sorted({str(example.label) for example in splits.train})
    train, train_classes = _tokens(splits.train, labels, examples, min_words)
    test, test_classes = _tokens(splits.validation, labels, examples, min_words)
    if len(train) < examples or not test:
        raise UserError(f"{splits.dataset} has only {len(train)} texts of {min_words} words or more")
    return Texts(train, train_classes, test, test_classes, Vocabulary.fit(train, VOCAB_SIZE))


def _tokens(
    texts: Sequence[LabelledText], labels: list[str], examples: int, min_words: int
) -> tuple[list[list[str]], np.ndarray]:
    tokens: list[list[str]] = []
    classes: list[int] = []
    for text in track(texts, "reading texts"):
        words = tokenize(text.text)
        if len(words) >= min_words:
            tokens.append(words)
            classes.append(labels.index(str(text.label)))
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


@dataclass(frozen=True)
class ReviewCondition(Condition):
    """A cell that classifies reviews by the state after their last word, at Keras's defaults.

    last: numbers of last words for which the accuracy is measured
    """

    cell: CellName
    dataset: str = "imdb"
    examples: int = 2500
    length: int = 200
    last: tuple[int, ...] = (10, 25, 50, 100, 200)
    units: int = 64
    embedding_size: int = 32
    epochs: int = 10
    learning_rate: float = 1e-3

    def build(self, seed: int) -> tuple[keras.Model, keras.layers.Layer, keras.layers.Layer]:
        """Make a model from word ids (batch, time) to logits (batch, 2), its embedding and its recurrent layer."""
        keras.utils.set_random_seed(seed)
        embedding = keras.layers.Embedding(VOCAB_SIZE + 2, self.embedding_size)
        layer = recurrent_layer(self.cell, self.units)
        words = keras.Input((None,), dtype="int32")
        return keras.Model(words, keras.layers.Dense(2)(layer(embedding(words))[1])), embedding, layer

    @property
    def reviews(self) -> Texts:
        """Reviews that have as many words as are read, so that there is no padding."""
        return load_reviews(self.dataset, self.examples, self.length)

    def batches(self, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Word ids (batch, length) and classes of the training."""
        ids = last_words(self.reviews.train, self.reviews.vocabulary, self.length)
        return shuffled_batches(ids, self.reviews.train_classes, 50, self.epochs, seed)

    def test(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Word ids (texts, length) and classes for testing, the same for all seeds."""
        return last_words(self.reviews.test, self.reviews.vocabulary, self.length), self.reviews.test_classes

    def first_text(self, seed: int) -> list[str]:
        """The words of the first text of `test`."""
        return self.reviews.test[0][-self.length :]

    def measure(self, seed: int) -> Values:
        """Accuracy when only the last words are read, and the gradient by lag before and after the training."""
        test, classes = self.test(seed)
        model, embedding, layer = self.build(seed)
        before = state_gradient_by_lag(layer, embedding(test[:64]))
        for _ in training_steps(model, self.batches(seed), learning_rate=self.learning_rate):
            pass
        return {
            "accuracies": np.array([accuracy(model, test[:, -last:], classes) for last in self.last]),
            "gradient_before": before,
            "gradient_after": state_gradient_by_lag(layer, embedding(test[:64])),
        }


def review_condition(cell: CellName, quick: bool) -> ReviewCondition:
    """The cell on IMDB; if `quick`, on few short synthetic reviews."""
    condition = ReviewCondition(f"{CELL_STYLES[cell][0]} on reviews", cell)
    if not quick:
        return condition
    return replace(condition, dataset="synthetic", examples=100, length=10, last=(5, 10), epochs=1)
