"""What each score means, how it is shown, and how answers become scores.

`SCORES` is the one list of score names. References and answers go in, numbers come out; models and baselines are
scored by the same function.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from evaluation.statistics import bootstrap_interval
from schema.errors import UserError
from schema.predictions import LabelPrediction
from schema.scores import ConfusionMatrix, Scores, Table


@dataclass(frozen=True)
class ScoreName:
    """One score: what it means, which values it takes in files, and which way is better.

    scale: "share" (0 to 1, shown x 100), "x100" (already x 100) or "nats" (shown as it is)
    """

    name: str
    meaning: str
    scale: Literal["share", "x100", "nats"] = "share"
    higher_is_better: bool = True


ORDERS = (1, 2, 3, 4)
"""Words of the n-grams of BLEU."""

SCORES: Mapping[str, ScoreName] = {
    score.name: score
    for score in (
        ScoreName("accuracy", "share of the examples, or of the words of sentences, that are answered right"),
        ScoreName("accuracy_unseen", "share of the words with a form never seen in train that are tagged right"),
        ScoreName("accuracy_unseen_types", "share of these forms, each counted once, whose usual tag is answered"),
        ScoreName("sentence_accuracy", "share of the sentences in which every word is tagged right"),
        ScoreName("macro_f1", "mean F1 of the classes that the references hold, each class counting once"),
        ScoreName("macro_f1_frequent", "mean F1 of the classes that at least 10 references have"),
        ScoreName("entity_f1", "F1 of entities: the same type, first and last word"),
        ScoreName("entity_precision", "share of the entities found that stand in the references"),
        ScoreName("entity_recall", "share of the entities of the references that were found"),
        ScoreName("entity_f1_merged", "the same F1, a sign @ and the name after it being one entity"),
        ScoreName("entity_f1_without_mentions", "the same F1, entities that follow or begin with a sign @ left out"),
        ScoreName("recall_seen", "share of the entities found among those that stand in train, words and type"),
        ScoreName("recall_unseen", "share of the entities found among those that do not stand in train"),
        ScoreName("bleu", "BLEU of whole texts as they are written (sacreBLEU, 13a)", "x100"),
        ScoreName("bleu_lc_tok", "BLEU of lower-cased texts in tokens of Moses, as papers on Multi30k give it", "x100"),
        ScoreName("chrf", "F2 of character n-grams (chrF2)", "x100"),
        ScoreName("rouge_1", "F1 of words in common with the reference, stemmed (rouge-score); mean over the examples"),
        ScoreName("rouge_2", "the same of pairs of words"),
        ScoreName("rouge_l", "the same of the longest row of words in common, others in between"),
        ScoreName("cider", "CIDEr-D: n-grams in common with five captions, weighed by how rare they are", "x100"),
        *(
            ScoreName(f"bleu_{order}", f"BLEU of n-grams up to {order} words against all captions", "x100")
            for order in ORDERS
        ),
        ScoreName("rouge_l_coco", "longest row of words in common with a caption, the best one, as COCO counts it"),
        ScoreName("distinct", "share of the captions that are left when each is counted once"),
        ScoreName("copied", "share of the words of the answers that stand in their source"),
        ScoreName("length_ratio", "words of the answers over those of the references"),
        ScoreName("cross_entropy", "mean surprise at the right answer, in nats", "nats", higher_is_better=False),
    )
}

UNDEFINED = "-"
"""What people are shown in place of a score that has no value, such as the recall of a class without examples."""

LENGTH_BINS = (5, 10, 25, 50, 100, 200, 400, 800)
"""The longest length of each bin; whatever is longer than the last one has a bin of its own."""

LEAST_PROBABILITY = float(np.finfo(np.float64).eps)
"""What a right answer counts with at least, as in scikit-learn's `log_loss`: 36 nats at most."""

FREQUENT = 10
"""Examples that a class needs to count in `macro_f1_frequent`: the F1 of a rarer one is chance."""


def format_score(name: str, value: float) -> str:
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


def display_factor(name: str) -> int:
    """By what a value of the score `name` is multiplied for people: some scores are kept x 100 already."""
    return 1 if SCORES[name].scale == "x100" else 100


def format_interval(intervals: Mapping[str, tuple[float, float]], name: str) -> str:
    """The interval of the score `name` as people see it: "91.18 to 91.90"."""
    low, high = intervals.get(name, (math.nan, math.nan))
    return f"{format_score(name, low)} to {format_score(name, high)}" if math.isfinite(low) else UNDEFINED


def classification_scores(
    references: Sequence[str], answers: Sequence[LabelPrediction], lengths: Sequence[int], labels: Sequence[str]
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
    pairs = pairs_of(references, answered, every_label)
    macro_f1 = partial(_macro_f1, classes=len(every_label))
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
            table_by_class(references, answered, every_label),
        ),
        confusion=confusion_of(pairs, every_label),
        notes=notes_on_unknown(references, labels),
    )


def with_frequent_classes(scores: Scores, *notes: str) -> Scores:
    """The same with `macro_f1_frequent`, from its confusion, and with more notes."""
    counts = scores.confusion.counts.reshape(-1)
    frequent = float(macro_f1_of(counts, FREQUENT))
    return replace(scores, values={**scores.values, "macro_f1_frequent": frequent}, notes=(*notes, *scores.notes))


def pairs_of(references: Sequence[str], answered: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Each reference and its answer as one number, (examples,): place of the one x labels + place of the other."""
    place = {label: number for number, label in enumerate(labels)}
    return np.array([place[one] * len(place) + place[other] for one, other in zip(references, answered, strict=True)])


def table_by_length(
    lengths: Sequence[int],
    name: str,
    score_of: Callable[[np.ndarray], float],
    bounds: Sequence[int] = LENGTH_BINS,
    what: str = "tokens of the input",
) -> Table:
    """The score `name` in each of the fixed length bins that holds an example, shortest first.

    lengths: of each example, in `what`; bounds: the longest length of each bin but the last, which has none
    score_of: places of some examples, int[n] -> their score, as a share
    """
    bins = np.searchsorted(bounds, lengths)
    rows = []
    for place in np.unique(bins):
        members = np.flatnonzero(bins == place)
        rows.append((_bin_name(int(place), bounds), len(members), score_of(members)))
    return Table(f"{name} by length", (what, "examples", name), tuple(rows))


def _bin_name(place: int, bounds: Sequence[int]) -> str:
    if place == len(bounds):
        return f"more than {bounds[-1]}"
    first, last = bounds[place - 1] + 1 if place else 1, bounds[place]
    return f"up to {last}" if place == 0 and last > 1 else f"{first}-{last}" if first < last else str(last)


def _macro_f1(pairs: np.ndarray, classes: int, axis: int = -1) -> np.ndarray:
    """Mean F1 of the classes that stand among the references.

    pairs: (..., examples), reference x classes + answer; the last axis is gone in the result
    """
    rows = pairs.reshape(-1, pairs.shape[axis])
    shifted = rows + classes**2 * np.arange(len(rows))[:, None]
    counts = np.bincount(shifted.ravel(), minlength=classes**2 * len(rows))
    return macro_f1_of(counts.reshape(*pairs.shape[:-1], classes**2))


def macro_f1_of(counts: np.ndarray, least: int = 1) -> np.ndarray:
    """Mean F1 of the classes that have at least `least` references: counts of pairs (..., classes x classes) -> (...).

    NaN where there is no such class.
    """
    classes = math.isqrt(counts.shape[-1])
    cells = counts.reshape(*counts.shape[:-1], classes, classes)
    right, asked, given = np.einsum("...ii->...i", cells), cells.sum(axis=-1), cells.sum(axis=-2)
    f1 = np.divide(2 * right, asked + given, out=np.zeros(right.shape), where=asked + given > 0)
    counted = asked >= least
    count = counted.sum(axis=-1)
    return np.divide(f1.sum(axis=-1, where=counted), count, out=np.full(count.shape, np.nan), where=count > 0)


def _surprise(references: Sequence[str], answers: Sequence[LabelPrediction]) -> np.ndarray:
    """-log p(reference) of each example, in nats; a class that the model does not know has probability 0."""
    given = [answer.probabilities.get(reference, 0.0) for reference, answer in zip(references, answers, strict=True)]
    return -np.log(np.clip(given, LEAST_PROBABILITY, 1))


def table_by_class(references: Sequence[str], answered: Sequence[str], labels: Sequence[str]) -> Table:
    """Precision is NaN for a class never answered, recall for a class without examples, F1 where both are."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(references, answered, labels=labels, zero_division=np.nan)
    rows = tuple(
        (label, int(examples), float(precision), float(recall), float(f1))
        for label, precision, recall, f1, examples in zip(labels, *columns, strict=True)
    )
    return Table("scores by class", ("class", "examples", "precision", "recall", "F1"), rows)


def confusion_of(pairs: np.ndarray, labels: Sequence[str]) -> ConfusionMatrix:
    classes = len(labels)
    return ConfusionMatrix(tuple(labels), np.bincount(pairs, minlength=classes**2).reshape(classes, classes))


def notes_on_unknown(references: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    unknown = Counter(references)
    for label in labels:
        unknown.pop(label, None)
    if not unknown:
        return ()
    classes = ", ".join(f"{label} ({count:,})" for label, count in sorted(unknown.items()))
    return (f"Classes that the model does not know, so that their examples count as errors: {classes}.",)
