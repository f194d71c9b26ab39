"""Labelled texts as numbers: word ids, and the evidence of n-grams beside them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from console.progress import track
from data.encoders.corrupt_files import corrupt_file_errors
from data.encoders.ngram_features import NgramFeatures, NgramSettings, fit_ngram_features
from data.encoders.vocabulary import Vocabulary
from data.readers.tokenization import TOKENIZERS
from schema.encoded import Column, EncodedDataset, Ragged
from schema.examples import LabelledText


@dataclass(frozen=True)
class TextSettings:
    """tokenizer: name in `TOKENIZERS`; of a longer text the first and last so many words are read; texts are padded to
    a multiple of `window` words."""

    tokenizer: str
    head_tokens: int
    tail_tokens: int
    chunk_length: int = 1


class TextEncoder:
    """Encodes texts as `words` (ids) and, where it was learnt, `evidence` (steps, channels); targets are class ids."""

    def __init__(
        self,
        settings: TextSettings,
        labels: Sequence[str],
        vocabulary: Vocabulary,
        evidence: NgramFeatures | None = None,
    ) -> None:
        self.settings = settings
        self.labels = tuple(labels)
        self.vocabulary = vocabulary
        self.evidence = evidence

    def tokenize(self, examples: Sequence[LabelledText], what: str = "texts") -> list[list[str]]:
        """The tokens of each text, whole."""
        split = TOKENIZERS[self.settings.tokenizer]
        return [split(example.text) for example in track(examples, f"splitting {what} into words", len(examples))]

    def encode(self, examples: Sequence[LabelledText]) -> EncodedDataset:
        """Inputs in order; targets unless a label is missing or unknown."""
        tokens = self.tokenize(examples)
        trace = self.evidence.features(tokens) if self.evidence else None
        return self.encoded(tokens, trace, self.targets(examples))

    def encoded(
        self, tokens: Sequence[Sequence[str]], trace: Ragged | None, targets: np.ndarray | None
    ) -> EncodedDataset:
        """Cut each text to the words that are read."""
        words = Ragged.of([self.vocabulary.encode(text) for text in tokens])
        inputs: dict[str, Column] = {"words": self._cut(words)}
        if trace is not None:
            inputs["evidence"] = self._cut_evidence(trace)
        return EncodedDataset(inputs, targets, self.settings.chunk_length)

    def targets(self, examples: Sequence[LabelledText]) -> np.ndarray | None:
        """Class ids, (examples,), or None where a label is missing or unknown."""
        places = {label: place for place, label in enumerate(self.labels)}
        if any(example.label not in places for example in examples):
            return None
        return np.array([places[example.label] for example in examples], np.int32)

    def _cut(self, column: Ragged) -> Ragged:
        first, last = self.settings.head_tokens, self.settings.tail_tokens
        if not len(column) or column.lengths.max() <= first + last:
            return column
        step = np.arange(len(column.values)) - np.repeat(column.starts, column.lengths)
        left = np.repeat(column.lengths, column.lengths) - step
        return Ragged(column.values[(step < first) | (left <= last)], np.minimum(column.lengths, first + last))

    def _cut_evidence(self, trace: Ragged) -> Ragged:
        """Cut as the words are; what the left-out words add to the text's total goes to its last step."""
        cut = self._cut(trace)
        totals = slice(-self.evidence.channels, None)
        missing = _sums(trace, totals) - _sums(cut, totals)
        cut.values[cut.starts + cut.lengths - 1, totals] += missing
        return cut

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        described = {**asdict(self.settings), "labels": self.labels, "evidence": self.evidence is not None}
        (folder / "encoder.json").write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")
        self.vocabulary.save(folder / "vocabulary.txt")
        if self.evidence:
            self.evidence.save(folder / "ngrams.tsv")

    @classmethod
    def load(cls, folder: Path) -> "TextEncoder":
        """Read what `save` wrote. Raises RunError with the file that is missing or damaged."""
        path = folder / "encoder.json"
        with corrupt_file_errors(path):
            described = json.loads(path.read_text(encoding="utf-8"))
            labels, has_evidence = described.pop("labels"), described.pop("evidence")
            settings = TextSettings(**described)
            if settings.tokenizer not in TOKENIZERS:
                raise ValueError(f"there is no tokenizer {settings.tokenizer!r}")
            vocabulary = Vocabulary.load(folder / "vocabulary.txt")
            evidence = NgramFeatures.load(folder / "ngrams.tsv") if has_evidence else None
        return cls(settings, labels, vocabulary, evidence)


def _sums(column: Ragged, channels: slice) -> np.ndarray:
    """Sum of some channels over each example, (examples, channels)."""
    return np.add.reduceat(column.values[:, channels], column.starts, axis=0)


def fit_text_encoder(
    examples: Sequence[LabelledText],
    settings: TextSettings,
    vocabulary_size: int,
    evidence: NgramSettings | None,
) -> tuple[TextEncoder, EncodedDataset, list[list[str]]]:
    """Learn from training examples; give the encoder, these examples encoded for training, and their tokens."""
    labels = sorted({example.label for example in examples if example.label is not None})
    encoder = TextEncoder(settings, labels, Vocabulary([]))
    tokens = encoder.tokenize(examples, "training texts")
    encoder.vocabulary = Vocabulary.fit(tokens, vocabulary_size, min_count=2)
    targets = encoder.targets(examples)
    trace = None
    if evidence:
        encoder.evidence, trace = fit_ngram_features(tokens, targets, len(labels), evidence)
    return encoder, encoder.encoded(tokens, trace, targets), tokens
