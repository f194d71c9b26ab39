"""Labelled texts as word ids and n-gram features."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from console.progress import track
from data.encoders.frame import SavedEncoder, SavedPart, class_ids, distinct_labels
from data.encoders.ngram_features import NgramFeatures, NgramSettings
from data.encoders.vocabulary import Vocabulary
from data.readers.tokenization import TOKENIZERS
from schema.encoded import EncodedDataset, Ragged
from schema.examples import LabelledText


@dataclass(frozen=True)
class TextSettings:
    """Settings of a text encoder.

    tokenizer: name in `TOKENIZERS`
    head_tokens, tail_tokens: a longer text is cut to its first and last tokens
    chunk_length: texts are padded to a multiple of this number of tokens
    """

    tokenizer: str
    head_tokens: int
    tail_tokens: int
    chunk_length: int = 1


class TextEncoder(SavedEncoder):
    """Encodes texts as `words` (ids) and, optionally, the columns of `NgramFeatures`; targets are class ids."""

    def __init__(
        self,
        settings: TextSettings,
        labels: Sequence[str],
        vocabulary: Vocabulary,
        ngram_features: NgramFeatures | None = None,
    ) -> None:
        self.settings = settings
        self.labels = tuple(labels)
        self.vocabulary = vocabulary
        self.ngram_features = ngram_features

    @classmethod
    def fit(
        cls,
        examples: Sequence[LabelledText],
        settings: TextSettings,
        vocab_size: int,
        ngram_settings: NgramSettings | None = None,
    ) -> tuple["TextEncoder", EncodedDataset, list[list[str]]]:
        """Fit on training examples; return the encoder, the examples encoded for training, and their tokens.

        The n-gram features of the training examples are out-of-fold and differ from those that `encode` gives.
        """
        labels = distinct_labels(example.label for example in examples)
        tokens = tokenize_texts(examples, settings.tokenizer, "training texts")
        vocabulary = Vocabulary.fit(tokens, vocab_size, min_count=2)
        targets = class_ids(labels, [example.label for example in examples])
        if ngram_settings is None:
            encoder, columns = cls(settings, labels, vocabulary), None
        elif targets is None:
            raise ValueError("n-gram features need a label for each training text")
        else:
            ngram_features, columns = NgramFeatures.fit(tokens, targets, len(labels), ngram_settings)
            encoder = cls(settings, labels, vocabulary, ngram_features)
        return encoder, encoder._encoded(tokens, columns, targets), tokens

    def encode(self, examples: Sequence[LabelledText]) -> EncodedDataset:
        """Inputs in order; targets unless a label is missing or unknown."""
        tokens = tokenize_texts(examples, self.settings.tokenizer)
        columns = self.ngram_features.encode(tokens) if self.ngram_features else None
        return self._encoded(tokens, columns, class_ids(self.labels, [example.label for example in examples]))

    def step_names(self, example: LabelledText) -> list[str]:
        """The tokens of a text that are read."""
        tokens = TOKENIZERS[self.settings.tokenizer](example.text) or [""]
        head, tail = self.settings.head_tokens, self.settings.tail_tokens
        return tokens if len(tokens) <= head + tail else [*tokens[:head], *tokens[len(tokens) - tail :]]

    def _encoded(
        self, tokens: Sequence[Sequence[str]], ngram_columns: Mapping[str, Ragged] | None, targets: np.ndarray | None
    ) -> EncodedDataset:
        """Cut all columns to the head and the tail of each text."""
        inputs = {"words": self._cut(Ragged.of([self.vocabulary.encode(text) for text in tokens]))}
        if ngram_columns is not None:
            inputs["ngram_features"] = self._cut(ngram_columns["ngram_features"])
            inputs["ngram_totals"] = self._cut_totals(ngram_columns["ngram_totals"])
        return EncodedDataset(inputs, targets, self.settings.chunk_length)

    def _cut(self, column: Ragged) -> Ragged:
        head, tail = self.settings.head_tokens, self.settings.tail_tokens
        if not len(column) or column.lengths.max() <= head + tail:
            return column
        step = np.arange(len(column.values)) - np.repeat(column.starts, column.lengths)
        left = np.repeat(column.lengths, column.lengths) - step
        return Ragged(column.values[(step < head) | (left <= tail)], np.minimum(column.lengths, head + tail))

    def _cut_totals(self, totals: Ragged) -> Ragged:
        """Cut like the words; the totals of the removed words are added to the last step, so that the sum stays."""
        cut = self._cut(totals)
        cut.values[cut.starts + cut.lengths - 1] += _sums(totals) - _sums(cut)
        return cut

    def _description(self) -> Mapping[str, object]:
        return {**asdict(self.settings), "labels": self.labels, "ngram_features": self.ngram_features is not None}

    def _parts(self) -> Mapping[str, SavedPart]:
        parts: dict[str, SavedPart] = {"vocabulary.txt": self.vocabulary}
        return parts | ({"ngrams.tsv": self.ngram_features} if self.ngram_features else {})

    @classmethod
    def _restore(cls, description: dict[str, Any], folder: Path) -> "TextEncoder":
        labels, has_ngrams = description.pop("labels"), description.pop("ngram_features")
        settings = TextSettings(**description)
        if settings.tokenizer not in TOKENIZERS:
            raise ValueError(f"there is no tokenizer {settings.tokenizer!r}")
        vocabulary = Vocabulary.load(folder / "vocabulary.txt")
        return cls(settings, labels, vocabulary, NgramFeatures.load(folder / "ngrams.tsv") if has_ngrams else None)


def tokenize_texts(examples: Sequence[LabelledText], tokenizer: str, description: str = "texts") -> list[list[str]]:
    """All tokens of each text; description: of the texts, for the progress bar."""
    split = TOKENIZERS[tokenizer]
    return [split(example.text) for example in track(examples, f"tokenizing {description}", len(examples))]


def _sums(column: Ragged) -> np.ndarray:
    """Sum over the steps of each example, (examples, channels)."""
    return np.add.reduceat(column.values, column.starts, axis=0)
