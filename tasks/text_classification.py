"""Base class and flags of the tasks that predict the class of a text. Many to one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeVar

import numpy as np

import evaluation
import models
from data.cache import cache_folder, cached, digest
from data.encoders.ngram_features import NgramSettings
from data.encoders.text import TextEncoder, TextSettings, tokenize_texts
from data.encoders.word_vectors import EPOCHS, MIN_COUNT, MIN_TOKENS, STDDEV, WINDOW, fit_word_vectors
from data.readers.tokenization import TOKENIZERS
from data.stopwatch import Stopwatch
from schema.configs import LabelledTextFlags, Positive, Range, Rate, RecurrentConfig
from schema.encoded import EncodedDataset, Ragged
from schema.examples import LabelledText, Splits
from schema.predictions import LabelPrediction, Predictor, Remember
from schema.scores import SeenInTraining
from tasks.classification import Classification
from tasks.task import FittedEncoder, require_two_classes

if TYPE_CHECKING:
    import keras

Pooling = Literal["last", "mean", "max", "attention", "mean+max", "mean+max+attention"]


@dataclass(frozen=True)
class TextClassificationConfig(LabelledTextFlags, RecurrentConfig):
    """Flags of the text classification tasks."""

    embedding_size: Annotated[int, Range(1, 4096)] = 100
    """Size of the word embeddings."""
    vocab_size: Annotated[int, Range(1, 1_000_000)] = 20_000
    """Maximum number of words in the vocabulary, the most frequent ones."""
    head_tokens: Positive = 300
    """Number of words kept from the beginning of a text."""
    tail_tokens: Annotated[int, Range(0)] = 100
    """Number of words kept from the end of a longer text."""
    chunk_length: Positive = 100
    """Length of the chunks that the recurrent layers process independently, in words. Pooling covers all chunks."""
    pooling: Pooling = "mean+max"
    """Pooling of the recurrent outputs over time; several are concatenated."""
    word_dropout: Rate = 0.2
    """Probability of replacing a word by unknown in training."""
    embedding_dropout: Rate = 0.2
    """Dropout rate of the features of the word embeddings, for a whole text at once (spatial dropout)."""
    word_vectors: bool = True
    """Initialize the embeddings with word vectors fitted on the texts, if these hold a million words or more."""
    unlabelled: bool = True
    """Fit these vectors on the unlabelled texts of the data set, too."""
    freeze_embeddings: bool = True
    """Freeze embeddings that were initialized with word vectors. Randomly initialized ones are always trained."""
    ngram_features: bool = True
    """Add to each word the weights that a linear model gives to the n-grams that end there."""


TextClassificationConfigT = TypeVar("TextClassificationConfigT", bound=TextClassificationConfig)


class TextClassification(Classification[TextEncoder, TextClassificationConfigT]):
    """Predicts the class of a text."""

    rnn_type = "many to one"
    tokenizer: ClassVar[str] = "words"
    encoder_class = TextEncoder

    def fit_encoder(
        self, splits: Splits[LabelledText], config: TextClassificationConfigT
    ) -> FittedEncoder[TextEncoder]:
        require_two_classes((example.label for example in splits.train), config.train_file or splits.dataset)
        flags = {name: getattr(config, name) for name in ENCODER_FLAGS}
        constants = (self.tokenizer, asdict(NgramSettings()), WINDOW, EPOCHS, MIN_COUNT, STDDEV)
        return cached(
            cache_folder(config.cache),
            "encoders",
            digest(self.name, splits.source, flags, constants, _content_digest(splits.train)),
            _save_fitted,
            _load_fitted,
            compute=lambda: self._fit(splits, config),
        )

    def _fit(self, splits: Splits[LabelledText], config: TextClassificationConfigT) -> FittedEncoder[TextEncoder]:
        watch = Stopwatch()
        settings = TextSettings(self.tokenizer, config.head_tokens, config.tail_tokens, config.chunk_length)
        ngram_settings = NgramSettings() if config.ngram_features else None
        encoder, encoded, tokens = TextEncoder.fit(splits.train, settings, config.vocab_size, ngram_settings)
        weights = {}
        if encoder.ngram_features:
            weights["ngram_stddevs"] = encoded.ragged("ngram_features").values.std(axis=0)
        if config.word_vectors and config.unlabelled:
            tokens += tokenize_texts(splits.unlabelled(), self.tokenizer, "unlabelled texts")
        if config.word_vectors and sum(map(len, tokens)) >= MIN_TOKENS:
            weights["embedding"] = fit_word_vectors(tokens, encoder.vocabulary, config.embedding_size, config.seed)
        return FittedEncoder(
            encoder, encoded, _seen(encoder), weights, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds
        )

    def build_model(self, fitted: FittedEncoder[TextEncoder], config: TextClassificationConfigT) -> "keras.Model":
        encoder, weights = fitted.encoder, fitted.initial_weights
        settings = models.ClassifierSettings(
            vocab_size=len(encoder.vocabulary),
            num_classes=len(encoder.labels),
            recurrent=config.recurrent(),
            embedding_size=config.embedding_size,
            pooling=config.pooling.split("+"),
            chunk_length=config.chunk_length,
            word_dropout=config.word_dropout,
            embedding_dropout=config.embedding_dropout,
            freeze_embeddings=config.freeze_embeddings and "embedding" in weights,
            ngram_stddevs=weights.get("ngram_stddevs", np.zeros(0)).tolist(),
            ngram_channels=encoder.ngram_features.channels if encoder.ngram_features else 0,
        )
        return models.build_classifier(settings, weights.get("embedding"))

    def fit_baselines(
        self, splits: Splits[LabelledText], encoder: TextEncoder, config: TextClassificationConfigT, remember: Remember
    ) -> Mapping[str, Predictor[LabelledText, LabelPrediction]]:
        tokenize = TOKENIZERS[self.tokenizer]
        return evaluation.classification_baselines.fit_text_baselines(
            splits.train, splits.validation, tokenize, remember
        )

    def word_vectors(self, model: "keras.Model", encoder: TextEncoder) -> tuple[np.ndarray, Sequence[str]]:
        words = encoder.vocabulary.words
        (vectors,) = model.get_layer("embedding").get_weights()
        return vectors[len(vectors) - len(words) :], words


# The flags that change the fitted encoder. Others may change without fitting it again.
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


def _content_digest(examples: Sequence[LabelledText]) -> str:
    content = hashlib.sha256()
    for example in examples:
        content.update(f"{example.label}\0{example.text}\0".encode("utf-8", "surrogatepass"))
    return content.hexdigest()


def _seen(encoder: TextEncoder) -> SeenInTraining:
    return SeenInTraining(labels=encoder.labels)


def _save_fitted(fitted: FittedEncoder[TextEncoder], folder: Path) -> None:
    fitted.encoder.save(folder / "encoder")
    arrays = {f"{name}.values": fitted.encoded.ragged(name).values for name in fitted.encoded.inputs}
    arrays |= {"targets": np.asarray(fitted.encoded.targets), "lengths": fitted.encoded.lengths}
    np.savez(folder / "arrays.npz", allow_pickle=False, **arrays, **fitted.initial_weights)
    (folder / "seconds.json").write_text(json.dumps({"seconds": fitted.seconds, "cpu_seconds": fitted.cpu_seconds}))


def _load_fitted(folder: Path) -> FittedEncoder[TextEncoder]:
    arrays = np.load(folder / "arrays.npz", allow_pickle=False)
    inputs = {
        name: Ragged(arrays[f"{name}.values"], arrays["lengths"])
        for name in ("words", "ngram_features", "ngram_totals")
        if f"{name}.values" in arrays
    }
    seconds = json.loads((folder / "seconds.json").read_text())
    weights = {name: arrays[name] for name in ("embedding", "ngram_stddevs") if name in arrays}
    encoder = TextEncoder.load(folder / "encoder")
    encoded = EncodedDataset(inputs, arrays["targets"], encoder.settings.chunk_length)
    return FittedEncoder(encoder, encoded, _seen(encoder), weights, folder / "encoder", **seconds)
