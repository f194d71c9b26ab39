"""What tasks that write a text in answer to another share: many to many, out of step."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast
from weakref import WeakKeyDictionary

import numpy as np

from data.stopwatch import Stopwatch
from schema.answers import Attended, TextAnswer
from schema.configs import AnswerConfig, AttentionName, Momentum, Positive, Range, Share, TrainingConfig
from schema.encoded import NO_TARGET, Encoded, Ragged
from schema.examples import Splits, TextPair
from schema.scores import Sample, Scores
from tasks.task import Encoder, Fitted, Task

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.pair_encoder import PairEncoder
    from models.decoding import Decoder

MAPS = 4
"""So many sources are shown with what was attended to."""


@dataclass(frozen=True)
class GenerationConfig(TrainingConfig):
    """Flags of the tasks that write a text."""

    units: Annotated[int, Range(1, 4096)] = 256
    """Units of each recurrent layer and direction."""
    attention: AttentionName = "additive"
    """How the decoder looks back at the source; `none` leaves it with the encoder's last state."""
    embedding: Annotated[int, Range(1, 4096)] = 128
    """Size of the embeddings of source and target."""
    vocabulary: Annotated[int, Range(10, 1_000_000)] = 10_000
    """Pieces of words that source and target share, at most."""
    longest_source: Positive = 200
    """Pieces of a source that are read."""
    longest_target: Positive = 100
    """Pieces of a target that are learnt."""
    dropout: Share = 0.5
    """Share of the values that are dropped in training, before the decoder's second layer and before the output."""
    embedding_dropout: Share = 0.3
    """Share of the features of embeddings that are dropped in training."""
    context_dropout: Share = 0.4
    """Share of the encoder's features that are dropped in training, before attention reads them."""
    lower_case: bool = False
    """Read and write lower case alone."""
    copying: bool = False
    """Let the decoder copy pieces of the source, where it has attention (See et al. 2017)."""
    coverage: Annotated[float, Range(0, 10)] = 0.0
    """With --copying, the weight of the loss for looking at the same pieces twice."""
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
    """Pieces that an answer has, at most; and never more than twice as many as its source."""


@dataclass(frozen=True)
class GenerationPredictConfig(GenerationAnswerConfig):
    """Flags of `predict.py` for written answers."""

    n_best: Annotated[int, Range(1, 100)] = 1
    """So many answers are shown, the best first, each with its score; never more than --beam."""
    show_attention: bool = False
    """Show below each piece of the answer which piece of the source it was made from, and keep a picture of it all."""


class Generation(Task[TextPair, TextAnswer]):
    """A text in, another one out. A task of the family says where its data come from and how answers are scored."""

    rnn_type = "many to many, asynchronous"
    least_epochs = 25
    AnswerConfig = GenerationAnswerConfig
    PredictConfig = GenerationPredictConfig

    def identity(self, example: TextPair) -> str:
        return example.source

    def fit_encoder(self, splits: Splits[TextPair], config: TrainingConfig) -> Fitted[TextPair]:
        from data.pair_encoder import PairEncoder, PairSettings
        from data.subwords import Subwords

        assert isinstance(config, GenerationConfig)
        watch = Stopwatch()
        texts = (text for example in splits.train for text in (example.source, example.target or ""))
        settings = PairSettings(config.longest_source, config.longest_target, self.language(config))
        encoder = PairEncoder(settings, Subwords.learn(texts, config.vocabulary, config.lower_case))
        encoded = encoder.encode(splits.train)
        return Fitted(encoder, encoded, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds)

    @abstractmethod
    def language(self, config: TrainingConfig) -> str:
        """Two letters of the language that is written."""

    def load_encoder(self, folder: Path) -> "PairEncoder":
        from data.pair_encoder import PairEncoder

        return PairEncoder.load(folder)

    def build_model(self, fitted: Fitted[TextPair], config: TrainingConfig) -> "keras.Model":
        from models.decoder import DecoderSettings
        from models.seq2seq import Seq2SeqSettings, build_seq2seq

        assert isinstance(config, GenerationConfig)
        decoder = DecoderSettings(
            vocabulary=len(cast("PairEncoder", fitted.encoder).subwords),
            cell=config.cell,
            units=config.units,
            embedding=config.embedding,
            attention=config.attention,
            embedding_dropout=config.embedding_dropout,
            context_dropout=config.context_dropout,
            dropout=config.dropout,
            coverage=config.coverage,
            forget_bias=config.forget_bias,
        )
        return build_seq2seq(Seq2SeqSettings(config.layers, config.bidirectional, decoder, config.copying))

    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        from models.decoder import SmoothedCrossEntropy

        assert isinstance(config, GenerationConfig)
        return SmoothedCrossEntropy(config.smoothing, NO_TARGET)

    def answer(
        self, model: "keras.Model", encoder: Encoder[TextPair], encoded: Encoded, config: AnswerConfig
    ) -> list[TextAnswer]:
        from data.batches import predict
        from models.decoding import Search

        assert isinstance(config, GenerationAnswerConfig)
        subwords, decoder = cast("PairEncoder", encoder).subwords, decoder_of(model)
        search = Search(
            config.beam, config.longest, shortest=config.shortest, alpha=config.length_power, no_repeat=config.no_repeat
        )
        # Decoding reads the source alone, so that only its length should decide what is put together.
        asked = Encoded({"source": encoded.inputs["source"]})
        found = predict(lambda inputs: tuple(decoder(inputs["source"], search)), asked, DECODING_TOKENS // config.beam)
        answers = [self._answer(subwords.decode(ids), scores) for ids, scores in found]
        if isinstance(config, GenerationPredictConfig) and config.show_attention:
            sources = subwords.decode([ids[:-1].tolist() for ids in cast(Ragged, asked.inputs["source"])])
            attended = self.attend(model, encoder, sources, [answer.text for answer in answers])
            return [replace(answer, attended=each) for answer, each in zip(answers, attended, strict=True)]
        return answers

    def _answer(self, texts: Sequence[str], scores: np.ndarray) -> TextAnswer:
        from models.decoding import NEVER

        ranked = [(text, float(score)) for text, score in zip(texts, scores, strict=True) if score > NEVER / 2]
        (text, score), *others = ranked
        return TextAnswer(text, score, tuple(others))

    def attend(
        self, model: "keras.Model", encoder: Encoder[TextPair], sources: Sequence[str], answers: Sequence[str]
    ) -> list[Attended | None]:
        """What each answer was made from; None where the model has no attention."""
        from models.decoder import attention_weights
        from models.seq2seq import stepper_of

        known, stepper = cast("PairEncoder", encoder), stepper_of(model)
        found: list[Attended | None] = []
        for source, answer in zip(sources, answers, strict=True):
            encoded = known.encode([TextPair(source, answer)])
            inputs = encoded.padded(np.array([0]), int(encoded.lengths[0]))[0]
            weights = attention_weights(stepper, inputs["source"], inputs["target"])
            if weights is None:
                return [None] * len(sources)
            read, written = inputs["source"][0], [*inputs["target"][0][1:], inputs["source"][0][-1]]
            pieces = (tuple(known.subwords.pieces(ids)) for ids in (read, written))
            found.append(Attended(*pieces, weights[0]))
        return found

    def judging(self) -> GenerationAnswerConfig:
        return GenerationAnswerConfig(beam=1)

    def describe(self, example: TextPair, answer: TextAnswer) -> Sample:
        from evaluation.generation import sentence_chrf

        score = 0.0 if example.target is None else sentence_chrf(example.target, answer.text)
        return Sample(example.source, example.target or "", answer.text, score)

    def baselines(
        self,
        train: Sequence[TextPair],
        validation: Sequence[TextPair],
        parts: Mapping[str, Sequence[TextPair]],
        encoder: Encoder[TextPair],
    ) -> Mapping[str, Mapping[str, Scores]]:
        return self.scores_of(self.fit_baselines(train, validation), parts, encoder)

    @abstractmethod
    def fit_baselines(
        self, train: Sequence[TextPair], validation: Sequence[TextPair]
    ) -> Mapping[str, Callable[[Sequence[TextPair]], Sequence[TextAnswer]]]:
        """What people would try first, by name."""

    def word_vectors(self, model: "keras.Model", encoder: Encoder[TextPair]) -> tuple[np.ndarray, Sequence[str]] | None:
        subwords = cast("PairEncoder", encoder).subwords
        (vectors,) = model.get_layer("embedding").get_weights()
        return vectors, [piece.replace("\n", " ") for piece in subwords.pieces(range(len(subwords)))]

    def draw(
        self, model: "keras.Model", encoder: Encoder[TextPair], examples: Sequence[TextPair]
    ) -> "Mapping[str, Figure]":
        asked = list(examples[:MAPS])
        answers = self.answer(model, encoder, encoder.encode(asked), GenerationPredictConfig(show_attention=True))
        figures = map(self.picture, asked, answers)
        return {f"attention/{place}": figure for place, figure in enumerate(figures, 1) if figure}

    def picture(self, example: TextPair, answer: TextAnswer) -> "Figure | None":
        from evaluation.plots import attention_figure

        return attention_figure(answer.attended) if answer.attended else None

    def read_file(self, path: Path) -> list[TextPair]:
        from data.files import read_pairs

        return read_pairs(path)

    def read_questions(self, path: Path, config: AnswerConfig) -> list[TextPair]:
        from data.files import read_texts

        return [TextPair(text) for text in read_texts(path)]

    def read_question(self, text: str, config: AnswerConfig) -> TextPair:
        return TextPair(text)

    def render(self, example: TextPair, answer: TextAnswer, config: AnswerConfig) -> str:
        from console.interlinear import interlinear, terminal_width

        assert isinstance(config, GenerationPredictConfig)
        ranked = [(answer.text, answer.score or 0.0), *answer.others][: config.n_best]
        lines = [answer.text] if config.n_best == 1 else [f"{score:.3f}  {text}" for text, score in ranked]
        if answer.attended:
            most = answer.attended.weights.argmax(axis=1)
            rows = (answer.attended.answer, [answer.attended.source[place] for place in most])
            lines.append(interlinear(rows, terminal_width()))
        return "\n".join(lines)

    def as_json(self, example: TextPair, answer: TextAnswer) -> Mapping[str, object]:
        row = {"text": answer.text, "score": answer.score, "others": [list(other) for other in answer.others]}
        if answer.attended:
            weights = answer.attended.weights.round(4).tolist()
            row["attended"] = {"source": answer.attended.source, "answer": answer.attended.answer, "weights": weights}
        return row


DECODING_TOKENS = 4000
"""Steps of the sources that are decoded together, over the number of hypotheses."""

_DECODERS: "WeakKeyDictionary[keras.Model, Decoder]" = WeakKeyDictionary()


def decoder_of(model: "keras.Model") -> "Decoder":
    """What decodes for a model; made once, since it is traced when it is first used."""
    from data.subwords import BEGIN, END
    from models.decoding import Decoder
    from models.seq2seq import stepper_of

    if model not in _DECODERS:
        _DECODERS[model] = Decoder(stepper_of(model), BEGIN, END)
    return _DECODERS[model]
