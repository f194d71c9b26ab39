"""Orthographic features of a word (affixes, shape, length) and its characters, as ids.

    orthographic_features("Unhappily", OrthographicSettings(max_prefix=2, max_suffix=2))
    ->  ["word unhappily", "shape Xx", "length 9", "prefix u", "prefix un", "suffix y", "suffix ly"]

Affixes are taken from the lower-cased word; the shape keeps the case.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.encoders.frame import SavedPart
from data.encoders.related_words import MAX_FEATURES, RelatedWords
from data.encoders.vocabulary import Vocabulary
from schema.encoded import PADDING


@dataclass(frozen=True)
class OrthographicSettings:
    """Maximum length of prefixes and suffixes, in characters; minimum number of distinct words with a feature."""

    max_prefix: int
    max_suffix: int
    min_feature_count: int = 3


def orthographic_features(word: str, settings: OrthographicSettings) -> Iterator[str]:
    """The features of a word's spelling, most informative first."""
    lower = word.lower()
    yield f"word {lower}"
    yield f"shape {shape(word)}"
    yield f"length {min(len(word), 20)}"
    yield from (f"prefix {lower[:size]}" for size in range(1, min(settings.max_prefix, len(lower)) + 1))
    yield from (f"suffix {lower[-size:]}" for size in range(1, min(settings.max_suffix, len(lower)) + 1))


def shape(word: str) -> str:
    """The shape of a word: runs of capitals (X), small letters (x) and digits (d); other characters as they are.

    shape("McDonald's") -> "XxXx'x", shape("CD-ROMs2") -> "X-Xxd"
    """
    classes = ("X" if char.isupper() else "x" if char.isalpha() else "d" if char.isdigit() else char for char in word)
    return re.sub(r"(.)\1+", r"\1", "".join(classes), flags=re.DOTALL)[:10]


class OrthographicEncoder:
    """Encodes the features of words as ids; 0 is padding.

    related_words: training words with their tags, for features of related words; None for orthographic features only
    """

    def __init__(
        self, settings: OrthographicSettings, vocabulary: Vocabulary, related_words: RelatedWords | None = None
    ) -> None:
        self.settings, self.vocabulary, self.related_words = settings, vocabulary, related_words

    @classmethod
    def fit(
        cls, words: Iterable[str], settings: OrthographicSettings, related_words: RelatedWords | None = None
    ) -> "OrthographicEncoder":
        """Keep the features of at least `min_feature_count` distinct words."""
        unfiltered = cls(settings, Vocabulary([]), related_words)
        counts = Counter(feature for word in set(words) for feature in unfiltered.features(word))
        known = sorted(feature for feature, count in counts.items() if count >= settings.min_feature_count)
        return cls(settings, Vocabulary(known), related_words)

    def features(self, word: str) -> Iterator[str]:
        """The orthographic features of a word and the features of its related words."""
        yield from orthographic_features(word, self.settings)
        if self.related_words:
            yield from self.related_words.features(word)

    def __len__(self) -> int:
        """Number of ids."""
        return len(self.vocabulary)

    @property
    def width(self) -> int:
        """Maximum number of features of a word."""
        related = MAX_FEATURES if self.related_words else 0
        return 3 + self.settings.max_prefix + self.settings.max_suffix + related

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Ids of the known features of each word, (words, width)."""
        table = np.full((len(words), self.width), PADDING, np.int32)
        ids = self.vocabulary.ids
        for row, word in zip(table, words, strict=True):
            known = [ids[feature] for feature in self.features(word) if feature in ids]
            row[: len(known)] = known
        return table

    def parts(self) -> dict[str, SavedPart]:
        """The parts of a saved encoder by the names of their files."""
        parts: dict[str, SavedPart] = {"orthographic.txt": self.vocabulary}
        return parts | ({"related_words.json": self.related_words} if self.related_words else {})

    @classmethod
    def load(cls, folder: Path, settings: OrthographicSettings, has_related_words: bool) -> "OrthographicEncoder":
        """Read the saved parts from `folder`. Raises RunError."""
        related_words = RelatedWords.load(folder / "related_words.json") if has_related_words else None
        return cls(settings, Vocabulary.load(folder / "orthographic.txt"), related_words)


def char_ids(words: Sequence[str], char_vocabulary: Vocabulary, max_word_length: int) -> np.ndarray:
    """Ids of the characters of each word, (words, max_word_length), padded with 0.

    A longer word is cut to its first and last half.
    """
    table = np.full((len(words), max_word_length), PADDING, np.int32)
    head, tail = max_word_length - max_word_length // 2, max_word_length // 2
    for row, word in zip(table, words, strict=True):
        if word:
            ids = char_vocabulary.encode(word if len(word) <= max_word_length else word[:head] + word[-tail:])
            row[: len(ids)] = ids
    return table
