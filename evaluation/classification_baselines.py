"""What a network has to beat: simple, strong models that are fitted on the same examples and scored the same way.

`fit_text_baselines` learns three classifiers of texts; `verdict` says in one sentence who won.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from console.progress import track
from evaluation.scores import format_score
from schema.errors import UserError
from schema.examples import LabelledText
from schema.predictions import LabelPrediction

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

TFIDF_PENALTIES = (1.0, 10.0, 100.0)
"""C of the logistic regression on tf-idf: the larger, the closer it follows the training examples."""
NB_PENALTIES = (0.1, 1.0, 10.0)
NB_INTERPOLATIONS = (0.25, 0.5, 0.75, 1.0)
"""beta of Wang & Manning (2012): 1 is the regression alone, 0 the naive Bayes ratios with one weight for all."""


@dataclass(frozen=True)
class TextBaselines:
    """Fitted classifiers of texts, by name: `majority`, `tfidf_logistic_regression`, `nb_bigrams`.

    `majority` stands alone where nothing else can be learnt: a single class, or texts without a token.
    labels: the classes of the training examples, sorted
    choices: what was chosen on validation, as people read it ("C 10, beta 0.5")
    """

    labels: tuple[str, ...]
    label_shares: np.ndarray
    choices: Mapping[str, str] = field(default_factory=dict)
    count: "Callable[[Sequence[str]], csr_matrix] | None" = None
    models: "Mapping[str, Callable[[csr_matrix], np.ndarray]]" = field(default_factory=dict)

    def answer(self, texts: Sequence[str]) -> dict[str, list[LabelPrediction]]:
        """Every baseline's answers, one for each text, in order; each text is tokenised once."""
        if not texts:
            return {name: [] for name in ("majority", *self.models)}
        answers = {"majority": self._answers(np.tile(self.label_shares, (len(texts), 1)))}
        if self.models:
            counts = self.count(texts)
            answers |= {name: self._answers(model(counts)) for name, model in self.models.items()}
        return answers

    def _answers(self, probabilities: np.ndarray) -> list[LabelPrediction]:
        """probabilities float[texts, classes]"""
        best = probabilities.argmax(axis=1)
        return [
            LabelPrediction(self.labels[place], dict(zip(self.labels, row, strict=True)))
            for place, row in zip(best, probabilities.tolist(), strict=True)
        ]


def fit_text_baselines(
    train: Sequence[LabelledText], validation: Sequence[LabelledText], tokenize: Callable[[str], list[str]]
) -> TextBaselines:
    """Fit the baselines on `train` and choose their settings by accuracy on `validation`.

    Examples without a label, and validation examples of a class that `train` lacks, are left out. Without validation
    examples the middle setting of each grid is taken. 22,500 film reviews take about 50 s of CPU time.
    Raises UserError where no training example has a label.
    """
    train = [example for example in train if example.label is not None]
    labels, shares = _label_shares(train)
    # The check ends at the first text with a token.
    if len(labels) == 1 or not any(tokenize(example.text) for example in train):
        return TextBaselines(labels, shares)
    validation = [example for example in validation if example.label in labels]
    vectorizer = _ngram_counter(tokenize)
    learnt = _counted(vectorizer.fit_transform(track(_texts(train), "counting n-grams")), train, labels)
    held_out = _counted(vectorizer.transform(_texts(validation)), validation, labels)
    tfidf_choice, tfidf_model = _fit_tfidf(learnt, held_out)
    nb_choice, nb_model = _fit_nb(learnt, held_out)
    return TextBaselines(
        labels,
        shares,
        choices={"tfidf_logistic_regression": tfidf_choice, "nb_bigrams": nb_choice},
        count=vectorizer.transform,
        models={"tfidf_logistic_regression": tfidf_model, "nb_bigrams": nb_model},
    )


def verdict(headline: str, value: float, baselines: Mapping[str, float]) -> str:
    """One honest sentence: does the network beat the best baseline, and by how much?

    headline: name of a score of which more is better; value: the network's; baselines: name -> value
    The difference is that of the shown numbers, so that a reader can check it.
    """
    if not math.isfinite(value):
        return "The network has no score to compare."
    baselines = {name: score for name, score in baselines.items() if math.isfinite(score)}
    if not baselines:
        return "There is no baseline to compare with."
    name = max(baselines, key=baselines.__getitem__)
    best = format_score(headline, baselines[name])
    difference = float(format_score(headline, value)) - float(best)
    if round(difference, 2) == 0:
        return f"The network and the best baseline ({name}, {best}) are level."
    if difference > 0:
        return f"The network beats the best baseline ({name}, {best}) by {difference:.2f} points."
    return f"The network loses to {name} ({best}) by {-difference:.2f} points."


@dataclass(frozen=True)
class _Counted:
    """Examples as numbers: counts float[texts, n-grams], the class number of each, how many classes there are."""

    counts: "csr_matrix"
    classes: np.ndarray
    class_count: int

    @property
    def outputs(self) -> tuple[np.ndarray, ...]:
        """The yes-no questions of one-versus-rest: bool[texts] for each class; two classes are one question."""
        asked = [1] if self.class_count == 2 else range(self.class_count)
        return tuple(self.classes == number for number in asked)


@dataclass(frozen=True)
class _Linear:
    """weights float[n-grams, outputs], bias float[outputs]; callable on features[texts, n-grams]."""

    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, features: "csr_matrix") -> np.ndarray:
        """Probability of each class, float[texts, classes]."""
        from scipy.special import expit, log_expit, softmax

        logits = np.asarray(features @ self.weights) + self.bias
        if logits.shape[1] == 1:
            return np.hstack([expit(-logits), expit(logits)])
        # Each class's own probability, scaled to sum 1; in logarithms because all of them may be tiny.
        return softmax(log_expit(logits), axis=1)


def _fit_tfidf(learnt: _Counted, held_out: _Counted) -> "tuple[str, Callable[[csr_matrix], np.ndarray]]":
    """Logistic regression, one class against the rest, on sublinear tf-idf of words and word pairs."""
    from sklearn.feature_extraction.text import TfidfTransformer

    weighting = TfidfTransformer(sublinear_tf=True)
    features = weighting.fit_transform(learnt.counts)
    # scikit-learn refuses to weight no rows at all.
    held_out_features = weighting.transform(held_out.counts) if len(held_out.classes) else held_out.counts

    def candidates() -> Iterable[tuple[str, _Linear]]:
        for penalty in _worth_trying(TFIDF_PENALTIES, held_out):
            fitted = [_regression(features, wanted, penalty) for wanted in learnt.outputs]
            yield f"C {penalty:g}", _Linear(*_stacked(fitted))

    choice, model = _best(
        track(candidates(), "fitting tf-idf regression", unit="settings"), held_out_features, held_out.classes
    )
    return choice, lambda counts: model(weighting.transform(counts))


def _fit_nb(learnt: _Counted, held_out: _Counted) -> "tuple[str, Callable[[csr_matrix], np.ndarray]]":
    """Logistic regression on present n-grams weighted by their naive Bayes log-count ratios (Wang & Manning 2012).

    Their NBSVM with a logistic loss in place of the hinge; several classes are taken one against the rest.
    """
    present = _presence(learnt.counts)
    ratios = [_log_count_ratios(present, wanted) for wanted in learnt.outputs]

    def candidates() -> Iterable[tuple[str, _Linear]]:
        for penalty in _worth_trying(NB_PENALTIES, held_out):
            fitted = [
                _regression(_scaled(present, ratio), wanted, penalty)
                for ratio, wanted in zip(ratios, learnt.outputs, strict=True)
            ]
            for beta in _worth_trying(NB_INTERPOLATIONS, held_out):
                mixed = [
                    (_interpolated(ratio, weights, beta), bias)
                    for ratio, (weights, bias) in zip(ratios, fitted, strict=True)
                ]
                yield f"C {penalty:g}, beta {beta:g}", _Linear(*_stacked(mixed))

    choice, model = _best(
        track(candidates(), "fitting nb bigrams", unit="settings"), _presence(held_out.counts), held_out.classes
    )
    return choice, lambda counts: model(_presence(counts))


def _worth_trying(grid: Sequence[float], held_out: _Counted) -> Sequence[float]:
    """The whole grid, or its middle where there is nothing to choose on."""
    return grid if len(held_out.classes) else (grid[(len(grid) - 1) // 2],)


def _best(
    candidates: Iterable[tuple[str, _Linear]], features: "csr_matrix", classes: np.ndarray
) -> tuple[str, _Linear]:
    """The candidate with the highest accuracy; of equal ones the first, which is the simplest."""
    best, best_accuracy = None, -1.0
    for candidate in candidates:
        accuracy = float((candidate[1](features).argmax(axis=1) == classes).mean()) if len(classes) else 0.0
        if accuracy > best_accuracy:
            best, best_accuracy = candidate, accuracy
    assert best is not None, "a grid is never empty"
    return best


def _regression(features: "csr_matrix", wanted: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Weights float[n-grams] and bias of a logistic regression that tells `wanted` bool[texts] from the rest."""
    from sklearn.linear_model import LogisticRegression

    # The dual solver is two to three times faster than lbfgs here, and repeats exactly with a fixed seed.
    model = LogisticRegression(C=penalty, solver="liblinear", dual=True, random_state=0, max_iter=10_000)
    model.fit(features, wanted)
    return model.coef_[0], float(model.intercept_[0])


def _stacked(fitted: Sequence[tuple[np.ndarray, float]]) -> tuple[np.ndarray, np.ndarray]:
    weights, bias = zip(*fitted, strict=True)
    return np.stack(weights, axis=1), np.array(bias)


def _log_count_ratios(present: "csr_matrix", wanted: np.ndarray) -> np.ndarray:
    """log of how much more often each n-gram stands in the `wanted` texts, add-one smoothed: float[n-grams]."""
    inside = 1 + np.asarray(present[wanted].sum(axis=0)).ravel()
    outside = 1 + np.asarray(present[~wanted].sum(axis=0)).ravel()
    return np.log(inside / inside.sum()) - np.log(outside / outside.sum())


def _interpolated(ratios: np.ndarray, weights: np.ndarray, beta: float) -> np.ndarray:
    """What each present n-gram adds, float[n-grams]: weights drawn towards their mean size, times the ratios."""
    return ratios * ((1 - beta) * np.abs(weights).mean() + beta * weights)


def _presence(counts: "csr_matrix") -> "csr_matrix":
    present = counts.copy()
    present.data[:] = 1
    return present


def _scaled(features: "csr_matrix", factors: np.ndarray) -> "csr_matrix":
    """Every column times its factor."""
    scaled = features.copy()
    scaled.data = scaled.data * factors[scaled.indices]
    return scaled


def _ngram_counter(tokenize: Callable[[str], list[str]]) -> "CountVectorizer":
    from sklearn.feature_extraction.text import CountVectorizer

    # The tokens are taken as they come: case and punctuation are the tokenizer's business.
    return CountVectorizer(
        tokenizer=tokenize, token_pattern=None, lowercase=False, ngram_range=(1, 2), dtype=np.float64
    )


def _label_shares(train: Sequence[LabelledText]) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes, sorted, and the share of the examples that each one has."""
    counts = Counter(example.label for example in train)
    if not counts:
        raise UserError("No training example has a label; the baselines need at least one.")
    labels = tuple(sorted(counts))
    return labels, np.array([counts[label] for label in labels]) / len(train)


def _counted(counts: "csr_matrix", examples: Sequence[LabelledText], labels: Sequence[str]) -> _Counted:
    number = {label: place for place, label in enumerate(labels)}
    return _Counted(counts, np.array([number[example.label] for example in examples], dtype=int), len(labels))


def _texts(examples: Sequence[LabelledText]) -> list[str]:
    return [example.text for example in examples]
