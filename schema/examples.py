"""What a data set holds before anything is learnt from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and its class; `label` is None where nobody has said it (a question, an unlabelled review)."""

    text: str
    label: str | None = None


Ex = TypeVar("Ex")


@dataclass(frozen=True)
class Splits(Generic[Ex]):
    """The examples of one data set, as a task trains and scores on them.

    dataset: name for people, as in `--dataset`, or the name of the user's file
    source: what the examples are, to the version (`imdb_reviews/plain_text:1.0.0`); part of every cache key
    unlabelled: loads examples without reference that may be learnt from; called only where something needs them
    overlaps: how many examples of one split also stand in another ("test also in train" -> 123)
    seen_in_train: places in `test` whose example also stands in train, so that a score can be given without them
    synthetic: the examples come from the small world; a score on them is no result
    """

    dataset: str
    source: str
    train: Sequence[Ex]
    validation: Sequence[Ex]
    test: Sequence[Ex]
    unlabelled: Callable[[], Sequence[Ex]] = list
    overlaps: Mapping[str, int] = field(default_factory=dict)
    seen_in_train: frozenset[int] = frozenset()
    synthetic: bool = False
