"""What a data set holds before anything is learnt from it."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar


class Example(Protocol):
    """An example of any task."""

    @property
    def key(self) -> Hashable:
        """The input, or a digest of it: examples with equal keys are duplicates."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and its class; `label` is None where nobody has said it (a question, an unlabelled review)."""

    text: str
    label: str | None = None

    @property
    def key(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """The words of a sentence and a tag for each; `tags` is empty where nobody has said them (a question)."""

    words: tuple[str, ...]
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.words


@dataclass(frozen=True, slots=True)
class TextPair:
    """A text and what is to be written for it (translation, headline); `target` is None where nobody has said it."""

    source: str
    target: str | None = None

    @property
    def key(self) -> str:
        return self.source


@dataclass(frozen=True, slots=True)
class CaptionedImage:
    """A picture and what people said of it; `captions` is empty where nobody has said anything (a question).

    picture: content of a PNG or JPEG file
    """

    picture: bytes
    captions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return sha256(self.picture).hexdigest()

    def __repr__(self) -> str:
        # Short, though it still tells pictures apart: files are large.
        return f"CaptionedImage({self.key}, {self.captions})"


ExampleT = TypeVar("ExampleT", bound=Example)


class LazySequence(Sequence[ExampleT]):
    """Examples that are loaded when somebody first looks at them: test is not wanted before a training is over."""

    def __init__(self, load: Callable[[], Sequence[ExampleT]]) -> None:
        self._load = load

    @cached_property
    def _examples(self) -> Sequence[ExampleT]:
        return self._load()

    def __getitem__(self, place: Any) -> Any:
        return self._examples[place]

    def __len__(self) -> int:
        return len(self._examples)


@dataclass(frozen=True)
class Splits(Generic[ExampleT]):
    """The examples of one data set, as a task trains and scores on them.

    dataset: name for people, as in `--dataset`, or the name of the user's file
    source: what the examples are, to the version (`imdb_reviews/plain_text:1.0.0`); part of every cache key
    unlabelled: loads examples without reference that may be learnt from; called only where something needs them
    overlaps: counts how many examples of one split also stand in another ("test also in train" -> 123)
    held_out: validation was taken out of train by us; validation_in_train counts what stands in both all the same
    duplicates_of_train: finds the indices of the test examples that train contains too, for a score without them
    synthetic: the examples come from the synthetic data; a score on them is no result
    """

    dataset: str
    source: str
    train: Sequence[ExampleT]
    validation: Sequence[ExampleT]
    test: Sequence[ExampleT]
    unlabelled: Callable[[], Sequence[ExampleT]] = list
    overlaps: Callable[[], Mapping[str, int]] = dict
    duplicates_of_train: Callable[[], frozenset[int]] = frozenset
    held_out: bool = False
    validation_in_train: Callable[[], int] = int
    synthetic: bool = False
