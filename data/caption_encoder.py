"""Captioned pictures as numbers: what is seen in a picture, or its pixels, and the words of a caption."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from data.damage import refusing_damage
from data.picture_features import PictureFeatures
from data.pictures import read_picture
from data.vocabulary import Vocabulary
from schema.encoded import NO_TARGET, Column, Encoded, Ragged, Shared
from schema.errors import UserError
from schema.examples import CaptionedPicture

_MARKS = ("<s>", "</s>")
"""The first words of a vocabulary: the beginning and the end."""
BEGIN, END = 2, 3

Tokenize = Callable[[str], list[str]]

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
        self, settings: CaptionSettings, vocabulary: Vocabulary, tokenize: Tokenize, see: PictureFeatures | None = None
    ) -> None:
        self.settings, self.vocabulary, self.tokenize, self.see = settings, vocabulary, tokenize, see

    @classmethod
    def learn(
        cls,
        settings: CaptionSettings,
        captions: Sequence[str],
        least_count: int,
        tokenize: Tokenize,
        see: PictureFeatures | None = None,
    ) -> "CaptionEncoder":
        """Words that stand in captions at least so many times. Raises UserError where there is none."""
        learnt = Vocabulary.learn([tokenize(caption) for caption in captions], size=1_000_000, min_count=least_count)
        words = [word for word in learnt.words if word not in _MARKS]
        if not words:
            raise UserError(f"no word stands {least_count} times in the captions of train; take --least-count 1")
        return cls(settings, Vocabulary([*_MARKS, *words]), tokenize, see)

    def seeing(self, see: PictureFeatures) -> "CaptionEncoder":
        """The same, with something that looks at pictures beforehand."""
        return CaptionEncoder(self.settings, self.vocabulary, self.tokenize, see)

    def encode(self, examples: Sequence[CaptionedPicture]) -> Encoded:
        """Inputs in order; targets unless a picture has no caption."""
        inputs: dict[str, Column] = {"picture": self._seen([example.picture for example in examples])}
        if not all(example.captions for example in examples):
            return Encoded(inputs)
        words = [self._words(example.captions[0]) for example in examples]
        inputs["target"] = Ragged.of([np.array([BEGIN, *row], np.int32) for row in words])
        return Encoded(inputs, Ragged.of([np.array([*row, END], np.int32) for row in words], NO_TARGET))

    def _seen(self, pictures: Sequence[bytes]) -> Shared:
        places: dict[bytes, int] = {}
        rows = np.array([places.setdefault(picture, len(places)) for picture in pictures], np.int64)
        side = self.settings.side
        if self.see:
            return Shared(self.see(list(places)), rows)
        return Shared(np.stack([read_picture(each, side) for each in places]), rows)

    def vectors(self, pictures: Sequence[bytes]) -> np.ndarray:
        """What pictures can be compared by, (pictures, features): one row for each of them."""
        if self.see is None:
            return np.stack([read_picture(each, COARSE).ravel() for each in pictures]).astype(np.float32)
        return self.see.vectors(pictures)[np.arange(len(pictures))].astype(np.float32)

    def _words(self, caption: str) -> np.ndarray:
        # The marks stand for themselves alone.
        words = [word for word in self.tokenize(caption) if word not in _MARKS]
        return self.vocabulary.encode(words)[: self.settings.longest]

    def decode(self, ids: Sequence[int]) -> str:
        """The caption of ids; padding and marks are left out."""
        words = self.vocabulary.words
        return " ".join(words[number - 2] for number in ids if number > END)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "encoder.json").write_text(json.dumps(asdict(self.settings), indent=2), encoding="utf-8")
        self.vocabulary.save(folder / "vocabulary.txt")

    @classmethod
    def load(cls, folder: Path, tokenize: Tokenize) -> "CaptionEncoder":
        """Read what `save` wrote. Raises WorkFailed with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with refusing_damage(path):
            settings = CaptionSettings(**json.loads(path.read_text(encoding="utf-8")))
            return cls(settings, Vocabulary.load(folder / "vocabulary.txt"), tokenize)
