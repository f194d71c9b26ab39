"""Pairs of texts as the ids of subwords, with one vocabulary for both sides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.encoders.frame import SavedEncoder, SavedPart
from data.encoders.subwords import Subwords
from schema.encoded import BEGIN, END, IGNORE_INDEX, PADDING, SPECIAL_TOKENS, Column, EncodedDataset, Ragged
from schema.examples import TextPair


@dataclass(frozen=True)
class PairSettings:
    """Maximum length of sources and targets, in subwords; longer ones are truncated."""

    max_source_length: int
    max_target_length: int


class PairEncoder(SavedEncoder):
    """Encodes pairs as `source` and, for pairs with a target, `target`: the inputs of the decoder.

    Sources and targets end with the end token, so that none is empty. `target` starts with the begin token instead and
    is one step behind the targets.
    """

    version = 1

    def __init__(self, settings: PairSettings, subwords: Subwords) -> None:
        self.settings, self.subwords = settings, subwords

    @classmethod
    def fit(
        cls, examples: Sequence[TextPair], settings: PairSettings, vocab_size: int, lowercase: bool = False
    ) -> "PairEncoder":
        """Fit the subwords on the sources and targets of training pairs; see `Subwords.fit`."""
        texts = (text for example in examples for text in (example.source, example.target or ""))
        return cls(settings, Subwords.fit(texts, vocab_size, lowercase))

    def encode(self, examples: Sequence[TextPair]) -> EncodedDataset:
        """Inputs in order; targets unless one is missing."""
        sources = self._ids((example.source for example in examples), self.settings.max_source_length)
        inputs: dict[str, Column] = {"source": _column([*ids, END] for ids in sources)}
        if any(example.target is None for example in examples):
            return EncodedDataset(inputs)
        targets = self._ids((example.target or "" for example in examples), self.settings.max_target_length)
        inputs["target"] = _column([BEGIN, *ids] for ids in targets)
        return EncodedDataset(inputs, _column(([*ids, END] for ids in targets), padding_value=IGNORE_INDEX))

    def step_names(self, example: TextPair) -> list[str]:
        """The subwords of the source and its end token."""
        (ids,) = self._ids([example.source], self.settings.max_source_length)
        return [*self.subwords.tokens(ids), SPECIAL_TOKENS[END]]

    def _ids(self, texts: Iterable[str], max_length: int) -> list[list[int]]:
        return [ids[:max_length] for ids in self.subwords.encode(list(texts))]

    def _description(self) -> Mapping[str, object]:
        return asdict(self.settings)

    def _parts(self) -> Mapping[str, SavedPart]:
        return {"subwords.json": self.subwords}

    @classmethod
    def _restore(cls, description: dict[str, Any], folder: Path) -> "PairEncoder":
        return cls(PairSettings(**description), Subwords.load(folder / "subwords.json"))


def _column(rows: Iterable[list[int]], padding_value: int = PADDING) -> Ragged:
    return Ragged.of([np.array(row, np.int32) for row in rows], padding_value)
