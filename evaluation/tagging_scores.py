"""How a tag for each word of a sentence becomes scores: parts of speech, or any tags that stand for themselves."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluation.scores import (
    LEAST_PROBABILITY,
    confusion_of,
    macro_f1_of,
    notes_on_unknown,
    pairs_of,
    table_by_class,
    table_by_length,
)
from evaluation.statistics import bootstrap_interval, bootstrap_of_sums
from schema.errors import UserError
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction
from schema.scores import Scores, Table

POSITION_BINS = (1, 2, 3, 5, 10, 20, 40)
"""The last position of each bin, counted from 1."""


@dataclass(frozen=True)
class AlignedTags:
    """Sentences with the tags that they have and those that were answered, word by word.

    examples: with a tag for each word; answers: one for each example, with as many tags as it has words
    """

    examples: Sequence[TaggedSentence]
    answers: Sequence[TagsPrediction]

    def __post_init__(self) -> None:
        if len(self.examples) != len(self.answers):
            raise ValueError(f"{len(self.examples)} examples and {len(self.answers)} answers")
        if not self.references:
            raise UserError("There are no examples to score; give a split or a file with at least one tagged word.")
        if len(self.answered) != len(self.references):
            raise ValueError(f"{len(self.references)} words and {len(self.answered)} tags")

    @cached_property
    def references(self) -> list[str]:
        """The tag of every word."""
        return [tag for example in self.examples for tag in example.tags]

    @cached_property
    def answered(self) -> list[str]:
        """What was answered for every word."""
        return [tag for answer in self.answers for tag in answer.tags]

    @cached_property
    def right(self) -> np.ndarray:
        """Whether the answer is the reference, 0 or 1 for every word."""
        return np.array([one == other for one, other in zip(self.references, self.answered, strict=True)], float)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Words of each sentence."""
        return np.array([len(example.words) for example in self.examples])

    @cached_property
    def sentence(self) -> np.ndarray:
        """Number of the sentence that each word is in."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def by_sentence(self, values: np.ndarray) -> np.ndarray:
        """Sum of the values of its words for each sentence: (words,) -> (sentences,)."""
        return np.bincount(self.sentence, values, minlength=len(self.lengths))

    @cached_property
    def surprise(self) -> np.ndarray | None:
        """-log p(reference) of every word, in nats; None where an answer holds no probabilities."""
        if any(answer.probabilities is None for answer in self.answers):
            return None
        given: list[float] = []
        for example, answer in zip(self.examples, self.answers, strict=True):
            place = {tag: number for number, tag in enumerate(answer.labels)}
            given += [
                float(row[place[tag]]) if tag in place else 0.0
                for tag, row in zip(example.tags, answer.probabilities, strict=True)
            ]
        return -np.log(np.clip(given, LEAST_PROBABILITY, 1))


def tagging_scores(
    examples: Sequence[TaggedSentence], answers: Sequence[TagsPrediction], tags: Sequence[str], seen: Set[str]
) -> Scores:
    """Scores of a tag for each word.

    tags: those that the model knows, in its order; seen: the forms of train, with their case
    A reference that the model does not know counts as an error and is named in `notes`. Intervals draw whole sentences.
    Raises UserError where there is nothing to score.
    """
    tagged = AlignedTags(examples, answers)
    every_tag = (*tags, *sorted({*tagged.references, *tagged.answered} - set(tags)))
    pairs = pairs_of(tagged.references, tagged.answered, every_tag)
    unseen = np.array([word not in seen for example in examples for word in example.words])
    sums = {
        "accuracy": _share(tagged, tagged.right, np.ones(len(unseen))),
        "accuracy_unseen": _share(tagged, tagged.right * unseen, unseen.astype(float)),
        "sentence_accuracy": np.stack(
            [tagged.by_sentence(1 - tagged.right) == 0, np.ones(len(examples))], axis=-1
        ).astype(float),
    }
    if tagged.surprise is not None:
        sums["cross_entropy"] = _share(tagged, tagged.surprise, np.ones(len(unseen)))
    counted = _pairs_by_sentence(tagged, pairs, len(every_tag))
    types = _right_types(tagged, unseen)
    values = {name: float(ratio(counts.sum(axis=0))) for name, counts in sums.items()}
    intervals = {name: bootstrap_of_sums(counts, ratio) for name, counts in sums.items()}
    return Scores(
        values=values
        | {
            "accuracy_unseen_types": float(types.mean()) if len(types) else math.nan,
            "macro_f1": float(macro_f1_of(counted.sum(axis=0))),
        },
        intervals=intervals
        | {
            "accuracy_unseen_types": bootstrap_interval(types, np.mean),
            "macro_f1": bootstrap_of_sums(counted, macro_f1_of),
        },
        examples=len(examples),
        tables=(
            accuracy_by_length(tagged),
            _accuracy_by_position(tagged),
            table_by_class(tagged.references, tagged.answered, every_tag),
        ),
        confusion=confusion_of(pairs, every_tag),
        notes=notes_on_unknown(tagged.references, tags),
    )


def _right_types(tagged: AlignedTags, unseen: np.ndarray) -> np.ndarray:
    """Whether the tag that each unseen form is most often given is its most frequent one, 0 or 1 for every form.

    Of tags that are equally often, the one that is more frequent overall counts.
    """
    given: defaultdict[str, tuple[Counter[str], Counter[str]]] = defaultdict(lambda: (Counter(), Counter()))
    overall = Counter(tagged.references)
    words = (word for example in tagged.examples for word in example.words)
    for word, new, reference, answered in zip(words, unseen, tagged.references, tagged.answered, strict=True):
        if new:
            given[word][0][reference] += 1
            given[word][1][answered] += 1

    def usual(tags: Counter[str]) -> str:
        return max(tags, key=lambda tag: (tags[tag], overall[tag]))

    return np.array([usual(references) == usual(answers) for references, answers in given.values()], float)


def ratio(sums: np.ndarray) -> np.ndarray:
    """First sum over second, (..., 2) -> (...); NaN where there is nothing to divide by."""
    return np.divide(sums[..., 0], sums[..., 1], out=np.full(sums.shape[:-1], np.nan), where=sums[..., 1] > 0)


def accuracy_by_length(tagged: AlignedTags) -> Table:
    """Share of the words that are right, for sentences of about the same length."""
    right = tagged.by_sentence(tagged.right)
    return table_by_length(
        tagged.lengths, "accuracy", lambda places: float(right[places].sum() / max(1, tagged.lengths[places].sum()))
    )


def _accuracy_by_position(tagged: AlignedTags) -> Table:
    starts = np.cumsum(tagged.lengths) - tagged.lengths
    position = np.arange(len(tagged.right)) - np.repeat(starts, tagged.lengths) + 1
    table = table_by_length(position, "accuracy", lambda places: float(tagged.right[places].mean()), POSITION_BINS)
    return Table("accuracy by position", ("position in the sentence", "words", "accuracy"), table.rows)


def _share(tagged: AlignedTags, right: np.ndarray, count: np.ndarray) -> np.ndarray:
    """What each sentence adds to the numerator and to the denominator, (sentences, 2)."""
    return np.stack([tagged.by_sentence(right), tagged.by_sentence(count)], axis=-1)


def _pairs_by_sentence(tagged: AlignedTags, pairs: np.ndarray, tags: int) -> np.ndarray:
    """How often each sentence has each pair of reference and answer: (sentences, tags x tags)."""
    cells = np.bincount(tagged.sentence * tags**2 + pairs, minlength=len(tagged.lengths) * tags**2)
    return cells.reshape(len(tagged.lengths), tags**2)
