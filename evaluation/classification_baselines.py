"""Baselines for classification, fitted on the training examples and scored like the network.

`fit_text_baselines` fits classifiers of texts on word n-grams, `fit_word_baselines` classifiers of single words on
features of their spelling.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit, log_expit, softmax
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from console.progress import track
from schema.errors import UserError
from schema.examples import LabelledText
from schema.predictions import Arrays, LabelPrediction, Predictor, Remember, fit_anew

TFIDF_C = (1.0, 10.0, 100.0)
"""Grid of C (inverse regularization strength) of the logistic regression on tf-idf."""
NB_C = (0.1, 1.0, 10.0)
NB_BETAS = (0.25, 0.5, 0.75, 1.0)
"""Grid of the interpolation beta of Wang & Manning (2012): 1 is the regression alone, 0 the naive Bayes ratios with one
weight for all."""
WORD_C = (0.3, 1.0, 3.0)
"""Grid of C of the logistic regression on features of single words."""

WordFeatures = Callable[[str], Iterable[str]]
"""Names of the features of a word."""


@dataclass(frozen=True)
class _Majority:
    """Predicts the most frequent class of train, with the class frequencies as probabilities."""

    labels: tuple[str, ...]
    probabilities: np.ndarray

    def __call__(self, examples: Sequence[LabelledText]) -> list[LabelPrediction]:
        return _label_predictions(self.labels, np.tile(self.probabilities, (len(examples), 1)))


class _NgramCounts:
    """N-gram counts of texts, float[texts, n-grams].

    The counts of the last texts are kept, so that texts for several baselines are tokenized once.
    """

    def __init__(self, vectorizer: CountVectorizer) -> None:
        self._vectorizer = vectorizer
        self._texts: list[str] = []
        self._counts: csr_matrix | None = None

    def __call__(self, examples: Sequence[LabelledText]) -> csr_matrix:
        texts = _texts(examples)
        if self._counts is None or texts != self._texts:
            self._texts, self._counts = texts, self._vectorizer.transform(texts)
        return self._counts


@dataclass(frozen=True)
class NgramClassifier:
    """A linear classifier of texts on their n-gram counts.

    model: counts float[texts, n-grams] -> probabilities float[texts, classes]
    setting: hyperparameters chosen on validation, such as "C 10, beta 0.5"
    """

    labels: tuple[str, ...]
    counts: _NgramCounts
    model: Callable[[csr_matrix], np.ndarray]
    setting: str

    def __call__(self, examples: Sequence[LabelledText]) -> list[LabelPrediction]:
        """One prediction for each text."""
        # scikit-learn refuses to transform an empty matrix.
        return _label_predictions(self.labels, self.model(self.counts(examples))) if examples else []


def fit_text_baselines(
    train: Sequence[LabelledText],
    validation: Sequence[LabelledText],
    tokenize: Callable[[str], list[str]],
    remember: Remember = fit_anew,
) -> Mapping[str, Predictor[LabelledText, LabelPrediction]]:
    """Fit `majority`, `tfidf_logistic_regression` and `nb_bigrams`; choose their settings by accuracy on validation.

    Examples without a label, and validation examples of a class that is not in train, are ignored. Without validation
    examples the middle of each grid is used. There is `majority` alone if train has a single class, or no text with
    a token. 22,500 film reviews take about 50 s of CPU time.
    Raises UserError if no training example has a label.
    """
    train = [example for example in train if example.label is not None]
    majority = _fit_majority(train)
    # The check ends at the first text with a token.
    if len(majority.labels) == 1 or not any(tokenize(example.text) for example in train):
        return {"majority": majority}
    validation = [example for example in validation if example.label in majority.labels]
    fitted = remember("ngram_classifiers", lambda: _fit_ngram_classifiers(train, validation, majority.labels, tokenize))
    counts = _NgramCounts(_ngram_counter(tokenize, _from_bytes(fitted["ngrams"])))
    transformer = TfidfTransformer(sublinear_tf=True)
    transformer.idf_ = fitted["idf"]
    tfidf, nb = (_LinearModel(fitted[f"{name}_weights"], fitted[f"{name}_bias"]) for name in ("tfidf", "nb"))
    models: Mapping[str, tuple[Callable[[csr_matrix], np.ndarray], np.ndarray]] = {
        "tfidf_logistic_regression": (lambda texts: tfidf(transformer.transform(texts)), fitted["tfidf_setting"]),
        "nb_bigrams": (lambda texts: nb(_presence(texts)), fitted["nb_setting"]),
    }
    return {
        "majority": majority,
        **{
            name: NgramClassifier(majority.labels, counts, model, str(setting))
            for name, (model, setting) in models.items()
        },
    }


def _fit_ngram_classifiers(
    train: Sequence[LabelledText],
    validation: Sequence[LabelledText],
    labels: Sequence[str],
    tokenize: Callable[[str], list[str]],
) -> Arrays:
    """The n-grams, their idf, and weights, bias and setting of both classifiers."""
    vectorizer = _ngram_counter(tokenize)
    train_counts = vectorizer.fit_transform(track(_texts(train), "counting n-grams"))
    counted = _counted(train_counts, train, labels)
    held_out = _counted(vectorizer.transform(_texts(validation)), validation, labels)
    transformer = TfidfTransformer(sublinear_tf=True).fit(train_counts)
    tfidf, tfidf_setting = _fit_tfidf(transformer, counted, held_out)
    nb, nb_setting = _fit_nb(counted, held_out)
    return {
        "ngrams": _to_bytes(vectorizer.get_feature_names_out()),
        "idf": transformer.idf_,
        "tfidf_weights": tfidf.weights,
        "tfidf_bias": tfidf.bias,
        "tfidf_setting": np.array(tfidf_setting),
        "nb_weights": nb.weights,
        "nb_bias": nb.bias,
        "nb_setting": np.array(nb_setting),
    }


def _to_bytes(texts: Iterable[str]) -> np.ndarray:
    """Texts as bytes of JSON: an array of texts would give each the size of the longest."""
    return np.frombuffer(json.dumps(list(texts)).encode(), np.uint8)


def _from_bytes(array: np.ndarray) -> list[str]:
    return json.loads(array.tobytes())


def _fit_majority(train: Sequence[LabelledText]) -> _Majority:
    counts = Counter(_labels(train))
    if not counts:
        raise UserError("No training example has a label; the baselines need at least one.")
    labels = tuple(sorted(counts))
    return _Majority(labels, np.array([counts[label] for label in labels]) / len(train))


@dataclass(frozen=True)
class _Counted:
    """Texts as numbers.

    counts: float[texts, n-grams]
    classes: int[texts], index of the class of each text
    """

    counts: csr_matrix
    classes: np.ndarray
    num_classes: int

    @property
    def binary_targets(self) -> tuple[np.ndarray, ...]:
        """Targets of one-versus-rest, bool[texts] for each class; two classes need one only."""
        positive = [1] if self.num_classes == 2 else range(self.num_classes)
        return tuple(self.classes == index for index in positive)


@dataclass(frozen=True)
class _LinearModel:
    """weights float[n-grams, outputs], bias float[outputs]; callable on features float[texts, n-grams]."""

    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, features: csr_matrix) -> np.ndarray:
        """Probability of each class, float[texts, classes]."""
        logits = np.asarray(features @ self.weights) + self.bias
        if logits.shape[1] == 1:
            return np.hstack([expit(-logits), expit(logits)])
        # The probability of each class in its own regression, scaled to sum 1; in logarithms because all may be tiny.
        return softmax(log_expit(logits), axis=1)


def _fit_tfidf(transformer: TfidfTransformer, train: _Counted, held_out: _Counted) -> tuple[_LinearModel, str]:
    """One-versus-rest logistic regression on sublinear tf-idf of words and word pairs, and its setting."""
    features = transformer.transform(train.counts)
    # scikit-learn refuses to transform an empty matrix.
    held_out_features = transformer.transform(held_out.counts) if len(held_out.classes) else held_out.counts

    def candidates() -> Iterable[tuple[_LinearModel, str]]:
        for c in _candidate_values(TFIDF_C, held_out):
            fitted = [_fit_regression(features, target, c) for target in train.binary_targets]
            yield _stack(fitted), f"C {c:g}"

    return _select(
        track(candidates(), "fitting tf-idf regression", unit="settings"), held_out_features, held_out.classes
    )


def _fit_nb(train: _Counted, held_out: _Counted) -> tuple[_LinearModel, str]:
    """Logistic regression on present n-grams weighted by their naive Bayes log-count ratios (Wang & Manning 2012).

    This is their NBSVM with logistic in place of hinge loss; several classes are fitted one-versus-rest.
    """
    present = _presence(train.counts)
    ratios = [_log_count_ratios(present, target) for target in train.binary_targets]

    def candidates() -> Iterable[tuple[_LinearModel, str]]:
        for c in _candidate_values(NB_C, held_out):
            fitted = [
                _fit_regression(_scale_columns(present, ratio), target, c)
                for ratio, target in zip(ratios, train.binary_targets, strict=True)
            ]
            for beta in _candidate_values(NB_BETAS, held_out):
                interpolated = [
                    (_interpolate(ratio, weights, beta), bias)
                    for ratio, (weights, bias) in zip(ratios, fitted, strict=True)
                ]
                yield _stack(interpolated), f"C {c:g}, beta {beta:g}"

    return _select(
        track(candidates(), "fitting nb bigrams", unit="settings"), _presence(held_out.counts), held_out.classes
    )


def _candidate_values(grid: Sequence[float], held_out: _Counted) -> Sequence[float]:
    """The whole grid, or its middle without validation examples."""
    return grid if len(held_out.classes) else (grid[(len(grid) - 1) // 2],)


def _select(
    candidates: Iterable[tuple[_LinearModel, str]], features: csr_matrix, classes: np.ndarray
) -> tuple[_LinearModel, str]:
    """The candidate with the highest accuracy; if several are tied, the first, which is the simplest."""
    best, best_accuracy = None, -1.0
    for candidate in candidates:
        accuracy = float((candidate[0](features).argmax(axis=1) == classes).mean()) if len(classes) else 0.0
        if accuracy > best_accuracy:
            best, best_accuracy = candidate, accuracy
    assert best is not None, "a grid is never empty"
    return best


def _fit_regression(features: csr_matrix, target: np.ndarray, c: float) -> tuple[np.ndarray, float]:
    """Weights float[n-grams] and bias of a binary logistic regression; target: bool[texts]."""
    # The dual solver is two to three times faster than lbfgs here, and repeats exactly with a fixed seed.
    model = LogisticRegression(C=c, solver="liblinear", dual=True, random_state=0, max_iter=10_000)
    model.fit(features, target)
    return model.coef_[0], float(model.intercept_[0])


def _stack(fitted: Sequence[tuple[np.ndarray, float]]) -> _LinearModel:
    weights, bias = zip(*fitted, strict=True)
    return _LinearModel(np.stack(weights, axis=1), np.array(bias))


def _log_count_ratios(present: csr_matrix, target: np.ndarray) -> np.ndarray:
    """Log-ratio of the frequencies of each n-gram in target and other texts, add-one smoothed: float[n-grams]."""
    inside = 1 + np.asarray(present[target].sum(axis=0)).ravel()
    outside = 1 + np.asarray(present[~target].sum(axis=0)).ravel()
    return np.log(inside / inside.sum()) - np.log(outside / outside.sum())


def _interpolate(ratios: np.ndarray, weights: np.ndarray, beta: float) -> np.ndarray:
    """Weight of each n-gram, float[n-grams]: weights shrunk toward their mean magnitude, times the ratios."""
    return ratios * ((1 - beta) * np.abs(weights).mean() + beta * weights)


def _presence(counts: csr_matrix) -> csr_matrix:
    present = counts.copy()
    present.data[:] = 1
    return present


def _scale_columns(features: csr_matrix, factors: np.ndarray) -> csr_matrix:
    scaled = features.copy()
    scaled.data = scaled.data * factors[scaled.indices]
    return scaled


def _ngram_counter(tokenize: Callable[[str], list[str]], vocabulary: Sequence[str] | None = None) -> CountVectorizer:
    # Tokens are used unchanged: case and punctuation are left to the tokenizer.
    return CountVectorizer(
        tokenizer=tokenize,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, 2),
        dtype=np.float64,
        vocabulary=vocabulary,
    )


def _counted(counts: csr_matrix, examples: Sequence[LabelledText], labels: Sequence[str]) -> _Counted:
    index = {label: number for number, label in enumerate(labels)}
    return _Counted(counts, np.array([index[label] for label in _labels(examples)], dtype=int), len(labels))


@dataclass(frozen=True)
class WordRegression:
    """A logistic regression from features of a word, without context, to a label."""

    counter: CountVectorizer
    regression: LogisticRegression

    @classmethod
    def fit(cls, words: Sequence[str], labels: Sequence[str], features: WordFeatures, c: float) -> "WordRegression":
        """Fit on words and their labels, of which there are two or more."""
        return next(cls.fit_grid(words, labels, features, [c]))

    @classmethod
    def fit_grid(
        cls, words: Sequence[str], labels: Sequence[str], features: WordFeatures, grid: Iterable[float]
    ) -> Iterator["WordRegression"]:
        """One regression for each value of C."""
        counter = _feature_counter(features)
        counts = counter.fit_transform(words)
        for c in grid:
            yield cls(counter, LogisticRegression(C=c, max_iter=1000).fit(counts, labels))

    def to_arrays(self) -> Arrays:
        """What was learned, for `from_arrays`."""
        return {
            "features": _to_bytes(self.counter.get_feature_names_out()),
            "labels": _to_bytes(self.labels),
            "weights": self.regression.coef_,
            "bias": self.regression.intercept_,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, features: WordFeatures) -> "WordRegression":
        """The regression that gave these arrays."""
        regression = LogisticRegression()
        regression.classes_ = np.array(_from_bytes(arrays["labels"]))
        regression.coef_, regression.intercept_ = arrays["weights"], arrays["bias"]
        return cls(_feature_counter(features, _from_bytes(arrays["features"])), regression)

    def probabilities(self, words: Sequence[str]) -> np.ndarray:
        """Probability of each of `labels` for each word, (words, labels)."""
        if not words:
            return np.zeros((0, len(self.labels)))
        return self.regression.predict_proba(self.counter.transform(words))

    def predict(self, words: Sequence[str]) -> list[str]:
        """The most probable label of each word."""
        return [self.labels[index] for index in self.probabilities(words).argmax(axis=1)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in the order of the probabilities."""
        return tuple(map(str, self.regression.classes_))


def _feature_counter(features: WordFeatures, vocabulary: Sequence[str] | None = None) -> CountVectorizer:
    return CountVectorizer(analyzer=features, binary=True, dtype=np.float64, vocabulary=vocabulary)


def fit_word_baselines(
    train: Sequence[LabelledText],
    validation: Sequence[LabelledText],
    features: Mapping[str, WordFeatures],
    remember: Remember = fit_anew,
) -> Mapping[str, Predictor[LabelledText, LabelPrediction]]:
    """Fit `majority` and logistic regressions for single words; C is chosen by accuracy on validation.

    features: name of a regression -> its features
    There is `majority` alone if train has a single class. Raises UserError if no training example has a label.
    """
    train = [example for example in train if example.label is not None]
    majority = _fit_majority(train)
    baselines: dict[str, Predictor[LabelledText, LabelPrediction]] = {"majority": majority}
    for name, features_of in features.items() if len(majority.labels) > 1 else ():
        arrays = remember(name, partial(_fit_best_regression, name, features_of, train, validation))
        baselines[name] = partial(_predict_words, WordRegression.from_arrays(arrays, features_of))
    return baselines


def _fit_best_regression(
    name: str, features: WordFeatures, train: Sequence[LabelledText], validation: Sequence[LabelledText]
) -> Arrays:
    # Without validation examples the middle of the grid is used.
    grid = track(WORD_C if validation else WORD_C[1:2], f"fitting {name.replace('_', ' ')}", unit="settings")
    fitted = WordRegression.fit_grid(_texts(train), _labels(train), features, grid)
    best = max(fitted, key=lambda model: _accuracy(model, validation)) if validation else next(fitted)
    return best.to_arrays()


def _predict_words(model: WordRegression, examples: Sequence[LabelledText]) -> list[LabelPrediction]:
    return _label_predictions(model.labels, model.probabilities(_texts(examples)))


def _accuracy(model: WordRegression, examples: Sequence[LabelledText]) -> float:
    pairs = zip(examples, model.predict(_texts(examples)), strict=True)
    return float(np.mean([label == example.label for example, label in pairs]))


def _label_predictions(labels: Sequence[str], probabilities: np.ndarray) -> list[LabelPrediction]:
    """probabilities: float[examples, classes]"""
    best = probabilities.argmax(axis=1)
    return [
        LabelPrediction(labels[index], dict(zip(labels, row, strict=True)))
        for index, row in zip(best, probabilities.tolist(), strict=True)
    ]


def _texts(examples: Sequence[LabelledText]) -> list[str]:
    return [example.text for example in examples]


def _labels(examples: Sequence[LabelledText]) -> list[str]:
    return [example.label for example in examples if example.label is not None]
