"""Single words as their orthographic features."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.encoders.frame import SavedEncoder, SavedPart, class_ids, distinct_labels
from data.encoders.orthography import OrthographicEncoder, OrthographicSettings
from data.encoders.related_words import RelatedWords
from schema.encoded import EncodedDataset
from schema.examples import LabelledText
from schema.segmentation import normalize


class WordEncoder(SavedEncoder):
    """Encodes words as `orthographic` (words, features), one row and no steps each; targets are class ids."""

    def __init__(self, labels: Sequence[str], orthography: OrthographicEncoder) -> None:
        self.labels, self.orthography = tuple(labels), orthography

    @classmethod
    def fit(
        cls, examples: Sequence[LabelledText], settings: OrthographicSettings, related_words: RelatedWords | None = None
    ) -> "WordEncoder":
        """Fit the classes and the features on training words."""
        labels = distinct_labels(example.label for example in examples)
        return cls(labels, OrthographicEncoder.fit(_words(examples), settings, related_words))

    def encode(self, examples: Sequence[LabelledText]) -> EncodedDataset:
        """Inputs in order; targets unless a label is missing or unknown."""
        features = self.orthography.encode(_words(examples))
        return EncodedDataset(
            {"orthographic": features}, class_ids(self.labels, [example.label for example in examples])
        )

    def step_names(self, example: LabelledText) -> list[str]:
        """The word, which is read in one step."""
        return [example.text]

    def _description(self) -> Mapping[str, object]:
        has_related = self.orthography.related_words is not None
        return {**asdict(self.orthography.settings), "labels": self.labels, "related_words": has_related}

    def _parts(self) -> Mapping[str, SavedPart]:
        return self.orthography.parts()

    @classmethod
    def _restore(cls, description: dict[str, Any], folder: Path) -> "WordEncoder":
        labels, has_related = tuple(description.pop("labels")), description.pop("related_words")
        return cls(labels, OrthographicEncoder.load(folder, OrthographicSettings(**description), has_related))


def _words(examples: Sequence[LabelledText]) -> list[str]:
    return [normalize(example.text) for example in examples]
