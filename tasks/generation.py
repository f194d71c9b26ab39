"""Base class and flags of the tasks that generate a text token by token, from a text or from an image."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Self, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

import models
from console.interlinear import interlinear, terminal_width
from data.batches import predict_in_batches
from schema.configs import AttentionName, DecodingConfig, EmaDecay, Positive, Range, Rate, TrainingConfig
from schema.encoded import IGNORE_INDEX, PADDING, EncodedDataset
from schema.predictions import TextPrediction
from tasks.task import EncoderT, ExampleT, Task

if TYPE_CHECKING:
    import keras

DECODING_BATCH_TOKENS = 16_000
"""Batch size for decoding: time steps of the sources times the beam size."""


@dataclass(frozen=True)
class GenerationConfig(TrainingConfig):
    """Flags of the tasks that generate a text."""

    min_epochs = 25

    units: Annotated[int, Range(1, 4096)] = 256
    """Units of each recurrent layer and direction."""
    attention: AttentionName = "additive"
    """Attention of the decoder over the source; `none` gives it a single vector of the source."""
    embedding_size: Annotated[int, Range(1, 4096)] = 128
    """Size of the embeddings."""
    max_target_length: Positive = 100
    """Maximum length of a training target, in tokens."""
    dropout: Rate = 0.5
    """Dropout rate before the decoder's second layer and before the output."""
    word_dropout: Rate = 0.0
    """Probability of replacing an input token by unknown in training."""
    embedding_dropout: Rate = 0.3
    """Dropout rate of the embeddings and between encoder layers."""
    memory_dropout: Rate = 0.4
    """Dropout rate of the encoder outputs, before attention."""
    label_smoothing: Rate = 0.1
    """Probability mass of each target that is spread over the vocabulary."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 4e-3
    """Peak learning rate, with linear warm-up and cosine decay."""
    patience: Positive = 5
    """Stop after this many epochs without a better validation score."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1500
    """Batch size in time steps of the longer side, padding included."""
    ema_decay: EmaDecay = 0.99
    """Decay of the exponential moving average of the weights, which is evaluated and saved; 0 disables averaging."""


@dataclass(frozen=True)
class GenerationDecodingConfig(DecodingConfig):
    """Flags of decoding."""

    beam_size: Annotated[int, Range(1, 100)] = 5
    """Beam size; 1 is greedy decoding."""
    length_penalty: Annotated[float, Range(0, 5)] = 1.0
    """Exponent of the length by which the log-probability of a hypothesis is divided."""
    no_repeat_ngram_size: Annotated[int, Range(0, 20)] = 0
    """No n-gram of this size is repeated; 0 allows all."""
    min_length: Annotated[int, Range(1, 1000)] = 1
    """Minimum length of a generated text, in tokens."""
    max_length: Annotated[int, Range(1, 1000)] = 100
    """Maximum length of a generated text, in tokens. A text generated from a text has at most twice the length of its
    source, end token included. --min-length takes precedence."""

    def for_validation(self) -> Self:
        return replace(self, beam_size=1)


@dataclass(frozen=True)
class GenerationPredictConfig(GenerationDecodingConfig):
    """Flags of `predict.py` for generated texts."""

    n_best: Annotated[int, Range(1, 100)] = 1
    """Number of hypotheses to print with their scores, best first; at most --beam-size."""
    show_attention: bool = False
    """Save a figure of the attention of each generated token; for a text, also print the most attended token."""

    @property
    def with_figures(self) -> bool:
        return self.show_attention

    def for_figures(self) -> Self:
        return replace(self, show_attention=True)


GenerationConfigT = TypeVar("GenerationConfigT", bound=GenerationConfig)
GenerationPredictConfigT = TypeVar("GenerationPredictConfigT", bound=GenerationPredictConfig)


class Generation(Task[ExampleT, TextPrediction, EncoderT, GenerationConfigT, GenerationPredictConfigT]):
    """Generates a text. A family defines the source and how ids become text."""

    decoding_batch_tokens: ClassVar[int] = DECODING_BATCH_TOKENS
    max_length_ratio: ClassVar[float | None] = 2.0
    """Maximum length of a text relative to its source, for sources with a length."""
    decoding_config_class = GenerationDecodingConfig

    def decoder_settings(self, vocab_size: int, config: GenerationConfigT) -> "models.DecoderSettings":
        """Settings of the decoder."""
        return models.DecoderSettings(
            vocab_size=vocab_size,
            recurrent=config.recurrent(),
            embedding_size=config.embedding_size,
            attention=config.attention,
            word_dropout=config.word_dropout,
            embedding_dropout=config.embedding_dropout,
            memory_dropout=config.memory_dropout,
        )

    def loss(self, config: GenerationConfigT) -> "keras.losses.Loss":
        return models.SmoothedCrossEntropy(config.label_smoothing, IGNORE_INDEX)

    def predict(
        self, model: "keras.Model", encoder: EncoderT, encoded: EncodedDataset, config: GenerationPredictConfigT
    ) -> list[TextPrediction]:
        if model not in _BEAM_SEARCHES:
            _BEAM_SEARCHES[model] = self.make_beam_search(model)
        beam_search, search = _BEAM_SEARCHES[model], self.search_config(config)
        name, sources = self.source_column(encoded)
        tokens = self.decoding_batch_tokens // config.beam_size
        # A batch takes as many steps as its longest output, however few its rows are.
        buckets = -(-int(sources.lengths.sum()) // tokens)
        results = predict_in_batches(
            lambda inputs: tuple(beam_search(inputs[name], search)), sources, tokens, buckets=buckets
        )
        return [_ranked(self.detokenize(encoder, ids), ids, scores) for ids, scores in results]

    def search_config(self, config: GenerationDecodingConfig) -> "models.SearchConfig":
        """Settings of the beam search."""
        return models.SearchConfig(
            config.beam_size,
            config.max_length,
            max_length_ratio=self.max_length_ratio,
            min_length=config.min_length,
            length_penalty=config.length_penalty,
            no_repeat_ngram_size=config.no_repeat_ngram_size,
        )

    @abstractmethod
    def make_beam_search(self, model: "keras.Model") -> "models.BeamSearch":
        """Make the beam search of a model. Called once for each model, because its first use traces it."""

    @abstractmethod
    def source_column(self, encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        """Return the name of the source column, and a data set with this column alone."""

    @abstractmethod
    def detokenize(self, encoder: EncoderT, ids: Sequence[Sequence[int]]) -> list[str]:
        """Convert each row of ids to a text."""

    def format_prediction(self, example: ExampleT, prediction: TextPrediction, config: GenerationPredictConfigT) -> str:
        score = -math.inf if prediction.score is None else prediction.score
        ranked = [(prediction.text, score), *prediction.alternatives][: config.n_best]
        lines = [prediction.text] if config.n_best == 1 else [f"{score:.3f}  {text}" for text, score in ranked]
        attention = prediction.attention
        if attention and attention.source:
            attended = [attention.source[index] for index in attention.weights.argmax(axis=1)]
            lines.append(interlinear((attention.target, attended), terminal_width()))
        if config.show_attention and prediction.text and not attention:
            lines.append("(no attention to show: the model has none)")
        return "\n".join(lines)

    def to_json(self, example: ExampleT, prediction: TextPrediction) -> Mapping[str, object]:
        row: dict[str, object] = {
            "text": prediction.text,
            "score": prediction.score,
            "alternatives": [list(alternative) for alternative in prediction.alternatives],
        }
        if attention := prediction.attention:
            weights = attention.weights.round(4).tolist()
            row["attention"] = {"source": attention.source, "target": attention.target, "weights": weights}
        return row


_BEAM_SEARCHES: "WeakKeyDictionary[keras.Model, models.BeamSearch]" = WeakKeyDictionary()


def _ranked(texts: Sequence[str], ids: Sequence[Sequence[int]], scores: np.ndarray) -> TextPrediction:
    """Return the best hypothesis with the others as alternatives."""
    # Different ids may spell the same text, which counts where it comes first.
    first: dict[str, float] = {}
    for text, score in zip(texts, map(float, scores), strict=True):
        first.setdefault(text, score)
    best, *others = first.items()
    impossible = models.MASKED_LOGIT / 2
    alternatives = tuple((text, score) for text, score in others if score > impossible)
    # Flags may forbid every output: the text is then empty and has no score.
    tokens = tuple(int(token) for token in ids[0] if token != PADDING)
    return TextPrediction(best[0], best[1] if best[1] > impossible else None, alternatives, ids=tokens)
