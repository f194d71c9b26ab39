"""What each score means, how it is shown, and how answers become scores.

`SCORES` is the one list of score names. References and answers go in, numbers come out; models and baselines are
scored by the same function.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from evaluation.statistics import bootstrap_interval
from schema.answers import LabelAnswer
from schema.errors import UserError
from schema.scores import Confusion, Scores, Table


@dataclass(frozen=True)
class ScoreName:
    """One score: what it means, which values it takes in files, and which way is better.

    scale: "share" (0 to 1, shown x 100), "x100" (already x 100) or "nats" (shown as it is)
    """

    name: str
    meaning: str
    scale: Literal["share", "x100", "nats"] = "share"
    higher_is_better: bool = True


SCORES: Mapping[str, ScoreName] = {
    score.name: score
    for score in (
        ScoreName("accuracy", "share of the examples that are answered right"),
        ScoreName("macro_f1", "mean F1 of the classes that the references hold, each class counting once"),
        ScoreName("cross_entropy", "mean surprise at the right answer, in nats", "nats", higher_is_better=False),
    )
}

UNDEFINED = "-"
"""What people are shown in place of a score that has no value, such as the recall of a class without examples."""

LENGTH_BINS = (5, 10, 25, 50, 100, 200, 400, 800)
"""The longest length of each bin; whatever is longer than the last one has a bin of its own."""

# The probability that a right answer counts with at least, as in scikit-learn's `log_loss`: 36 nats at most.
_LEAST_PROBABILITY = float(np.finfo(np.float64).eps)


def shown(name: str, value: float) -> str:
    """`value` of the score `name` as people see it: accuracy 0.9154 -> "91.54".

    Raises ValueError for a name that is not in `SCORES`.
    """
    if name not in SCORES:
        raise ValueError(f"no score is named {name!r}; add it to SCORES in {__name__}")
    scale = SCORES[name].scale
    if not math.isfinite(value):
        return UNDEFINED
    if scale == "nats":
        return f"{value:.3f}"
    return f"{100 * value:.2f}" if scale == "share" else f"{value:.2f}"


def interval_shown(intervals: Mapping[str, tuple[float, float]], name: str) -> str:
    """The interval of the score `name` as people see it: "91.18 to 91.90"."""
    low, high = intervals.get(name, (math.nan, math.nan))
    return f"{shown(name, low)} to {shown(name, high)}" if math.isfinite(low) else UNDEFINED


def classification(
    references: Sequence[str], answers: Sequence[LabelAnswer], lengths: Sequence[int], labels: Sequence[str]
) -> Scores:
    """Scores of one class for each example.

    lengths: tokens of each input; labels: the classes that the model knows, in its order
    A reference that the model does not know counts as an error, has a row of its own and is named in `notes`.
    Raises UserError where there is nothing to score, ValueError where the three sequences differ in length.
    """
    if not len(references) == len(answers) == len(lengths):
        raise ValueError(f"{len(references)} references, {len(answers)} answers, {len(lengths)} lengths")
    if not references:
        raise UserError("There are no examples to score; give a split or a file with at least one labelled example.")
    answered = [answer.label for answer in answers]
    right = np.array([reference == label for reference, label in zip(references, answered, strict=True)], dtype=float)
    surprise = _surprise(references, answers)
    every_label = (*labels, *sorted({*references, *answered} - set(labels)))
    place = {label: number for number, label in enumerate(every_label)}
    pairs = np.array(
        [place[mine] * len(place) + place[other] for mine, other in zip(references, answered, strict=True)]
    )
    macro_f1 = partial(_macro_f1, classes=len(place))
    return Scores(
        values={
            "accuracy": float(right.mean()),
            "macro_f1": float(macro_f1(pairs)),
            "cross_entropy": float(surprise.mean()),
        },
        intervals={
            "accuracy": bootstrap_interval(right, np.mean),
            "macro_f1": bootstrap_interval(pairs, macro_f1),
            "cross_entropy": bootstrap_interval(surprise, np.mean),
        },
        examples=len(references),
        tables=(
            table_by_length(lengths, "accuracy", lambda places: float(right[places].mean())),
            _table_by_class(references, answered, every_label),
        ),
        confusion=_confusion(pairs, every_label),
        notes=_notes_on_unknown(references, labels),
    )


def table_by_length(lengths: Sequence[int], name: str, score_of: Callable[[np.ndarray], float]) -> Table:
    """The score `name` in each of the fixed length bins that holds an example, shortest first.

    lengths: tokens of each example
    score_of: places of some examples, int[n] -> their score, as a share
    """
    bins = np.searchsorted(LENGTH_BINS, lengths)
    rows = []
    for place in np.unique(bins):
        members = np.flatnonzero(bins == place)
        rows.append((_bin_name(int(place)), len(members), score_of(members)))
    return Table(f"{name} by length", ("tokens", "examples", name), tuple(rows))


def _bin_name(place: int) -> str:
    if place == 0:
        return f"up to {LENGTH_BINS[0]}"
    if place == len(LENGTH_BINS):
        return f"more than {LENGTH_BINS[-1]}"
    return f"{LENGTH_BINS[place - 1] + 1}-{LENGTH_BINS[place]}"


def _macro_f1(pairs: np.ndarray, classes: int, axis: int = -1) -> np.ndarray:
    """Mean F1 of the classes that stand among the references.

    pairs: (..., examples), reference x classes + answer; the last axis is gone in the result
    """
    rows = pairs.reshape(-1, pairs.shape[axis])
    shifted = rows + classes**2 * np.arange(len(rows))[:, None]
    counts = np.bincount(shifted.ravel(), minlength=classes**2 * len(rows)).reshape(-1, classes, classes)
    right, asked, given = np.einsum("rii->ri", counts), counts.sum(axis=2), counts.sum(axis=1)
    f1 = np.divide(2 * right, asked + given, out=np.zeros(right.shape), where=asked + given > 0)
    return (f1.sum(axis=1, where=asked > 0) / (asked > 0).sum(axis=1)).reshape(pairs.shape[:-1])


def _surprise(references: Sequence[str], answers: Sequence[LabelAnswer]) -> np.ndarray:
    """-log p(reference) of each example, in nats; a class that the model does not know has probability 0."""
    given = [answer.probabilities.get(reference, 0.0) for reference, answer in zip(references, answers, strict=True)]
    return -np.log(np.clip(given, _LEAST_PROBABILITY, 1))


def _table_by_class(references: Sequence[str], answered: Sequence[str], labels: Sequence[str]) -> Table:
    """Precision is NaN for a class never answered, recall for a class without examples, F1 where both are."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(references, answered, labels=labels, zero_division=np.nan)
    rows = tuple(
        (label, int(examples), float(precision), float(recall), float(f1))
        for label, precision, recall, f1, examples in zip(labels, *columns, strict=True)
    )
    return Table("scores by class", ("class", "examples", "precision", "recall", "F1"), rows)


def _confusion(pairs: np.ndarray, labels: Sequence[str]) -> Confusion:
    classes = len(labels)
    return Confusion(tuple(labels), np.bincount(pairs, minlength=classes**2).reshape(classes, classes))


def _notes_on_unknown(references: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    unknown = Counter(references)
    for label in labels:
        unknown.pop(label, None)
    if not unknown:
        return ()
    classes = ", ".join(f"{label} ({count:,})" for label, count in sorted(unknown.items()))
    return (f"Classes that the model does not know, so that their examples count as errors: {classes}.",)
