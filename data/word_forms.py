"""The form of a word as features: affixes, shape and character n-grams, and as single characters.

    form_features("Unhappily", FormSettings(prefixes=2, suffixes=2))
    ->  ["word unhappily", "shape Xx", "prefix u", "prefix un", "suffix y", "suffix ly"]

Affixes and n-grams are of the lower-cased word; the shape tells how it was written.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from data.vocabulary import Vocabulary
from data.word_kin import MOST_FEATURES, Kin

NO_FEATURE = 0


@dataclass(frozen=True)
class FormSettings:
    """prefixes, suffixes: the longest ones, in characters; ngrams: the longest character n-grams, 0 for none, and
    buckets: so many ids are shared by all of them; min_words: different words that a feature must stand in."""

    prefixes: int
    suffixes: int
    min_words: int = 3
    ngrams: int = 0
    buckets: int = 0
    most_ngrams: int = 40


def form_features(word: str, settings: FormSettings) -> Iterator[str]:
    """What a word's form tells, most telling first; all but hashed n-grams."""
    low = word.lower()
    yield f"word {low}"
    yield f"shape {shape(word)}"
    yield f"length {min(len(word), 20)}"
    yield from (f"prefix {low[:size]}" for size in range(1, min(settings.prefixes, len(low)) + 1))
    yield from (f"suffix {low[-size:]}" for size in range(1, min(settings.suffixes, len(low)) + 1))


def shape(word: str) -> str:
    """How a word is written: runs of capitals (X), small letters (x) and digits (d), other marks as they are.

    shape("McDonald's") -> "XxXx'x", shape("CD-ROMs2") -> "X-Xxd"
    """
    marks = ("X" if mark.isupper() else "x" if mark.isalpha() else "d" if mark.isdigit() else mark for mark in word)
    return re.sub(r"(.)\1+", r"\1", "".join(marks), flags=re.DOTALL)[:10]


class FormEncoder:
    """Features of words as ids: 0 is none; known features first, then the buckets of hashed n-grams.

    kin: words of train whose tags say something about words that are akin to them
    """

    def __init__(self, settings: FormSettings, vocabulary: Vocabulary, kin: Kin | None = None) -> None:
        self.settings, self.vocabulary, self.kin = settings, vocabulary, kin

    @classmethod
    def learn(cls, words: Iterable[str], settings: FormSettings, kin: Kin | None = None) -> "FormEncoder":
        """Features that at least `min_words` of the different words have."""
        encoder = cls(settings, Vocabulary([]), kin)
        counts = Counter(feature for word in set(words) for feature in encoder.features(word))
        known = sorted((feature for feature, count in counts.items() if count >= settings.min_words))
        return cls(settings, Vocabulary(known), kin)

    def features(self, word: str) -> Iterator[str]:
        """What a word's form and its kin tell; all but hashed n-grams."""
        yield from form_features(word, self.settings)
        if self.kin:
            yield from self.kin.features(word)

    def __len__(self) -> int:
        return len(self.vocabulary) + self.settings.buckets

    @property
    def width(self) -> int:
        """Most features that a word has."""
        settings = self.settings
        kin = MOST_FEATURES if self.kin else 0
        return 3 + settings.prefixes + settings.suffixes + kin + (settings.most_ngrams if settings.ngrams else 0)

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


def character_ids(words: Sequence[str], alphabet: Vocabulary, longest: int) -> np.ndarray:
    """Characters of each word, (words, longest), padded with 0; of a longer word the first and the last half."""
    table = np.zeros((len(words), longest), np.int32)
    first, last = longest - longest // 2, longest // 2
    for row, word in zip(table, words, strict=True):
        if word:
            ids = alphabet.encode(word if len(word) <= longest else word[:first] + word[-last:])
            row[: len(ids)] = ids
    return table
