"""Sentences as the ids, characters and orthographic features of their words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.encoders.frame import SavedEncoder, SavedPart
from data.encoders.orthography import OrthographicEncoder, OrthographicSettings, char_ids
from data.encoders.related_words import RelatedWords
from data.encoders.vocabulary import Vocabulary
from schema.encoded import IGNORE_INDEX, Column, EncodedDataset, Ragged
from schema.examples import TaggedSentence


@dataclass(frozen=True)
class SentenceSettings:
    """Settings of a sentence encoder.

    max_word_length: characters of a word; a longer one is cut to its first and last half; 0 for no characters
    max_prefix, max_suffix: maximum length of affixes; a max_suffix of 0 for no orthographic features
    min_feature_count: minimum number of distinct words with an orthographic feature
    """

    max_word_length: int
    max_prefix: int
    max_suffix: int
    min_feature_count: int = 3

    @property
    def orthographic(self) -> OrthographicSettings:
        """Settings of the orthographic features."""
        return OrthographicSettings(self.max_prefix, self.max_suffix, self.min_feature_count)


class SentenceEncoder(SavedEncoder):
    """Encodes sentences as `words`, `vectors` (ids), `chars` (steps, length) and `orthographic` (steps, features).

    Targets are the ids of the tags. A sentence without words has no steps and no tags.
    words: all normalized word forms of train with their case, most frequent first
    rare_from: id of the first word that occurs only once in train
    vector_words: words with a pretrained vector, if there are such vectors
    """

    def __init__(
        self,
        settings: SentenceSettings,
        tags: Sequence[str],
        words: Vocabulary,
        rare_from: int,
        char_vocabulary: Vocabulary,
        orthography: OrthographicEncoder,
        vector_words: Vocabulary | None = None,
    ) -> None:
        self.settings, self.tags = settings, tuple(tags)
        self.words, self.rare_from, self.char_vocabulary = words, rare_from, char_vocabulary
        self.orthography = orthography
        self.vector_words = vector_words or Vocabulary([])

    @classmethod
    def fit(
        cls,
        examples: Sequence[TaggedSentence],
        settings: SentenceSettings,
        vector_words: Vocabulary | None = None,
        related_words: RelatedWords | None = None,
    ) -> "SentenceEncoder":
        """Fit words, characters, orthographic features and tags on training sentences."""
        counts = Counter(word for example in examples for word in example.normalized_words)
        words = Vocabulary.fit((example.normalized_words for example in examples), len(counts))
        return cls(
            settings,
            tags=sorted({tag for example in examples for tag in example.tags}),
            words=words,
            rare_from=len(words) - sum(count == 1 for count in counts.values()),
            char_vocabulary=Vocabulary.fit(counts, 1000, min_count=2),
            orthography=OrthographicEncoder.fit(counts, settings.orthographic, related_words),
            vector_words=vector_words,
        )

    def encode(self, examples: Sequence[TaggedSentence]) -> EncodedDataset:
        """Inputs in order; targets unless a tag is missing or unknown."""
        lengths = np.array([len(example.words) for example in examples], np.int64)
        # Each distinct word is encoded once.
        indices: dict[str, int] = {}
        words = (word for example in examples for word in example.normalized_words)
        steps = np.array([indices.setdefault(word, len(indices)) for word in words], int)
        distinct = list(indices)
        inputs: dict[str, Column] = {"words": Ragged(self.words.encode(distinct)[steps], lengths)}
        if self.vector_words.words:
            inputs["vectors"] = Ragged(self.vector_words.encode(list(map(self._vector_word, distinct)))[steps], lengths)
        if self.settings.max_word_length:
            chars = char_ids(distinct, self.char_vocabulary, self.settings.max_word_length)
            inputs["chars"] = Ragged(chars[steps], lengths)
        if self.settings.max_suffix:
            inputs["orthographic"] = Ragged(self.orthography.encode(distinct)[steps], lengths)
        return EncodedDataset(inputs, self._targets(examples))

    def step_names(self, example: TaggedSentence) -> list[str]:
        """The words of a sentence."""
        return list(example.words)

    def _vector_word(self, word: str) -> str:
        """The variant of a word that has a vector: the word itself, else in lower case, else capitalized."""
        variants = (word, word.lower(), word.capitalize())
        return next((variant for variant in variants if variant in self.vector_words.ids), word)

    def _targets(self, examples: Sequence[TaggedSentence]) -> Ragged | None:
        ids = {tag: index for index, tag in enumerate(self.tags)}
        if any(len(example.tags) != len(example.words) or set(example.tags) - set(ids) for example in examples):
            return None
        rows = [np.array([ids[tag] for tag in example.tags], np.int32) for example in examples]
        return Ragged.of(rows, padding_value=IGNORE_INDEX)

    def _description(self) -> Mapping[str, object]:
        has_related = self.orthography.related_words is not None
        own = {"tags": self.tags, "rare_from": self.rare_from, "related_words": has_related}
        return {**asdict(self.settings), **own}

    def _parts(self) -> Mapping[str, SavedPart]:
        return {
            "words.txt": self.words,
            "chars.txt": self.char_vocabulary,
            "vector_words.txt": self.vector_words,
            **self.orthography.parts(),
        }

    @classmethod
    def _restore(cls, description: dict[str, Any], folder: Path) -> "SentenceEncoder":
        tags, rare_from = tuple(description.pop("tags")), int(description.pop("rare_from"))
        has_related = description.pop("related_words")
        settings = SentenceSettings(**description)
        return cls(
            settings,
            tags,
            words=Vocabulary.load(folder / "words.txt"),
            rare_from=rare_from,
            char_vocabulary=Vocabulary.load(folder / "chars.txt"),
            orthography=OrthographicEncoder.load(folder, settings.orthographic, has_related),
            vector_words=Vocabulary.load(folder / "vector_words.txt"),
        )
