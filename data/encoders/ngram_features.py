"""N-gram features: the weights of a linear model for the words, pairs and triples of words that end at each step.

A linear model over binary n-grams, scaled by naive Bayes log-count ratios (Wang & Manning 2012), is fitted on the
training labels. The features of a step are the weights of the n-grams that end there; the totals of a step count each
n-gram once per text, so that their sum over the text is the score of the linear model. A network with these inputs
starts from the linear model and can learn the effect of order and context.

The linear model has seen the labels of its training texts and is overconfident on them. The features of training texts
are therefore out-of-fold: they come from a model that was fitted on other texts (stacked generalization, Wolpert 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from console.progress import track
from data.encoders.corrupt_files import corrupt_file_errors
from data.encoders.vocabulary import FIRST_ID, Vocabulary
from schema.encoded import UNKNOWN, Ragged

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Tokens = Sequence[Sequence[str]]


@dataclass(frozen=True)
class NgramSettings:
    """Settings of the linear model.

    orders: size of the largest n-gram, in words
    min_texts: minimum number of texts with an n-gram
    folds: number of folds of the cross-fit
    C: inverse of the L2 penalty
    beta: interpolation between the weights of the linear model (1) and their mean size, which leaves naive Bayes (0);
        Wang & Manning's beta
    """

    orders: int = 3
    min_texts: int = 3
    folds: int = 8
    C: float = 1.0
    beta: float = 0.5


class NgramFeatures:
    """The weights of n-grams: `weights[order][i]` (channels,) is the weight of the n-gram `keys[order][i]` (sorted).

    A key is the ids of the words, read as the digits of one number. There is one channel per class, and a single one
    for two classes (positive for the second).
    """

    def __init__(self, vocabulary: Vocabulary, keys: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
        self.vocabulary = vocabulary
        self.keys = tuple(keys)
        self.weights = tuple(weights)

    @property
    def channels(self) -> int:
        """Number of channels of one order: the number of classes, or 1 for two classes."""
        return self.weights[0].shape[1]

    @classmethod
    def fit(
        cls, texts: Tokens, targets: np.ndarray, classes: int, settings: NgramSettings
    ) -> tuple["NgramFeatures", dict[str, Ragged]]:
        """Fit on all texts; return the features and the out-of-fold columns of these texts.

        targets: (texts,) class of each text, from 0 to classes - 1
        """
        vocabulary = Vocabulary.fit(texts, size=2**20, min_count=settings.min_texts)
        ids = _flat_ids(texts, vocabulary)
        rows = _rows(ids)
        packed = [_keys(ids, order, len(vocabulary)) for order in range(1, settings.orders + 1)]
        known = [_frequent(keys, rows, settings.min_texts) for keys in packed]
        matches = [_Matches.of(keys, kept, rows) for keys, kept in zip(packed, known, strict=True)]
        presence = _presence(matches, rows, [(len(texts), len(kept)) for kept in known])
        ends = np.cumsum([len(kept) for kept in known])[:-1]

        def fit_weights(chosen: np.ndarray) -> list[np.ndarray]:
            return np.split(_linear_weights(presence[chosen], targets[chosen], classes, settings), ends)

        fitted = cls(vocabulary, known, fit_weights(np.arange(len(texts))))
        fold_of = np.random.default_rng(0).permutation(len(texts)) % min(settings.folds, len(texts))
        features = np.zeros((len(rows), settings.orders * fitted.channels), np.float32)
        totals = np.zeros((len(rows), fitted.channels), np.float32)
        for fold in track(range(fold_of.max() + 1), "cross-fitting n-gram features", unit="folds"):
            steps = np.flatnonzero(fold_of[rows] == fold)
            out_of_fold = fit_weights(np.flatnonzero(fold_of != fold))
            features[steps], totals[steps] = _step_values([match.take(steps) for match in matches], out_of_fold)
        return fitted, _columns(features, totals, ids.lengths)

    def encode(self, texts: Tokens) -> dict[str, Ragged]:
        """Features and totals of each step; a text without tokens has one step of zeros.

        `ngram_features` (steps, orders x channels): the weights of the n-grams of each order that end at the step
        `ngram_totals` (steps, channels): the sum of the weights of those that occur for the first time in the text
        """
        ids = _flat_ids(texts, self.vocabulary)
        rows = _rows(ids)
        base = len(self.vocabulary)
        matches = [_Matches.of(_keys(ids, order, base), keys, rows) for order, keys in enumerate(self.keys, 1)]
        return _columns(*_step_values(matches, self.weights), ids.lengths)

    def save(self, path: Path) -> None:
        """Write one line an n-gram, with its words and its weights, sorted by the size of the weights, largest first.

        Nine digits restore a float32. An order without n-grams gets a line of empty words, which occur in no text, so
        that the file records the number of orders.
        """
        lines = []
        for order, (keys, weights) in enumerate(zip(self.keys, self.weights, strict=True), 1):
            largest_first = np.argsort(-np.abs(weights).max(axis=1), kind="stable")
            names = _names(keys[largest_first], order, self.vocabulary)
            # Python floats are formatted several times as fast as NumPy scalars.
            rows = weights[largest_first].tolist()
            lines += [f"{name}\t" + "\t".join([f"{w:.9g}" for w in row]) for name, row in zip(names, rows, strict=True)]
            if not names:
                lines.append(" " * (order - 1) + "\t0" * self.channels)
        path.write_text("\n".join(lines), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> "NgramFeatures":
        """Read the file that `save` wrote. Raises RunError for a corrupt file."""
        with corrupt_file_errors(path):
            text = path.read_bytes().decode("utf-8")
            width = 1 + text.partition("\n")[0].count("\t")
            # One split of the whole text: a list for each of half a million lines takes four times as long.
            fields = text.replace("\n", "\t").split("\t")
            if width < 2 or len(fields) != width * (1 + text.count("\n")):
                raise ValueError("its lines are not words and the same number of weights")
            names = fields[::width]
            values = np.array([list(map(float, fields[column::width])) for column in range(1, width)], np.float32).T
        words = " ".join(names).split(" ")
        vocabulary = Vocabulary(sorted(set(words)))
        ids = np.fromiter(map(vocabulary.ids.__getitem__, words), np.int64, len(words))
        orders = np.array([name.count(" ") + 1 for name in names])
        starts = np.cumsum(orders) - orders
        keys, weights = [], []
        for order in range(1, orders.max() + 1):
            chosen = np.flatnonzero(orders == order)
            packed = _pack(ids[starts[chosen, None] + np.arange(order)], len(vocabulary))
            sort = np.argsort(packed)
            keys.append(packed[sort])
            weights.append(values[chosen][sort])
        return cls(vocabulary, keys, weights)


@dataclass(frozen=True)
class _Matches:
    """The known n-grams of one order at each step.

    indices: (steps,) index of the n-gram that ends at the step among the known ones, or -1
    first: (steps,) True where this n-gram occurs for the first time in its text
    """

    indices: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, known: np.ndarray, rows: np.ndarray) -> "_Matches":
        """Match the keys of all steps, (steps,), with the sorted known ones; rows: the text of each step."""
        indices = _find(keys, known)
        matched = np.flatnonzero(indices >= 0)
        pairs = rows[matched] * (indices.max(initial=0) + 1) + indices[matched]
        first = np.zeros(len(indices), bool)
        first[matched[np.unique(pairs, return_index=True)[1]]] = True
        return cls(indices, first)

    def take(self, steps: np.ndarray) -> "_Matches":
        """The matches of some steps."""
        return _Matches(self.indices[steps], self.first[steps])


def _columns(features: np.ndarray, totals: np.ndarray, lengths: np.ndarray) -> dict[str, Ragged]:
    return {"ngram_features": Ragged(features, lengths), "ngram_totals": Ragged(totals, lengths)}


def _flat_ids(texts: Tokens, vocabulary: Vocabulary) -> Ragged:
    return Ragged.of([vocabulary.encode(tokens).astype(np.int64) for tokens in texts])


def _rows(ids: Ragged) -> np.ndarray:
    """Index of the text of each step, (steps,)."""
    return np.repeat(np.arange(len(ids)), ids.lengths)


def _keys(ids: Ragged, order: int, base: int) -> np.ndarray:
    """Key of the n-gram that ends at each step, (steps,).

    -1 where the n-gram would start before the text or contains an unknown word.
    """
    known = ids.values > UNKNOWN
    within = np.arange(len(ids.values)) - np.repeat(ids.starts, ids.lengths)
    complete = known & (within >= order - 1)
    digits = [np.roll(ids.values, shift) for shift in range(order - 1, -1, -1)]
    for shift in range(1, order):
        complete &= np.roll(known, shift)
    return np.where(complete, _pack(np.stack(digits, axis=1), base), -1)


def _pack(ids: np.ndarray, base: int) -> np.ndarray:
    """Ids (n, order), read as the digits of one number each: (n,)."""
    packed = np.zeros(len(ids), np.int64)
    for column in ids.T:
        packed = packed * base + column
    return packed


def _names(keys: np.ndarray, order: int, vocabulary: Vocabulary) -> list[str]:
    base = len(vocabulary)
    digits = [(keys // base**power % base - FIRST_ID).tolist() for power in range(order - 1, -1, -1)]
    return [" ".join([vocabulary.words[digit] for digit in ngram]) for ngram in zip(*digits, strict=True)]


def _frequent(keys: np.ndarray, rows: np.ndarray, min_texts: int) -> np.ndarray:
    """The keys that occur in at least `min_texts` texts, sorted."""
    valid = keys >= 0
    unique, inverse = np.unique(keys[valid], return_inverse=True)
    pairs = np.unique(rows[valid] * len(unique) + inverse) if len(unique) else np.zeros(0, np.int64)
    texts = np.bincount(pairs % max(1, len(unique)), minlength=len(unique))
    return unique[texts >= min_texts]


def _find(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Index of each key in `known`, which is sorted, or -1."""
    if not len(known):
        return np.full(len(keys), -1)
    indices = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[indices] == keys, indices, -1)


def _presence(matches: Sequence[_Matches], rows: np.ndarray, shapes: Sequence[tuple[int, int]]) -> "csr_matrix":
    """1 where a text (row) contains an n-gram (column), whatever its count.

    shapes: (texts, n-grams) of each order
    """
    from scipy.sparse import csr_matrix, hstack

    parts = []
    for match, shape in zip(matches, shapes, strict=True):
        first = match.first
        parts.append(csr_matrix((np.ones(first.sum(), np.float32), (rows[first], match.indices[first])), shape))
    return hstack(parts, "csr")


def _step_values(matches: Sequence[_Matches], weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Features (steps, orders x channels) and totals (steps, channels) of the matches of all orders."""
    features = [
        np.where(match.indices[:, None] >= 0, part[match.indices], 0)
        if len(part)
        else np.zeros((len(match.indices), part.shape[1]))
        for match, part in zip(matches, weights, strict=True)
    ]
    totals = sum(column * match.first[:, None] for column, match in zip(features, matches, strict=True))
    return np.concatenate(features, axis=1).astype(np.float32), np.asarray(totals, np.float32)


def _linear_weights(presence: "csr_matrix", targets: np.ndarray, classes: int, settings: NgramSettings) -> np.ndarray:
    """Weight of each n-gram for each channel, (n-grams, channels); zeros for an absent class."""
    channels = [1] if classes <= 2 else range(classes)
    return np.stack([_binary_weights(presence, targets == channel, settings) for channel in channels], axis=1)


def _binary_weights(presence: "csr_matrix", positive: np.ndarray, settings: NgramSettings) -> np.ndarray:
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    if not presence.shape[1] or positive.all() or not positive.any():
        return np.zeros(presence.shape[1], np.float32)
    ratio = _log_count_ratio(presence, positive)
    linear = LogisticRegression(C=settings.C, solver="liblinear", dual=True, tol=0.01, random_state=0)
    weights = linear.fit(presence @ diags(ratio), positive).coef_[0]
    mean_size = np.abs(weights).mean()
    return (ratio * (settings.beta * weights + (1 - settings.beta) * mean_size)).astype(np.float32)


def _log_count_ratio(presence: "csr_matrix", positive: np.ndarray) -> np.ndarray:
    """Log-ratio of n-gram frequencies in positive and in other texts (Wang & Manning 2012, eq. 2), add-one smoothed."""
    inside = np.asarray(presence[positive].sum(axis=0))[0] + 1.0
    outside = np.asarray(presence[~positive].sum(axis=0))[0] + 1.0
    return np.log(inside / inside.sum()) - np.log(outside / outside.sum())
