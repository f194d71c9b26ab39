"""The list of score names, how scores are displayed, and what the scores of all families share.

Scores are functions of references and predictions; models and baselines are scored by the same functions.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from schema.scores import ConfusionMatrix, ExampleSums, Table


@dataclass(frozen=True)
class ScoreName:
    """Name of a score with its meaning.

    description: shown in reports
    scale: of the values in files: "fraction" (0 to 1, displayed x 100), "percent" (x 100 already) or "nats" (displayed
        unchanged)
    """

    name: str
    description: str
    scale: Literal["fraction", "percent", "nats"] = "fraction"
    higher_is_better: bool = True


NGRAM_ORDERS = (1, 2, 3, 4)
"""Words of the n-grams of BLEU and CIDEr."""

SCORES: Mapping[str, ScoreName] = {
    score.name: score
    for score in (
        ScoreName("accuracy", "fraction of examples, or of words of sentences, with the correct label"),
        ScoreName("accuracy_unseen", "accuracy of words whose form does not occur in train"),
        ScoreName(
            "accuracy_unseen_types",
            "fraction of the forms not in train, each counted once, with the correct usual tag",
        ),
        ScoreName("sentence_accuracy", "fraction of sentences in which all tags are correct"),
        ScoreName("macro_f1", "unweighted mean of the F1 of all classes with a reference"),
        ScoreName("macro_f1_frequent", "unweighted mean of the F1 of the classes with at least 10 references"),
        ScoreName("entity_f1", "F1 of entities: type, first and last word are the same"),
        ScoreName("entity_precision", "fraction of the predicted entities that are correct"),
        ScoreName("entity_recall", "fraction of the reference entities that are predicted"),
        ScoreName("entity_f1_merged", "entity F1 with the sign @ and the name after it merged into one entity"),
        ScoreName("entity_f1_without_mentions", "entity F1 without entities that follow or begin with the sign @"),
        ScoreName("recall_seen", "recall of the entities that occur in train with the same words and type"),
        ScoreName("recall_unseen", "recall of the entities that do not occur in train"),
        ScoreName("bleu", "BLEU of cased, untokenized texts (sacreBLEU, 13a)", "percent"),
        ScoreName("bleu_lc_tok", "BLEU of lower-cased, Moses-tokenized texts, as papers on Multi30k report", "percent"),
        ScoreName("chrf", "F2 of character n-grams (chrF2)", "percent"),
        ScoreName("rouge_1", "F1 of stemmed words shared with the reference (rouge-score); mean over examples"),
        ScoreName("rouge_2", "F1 of word pairs shared with the reference"),
        ScoreName("rouge_l", "F1 of the longest common subsequence with the reference"),
        ScoreName("cider", "CIDEr-D: n-grams shared with the reference captions, weighted by rarity", "percent"),
        *(
            ScoreName(f"bleu_{order}", f"BLEU of n-grams up to {order} words against all captions", "percent")
            for order in NGRAM_ORDERS
        ),
        ScoreName("rouge_l_coco", "ROUGE-L against the best of the reference captions, as COCO computes it"),
        ScoreName("distinct_captions", "number of distinct captions over the number of captions"),
        ScoreName("copy_rate", "fraction of the predicted words that occur in the source"),
        ScoreName("length_ratio", "number of predicted words over the number of reference words"),
        ScoreName("cross_entropy", "mean negative log-likelihood of the references", "nats", higher_is_better=False),
    )
}

UNDEFINED = "-"
"""Displayed in place of an undefined score, such as the recall of a class without examples."""

LENGTH_BINS = (5, 10, 25, 50, 100, 200, 400, 800)
"""Upper bound of each length bin; greater lengths have a bin of their own."""

MAX_CONFUSION_CLASSES = 300
"""Number of classes up to which there is a confusion matrix: nobody can read the figure of a larger one."""

MIN_PROBABILITY = float(np.finfo(np.float64).eps)
"""Lower bound of the probability of a reference, as in scikit-learn's `log_loss`: its loss is at most 36 nats."""


def format_score(name: str, value: float) -> str:
    """Format `value` of the score `name` for display: accuracy 0.9154 -> "91.54".

    Raises ValueError for a name that is not in `SCORES`.
    """
    if name not in SCORES:
        raise ValueError(f"no score is named {name!r}; add it to SCORES in {__name__}")
    scale = SCORES[name].scale
    if not math.isfinite(value):
        return UNDEFINED
    if scale == "nats":
        return f"{value:.3f}"
    return f"{100 * value:.2f}" if scale == "fraction" else f"{value:.2f}"


def display_factor(name: str) -> int:
    """Factor from a value of the score `name` to percent."""
    return 1 if SCORES[name].scale == "percent" else 100


def format_interval(intervals: Mapping[str, tuple[float, float]], name: str) -> str:
    """Format the confidence interval of the score `name` for display: "91.18 to 91.90"."""
    low, high = intervals.get(name, (math.nan, math.nan))
    return f"{format_score(name, low)} to {format_score(name, high)}" if math.isfinite(low) else UNDEFINED


def cross_entropies(probabilities: Sequence[float]) -> np.ndarray:
    """-log of the probability of each reference, in nats; finite for probability 0."""
    return -np.log(np.clip(probabilities, MIN_PROBABILITY, 1))


@dataclass(frozen=True)
class LabelPairs:
    """Reference and predicted labels, of examples or of words.

    model_labels: the labels of the model, in its order
    A reference that is not among them counts as an error.
    """

    references: Sequence[str]
    predicted: Sequence[str]
    model_labels: Sequence[str]

    @cached_property
    def correct(self) -> np.ndarray:
        """1 for each correct prediction, else 0: (pairs,)."""
        return np.array([one == other for one, other in zip(self.references, self.predicted, strict=True)], float)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of the model, then, sorted, all others."""
        return (*self.model_labels, *sorted({*self.references, *self.predicted} - set(self.model_labels)))

    @cached_property
    def counts(self) -> np.ndarray:
        """`class_counts` of all pairs, (3 x classes,)."""
        (counts,) = class_counts(np.zeros(len(self.references), int), self.confusion_indices, 1, len(self.labels))
        return counts

    @cached_property
    def confusion_indices(self) -> np.ndarray:
        """Index of each pair in the flattened confusion matrix, (pairs,)."""
        index = {label: number for number, label in enumerate(self.labels)}
        pairs = zip(self.references, self.predicted, strict=True)
        return np.array([index[reference] * len(index) + index[predicted] for reference, predicted in pairs], int)

    def confusion(self) -> ConfusionMatrix | None:
        """The confusion matrix of all `labels`; None for more than `MAX_CONFUSION_CLASSES`."""
        classes = len(self.labels)
        if classes > MAX_CONFUSION_CLASSES:
            return None
        counts = np.bincount(self.confusion_indices, minlength=classes**2)
        return ConfusionMatrix(self.labels, counts.reshape(classes, classes))

    def table_by_class(self) -> Table:
        """Precision, recall and F1 of each class.

        Precision is NaN for a class that is never predicted, recall for a class without examples, F1 if both are.
        """
        from sklearn.metrics import precision_recall_fscore_support

        columns = precision_recall_fscore_support(
            self.references, self.predicted, labels=self.labels, zero_division=np.nan
        )
        rows = tuple(
            (label, int(examples), float(precision), float(recall), float(f1))
            for label, precision, recall, f1, examples in zip(self.labels, *columns, strict=True)
        )
        return Table("scores by class", ("class", "examples", "precision", "recall", "F1"), rows)

    def notes(self) -> tuple[str, ...]:
        """A note that names the references unknown to the model; empty if there are none."""
        unknown = Counter(self.references)
        for label in self.model_labels:
            unknown.pop(label, None)
        if not unknown:
            return ()
        classes = ", ".join(f"{label} ({count:,})" for label, count in sorted(unknown.items()))
        return (f"Classes unknown to the model, whose examples count as errors: {classes}.",)


def class_counts(groups: np.ndarray, pairs: np.ndarray, num_groups: int, num_classes: int) -> np.ndarray:
    """Correct predictions, references and predictions of each class, in each group of pairs: (groups, 3 x classes).

    groups: index of the group of each pair, (pairs,)
    pairs: `LabelPairs.confusion_indices`, (pairs,)
    """
    references, predicted = np.divmod(pairs, num_classes)
    correct = references == predicted
    parts = ((groups[correct], references[correct]), (groups, references), (groups, predicted))
    counts = [np.bincount(rows * num_classes + classes, minlength=num_groups * num_classes) for rows, classes in parts]
    return np.concatenate([each.reshape(num_groups, num_classes) for each in counts], axis=-1)


def ratio(sums: np.ndarray) -> np.ndarray:
    """First sum over second, (..., 2) -> (...); NaN for a denominator of 0."""
    return np.divide(sums[..., 0], sums[..., 1], out=np.full(sums.shape[:-1], np.nan), where=sums[..., 1] > 0)


def mean_sums(values: np.ndarray) -> ExampleSums:
    """Sums of a score that is the mean of a value for each example, (examples,)."""
    return ExampleSums(np.stack([values, np.ones(len(values))], axis=-1), ratio)


def macro_f1(counts: np.ndarray, min_references: int = 1) -> np.ndarray:
    """Mean F1 of the classes with at least `min_references` references; NaN if there is no such class.

    counts: as `class_counts` returns them, (..., 3 x classes) -> (...)
    """
    correct, references, predicted = np.split(counts, 3, axis=-1)
    total = references + predicted
    f1 = np.divide(2 * correct, total, out=np.zeros(correct.shape), where=total > 0)
    included = references >= min_references
    count = included.sum(axis=-1)
    return np.divide(f1.sum(axis=-1, where=included), count, out=np.full(count.shape, np.nan), where=count > 0)


def table_by_length(
    lengths: Sequence[int] | np.ndarray,
    name: str,
    score: Callable[[np.ndarray], float],
    bounds: Sequence[int] = LENGTH_BINS,
    unit: str = "input tokens",
) -> Table:
    """The score `name` in each length bin that has an example, in increasing order of length.

    lengths: of each example, in `unit`
    score: indices of examples, int[n] -> their score, as a fraction
    bounds: upper bound of each bin but the last, which is unbounded
    """
    bins = np.searchsorted(bounds, lengths)
    rows = []
    for bin_index in np.unique(bins):
        members = np.flatnonzero(bins == bin_index)
        rows.append((_bin_name(int(bin_index), bounds), len(members), score(members)))
    return Table(f"{name} by length", (unit, "examples", name), tuple(rows))


def _bin_name(index: int, bounds: Sequence[int]) -> str:
    if index == len(bounds):
        return f"more than {bounds[-1]}"
    first, last = bounds[index - 1] + 1 if index else 1, bounds[index]
    return f"up to {last}" if index == 0 and last > 1 else f"{first}-{last}" if first < last else str(last)
