"""What tasks that read a text and give it one class share: many to one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import numpy as np

import models
from data.stopwatch import Stopwatch
from schema.configs import Positive, Range, Rate, RecurrentConfig, TrainingConfig
from schema.encoded import EncodedDataset, Ragged
from schema.examples import LabelledText, Splits
from schema.scores import Scores
from tasks.classification import Classification
from tasks.task import Encoder, FittedEncoder, require_two_classes

if TYPE_CHECKING:
    import keras

    from data.encoders.text import TextEncoder

Pooling = Literal["last", "mean", "max", "attention", "mean+max", "mean+max+attention"]


@dataclass(frozen=True)
class TextClassificationConfig(RecurrentConfig):
    """Flags of the tasks that give a text one class."""

    embedding_size: Annotated[int, Range(1, 4096)] = 100
    """Size of the word embeddings."""
    vocab_size: Annotated[int, Range(1, 1_000_000)] = 20_000
    """Most frequent words that get an embedding of their own."""
    head_tokens: Positive = 300
    """Words that are read from the beginning of a text."""
    tail_tokens: Annotated[int, Range(0)] = 100
    """Words that are read from the end of a longer text."""
    chunk_length: Positive = 100
    """Words that the recurrent layers read in one go; each window of a text begins anew, pooling sees all of them."""
    pooling: Pooling = "mean+max"
    """How the sequence becomes one vector; several stand side by side."""
    word_dropout: Rate = 0.2
    """Rate of the words that are replaced by unknown in training."""
    embedding_dropout: Rate = 0.2
    """Rate of the features of a text's word embeddings that are dropped in training, for the whole text at once."""
    word_vectors: bool = True
    """Start the embeddings from vectors learnt on the texts themselves, where they have a million words or more."""
    unlabelled: bool = True
    """Learn these vectors also from texts that nobody labelled, where the data set has such."""
    freeze_embeddings: bool = True
    """Keep these vectors as they were learnt; embeddings that start at random are always trained."""
    ngram_features: bool = True
    """Give the network, beside each word, what n-grams ending there say in a linear model."""


class TextClassification(Classification):
    """A text in, a class with its probability out. A task of the family says where its data come from."""

    rnn_type = "many to one"
    tokenizer = "words"

    def fit_encoder(self, splits: Splits[LabelledText], config: TrainingConfig) -> FittedEncoder[LabelledText]:
        from data.cache import cached, default_cache, digest
        from data.encoders.ngram_features import NgramSettings
        from data.encoders.word_vectors import EPOCHS, MIN_COUNT, STDDEV, WINDOW

        assert isinstance(config, TextClassificationConfig)
        require_two_classes((example.label for example in splits.train), config.train_file or splits.dataset)
        learnt_with = {name: getattr(config, name) for name in ENCODER_FLAGS}
        constants = (self.tokenizer, asdict(NgramSettings()), WINDOW, EPOCHS, MIN_COUNT, STDDEV)
        key = digest(self.name, splits.source, learnt_with, constants, _digest_of(splits.train))
        return cached(
            config.cache or default_cache(),
            "encoders",
            key,
            _save_fitted,
            self._load_fitted,
            compute=lambda: self._learn(splits, config),
        )

    def _learn(self, splits: Splits[LabelledText], config: "TextClassificationConfig") -> FittedEncoder[LabelledText]:
        from data.encoders.ngram_features import NgramSettings
        from data.encoders.text import TextEncoder, TextSettings, tokenize_texts
        from data.encoders.word_vectors import ENOUGH_WORDS, fit_word_vectors

        watch = Stopwatch()
        settings = TextSettings(self.tokenizer, config.head_tokens, config.tail_tokens, config.chunk_length)
        ngram_settings = NgramSettings() if config.ngram_features else None
        encoder, encoded, tokens = TextEncoder.fit(splits.train, settings, config.vocab_size, ngram_settings)
        starts = {}
        if encoder.ngram_features:
            starts["ngram_stddevs"] = encoded.inputs["ngram_features"].values.std(axis=0)
        if config.word_vectors and config.unlabelled:
            tokens += tokenize_texts(splits.unlabelled(), self.tokenizer, "unlabelled texts")
        if config.word_vectors and sum(map(len, tokens)) >= ENOUGH_WORDS:
            starts["embedding"] = fit_word_vectors(tokens, encoder.vocabulary, config.embedding_size, config.seed)
        return FittedEncoder(encoder, encoded, starts, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds)

    def load_encoder(self, folder: Path) -> "TextEncoder":
        from data.encoders.text import TextEncoder

        return TextEncoder.load(folder)

    def _load_fitted(self, folder: Path) -> FittedEncoder[LabelledText]:
        arrays = np.load(folder / "arrays.npz", allow_pickle=False)
        inputs = {
            name: Ragged(arrays[f"{name}.values"], arrays["lengths"])
            for name in ("words", "ngram_features", "ngram_totals")
            if f"{name}.values" in arrays
        }
        took = json.loads((folder / "seconds.json").read_text())
        starts = {name: arrays[name] for name in ("embedding", "ngram_stddevs") if name in arrays}
        encoder = self.load_encoder(folder / "encoder")
        encoded = EncodedDataset(inputs, arrays["targets"], encoder.settings.chunk_length)
        return FittedEncoder(encoder, encoded, starts, folder / "encoder", took["seconds"], took["cpu_seconds"])

    def build_model(self, fitted: FittedEncoder[LabelledText], config: TrainingConfig) -> "keras.Model":

        assert isinstance(config, TextClassificationConfig)
        encoder = cast("TextEncoder", fitted.encoder)
        settings = models.ClassifierSettings(
            vocab_size=len(encoder.vocabulary),
            classes=len(encoder.labels),
            recurrent=config.recurrent(),
            embedding_size=config.embedding_size,
            pooling=config.pooling.split("+"),
            chunk_length=config.chunk_length,
            word_dropout=config.word_dropout,
            embedding_dropout=config.embedding_dropout,
            embedding_fixed=config.freeze_embeddings and "embedding" in fitted.initial_weights,
            ngram_stddevs=fitted.initial_weights.get("ngram_stddevs", np.zeros(0)).tolist(),
            ngram_channels=encoder.ngram_features.channels if encoder.ngram_features else 0,
        )
        return models.build_classifier(settings, fitted.initial_weights.get("embedding"))

    def baselines(
        self,
        train: Sequence[LabelledText],
        validation: Sequence[LabelledText],
        parts: Mapping[str, Sequence[LabelledText]],
        encoder: Encoder[LabelledText],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        from data.readers.tokenization import TOKENIZERS
        from evaluation.classification_baselines import fit_text_baselines

        fitted = fit_text_baselines(train, validation, TOKENIZERS[self.tokenizer])
        return self.score_predictors(fitted, parts, encoder)

    def word_vectors(
        self, model: "keras.Model", encoder: Encoder[LabelledText]
    ) -> tuple[np.ndarray, Sequence[str]] | None:
        words = cast("TextEncoder", encoder).vocabulary.words
        (vectors,) = model.get_layer("embedding").get_weights()
        return vectors[-len(words) :], words


# The flags that decide what is learnt before the network is trained; all else may change without learning anew.
ENCODER_FLAGS = (
    "embedding_size",
    "vocab_size",
    "head_tokens",
    "tail_tokens",
    "chunk_length",
    "word_vectors",
    "unlabelled",
    "ngram_features",
    "seed",
)


def _digest_of(examples: Sequence[LabelledText]) -> str:
    content = hashlib.sha256()
    for example in examples:
        content.update(f"{example.label}\0{example.text}\0".encode("utf-8", "surrogatepass"))
    return content.hexdigest()


def _save_fitted(fitted: FittedEncoder[LabelledText], folder: Path) -> None:
    fitted.encoder.save(folder / "encoder")
    columns = {name: column for name, column in fitted.encoded.inputs.items() if isinstance(column, Ragged)}
    arrays = {f"{name}.values": column.values for name, column in columns.items()}
    np.savez(
        folder / "arrays.npz",
        targets=fitted.encoded.targets,
        lengths=fitted.encoded.lengths,
        **arrays,
        **fitted.initial_weights,
    )
    (folder / "seconds.json").write_text(json.dumps({"seconds": fitted.seconds, "cpu_seconds": fitted.cpu_seconds}))
