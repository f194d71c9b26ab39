"""Scores of tagging: one tag for each word of a sentence.

`tagging_scores` are for tags that stand for themselves, such as parts of speech. `entity_scores` are for IOB2 tags:
whole entities count, not words (strict, as in the CoNLL shared tasks). In tweets `@` and the name after it are often
annotated as two entities, so that entity F1 has three views: as annotated, with both merged into one entity, and
without mentions.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluation.entity_spans import Span, entity_spans, entity_texts, is_mention, merge_mentions
from evaluation.scores import LabelPairs, class_counts, cross_entropies, macro_f1, ratio, table_by_length
from evaluation.statistics import bootstrap_interval, bootstrap_of_sums
from schema.errors import UserError
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction
from schema.scores import ExampleSums, Scores, SeenInTraining, Table

POSITION_BINS = (1, 2, 3, 5, 10, 20, 40)
"""Upper bound of each bin of positions, counted from 1."""
ENTITY_NOTE = (
    "Entities are scored as a whole, by type and words (strict, IOB2). Files in IOB1, BIOES and BILOU are read as "
    "IOB2; a predicted I- that continues nothing counts as no entity."
)


@dataclass(frozen=True)
class AlignedTags:
    """Reference and predicted tags of sentences, word by word.

    examples: sentences with a tag for each word
    predictions: one for each example, with a tag for each word
    model_tags: the tags of the model, in its order
    Raises UserError if there are no words, ValueError for other numbers of sentences or words.
    """

    examples: Sequence[TaggedSentence]
    predictions: Sequence[TagsPrediction]
    model_tags: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.examples) != len(self.predictions):
            raise ValueError(f"{len(self.examples)} examples and {len(self.predictions)} predictions")
        words, tags = len(self.pairs.references), len(self.pairs.predicted)
        if not words:
            raise UserError("There are no examples to score; give a split or a file with at least one tagged word.")
        if tags != words:
            raise ValueError(f"{words} words and {tags} tags")

    @cached_property
    def pairs(self) -> LabelPairs:
        """Reference and predicted tag of each word."""
        references = [tag for example in self.examples for tag in example.tags]
        return LabelPairs(
            references, [tag for prediction in self.predictions for tag in prediction.tags], self.model_tags
        )

    @cached_property
    def lengths(self) -> np.ndarray:
        """Number of words of each sentence."""
        return np.array([len(example.words) for example in self.examples])

    @cached_property
    def sentence_indices(self) -> np.ndarray:
        """Index of the sentence of each word."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def sum_by_sentence(self, values: np.ndarray) -> np.ndarray:
        """Sum over the words of each sentence: (words,) -> (sentences,)."""
        return np.bincount(self.sentence_indices, values, minlength=len(self.lengths))

    def ratio_by_sentence(self, numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
        """Contribution of each sentence to the numerator and denominator of a ratio: 2 x (words,) -> (sentences, 2)."""
        return np.stack([self.sum_by_sentence(numerators), self.sum_by_sentence(denominators)], axis=-1)

    @cached_property
    def cross_entropies(self) -> np.ndarray | None:
        """-log p(reference) of each word, in nats; None if a prediction has no probabilities."""
        probabilities: list[float] = []
        for example, prediction in zip(self.examples, self.predictions, strict=True):
            if prediction.probabilities is None:
                return None
            index = {tag: number for number, tag in enumerate(prediction.labels)}
            probabilities += [
                float(row[index[tag]]) if tag in index else 0.0
                for tag, row in zip(example.tags, prediction.probabilities, strict=True)
            ]
        return cross_entropies(probabilities)

    @cached_property
    def word_ratios(self) -> dict[str, np.ndarray]:
        """Accuracy, and cross-entropy if there are probabilities, as `ratio_by_sentence`."""
        ones = np.ones(len(self.pairs.references))
        ratios = {"accuracy": self.ratio_by_sentence(self.pairs.correct, ones)}
        if self.cross_entropies is not None:
            ratios["cross_entropy"] = self.ratio_by_sentence(self.cross_entropies, ones)
        return ratios


def tagging_scores(
    examples: Sequence[TaggedSentence], predictions: Sequence[TagsPrediction], seen: SeenInTraining
) -> Scores:
    """Accuracy, macro F1 and cross-entropy of tags.

    A reference that is not among `seen.labels` counts as an error and is named in `notes`. Words are unseen if their
    form is not in `seen.words`, with its case. Confidence intervals resample whole sentences.
    Raises UserError if there are no words.
    """
    aligned = AlignedTags(examples, predictions, seen.labels)
    pairs = aligned.pairs
    unseen = np.array([word not in seen.words for example in examples for word in example.normalized_words])
    all_correct = aligned.sum_by_sentence(1 - pairs.correct) == 0
    ratios = {
        "accuracy": aligned.word_ratios["accuracy"],
        "accuracy_unseen": aligned.ratio_by_sentence(pairs.correct * unseen, unseen.astype(float)),
        "sentence_accuracy": np.stack([all_correct, np.ones(len(examples))], axis=-1).astype(float),
        **aligned.word_ratios,
    }
    counts = class_counts(aligned.sentence_indices, pairs.confusion_indices, len(aligned.lengths), len(pairs.labels))
    unseen_types = _correct_types(aligned, unseen)
    return Scores(
        values={name: float(ratio(sums.sum(axis=0))) for name, sums in ratios.items()}
        | {
            "accuracy_unseen_types": float(unseen_types.mean()) if len(unseen_types) else math.nan,
            "macro_f1": float(macro_f1(pairs.counts)),
        },
        intervals={name: bootstrap_of_sums(sums, ratio) for name, sums in ratios.items()}
        | {
            "accuracy_unseen_types": bootstrap_interval(unseen_types, np.mean),
            "macro_f1": bootstrap_of_sums(counts, macro_f1),
        },
        examples=len(examples),
        tables=(
            _accuracy_by_length(aligned),
            _accuracy_by_position(aligned),
            pairs.table_by_class(),
        ),
        confusion=pairs.confusion(),
        notes=pairs.notes(),
        sums=ExampleSums(ratios["accuracy"], ratio),
    )


def _correct_types(aligned: AlignedTags, unseen: np.ndarray) -> np.ndarray:
    """1 for each unseen word form whose usual predicted tag is its usual reference tag, else 0.

    If tags are tied for a form, the one that is more frequent overall counts.
    """
    references: defaultdict[str, Counter[str]] = defaultdict(Counter)
    predictions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    overall = Counter(aligned.pairs.references)
    words = (word for example in aligned.examples for word in example.normalized_words)
    for word, is_unseen, reference, predicted in zip(
        words, unseen, aligned.pairs.references, aligned.pairs.predicted, strict=True
    ):
        if is_unseen:
            references[word][reference] += 1
            predictions[word][predicted] += 1

    def usual(tags: Counter[str]) -> str:
        return max(tags, key=lambda tag: (tags[tag], overall[tag]))

    return np.array([usual(tags) == usual(predictions[word]) for word, tags in references.items()], float)


def _accuracy_by_length(aligned: AlignedTags) -> Table:
    correct = aligned.sum_by_sentence(aligned.pairs.correct)
    return table_by_length(
        aligned.lengths,
        "accuracy",
        lambda members: float(correct[members].sum() / max(1, aligned.lengths[members].sum())),
    )


def _accuracy_by_position(aligned: AlignedTags) -> Table:
    starts = np.cumsum(aligned.lengths) - aligned.lengths
    position = np.arange(len(aligned.sentence_indices)) - np.repeat(starts, aligned.lengths) + 1
    table = table_by_length(
        position, "accuracy", lambda members: float(aligned.pairs.correct[members].mean()), POSITION_BINS
    )
    return Table("accuracy by position", ("position in the sentence", "words", "accuracy"), table.rows)


def entity_scores(
    examples: Sequence[TaggedSentence], predictions: Sequence[TagsPrediction], seen: SeenInTraining
) -> Scores:
    """Precision, recall and F1 of entities.

    `seen.entities` are the entities of train, as `entity_texts` gives them. Confidence intervals resample whole
    sentences. Raises UserError if there are no words.
    """
    aligned = AlignedTags(examples, predictions, seen.labels)
    reference_tags = [example.tags for example in examples]
    predicted_tags = [prediction.tags for prediction in predictions]
    views = {name: (spans(examples, reference_tags), spans(examples, predicted_tags)) for name, spans in VIEWS.items()}
    counts = {_f1_name(view): _span_counts(*both) for view, both in views.items()}
    ratios = _entity_ratios(examples, *views["official"], seen.entities) | aligned.word_ratios
    return Scores(
        values={name: float(f1(sums.sum(axis=0))) for name, sums in counts.items()}
        | {name: float(ratio(sums.sum(axis=0))) for name, sums in ratios.items()},
        intervals={name: bootstrap_of_sums(sums, f1) for name, sums in counts.items()}
        | {name: bootstrap_of_sums(sums, ratio) for name, sums in ratios.items()},
        examples=len(examples),
        tables=(
            table_by_length(
                aligned.lengths,
                "entity_f1",
                lambda members: float(np.nan_to_num(f1(counts["entity_f1"][members].sum(axis=0)))),
            ),
            *(_table_by_type(view, *both) for view, both in views.items()),
        ),
        confusion=aligned.pairs.confusion(),
        notes=(ENTITY_NOTE, *aligned.pairs.notes()),
        sums=ExampleSums(counts["entity_f1"], f1),
    )


def f1(sums: np.ndarray) -> np.ndarray:
    """F1 from numbers of correct, predicted and reference entities (..., 3); NaN if there are no entities."""
    return ratio(np.stack([2 * sums[..., 0], sums[..., 1] + sums[..., 2]], axis=-1))


Spans = list[set[Span]]
"""Entities of each sentence."""
TagSequences = Sequence[Sequence[str]]


def _official(examples: Sequence[TaggedSentence], tags: TagSequences) -> Spans:
    return entity_spans(tags)


def _merged(examples: Sequence[TaggedSentence], tags: TagSequences) -> Spans:
    return entity_spans([merge_mentions(example.words, these) for example, these in zip(examples, tags, strict=True)])


def _without_mentions(examples: Sequence[TaggedSentence], tags: TagSequences) -> Spans:
    return [
        {span for span in spans if not is_mention(example.words, span[0])}
        for example, spans in zip(examples, entity_spans(tags), strict=True)
    ]


VIEWS: Mapping[str, Callable[[Sequence[TaggedSentence], TagSequences], Spans]] = {
    "official": _official,
    "merged": _merged,
    "without_mentions": _without_mentions,
}
"""View -> function from the tags of sentences to their entities."""


def _f1_name(view: str) -> str:
    return "entity_f1" if view == "official" else f"entity_f1_{view}"


def _span_counts(references: Spans, predicted: Spans) -> np.ndarray:
    """Numbers of correct, predicted and reference entities of each sentence, (sentences, 3)."""
    pairs = zip(references, predicted, strict=True)
    return np.array([(len(reference & found), len(found), len(reference)) for reference, found in pairs], float)


def _entity_ratios(
    examples: Sequence[TaggedSentence], references: Spans, predicted: Spans, seen: Set[str]
) -> dict[str, np.ndarray]:
    """Precision, and recall of all, seen and unseen entities: numerator and denominator of each sentence."""
    correct, num_predicted, num_references = _span_counts(references, predicted).T
    seen_spans = [
        {span for span in spans if entity_texts(example.normalized_words, [span])[0] in seen}
        for example, spans in zip(examples, references, strict=True)
    ]
    unseen_spans = [spans - seen_ones for spans, seen_ones in zip(references, seen_spans, strict=True)]
    return {
        "entity_precision": np.stack([correct, num_predicted], axis=-1),
        "entity_recall": np.stack([correct, num_references], axis=-1),
        "recall_seen": _span_counts(seen_spans, predicted)[:, [0, 2]],
        "recall_unseen": _span_counts(unseen_spans, predicted)[:, [0, 2]],
    }


def _table_by_type(view: str, references: Spans, predicted: Spans) -> Table:
    types = sorted({entity_type for spans in (*references, *predicted) for *_, entity_type in spans})
    rows = []
    for row_type in (*types, None):
        of_type = [
            [{span for span in spans if row_type in (None, span[2])} for spans in side]
            for side in (references, predicted)
        ]
        correct, num_predicted, num_references = _span_counts(*of_type).sum(axis=0)
        precision, recall = (float(ratio(np.array([correct, total]))) for total in (num_predicted, num_references))
        f1_of_type = float(f1(np.array([correct, num_predicted, num_references])))
        rows.append((row_type or "all", int(num_references), precision, recall, f1_of_type))
    title = f"entities by type, {view.replace('_', ' ')}"
    return Table(title, ("type", "entities", "precision", "recall", "F1"), tuple(rows))
