"""Captioned images: the features or the pixels of an image, and the word ids of its caption."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data.encoders.frame import SavedEncoder, SavedPart
from data.encoders.image_features import FeatureKind, ImageFeatures
from data.encoders.vocabulary import FIRST_ID, Vocabulary
from data.readers.images import read_image
from schema.encoded import (
    BEGIN,
    END,
    IGNORE_INDEX,
    SPECIAL_TOKENS,
    Column,
    EncodedDataset,
    IndexedColumn,
    Ragged,
    RowSource,
)
from schema.errors import UserError
from schema.examples import CaptionedImage
from schema.segmentation import caption_tokens, join

# A vocabulary has ids for padding and unknown; begin and end are its first words.
_BEGIN_AND_END = SPECIAL_TOKENS[BEGIN:]

SMALL_IMAGE_SIZE = 64
"""Height and width of an image for the small image encoder, in pixels."""
COARSE_IMAGE_SIZE = 16
"""Height and width, in pixels, to which images are reduced for comparison without features."""


@dataclass(frozen=True)
class CaptionSettings:
    """Settings of a caption encoder.

    image_encoder: "mobilenet_v2" encodes images as its features, "small" as pixels, for a network that is trained
    features: kind of the features of MobileNetV2
    max_target_length: maximum length of a caption, in words; longer ones are truncated
    """

    image_encoder: Literal["mobilenet_v2", "small"]
    features: FeatureKind
    max_target_length: int


class CaptionEncoder(SavedEncoder):
    """Encodes images as `image` and, for images with captions, `target`: the inputs of the decoder.

    The first of several captions is the target. Pixels are uint8 (side, side, 3).
    image_features: computes the features of images, for a frozen image encoder
    """

    def __init__(
        self, settings: CaptionSettings, vocabulary: Vocabulary, image_features: ImageFeatures | None = None
    ) -> None:
        self.settings, self.vocabulary, self.image_features = settings, vocabulary, image_features

    @classmethod
    def fit(
        cls,
        captions: Sequence[str],
        settings: CaptionSettings,
        min_count: int,
        image_features: ImageFeatures | None = None,
    ) -> "CaptionEncoder":
        """Fit the vocabulary on captions: words with at least `min_count` occurrences. Raises UserError if none has."""
        fitted = Vocabulary.fit(map(caption_tokens, captions), size=1_000_000, min_count=min_count)
        words = [word for word in fitted.words if word not in _BEGIN_AND_END]
        if not words:
            raise UserError(f"no word occurs {min_count} times in the training captions; use --min-count 1")
        return cls(settings, Vocabulary([*_BEGIN_AND_END, *words]), image_features)

    def with_features(self, image_features: ImageFeatures) -> "CaptionEncoder":
        """The same encoder with the features of a frozen image encoder."""
        return CaptionEncoder(self.settings, self.vocabulary, image_features)

    def encode(self, examples: Sequence[CaptionedImage]) -> EncodedDataset:
        """Inputs in order; targets unless an image has no caption."""
        inputs: dict[str, Column] = {"image": self._image_column([example.image for example in examples])}
        if not all(example.captions for example in examples):
            return EncodedDataset(inputs)
        rows = [self._word_ids(example.captions[0]) for example in examples]
        inputs["target"] = Ragged.of([np.array([BEGIN, *ids], np.int32) for ids in rows])
        return EncodedDataset(inputs, Ragged.of([np.array([*ids, END], np.int32) for ids in rows], IGNORE_INDEX))

    def step_names(self, example: CaptionedImage) -> list[str]:
        """The begin token and the words of the first caption, which the decoder reads in training."""
        caption = example.captions[0] if example.captions else ""
        return [self.vocabulary.words[token - FIRST_ID] for token in (BEGIN, *self._word_ids(caption))]

    def _image_column(self, images: Sequence[bytes]) -> IndexedColumn:
        # Each distinct image is encoded once.
        indices: dict[bytes, int] = {}
        rows = np.array([indices.setdefault(image, len(indices)) for image in images], np.int64)
        return IndexedColumn(self._image_rows(list(indices)), rows)

    def _image_rows(self, images: Sequence[bytes]) -> RowSource:
        if self.settings.image_encoder == "small":
            return _pixels(images, SMALL_IMAGE_SIZE)
        return self._features(images)

    @property
    def _features(self) -> ImageFeatures:
        if self.image_features is None:
            raise ValueError("a frozen image encoder needs `with_features`")
        return self.image_features

    def vectors(self, images: Sequence[bytes]) -> np.ndarray:
        """Vectors by which images are compared, (images, features)."""
        if self.settings.image_encoder == "small":
            return _pixels(images, COARSE_IMAGE_SIZE).reshape(len(images), -1).astype(np.float32)
        return self._features.vectors(images)[np.arange(len(images))].astype(np.float32)

    def _word_ids(self, caption: str) -> np.ndarray:
        words = [word for word in caption_tokens(caption) if word not in _BEGIN_AND_END]
        return self.vocabulary.encode(words)[: self.settings.max_target_length]

    def detokenize(self, ids: Sequence[int]) -> str:
        """The caption of ids, without special tokens."""
        return join(self.vocabulary.words[token - FIRST_ID] for token in ids if token >= len(SPECIAL_TOKENS))

    def _description(self) -> Mapping[str, object]:
        return asdict(self.settings)

    def _parts(self) -> Mapping[str, SavedPart]:
        return {"vocabulary.txt": self.vocabulary}

    @classmethod
    def _restore(cls, description: dict[str, Any], folder: Path) -> "CaptionEncoder":
        return cls(CaptionSettings(**description), Vocabulary.load(folder / "vocabulary.txt"))


def _pixels(images: Sequence[bytes], side: int) -> np.ndarray:
    return np.stack([read_image(image, side) for image in images])
