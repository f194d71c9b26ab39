"""What tasks that write share: an answer in words, piece by piece. A text comes from a text or from a picture."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, cast
from weakref import WeakKeyDictionary

import numpy as np

import models
from schema.configs import AttentionName, DecodingConfig, EmaDecay, Positive, Range, Rate, TrainingConfig
from schema.encoded import IGNORE_INDEX, EncodedDataset
from schema.predictions import Predictor, TextPrediction
from schema.scores import Scores
from tasks.task import Encoder, ExampleT, Task

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


ATTENTION_EXAMPLES = 4
"""So many examples are shown with what was attended to."""
DECODING_TOKENS = 16_000
"""Steps of the sources that are decoded together, over the number of hypotheses."""


@dataclass(frozen=True)
class GenerationConfig(TrainingConfig):
    """Flags of the tasks that write a text."""

    min_epochs = 25

    units: Annotated[int, Range(1, 4096)] = 256
    """Units of each recurrent layer and direction."""
    attention: AttentionName = "additive"
    """How the decoder looks back at what was read; `none` leaves it with all of it in one vector."""
    embedding_size: Annotated[int, Range(1, 4096)] = 128
    """Size of the embeddings."""
    max_target_length: Positive = 100
    """Pieces of a target that are learnt."""
    dropout: Rate = 0.5
    """Rate of the values that are dropped in training, before the decoder's second layer and before the output."""
    word_dropout: Rate = 0.0
    """Rate of the words, or pieces of them, that are read as unknown in training."""
    embedding_dropout: Rate = 0.3
    """Rate of the features that are dropped in training before each layer that reads, those of embeddings first."""
    memory_dropout: Rate = 0.4
    """Rate of the features of what was read that are dropped in training, before attention looks at them."""
    label_smoothing: Rate = 0.1
    """Part of each target that is shared out over all pieces."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 4e-3
    """Highest learning rate; it warms up to it and then falls along a cosine."""
    patience: Positive = 5
    """Epochs without a better validation score after which training ends."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1500
    """Size of a batch, in steps of the longer side, padding included."""
    ema_decay: EmaDecay = 0.99
    """EmaDecay of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""


@dataclass(frozen=True)
class GenerationDecodingConfig(DecodingConfig):
    """How a saved model writes."""

    beam_size: Annotated[int, Range(1, 100)] = 5
    """Hypotheses that are followed; 1 takes the most probable piece at each step."""
    length_penalty: Annotated[float, Range(0, 5)] = 1.0
    """A hypothesis is judged by its log-probability over its length to this power."""
    no_repeat_ngram_size: Annotated[int, Range(0, 20)] = 0
    """No row of so many pieces stands twice in an answer; 0 allows all."""
    min_length: Annotated[int, Range(1, 1000)] = 1
    """Pieces that an answer has, at least."""
    max_length: Annotated[int, Range(1, 1000)] = 100
    """Pieces that an answer has, at most; an answer to a text has at most twice as many as the text and its end
    together. --min-length counts more."""


@dataclass(frozen=True)
class GenerationPredictConfig(GenerationDecodingConfig):
    """Flags of `predict.py` for written answers."""

    n_best: Annotated[int, Range(1, 100)] = 1
    """So many answers are shown, the best first, each with its score; never more than --beam-size."""
    show_attention: bool = False
    """Keep a picture of what each piece of an answer was made from; of a text, show it below the answer too."""


class Generation(Task[ExampleT, TextPrediction]):
    """Something in, a text out. A family says what is read, and how ids are texts again."""

    decoding_tokens = DECODING_TOKENS
    max_length_ratio: float | None = 2.0
    """An answer is at most so many times as long as its source, where there is a source with a length."""
    decoding_config_class = GenerationDecodingConfig
    predict_config_class = GenerationPredictConfig

    def decoder_settings(self, vocabulary: int, config: GenerationConfig) -> "models.DecoderSettings":
        """How the decoder is built, for so many ids."""

        return models.DecoderSettings(
            vocab_size=vocabulary,
            recurrent=config.recurrent(),
            embedding_size=config.embedding_size,
            attention=config.attention,
            word_dropout=config.word_dropout,
            embedding_dropout=config.embedding_dropout,
            memory_dropout=config.memory_dropout,
        )

    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":

        assert isinstance(config, GenerationConfig)
        return models.SmoothedCrossEntropy(config.label_smoothing, IGNORE_INDEX)

    def predict(
        self, model: "keras.Model", encoder: Encoder[ExampleT], encoded: EncodedDataset, config: DecodingConfig
    ) -> list[TextPrediction]:
        from data.batches import predict_in_batches

        assert isinstance(config, GenerationDecodingConfig)
        if model not in _BEAM_SEARCHES:
            _BEAM_SEARCHES[model] = self.make_beam_search(model)
        decoder, search = _BEAM_SEARCHES[model], self.search_config(config)
        name, asked = self.decoder_inputs(model, encoded)
        tokens = self.decoding_tokens // config.beam_size
        # A batch takes as many steps as its longest answer, however few its rows are.
        buckets = -(-int(asked.lengths.sum()) // tokens)
        found = predict_in_batches(lambda inputs: tuple(decoder(inputs[name], search)), asked, tokens, buckets=buckets)
        return [_ranked(self.detokenize(encoder, ids), ids, scores) for ids, scores in found]

    def search_config(self, config: GenerationDecodingConfig) -> "models.SearchConfig":
        """How `config` wants it to be decoded."""

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
        """What decodes for a model; made once for each, since it is traced when it is first used."""

    @abstractmethod
    def decoder_inputs(self, model: "keras.Model", encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        """What the decoder reads, alone, and its name."""

    @abstractmethod
    def detokenize(self, encoder: Encoder[ExampleT], ids: Sequence[Sequence[int]]) -> list[str]:
        """The text of each row of ids."""

    def validation_predict_config(self) -> DecodingConfig:
        return replace(cast(GenerationDecodingConfig, self.decoding_config_class()), beam_size=1)

    def draw(
        self, model: "keras.Model", encoder: Encoder[ExampleT], examples: Sequence[ExampleT]
    ) -> "Mapping[str, Figure]":
        asked = list(examples[:ATTENTION_EXAMPLES])
        answers = self.predict(model, encoder, encoder.encode(asked), self.attention_config())
        figures = map(self.picture, asked, answers)
        return {f"attention/{place}": figure for place, figure in enumerate(figures, 1) if figure}

    def attention_config(self) -> DecodingConfig:
        """How an answer is written whose attention is wanted too."""
        return replace(cast(GenerationPredictConfig, self.predict_config_class()), show_attention=True)

    def format_prediction(self, example: ExampleT, answer: TextPrediction, config: DecodingConfig) -> str:
        from console.interlinear import interlinear, terminal_width

        assert isinstance(config, GenerationPredictConfig)
        score = -math.inf if answer.score is None else answer.score
        ranked = [(answer.text, score), *answer.alternatives][: config.n_best]
        lines = [answer.text] if config.n_best == 1 else [f"{score:.3f}  {text}" for text, score in ranked]
        if answer.attention and answer.attention.source:
            most = answer.attention.weights.argmax(axis=1)
            rows = (answer.attention.target, [answer.attention.source[place] for place in most])
            lines.append(interlinear(rows, terminal_width()))
        if config.show_attention and answer.text and not answer.attention:
            lines.append("(no attention to show: the run has none)")
        return "\n".join(lines)

    def to_json(self, example: ExampleT, answer: TextPrediction) -> Mapping[str, object]:
        row = {
            "text": answer.text,
            "score": answer.score,
            "alternatives": [list(other) for other in answer.alternatives],
        }
        if answer.attention:
            weights = answer.attention.weights.round(4).tolist()
            row["attention"] = {
                "source": answer.attention.source,
                "target": answer.attention.target,
                "weights": weights,
            }
        return row

    def baselines(
        self,
        train: Sequence[ExampleT],
        validation: Sequence[ExampleT],
        parts: Mapping[str, Sequence[ExampleT]],
        encoder: Encoder[ExampleT],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        return self.score_predictors(self.fit_baselines(train, validation, encoder, config), parts, encoder)

    @abstractmethod
    def fit_baselines(
        self,
        train: Sequence[ExampleT],
        validation: Sequence[ExampleT],
        encoder: Encoder[ExampleT],
        config: TrainingConfig,
    ) -> Mapping[str, Predictor[ExampleT, TextPrediction]]:
        """What people would try first, by name."""


_BEAM_SEARCHES: "WeakKeyDictionary[keras.Model, models.BeamSearch]" = WeakKeyDictionary()


def _ranked(texts: Sequence[str], ids: Sequence[Sequence[int]], scores: np.ndarray) -> TextPrediction:
    """The best hypothesis, and the others that there are."""

    # Other pieces may make the same text: it counts as it came first.
    first: dict[str, float] = {}
    for text, score in zip(texts, map(float, scores), strict=True):
        first.setdefault(text, score)
    best, *ranked = first.items()
    others = tuple((text, score) for text, score in ranked if score > models.MASKED_LOGIT / 2)
    # Flags may forbid all that could be said; the answer is then an empty one without a score.
    said = tuple(int(each) for each in ids[0] if each)
    return TextPrediction(best[0], best[1] if best[1] > models.MASKED_LOGIT / 2 else None, others, ids=said)
