"""What each word, pair and triple of words says about the class, as numbers beside the words.

A linear model over n-grams (binary, weighed by naive Bayes log-count ratios: Wang & Manning 2012) is fitted on the
training labels. Its evidence for a text is a trace: at each step the weights of the n-grams that end there, so that
the sum over the text is the linear model's score. A network that reads the trace starts from what counting can tell,
and can learn what order and context change about it.

The linear model has seen the labels of its training texts and would be far too sure of them, so these read the trace
of a model that was fitted on other texts (stacked generalisation, Wolpert 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sparse

from console.progress import track
from data.encoders.vocabulary import Vocabulary
from schema.encoded import Ragged
from schema.errors import RunError

Tokens = Sequence[Sequence[str]]


@dataclass(frozen=True)
class NgramSettings:
    """orders: longest n-gram, in words; min_texts: texts that an n-gram must stand in; folds: of the cross-fit;
    C: inverse of the linear model's L2 penalty; beta: 1 keeps the linear model's own weights, 0 replaces
    them by their mean size, which leaves naive Bayes (Wang & Manning's beta)."""

    orders: int = 3
    min_texts: int = 3
    folds: int = 8
    C: float = 1.0
    beta: float = 0.5


class NgramFeatures:
    """The weights of n-grams: `weights[order][i]` (channels,) belongs to the n-gram `keys[order][i]` (sorted).

    A key is the ids of its words, read as digits. Channels: one for each class, or a single one for two classes
    (positive for the second).
    """

    def __init__(self, vocabulary: Vocabulary, keys: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
        self.vocabulary = vocabulary
        self.keys = tuple(keys)
        self.weights = tuple(weights)

    @property
    def channels(self) -> int:
        """Channels of one order: the classes, or one for two of them."""
        return self.weights[0].shape[1]

    def features(self, texts: Tokens) -> Ragged:
        """Evidence at each step, (steps, (orders + 1) x channels); a text without tokens has one step of zeros.

        First what the n-gram of each order says that ends at the step, then the sum of those that end there for the
        first time in the text: over a text, this last part adds up to the linear model's score.
        """
        ids = _flat_ids(texts, self.vocabulary)
        rows = _rows(ids)
        places = [_places(_keys(ids, order, len(self.vocabulary)), keys) for order, keys in enumerate(self.keys, 1)]
        first = [_first_in_text(places_of, rows) for places_of in places]
        return Ragged(_trace(places, first, self.weights), ids.lengths)

    def save(self, path: Path) -> None:
        """A line an n-gram, its words and its weights (nine digits give a float32 back), the heaviest first.

        An order without any n-gram gets a line of empty words, which stand in no text, so that the file tells of it.
        """
        lines = []
        for order, (keys, weights) in enumerate(zip(self.keys, self.weights, strict=True), 1):
            heaviest = np.argsort(-np.abs(weights).max(axis=1), kind="stable")
            names = _names(keys[heaviest], order, self.vocabulary)
            # Of Python's own numbers, which are several times as fast one by one as NumPy's.
            rows = weights[heaviest].tolist()
            lines += [f"{name}\t" + "\t".join([f"{w:.9g}" for w in row]) for name, row in zip(names, rows, strict=True)]
            if not names:
                lines.append(" " * (order - 1) + "\t0" * self.channels)
        path.write_text("\n".join(lines), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> "NgramFeatures":
        """Read what `save` wrote. Raises RunError for a damaged file."""
        try:
            text = path.read_bytes().decode("utf-8")
            width = 1 + text.partition("\n")[0].count("\t")
            # Cut in one go: a list for each of half a million lines takes four times as long.
            fields = text.replace("\n", "\t").split("\t")
            if width < 2 or len(fields) != width * (1 + text.count("\n")):
                raise ValueError("its lines do not hold words and as many weights each")
            names = fields[::width]
            values = np.array([list(map(float, fields[place::width])) for place in range(1, width)], np.float32).T
        except ValueError as error:  # UnicodeDecodeError is one too
            raise RunError(f"{path} is damaged ({error}); train the run anew") from error
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


def fit_ngram_features(
    texts: Tokens, targets: np.ndarray, classes: int, settings: NgramSettings
) -> tuple[NgramFeatures, Ragged]:
    """The evidence of all texts together, and the cross-fitted traces of these very texts.

    targets: (texts,) class of each text, from 0 to classes - 1
    """
    vocabulary = Vocabulary.fit(texts, size=2**20, min_count=settings.min_texts)
    ids = _flat_ids(texts, vocabulary)
    rows = _rows(ids)
    packed = [_keys(ids, order, len(vocabulary)) for order in range(1, settings.orders + 1)]
    keys = [_common(keys, rows, settings.min_texts) for keys in packed]
    places = [_places(keys, kept) for keys, kept in zip(packed, keys, strict=True)]
    first = [_first_in_text(places_of, rows) for places_of in places]
    presence = sparse.hstack(
        [_presence(*part, rows, len(texts), len(kept)) for *part, kept in zip(places, first, keys, strict=True)], "csr"
    )
    ends = np.cumsum([len(kept) for kept in keys])[:-1]

    def weights_from(chosen: np.ndarray) -> list[np.ndarray]:
        return np.split(_linear_weights(presence[chosen], targets[chosen], classes, settings), ends)

    fold_of = np.random.default_rng(0).permutation(len(texts)) % min(settings.folds, len(texts))
    traces = np.zeros((len(rows), (settings.orders + 1) * _channels(classes)), np.float32)
    for fold in track(range(fold_of.max() + 1), "cross-fitting n-gram evidence", unit="folds"):
        steps = np.flatnonzero(fold_of[rows] == fold)
        traces[steps] = _trace(
            [places_of[steps] for places_of in places],
            [first_of[steps] for first_of in first],
            weights_from(np.flatnonzero(fold_of != fold)),
        )
    whole = NgramFeatures(vocabulary, keys, weights_from(np.arange(len(texts))))
    return whole, Ragged(traces, ids.lengths)


def _channels(classes: int) -> int:
    return 1 if classes <= 2 else classes


def _flat_ids(texts: Tokens, vocabulary: Vocabulary) -> Ragged:
    return Ragged.of([vocabulary.encode(tokens).astype(np.int64) for tokens in texts])


def _keys(ids: Ragged, order: int, base: int) -> np.ndarray:
    """Key of the n-gram that ends at each step, (steps,); -1 where it would reach over the text's beginning or
    holds an unknown word."""
    known = ids.values > 1
    within = np.arange(len(ids.values)) - np.repeat(ids.starts, ids.lengths)
    whole = known & (within >= order - 1)
    digits = [np.roll(ids.values, shift) for shift in range(order - 1, -1, -1)]
    for shift in range(1, order):
        whole &= np.roll(known, shift)
    return np.where(whole, _pack(np.stack(digits, axis=1), base), -1)


def _pack(ids: np.ndarray, base: int) -> np.ndarray:
    """Ids (n, order) read as the digits of one number each, (n,)."""
    packed = np.zeros(len(ids), np.int64)
    for column in ids.T:
        packed = packed * base + column
    return packed


def _names(keys: np.ndarray, order: int, vocabulary: Vocabulary) -> list[str]:
    base = len(vocabulary)
    digits = [(keys // base**power % base - 2).tolist() for power in range(order - 1, -1, -1)]
    return [" ".join([vocabulary.words[digit] for digit in ngram]) for ngram in zip(*digits, strict=True)]


def _common(keys: np.ndarray, rows: np.ndarray, min_texts: int) -> np.ndarray:
    """The keys that stand in at least `min_texts` texts, sorted."""
    whole = keys >= 0
    unique, inverse = np.unique(keys[whole], return_inverse=True)
    pairs = np.unique(rows[whole] * len(unique) + inverse) if len(unique) else np.zeros(0, np.int64)
    texts = np.bincount(pairs % max(1, len(unique)), minlength=len(unique))
    return unique[texts >= min_texts]


def _places(keys: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Where each key stands in `kept`, or -1."""
    if not len(kept):
        return np.full(len(keys), -1)
    places = np.minimum(np.searchsorted(kept, keys), len(kept) - 1)
    return np.where(kept[places] == keys, places, -1)


def _first_in_text(places: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """True at each step whose n-gram stands in its text for the first time."""
    known = np.flatnonzero(places >= 0)
    pairs = rows[known] * (places.max(initial=0) + 1) + places[known]
    first = np.zeros(len(places), bool)
    first[known[np.unique(pairs, return_index=True)[1]]] = True
    return first


def _presence(places: np.ndarray, first: np.ndarray, rows: np.ndarray, texts: int, kept: int) -> sparse.csr_matrix:
    """1 where a text (row) holds an n-gram (column), however often."""
    return sparse.csr_matrix((np.ones(first.sum(), np.float32), (rows[first], places[first])), (texts, kept))


def _trace(places: Sequence[np.ndarray], first: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
    """What `NgramFeatures.trace` gives, from where each step's n-grams stand among the known ones."""
    said = [
        np.where(at[:, None] >= 0, part[at], 0) if len(part) else np.zeros((len(at), part.shape[1]))
        for at, part in zip(places, weights, strict=True)
    ]
    total = sum(column * new[:, None] for column, new in zip(said, first, strict=True))
    return np.concatenate([*said, total], axis=1).astype(np.float32)


def _rows(ids: Ragged) -> np.ndarray:
    """Which text each step belongs to, (steps,)."""
    return np.repeat(np.arange(len(ids)), ids.lengths)


def _linear_weights(
    counts: sparse.csr_matrix, targets: np.ndarray, classes: int, settings: NgramSettings
) -> np.ndarray:
    """Weight of each n-gram for each channel, (n-grams, channels); zeros where a class is absent."""
    channels = [1] if classes <= 2 else range(classes)
    return np.stack([_binary_weights(counts, targets == channel, settings) for channel in channels], axis=1)


def _binary_weights(counts: sparse.csr_matrix, positive: np.ndarray, settings: NgramSettings) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    if not counts.shape[1] or positive.all() or not positive.any():
        return np.zeros(counts.shape[1], np.float32)
    ratio = _log_count_ratio(counts, positive)
    linear = LogisticRegression(C=settings.C, solver="liblinear", dual=True, tol=0.01, random_state=0)
    weights = linear.fit(counts @ sparse.diags(ratio), positive).coef_[0]
    mean_size = np.abs(weights).mean()
    return (ratio * (settings.beta * weights + (1 - settings.beta) * mean_size)).astype(np.float32)


def _log_count_ratio(counts: sparse.csr_matrix, positive: np.ndarray) -> np.ndarray:
    """log of how much more often an n-gram stands in positive texts (Wang & Manning 2012, eq. 2), add-one."""
    inside = np.asarray(counts[positive].sum(axis=0))[0] + 1.0
    outside = np.asarray(counts[~positive].sum(axis=0))[0] + 1.0
    return np.log(inside / inside.sum()) - np.log(outside / outside.sum())
