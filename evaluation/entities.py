"""How tagged entities become scores: whole entities count, not words (strict, IOB2, as in CoNLL shared tasks).

In tweets `@` and the name after it are often marked as two entities, so that three views are given: as they are marked,
with both as one entity, and without them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

import numpy as np

from evaluation.scores import confusion_of, notes_on_unknown, pairs_of, table_by_length
from evaluation.statistics import bootstrap_of_sums
from evaluation.tagging_scores import AlignedTags, ratio
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction
from schema.scores import Scores, Table

Span = tuple[int, int, str]
"""First word, the word after the last, type."""

AT = "@"
SCHEME = (
    "Entities are scored whole, by type and words (strict, IOB2). Files in IOB1 are read as IOB2; an I- that continues "
    "nothing counts as no entity in an answer."
)


def spans(tagged: Sequence[Sequence[str]]) -> list[set[Span]]:
    """The entities of each sentence, from strict IOB2 tags."""
    from seqeval.scheme import IOB2, Entities

    # seqeval takes an empty sentence amiss.
    found = Entities([list(tags) or ["O"] for tags in tagged], IOB2).entities
    return [{(entity.start, entity.end, entity.tag) for entity in sentence} for sentence in found]


def merge_mentions(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Tags with a lone `@` and the name after it as one entity: after `@` with B-X, a following B-X becomes I-X."""
    return [
        f"I-{tag[2:]}" if place and tag.startswith("B-") and words[place - 1] == AT and tags[place - 1] == tag else tag
        for place, tag in enumerate(tags)
    ]


def is_mention(words: Sequence[str], first: int) -> bool:
    """Whether an entity that begins at the word `first` is a mention: it begins with `@`, or follows a lone one."""
    return words[first].startswith(AT) or (first > 0 and words[first - 1] == AT)


def entity_texts(words: Sequence[str], found: Iterable[Span]) -> list[str]:
    """Entities as text, type and words: "PER Angela Merkel"."""
    return [f"{kind} {' '.join(words[first:end])}" for first, end, kind in found]


def bracketed(words: Sequence[str], tags: Sequence[str]) -> str:
    """A sentence with its entities in brackets: "[PER Angela Merkel] went to [LOC Paris] ." """
    parts = list(words)
    for first, end, kind in spans([tags])[0]:
        parts[first] = f"[{kind} {parts[first]}"
        parts[end - 1] += "]"
    return " ".join(parts)


def entity_scores(
    examples: Sequence[TaggedSentence], answers: Sequence[TagsPrediction], tags: Sequence[str], seen: Set[str]
) -> Scores:
    """Scores of the entities in tagged sentences.

    tags: those that the model knows; seen: the entities of train, as `named` gives them
    Intervals draw whole sentences. Raises UserError where there is nothing to score.
    """
    tagged = AlignedTags(examples, answers)
    views = {
        view: (change(examples, _given(examples)), change(examples, _given(answers))) for view, change in VIEWS.items()
    }
    official = views["official"]
    sums = {_f1_name(view): _counts(*both) for view, both in views.items()}
    values = {name: float(f1(counts.sum(axis=0))) for name, counts in sums.items()}
    intervals = {name: bootstrap_of_sums(counts, f1) for name, counts in sums.items()}
    ratios = _ratios(examples, *official, seen) | {
        "accuracy": np.stack([tagged.by_sentence(tagged.right), tagged.lengths], axis=-1)
    }
    if tagged.surprise is not None:
        ratios["cross_entropy"] = np.stack([tagged.by_sentence(tagged.surprise), tagged.lengths], axis=-1)
    values |= {name: float(ratio(counts.sum(axis=0))) for name, counts in ratios.items()}
    intervals |= {name: bootstrap_of_sums(counts, ratio) for name, counts in ratios.items()}
    every_tag = (*tags, *sorted({*tagged.references, *tagged.answered} - set(tags)))
    return Scores(
        values=values,
        intervals=intervals,
        examples=len(examples),
        tables=(
            table_by_length(
                tagged.lengths,
                "entity_f1",
                lambda places: float(np.nan_to_num(f1(sums["entity_f1"][places].sum(axis=0)))),
            ),
            *(_by_type(view, *both) for view, both in views.items()),
        ),
        confusion=confusion_of(pairs_of(tagged.references, tagged.answered, every_tag), every_tag),
        notes=(SCHEME, *notes_on_unknown(tagged.references, tags)),
    )


def f1(sums: np.ndarray) -> np.ndarray:
    """From right, answered and real entities (..., 3): 2 x right / (answered + real); NaN where there are none."""
    return ratio(np.stack([2 * sums[..., 0], sums[..., 1] + sums[..., 2]], axis=-1))


Found = list[set[Span]]
Given = Sequence[Sequence[str]]


def _given(tagged: Sequence[TaggedSentence] | Sequence[TagsPrediction]) -> Given:
    return [sentence.tags for sentence in tagged]


def _official(examples: Sequence[TaggedSentence], given: Given) -> Found:
    return spans(given)


def _merged(examples: Sequence[TaggedSentence], given: Given) -> Found:
    return spans([merge_mentions(example.words, tags) for example, tags in zip(examples, given, strict=True)])


def _without_mentions(examples: Sequence[TaggedSentence], given: Given) -> Found:
    return [
        {span for span in found if not is_mention(example.words, span[0])}
        for example, found in zip(examples, spans(given), strict=True)
    ]


VIEWS: Mapping[str, Callable[[Sequence[TaggedSentence], Given], Found]] = {
    "official": _official,
    "merged": _merged,
    "without_mentions": _without_mentions,
}
"""View -> the entities of each sentence, from its tags."""


def _f1_name(view: str) -> str:
    return "entity_f1" if view == "official" else f"entity_f1_{view}"


def _counts(real: Found, answered: Found) -> np.ndarray:
    """Right, answered and real entities of each sentence, (sentences, 3)."""
    pairs = zip(real, answered, strict=True)
    return np.array([(len(one & other), len(other), len(one)) for one, other in pairs], float)


def _ratios(examples: Sequence[TaggedSentence], real: Found, answered: Found, seen: Set[str]) -> dict[str, np.ndarray]:
    """Precision, recall, and recall of what train has and has not: numerator and denominator of each sentence."""
    right, found, there = _counts(real, answered).T
    known = [
        {span for span in spans_of if entity_texts(example.words, [span])[0] in seen}
        for example, spans_of in zip(examples, real, strict=True)
    ]
    new = [spans_of - these for spans_of, these in zip(real, known, strict=True)]
    return {
        "entity_precision": np.stack([right, found], axis=-1),
        "entity_recall": np.stack([right, there], axis=-1),
        "recall_seen": _counts(known, answered)[:, [0, 2]],
        "recall_unseen": _counts(new, answered)[:, [0, 2]],
    }


def _by_type(view: str, real: Found, answered: Found) -> Table:
    kinds = sorted({kind for found in (*real, *answered) for *_, kind in found})
    rows = []
    for kind in (*kinds, None):
        of_kind = [[{span for span in found if kind in (None, span[2])} for found in both] for both in (real, answered)]
        right, found, there = _counts(*of_kind).sum(axis=0)
        precision, recall = (float(ratio(np.array([right, whole]))) for whole in (found, there))
        rows.append((kind or "all", int(there), precision, recall, float(f1(np.array([right, found, there])))))
    title = f"entities by type, {view.replace('_', ' ')}"
    return Table(title, ("type", "entities", "precision", "recall", "F1"), tuple(rows))
