"""The form of a word as features: affixes, shape and character n-grams, and as single characters.

    orthographic_features("Unhappily", OrthographicSettings(max_prefix=2, max_suffix=2))
    ->  ["word unhappily", "shape Xx", "prefix u", "prefix un", "suffix y", "suffix ly"]

Affixes and n-grams are of the lower-cased word; the shape tells how it was written.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from data.encoders.related_words import MOST_FEATURES, RelatedWords
from data.encoders.vocabulary import Vocabulary

NO_FEATURE = 0


@dataclass(frozen=True)
class OrthographicSettings:
    """prefixes, max_suffix: the longest ones, in characters; ngrams: the longest character n-grams, 0 for none, and
    buckets: so many ids are shared by all of them; min_feature_count: different words that a feature must stand in."""

    max_prefix: int
    max_suffix: int
    min_feature_count: int = 3
    ngrams: int = 0
    buckets: int = 0
    most_ngrams: int = 40


def orthographic_features(word: str, settings: OrthographicSettings) -> Iterator[str]:
    """What a word's form tells, most telling first; all but hashed n-grams."""
    low = word.lower()
    yield f"word {low}"
    yield f"shape {shape(word)}"
    yield f"length {min(len(word), 20)}"
    yield from (f"prefix {low[:size]}" for size in range(1, min(settings.max_prefix, len(low)) + 1))
    yield from (f"suffix {low[-size:]}" for size in range(1, min(settings.max_suffix, len(low)) + 1))


def shape(word: str) -> str:
    """How a word is written: runs of capitals (X), small letters (x) and digits (d), other marks as they are.

    shape("McDonald's") -> "XxXx'x", shape("CD-ROMs2") -> "X-Xxd"
    """
    marks = ("X" if mark.isupper() else "x" if mark.isalpha() else "d" if mark.isdigit() else mark for mark in word)
    return re.sub(r"(.)\1+", r"\1", "".join(marks), flags=re.DOTALL)[:10]


class OrthographicEncoder:
    """Features of words as ids: 0 is none; known features first, then the buckets of hashed n-grams.

    related_words: words of train whose tags say something about words that are akin to them
    """

    def __init__(self, settings: OrthographicSettings, vocabulary: Vocabulary, kin: RelatedWords | None = None) -> None:
        self.settings, self.vocabulary, self.related_words = settings, vocabulary, kin

    @classmethod
    def fit(
        cls, words: Iterable[str], settings: OrthographicSettings, kin: RelatedWords | None = None
    ) -> "OrthographicEncoder":
        """Features that at least `min_feature_count` of the different words have."""
        encoder = cls(settings, Vocabulary([]), kin)
        counts = Counter(feature for word in set(words) for feature in encoder.features(word))
        known = sorted((feature for feature, count in counts.items() if count >= settings.min_feature_count))
        return cls(settings, Vocabulary(known), kin)

    def features(self, word: str) -> Iterator[str]:
        """What a word's form and its kin tell; all but hashed n-grams."""
        yield from orthographic_features(word, self.settings)
        if self.related_words:
            yield from self.related_words.features(word)

    def __len__(self) -> int:
        return len(self.vocabulary) + self.settings.buckets

    @property
    def width(self) -> int:
        """Most features that a word has."""
        settings = self.settings
        kin = MOST_FEATURES if self.related_words else 0
        return 3 + settings.max_prefix + settings.max_suffix + kin + (settings.most_ngrams if settings.ngrams else 0)

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Ids of the features of each word, (words, width)."""
        table = np.full((len(words), self.width), NO_FEATURE, np.int32)
        for row, word in zip(table, words, strict=True):
            ids = self.vocabulary.ids
            known = [ids[feature] for feature in self.features(word) if feature in ids]
            known += self._hashed(word)
            row[: len(known)] = known
        return table

    def _hashed(self, word: str) -> list[int]:
        if not self.settings.ngrams:
            return []
        marked = f"<{word.lower()}>"
        found = dict.fromkeys(
            marked[start : start + size]
            for size in range(2, self.settings.ngrams + 1)
            for start in range(len(marked) - size + 1)
        )
        first, buckets = len(self.vocabulary), self.settings.buckets
        return [
            first + crc32(ngram.encode("utf-8", "surrogatepass")) % buckets
            for ngram in list(found)[: self.settings.most_ngrams]
        ]


def character_ids(words: Sequence[str], char_vocabulary: Vocabulary, longest: int) -> np.ndarray:
    """Characters of each word, (words, longest), padded with 0; of a longer word the first and the last half."""
    table = np.zeros((len(words), longest), np.int32)
    first, last = longest - longest // 2, longest // 2
    for row, word in zip(table, words, strict=True):
        if word:
            ids = char_vocabulary.encode(word if len(word) <= longest else word[:first] + word[-last:])
            row[: len(ids)] = ids
    return table
