"""What tasks that write share: an answer in words, piece by piece. A text comes from a text or from a picture."""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, cast
from weakref import WeakKeyDictionary

import numpy as np

from schema.answers import TextAnswer
from schema.configs import AnswerConfig, AttentionName, Momentum, Positive, Range, Share, TrainingConfig
from schema.encoded import NO_TARGET, Encoded
from schema.scores import Scores
from tasks.task import Encoder, Ex, Task

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from models.decoder import DecoderSettings
    from models.decoding import Decoder, Search

MAPS = 4
"""So many examples are shown with what was attended to."""
DECODING_TOKENS = 16_000
"""Steps of the sources that are decoded together, over the number of hypotheses."""


@dataclass(frozen=True)
class GenerationConfig(TrainingConfig):
    """Flags of the tasks that write a text."""

    units: Annotated[int, Range(1, 4096)] = 256
    """Units of each recurrent layer and direction."""
    attention: AttentionName = "additive"
    """How the decoder looks back at what was read; `none` leaves it with all of it in one vector."""
    embedding: Annotated[int, Range(1, 4096)] = 128
    """Size of the embeddings."""
    longest_target: Positive = 100
    """Pieces of a target that are learnt."""
    dropout: Share = 0.5
    """Share of the values that are dropped in training, before the decoder's second layer and before the output."""
    word_dropout: Share = 0.0
    """Share of the words, or pieces of them, that are read as unknown in training."""
    embedding_dropout: Share = 0.3
    """Share of the features that are dropped in training before each layer that reads, those of embeddings first."""
    context_dropout: Share = 0.4
    """Share of the features of what was read that are dropped in training, before attention looks at them."""
    smoothing: Share = 0.1
    """Part of each target that is shared out over all pieces."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 4e-3
    """Highest learning rate; it warms up to it and then falls along a cosine."""
    patience: Positive = 5
    """Epochs without a better validation score after which training ends."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1500
    """Size of a batch, in steps of the longer side, padding included."""
    averaging: Momentum = 0.99
    """Momentum of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""


@dataclass(frozen=True)
class GenerationAnswerConfig(AnswerConfig):
    """How a saved model writes."""

    beam: Annotated[int, Range(1, 100)] = 5
    """Hypotheses that are followed; 1 takes the most probable piece at each step."""
    length_power: Annotated[float, Range(0, 5)] = 1.0
    """A hypothesis is judged by its log-probability over its length to this power."""
    no_repeat: Annotated[int, Range(0, 20)] = 0
    """No row of so many pieces stands twice in an answer; 0 allows all."""
    shortest: Annotated[int, Range(1, 1000)] = 1
    """Pieces that an answer has, at least."""
    longest: Annotated[int, Range(1, 1000)] = 100
    """Pieces that an answer has, at most; an answer to a text has at most twice as many as the text and its end
    together. --shortest counts more."""


@dataclass(frozen=True)
class GenerationPredictConfig(GenerationAnswerConfig):
    """Flags of `predict.py` for written answers."""

    n_best: Annotated[int, Range(1, 100)] = 1
    """So many answers are shown, the best first, each with its score; never more than --beam."""
    show_attention: bool = False
    """Keep a picture of what each piece of an answer was made from; of a text, show it below the answer too."""


class Generation(Task[Ex, TextAnswer]):
    """Something in, a text out. A family says what is read, and how ids are texts again."""

    least_epochs = 25
    decoding_tokens = DECODING_TOKENS
    longest_ratio: float | None = 2.0
    """An answer is at most so many times as long as its source, where there is a source with a length."""
    AnswerConfig = GenerationAnswerConfig
    PredictConfig = GenerationPredictConfig

    def decoder_settings(self, vocabulary: int, config: GenerationConfig) -> "DecoderSettings":
        """How the decoder is built, for so many ids."""
        from models.decoder import DecoderSettings

        return DecoderSettings(
            vocabulary=vocabulary,
            cell=config.cell,
            units=config.units,
            embedding=config.embedding,
            attention=config.attention,
            word_dropout=config.word_dropout,
            embedding_dropout=config.embedding_dropout,
            context_dropout=config.context_dropout,
            dropout=config.dropout,
            forget_bias=config.forget_bias,
        )

    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        from models.decoder import SmoothedCrossEntropy

        assert isinstance(config, GenerationConfig)
        return SmoothedCrossEntropy(config.smoothing, NO_TARGET)

    def answer(
        self, model: "keras.Model", encoder: Encoder[Ex], encoded: Encoded, config: AnswerConfig
    ) -> list[TextAnswer]:
        from data.batches import predict

        assert isinstance(config, GenerationAnswerConfig)
        if model not in _DECODERS:
            _DECODERS[model] = self.make_decoder(model)
        decoder, search = _DECODERS[model], self.search(config)
        name, asked = self.asked(model, encoded)
        tokens = self.decoding_tokens // config.beam
        # A batch takes as many steps as its longest answer, however few its rows are.
        buckets = -(-int(asked.lengths.sum()) // tokens)
        found = predict(lambda inputs: tuple(decoder(inputs[name], search)), asked, tokens, buckets=buckets)
        return [_ranked(self.texts(encoder, ids), ids, scores) for ids, scores in found]

    def search(self, config: GenerationAnswerConfig) -> "Search":
        """How `config` wants it to be decoded."""
        from models.decoding import Search

        return Search(
            config.beam,
            config.longest,
            longest_ratio=self.longest_ratio,
            shortest=config.shortest,
            alpha=config.length_power,
            no_repeat=config.no_repeat,
        )

    @abstractmethod
    def make_decoder(self, model: "keras.Model") -> "Decoder":
        """What decodes for a model; made once for each, since it is traced when it is first used."""

    @abstractmethod
    def asked(self, model: "keras.Model", encoded: Encoded) -> tuple[str, Encoded]:
        """What the decoder reads, alone, and its name."""

    @abstractmethod
    def texts(self, encoder: Encoder[Ex], ids: Sequence[Sequence[int]]) -> list[str]:
        """The text of each row of ids."""

    def judging(self) -> AnswerConfig:
        return replace(cast(GenerationAnswerConfig, self.AnswerConfig()), beam=1)

    def draw(self, model: "keras.Model", encoder: Encoder[Ex], examples: Sequence[Ex]) -> "Mapping[str, Figure]":
        asked = list(examples[:MAPS])
        answers = self.answer(model, encoder, encoder.encode(asked), self.looking())
        figures = map(self.picture, asked, answers)
        return {f"attention/{place}": figure for place, figure in enumerate(figures, 1) if figure}

    def looking(self) -> AnswerConfig:
        """How an answer is written whose attention is wanted too."""
        return replace(cast(GenerationPredictConfig, self.PredictConfig()), show_attention=True)

    def render(self, example: Ex, answer: TextAnswer, config: AnswerConfig) -> str:
        from console.interlinear import interlinear, terminal_width

        assert isinstance(config, GenerationPredictConfig)
        score = -math.inf if answer.score is None else answer.score
        ranked = [(answer.text, score), *answer.others][: config.n_best]
        lines = [answer.text] if config.n_best == 1 else [f"{score:.3f}  {text}" for text, score in ranked]
        if answer.attended and answer.attended.source:
            most = answer.attended.weights.argmax(axis=1)
            rows = (answer.attended.answer, [answer.attended.source[place] for place in most])
            lines.append(interlinear(rows, terminal_width()))
        if config.show_attention and answer.text and not answer.attended:
            lines.append("(no attention to show: the run has none)")
        return "\n".join(lines)

    def as_json(self, example: Ex, answer: TextAnswer) -> Mapping[str, object]:
        row = {"text": answer.text, "score": answer.score, "others": [list(other) for other in answer.others]}
        if answer.attended:
            weights = answer.attended.weights.round(4).tolist()
            row["attended"] = {"source": answer.attended.source, "answer": answer.attended.answer, "weights": weights}
        return row

    def baselines(
        self,
        train: Sequence[Ex],
        validation: Sequence[Ex],
        parts: Mapping[str, Sequence[Ex]],
        encoder: Encoder[Ex],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        return self.scores_of(self.fit_baselines(train, validation, encoder, config), parts, encoder)

    @abstractmethod
    def fit_baselines(
        self, train: Sequence[Ex], validation: Sequence[Ex], encoder: Encoder[Ex], config: TrainingConfig
    ) -> Mapping[str, Callable[[Sequence[Ex]], Sequence[TextAnswer]]]:
        """What people would try first, by name."""


_DECODERS: "WeakKeyDictionary[keras.Model, Decoder]" = WeakKeyDictionary()


def _ranked(texts: Sequence[str], ids: Sequence[Sequence[int]], scores: np.ndarray) -> TextAnswer:
    """The best hypothesis, and the others that there are."""
    from models.decoding import NEVER

    # Other pieces may make the same text: it counts as it came first.
    first: dict[str, float] = {}
    for text, score in zip(texts, map(float, scores), strict=True):
        first.setdefault(text, score)
    best, *ranked = first.items()
    others = tuple((text, score) for text, score in ranked if score > NEVER / 2)
    # Flags may forbid all that could be said; the answer is then an empty one without a score.
    said = tuple(int(each) for each in ids[0] if each)
    return TextAnswer(best[0], best[1] if best[1] > NEVER / 2 else None, others, ids=said)
