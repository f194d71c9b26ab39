"""Pairs of texts as numbers, in pieces of words that both sides share."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from data.encoders.corrupt_files import corrupt_file_errors
from data.encoders.subwords import BEGIN, END, Subwords
from schema.encoded import IGNORE_INDEX, Column, EncodedDataset, Ragged
from schema.examples import TextPair


@dataclass(frozen=True)
class PairSettings:
    """Pieces of a source and of a target that are read, at most; what comes after them is cut off."""

    max_source_length: int
    max_target_length: int


class PairEncoder:
    """Encodes pairs as `source` and, where there are targets, `target`: the pieces before each piece that is wanted.

    Both end in a mark of their own, so that neither is empty; `target` starts with one instead. Targets are the pieces
    and the end.
    """

    def __init__(self, settings: PairSettings, subwords: Subwords) -> None:
        self.settings, self.subwords = settings, subwords

    def encode(self, examples: Sequence[TextPair]) -> EncodedDataset:
        """Inputs in order; targets unless one is missing."""
        sources = self._pieces((example.source for example in examples), self.settings.max_source_length)
        inputs: dict[str, Column] = {"source": _column([*pieces, END] for pieces in sources)}
        if any(example.target is None for example in examples):
            return EncodedDataset(inputs)
        targets = self._pieces((example.target or "" for example in examples), self.settings.max_target_length)
        inputs["target"] = _column([BEGIN, *pieces] for pieces in targets)
        return EncodedDataset(inputs, _column(([*pieces, END] for pieces in targets), padding_value=IGNORE_INDEX))

    def _pieces(self, texts: Iterable[str], longest: int) -> list[list[int]]:
        return [pieces[:longest] for pieces in self.subwords.encode(list(texts))]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "encoder.json").write_text(json.dumps(asdict(self.settings), indent=2), encoding="utf-8")
        self.subwords.save(folder / "subwords.json")

    @classmethod
    def load(cls, folder: Path) -> "PairEncoder":
        """Read what `save` wrote. Raises RunError with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with corrupt_file_errors(path):
            settings = PairSettings(**json.loads(path.read_text(encoding="utf-8")))
            return cls(settings, Subwords.load(folder / "subwords.json"))


def _column(rows: Iterable[list[int]], padding_value: int = 0) -> Ragged:
    return Ragged.of([np.array(row, np.int32) for row in rows], padding_value)
