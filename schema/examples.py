"""Examples of each kind of task, and the splits of a data set."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Generic, Protocol, TypeVar, overload

from schema.segmentation import normalize


class Example(Protocol):
    """An example of any task."""

    @property
    def key(self) -> Hashable:
        """The input, or a digest of it: examples with equal keys are duplicates."""

    @property
    def classes(self) -> Sequence[str]:
        """The classes in the reference: a label, or tags; empty for texts and without a reference."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and its class; `label` is None for an unlabelled text."""

    text: str
    label: str | None = None

    @property
    def key(self) -> str:
        return self.text

    @property
    def classes(self) -> Sequence[str]:
        return () if self.label is None else (self.label,)


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """The words of a sentence with their tags; `tags` is empty for an untagged sentence.

    lines: its lines in the CoNLL-U file from which `predict.py` has read it
    """

    words: tuple[str, ...]
    tags: tuple[str, ...] = ()
    lines: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def normalized_words(self) -> tuple[str, ...]:
        """The words as encoders, baselines and scores compare them; `words` are for display."""
        return tuple(map(normalize, self.words))

    @property
    def key(self) -> tuple[str, ...]:
        return self.normalized_words

    @property
    def classes(self) -> Sequence[str]:
        return self.tags


@dataclass(frozen=True, slots=True)
class TextPair:
    """A source text and its target text, such as a translation or a subject line; `target` is None if unknown."""

    source: str
    target: str | None = None

    @property
    def key(self) -> str:
        return self.source

    @property
    def classes(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True, slots=True)
class CaptionedImage:
    """An image and its reference captions; `captions` is empty if unknown.

    image: content of a PNG or JPEG file
    name: name of the file, for people; images of other names are equal
    """

    image: bytes
    captions: tuple[str, ...] = ()
    name: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        return sha256(self.image).hexdigest()

    @property
    def classes(self) -> Sequence[str]:
        return ()

    def __repr__(self) -> str:
        # A digest, since files are large.
        return f"CaptionedImage({self.key}, {self.captions})"


ExampleT = TypeVar("ExampleT", bound=Example)


class LazySequence(Sequence[ExampleT]):
    """Examples that are loaded on first use: the test split, for example, is not needed before training has ended."""

    def __init__(self, load: Callable[[], Sequence[ExampleT]]) -> None:
        self._load = load

    @cached_property
    def _examples(self) -> Sequence[ExampleT]:
        return self._load()

    @overload
    def __getitem__(self, index: int) -> ExampleT: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ExampleT]: ...

    def __getitem__(self, index: int | slice) -> ExampleT | Sequence[ExampleT]:
        return self._examples[index]

    def __len__(self) -> int:
        return len(self._examples)


@dataclass(frozen=True)
class Splits(Generic[ExampleT]):
    """The examples of one data set, as a task trains and evaluates on them.

    dataset: display name, as in `--dataset`, or the name of the user's file
    source: origin of the examples with its version (`imdb_reviews/plain_text:1.0.0`); part of every cache key
    unlabelled: loads further training examples without references; called only if they are needed
    overlaps: counts duplicates within a split ("train: duplicates" -> 96) and examples that also occur in an earlier
        split ("test: also in train" -> 123)
    held_out: whether validation was held out of train by this program; `validation_in_train` then still counts
        duplicates
    validation_in_train: counts the validation examples that also occur in train
    duplicates_of_train: finds the indices of the `test` examples that also occur in train, for a score without them
    synthetic: whether the examples are synthetic data, so that scores on them are not meaningful
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
