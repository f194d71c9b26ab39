"""Single words as numbers: the features of their form, which is all that is known of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from data.damage import refusing_damage
from data.vocabulary import Vocabulary
from data.word_forms import FormEncoder, FormSettings
from data.word_kin import Kin
from schema.encoded import Encoded
from schema.examples import LabelledText


class WordEncoder:
    """Encodes words as `forms` (words, features), one row and no steps each; targets are class ids."""

    def __init__(self, labels: Sequence[str], forms: FormEncoder) -> None:
        self.labels, self.forms = tuple(labels), forms

    @classmethod
    def learn(cls, examples: Sequence[LabelledText], settings: FormSettings, kin: Kin | None = None) -> "WordEncoder":
        """Learn classes and features from training words."""
        labels = sorted({example.label for example in examples if example.label is not None})
        return cls(labels, FormEncoder.learn((example.text for example in examples), settings, kin))

    def encode(self, examples: Sequence[LabelledText]) -> Encoded:
        """Inputs in order; targets unless a label is missing or unknown."""
        forms = self.forms.encode([example.text for example in examples])
        places = {label: place for place, label in enumerate(self.labels)}
        if any(example.label not in places for example in examples):
            return Encoded({"forms": forms})
        return Encoded({"forms": forms}, np.array([places[example.label] for example in examples], np.int32))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        described = {**asdict(self.forms.settings), "labels": self.labels, "kin": self.forms.kin is not None}
        (folder / "encoder.json").write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
        self.forms.vocabulary.save(folder / "forms.txt")
        if self.forms.kin:
            self.forms.kin.save(folder / "kin.json")

    @classmethod
    def load(cls, folder: Path) -> "WordEncoder":
        """Read what `save` wrote. Raises WorkFailed with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with refusing_damage(path):
            described = json.loads(path.read_text(encoding="utf-8"))
            labels, has_kin = tuple(described.pop("labels")), described.pop("kin")
            settings = FormSettings(**described)
            vocabulary = Vocabulary.load(folder / "forms.txt")
            kin = Kin.load(folder / "kin.json") if has_kin else None
            return cls(labels, FormEncoder(settings, vocabulary, kin))
