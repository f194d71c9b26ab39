"""Single words as numbers: the features of their form, which is all that is known of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from data.encoders.corrupt_files import corrupt_file_errors
from data.encoders.orthography import OrthographicEncoder, OrthographicSettings
from data.encoders.related_words import RelatedWords
from data.encoders.vocabulary import Vocabulary
from schema.encoded import EncodedDataset
from schema.examples import LabelledText


class WordEncoder:
    """Encodes words as `forms` (words, features), one row and no steps each; targets are class ids."""

    def __init__(self, labels: Sequence[str], forms: OrthographicEncoder) -> None:
        self.labels, self.forms = tuple(labels), forms

    @classmethod
    def fit(
        cls, examples: Sequence[LabelledText], settings: OrthographicSettings, kin: RelatedWords | None = None
    ) -> "WordEncoder":
        """Learn classes and features from training words."""
        labels = sorted({example.label for example in examples if example.label is not None})
        return cls(labels, OrthographicEncoder.fit((example.text for example in examples), settings, kin))

    def encode(self, examples: Sequence[LabelledText]) -> EncodedDataset:
        """Inputs in order; targets unless a label is missing or unknown."""
        forms = self.forms.encode([example.text for example in examples])
        places = {label: place for place, label in enumerate(self.labels)}
        if any(example.label not in places for example in examples):
            return EncodedDataset({"forms": forms})
        return EncodedDataset({"forms": forms}, np.array([places[example.label] for example in examples], np.int32))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        described = {**asdict(self.forms.settings), "labels": self.labels, "kin": self.forms.related_words is not None}
        (folder / "encoder.json").write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
        self.forms.vocabulary.save(folder / "forms.txt")
        if self.forms.related_words:
            self.forms.related_words.save(folder / "kin.json")

    @classmethod
    def load(cls, folder: Path) -> "WordEncoder":
        """Read what `save` wrote. Raises RunError with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with corrupt_file_errors(path):
            described = json.loads(path.read_text(encoding="utf-8"))
            labels, has_kin = tuple(described.pop("labels")), described.pop("kin")
            settings = OrthographicSettings(**described)
            vocabulary = Vocabulary.load(folder / "forms.txt")
            kin = RelatedWords.load(folder / "kin.json") if has_kin else None
            return cls(labels, OrthographicEncoder(settings, vocabulary, kin))
