"""Captioned pictures as numbers: what is seen in a picture, or its pixels, and the words of a caption."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from data.encoders.corrupt_files import corrupt_file_errors
from data.encoders.image_features import ImageFeatures
from data.encoders.vocabulary import Vocabulary
from data.readers.images import read_image
from schema.encoded import IGNORE_INDEX, Column, EncodedDataset, IndexedColumn, Ragged
from schema.errors import UserError
from schema.examples import CaptionedImage
from schema.text import caption_tokens

_MARKS = ("<s>", "</s>")
"""The first words of a vocabulary: the beginning and the end."""
BEGIN, END = 2, 3


COARSE = 16
"""Pixels, in height and width, by which pictures are compared where there are no features."""


@dataclass(frozen=True)
class CaptionSettings:
    """side: pixels of a picture, in height and width; longest: words of a caption that are learnt"""

    side: int
    longest: int


class CaptionEncoder:
    """Encodes pictures as `picture` and, where there are captions, `target`: the words before each that is wanted.

    Of several captions the first is the target. see: gives what was computed of pictures beforehand; without it a
    picture is its pixels, uint8 (side, side, 3)
    """

    def __init__(
        self,
        settings: CaptionSettings,
        vocabulary: Vocabulary,
        image_features: ImageFeatures | None = None,
    ) -> None:
        self.settings, self.vocabulary, self.image_features = (
            settings,
            vocabulary,
            image_features,
        )

    @classmethod
    def fit(
        cls,
        settings: CaptionSettings,
        captions: Sequence[str],
        min_count: int,
        image_features: ImageFeatures | None = None,
    ) -> "CaptionEncoder":
        """Words that stand in captions at least so many times. Raises UserError where there is none."""
        learnt = Vocabulary.fit([caption_tokens(caption) for caption in captions], size=1_000_000, min_count=min_count)
        words = [word for word in learnt.words if word not in _MARKS]
        if not words:
            raise UserError(f"no word stands {min_count} times in the captions of train; take --min-count 1")
        return cls(settings, Vocabulary([*_MARKS, *words]), image_features)

    def with_features(self, image_features: ImageFeatures) -> "CaptionEncoder":
        """The same, with something that looks at pictures beforehand."""
        return CaptionEncoder(self.settings, self.vocabulary, image_features)

    def encode(self, examples: Sequence[CaptionedImage]) -> EncodedDataset:
        """Inputs in order; targets unless a picture has no caption."""
        inputs: dict[str, Column] = {"picture": self._seen([example.image for example in examples])}
        if not all(example.captions for example in examples):
            return EncodedDataset(inputs)
        words = [self._words(example.captions[0]) for example in examples]
        inputs["target"] = Ragged.of([np.array([BEGIN, *row], np.int32) for row in words])
        return EncodedDataset(inputs, Ragged.of([np.array([*row, END], np.int32) for row in words], IGNORE_INDEX))

    def _seen(self, pictures: Sequence[bytes]) -> IndexedColumn:
        places: dict[bytes, int] = {}
        rows = np.array([places.setdefault(picture, len(places)) for picture in pictures], np.int64)
        side = self.settings.side
        if self.image_features:
            return IndexedColumn(self.image_features(list(places)), rows)
        return IndexedColumn(np.stack([read_image(each, side) for each in places]), rows)

    def vectors(self, pictures: Sequence[bytes]) -> np.ndarray:
        """What pictures can be compared by, (pictures, features): one row for each of them."""
        if self.image_features is None:
            return np.stack([read_image(each, COARSE).ravel() for each in pictures]).astype(np.float32)
        return self.image_features.vectors(pictures)[np.arange(len(pictures))].astype(np.float32)

    def _words(self, caption: str) -> np.ndarray:
        # The marks stand for themselves alone.
        words = [word for word in caption_tokens(caption) if word not in _MARKS]
        return self.vocabulary.encode(words)[: self.settings.longest]

    def detokenize(self, ids: Sequence[int]) -> str:
        """The caption of ids; padding and marks are left out."""
        words = self.vocabulary.words
        return " ".join(words[number - 2] for number in ids if number > END)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "encoder.json").write_text(json.dumps(asdict(self.settings), indent=2), encoding="utf-8")
        self.vocabulary.save(folder / "vocabulary.txt")

    @classmethod
    def load(cls, folder: Path) -> "CaptionEncoder":
        """Read what `save` wrote. Raises RunError with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with corrupt_file_errors(path):
            settings = CaptionSettings(**json.loads(path.read_text(encoding="utf-8")))
            return cls(settings, Vocabulary.load(folder / "vocabulary.txt"))
