"""Baselines for classification, fitted on the training examples and scored like the network.

`fit_text_baselines` fits classifiers of texts on word n-grams, `fit_word_baselines` classifiers of single words on
features of their spelling.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit, log_expit, softmax
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from console.progress import track
from schema.errors import UserError
from schema.examples import LabelledText
from schema.predictions import LabelPrediction, Predictor

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
    train: Sequence[LabelledText], validation: Sequence[LabelledText], tokenize: Callable[[str], list[str]]
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
    vectorizer = _ngram_counter(tokenize)
    train_counts = vectorizer.fit_transform(track(_texts(train), "counting n-grams"))
    counted = _counted(train_counts, train, majority.labels)
    held_out = _counted(vectorizer.transform(_texts(validation)), validation, majority.labels)
    counts = _NgramCounts(vectorizer)
    fitted = {"tfidf_logistic_regression": _fit_tfidf(counted, held_out), "nb_bigrams": _fit_nb(counted, held_out)}
    return {
        "majority": majority,
        **{
            name: NgramClassifier(majority.labels, counts, *model_and_setting)
            for name, model_and_setting in fitted.items()
        },
    }


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


_ModelAndSetting = tuple[Callable[[csr_matrix], np.ndarray], str]


def _fit_tfidf(train: _Counted, held_out: _Counted) -> _ModelAndSetting:
    """One-versus-rest logistic regression on sublinear tf-idf of words and word pairs."""
    transformer = TfidfTransformer(sublinear_tf=True)
    features = transformer.fit_transform(train.counts)
    # scikit-learn refuses to transform an empty matrix.
    held_out_features = transformer.transform(held_out.counts) if len(held_out.classes) else held_out.counts

    def candidates() -> Iterable[tuple[_LinearModel, str]]:
        for c in _candidate_values(TFIDF_C, held_out):
            fitted = [_fit_regression(features, target, c) for target in train.binary_targets]
            yield _stack(fitted), f"C {c:g}"

    model, setting = _select(
        track(candidates(), "fitting tf-idf regression", unit="settings"), held_out_features, held_out.classes
    )
    return lambda counts: model(transformer.transform(counts)), setting


def _fit_nb(train: _Counted, held_out: _Counted) -> _ModelAndSetting:
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

    model, setting = _select(
        track(candidates(), "fitting nb bigrams", unit="settings"), _presence(held_out.counts), held_out.classes
    )
    return lambda counts: model(_presence(counts)), setting


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


def _ngram_counter(tokenize: Callable[[str], list[str]]) -> CountVectorizer:
    # Tokens are used unchanged: case and punctuation are left to the tokenizer.
    return CountVectorizer(
        tokenizer=tokenize, token_pattern=None, lowercase=False, ngram_range=(1, 2), dtype=np.float64
    )


def _counted(counts: csr_matrix, examples: Sequence[LabelledText], labels: Sequence[str]) -> _Counted:
    index = {label: number for number, label in enumerate(labels)}
    return _Counted(counts, np.array([index[label] for label in _labels(examples)], dtype=int), len(labels))


@dataclass(frozen=True)
class WordRegression:
    """A logistic regression from features of a word, without context, to a label."""

    model: Pipeline

    @classmethod
    def fit(cls, words: Sequence[str], labels: Sequence[str], features: WordFeatures, c: float) -> "WordRegression":
        """Fit on words and their labels, of which there are two or more."""
        counter = CountVectorizer(analyzer=features, binary=True, dtype=np.float64)
        return cls(make_pipeline(counter, LogisticRegression(C=c, max_iter=1000)).fit(words, labels))

    def probabilities(self, words: Sequence[str]) -> np.ndarray:
        """Probability of each of `labels` for each word, (words, labels)."""
        return self.model.predict_proba(words) if words else np.zeros((0, len(self.labels)))

    def predict(self, words: Sequence[str]) -> list[str]:
        """The most probable label of each word."""
        return [self.labels[index] for index in self.probabilities(words).argmax(axis=1)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in the order of the probabilities."""
        return tuple(map(str, self.model[-1].classes_))


def fit_word_baselines(
    train: Sequence[LabelledText], validation: Sequence[LabelledText], features: Mapping[str, WordFeatures]
) -> Mapping[str, Predictor[LabelledText, LabelPrediction]]:
    """Fit `majority` and logistic regressions for single words; C is chosen by accuracy on validation.

    features: name of a regression -> its features
    There is `majority` alone if train has a single class. Raises UserError if no training example has a label.
    """
    train = [example for example in train if example.label is not None]
    majority = _fit_majority(train)
    baselines: dict[str, Predictor[LabelledText, LabelPrediction]] = {"majority": majority}
    for name, features_of in features.items() if len(majority.labels) > 1 else ():
        # Without validation examples the middle of the grid is used.
        grid = WORD_C if validation else WORD_C[1:2]
        fitted = [
            WordRegression.fit(_texts(train), _labels(train), features_of, c)
            for c in track(grid, f"fitting {name.replace('_', ' ')}", unit="settings")
        ]
        best = max(fitted, key=lambda model: _accuracy(model, validation)) if validation else fitted[0]
        baselines[name] = partial(_predict_words, best)
    return baselines


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
