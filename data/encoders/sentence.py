"""Sentences as numbers, word by word: the word itself, its characters, and the features of its form."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from data.encoders.corrupt_files import corrupt_file_errors
from data.encoders.orthography import OrthographicEncoder, OrthographicSettings, character_ids
from data.encoders.related_words import RelatedWords
from data.encoders.vocabulary import Vocabulary
from schema.encoded import IGNORE_INDEX, Column, EncodedDataset, Ragged
from schema.examples import TaggedSentence


@dataclass(frozen=True)
class SentenceSettings:
    """max_word_length: characters of a word that are read, the first and the last half of longer ones; 0 for none
    affixes: longest prefix and suffix whose features are read; 0 for no features of forms
    min_feature_count: different words that a feature of forms must stand in"""

    max_word_length: int
    max_prefix: int
    max_suffix: int
    min_feature_count: int = 3

    @property
    def forms(self) -> OrthographicSettings:
        """What is read of the form of a word."""
        return OrthographicSettings(self.max_prefix, self.max_suffix, min_feature_count=self.min_feature_count)


class SentenceEncoder:
    """Encodes sentences as `words`, `vectors` (ids), `characters` (steps, length) and `forms` (steps, features).

    Targets are the ids of the tags. A sentence without words has no steps, and no tags.
    words: all forms of train with their case, most frequent first; `rare_from`: id of the first that occurs only once
    entities: those of train, as type and words, where tags mark entities
    vector_words: words that have a vector learnt from other texts, where there are such vectors
    """

    def __init__(
        self,
        settings: SentenceSettings,
        tags: Sequence[str],
        words: Vocabulary,
        rare_from: int,
        char_vocabulary: Vocabulary,
        forms: Vocabulary,
        entities: Sequence[str] = (),
        vector_words: Vocabulary | None = None,
        kin: RelatedWords | None = None,
    ) -> None:
        self.settings, self.tags = settings, tuple(tags)
        self.words, self.rare_from, self.char_vocabulary = words, rare_from, char_vocabulary
        self.forms = OrthographicEncoder(settings.forms, forms, kin)
        self.entities = tuple(entities)
        self.vector_words = vector_words or Vocabulary([])

    @cached_property
    def seen_entities(self) -> frozenset[str]:
        """The entities of train."""
        return frozenset(self.entities)

    def encode(self, examples: Sequence[TaggedSentence]) -> EncodedDataset:
        """Inputs in order; targets unless a tag is missing or unknown."""
        lengths = np.array([len(example.words) for example in examples], np.int64)
        places: dict[str, int] = {}
        steps = np.array([places.setdefault(word, len(places)) for example in examples for word in example.words], int)
        # Each distinct word is taken apart once.
        distinct = list(places)
        inputs: dict[str, Column] = {"words": Ragged(self.words.encode(distinct)[steps], lengths)}
        if self.vector_words.words:
            inputs["vectors"] = Ragged(self.vector_words.encode(list(map(self._vector_word, distinct)))[steps], lengths)
        if self.settings.max_word_length:
            characters = character_ids(distinct, self.char_vocabulary, self.settings.max_word_length)
            inputs["characters"] = Ragged(characters[steps], lengths)
        if self.settings.max_suffix:
            inputs["forms"] = Ragged(self.forms.encode(distinct)[steps], lengths)
        return EncodedDataset(inputs, self._targets(examples))

    def _vector_word(self, word: str) -> str:
        """The word itself where it has a vector, else as it is written elsewhere: small, or with a capital."""
        forms = (word, word.lower(), word.capitalize())
        return next((form for form in forms if form in self.vector_words.ids), word)

    def _targets(self, examples: Sequence[TaggedSentence]) -> Ragged | None:
        places = {tag: place for place, tag in enumerate(self.tags)}
        if any(len(example.tags) != len(example.words) or set(example.tags) - set(places) for example in examples):
            return None
        rows = [np.array([places[tag] for tag in example.tags], np.int32) for example in examples]
        return Ragged.of(rows, padding_value=IGNORE_INDEX)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        described = {**asdict(self.settings), "tags": self.tags, "rare_from": self.rare_from}
        described["kin"] = self.forms.related_words is not None
        (folder / "encoder.json").write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
        for name, lines in self._lists().items():
            lines.save(folder / f"{name}.txt")
        if self.forms.related_words:
            self.forms.related_words.save(folder / "kin.json")

    def _lists(self) -> dict[str, Vocabulary]:
        return {
            "words": self.words,
            "characters": self.char_vocabulary,
            "forms": self.forms.vocabulary,
            "entities": Vocabulary(self.entities),
            "vector_words": self.vector_words,
        }

    @classmethod
    def load(cls, folder: Path) -> "SentenceEncoder":
        """Read what `save` wrote. Raises RunError with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with corrupt_file_errors(path):
            described = json.loads(path.read_text(encoding="utf-8"))
            tags, rare_from = tuple(described.pop("tags")), int(described.pop("rare_from"))
            kin = RelatedWords.load(folder / "kin.json") if described.pop("kin") else None
            settings = SentenceSettings(**described)
            words, char_vocabulary, forms, entities, vector_words = (
                Vocabulary.load(folder / f"{name}.txt")
                for name in ("words", "characters", "forms", "entities", "vector_words")
            )
        return cls(settings, tags, words, rare_from, char_vocabulary, forms, entities.words, vector_words, kin)


def fit_sentence_encoder(
    examples: Sequence[TaggedSentence],
    settings: SentenceSettings,
    entities: Sequence[str] = (),
    vector_words: Vocabulary | None = None,
    related_words: RelatedWords | None = None,
) -> SentenceEncoder:
    """Learn from training sentences: their words, characters, forms and tags."""
    counts = Counter(word for example in examples for word in example.words)
    words = Vocabulary.fit((example.words for example in examples), len(counts))
    rare_from = len(words) - sum(count == 1 for count in counts.values())
    return SentenceEncoder(
        settings,
        sorted({tag for example in examples for tag in example.tags}),
        words,
        rare_from,
        Vocabulary.fit(counts, 1000, min_count=2),
        OrthographicEncoder.fit(counts, settings.forms, related_words).vocabulary,
        sorted(set(entities)),
        vector_words,
        related_words,
    )
