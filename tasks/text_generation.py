"""What tasks that write a text in answer to another share: many to many, out of step."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np

from console.progress import track
from data.stopwatch import Stopwatch
from schema.answers import Attended, TextAnswer
from schema.configs import AnswerConfig, Positive, Range, StackConfig, TrainingConfig
from schema.encoded import Encoded, Ragged
from schema.examples import Splits, TextPair
from schema.scores import Sample
from tasks.generation import Generation, GenerationConfig, GenerationPredictConfig
from tasks.task import Encoder, Fitted

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.pair_encoder import PairEncoder
    from models.decoding import Decoder


@dataclass(frozen=True)
class TextGenerationConfig(StackConfig, GenerationConfig):
    """Flags of the tasks that write a text in answer to another."""

    vocabulary: Annotated[int, Range(10, 1_000_000)] = 10_000
    """Pieces of words that source and target share, at most, single characters aside."""
    longest_source: Positive = 200
    """Pieces of a source that are read."""
    lower_case: bool = False
    """Read and write lower case alone; a score that minds case, as BLEU does, is then low."""
    shared_embedding: bool = False
    """Look sources and targets up in one table of vectors."""
    copying: bool = False
    """Let the decoder copy pieces of the source, where it has attention (See et al. 2017)."""
    coverage: Annotated[float, Range(0, 10)] = 0.0
    """With --copying, the weight of the loss for looking at the same pieces twice."""

    def contradictions(self) -> Iterator[str]:
        if self.coverage and not (self.copying and self.attention != "none"):
            yield "--coverage goes with --copying and with attention"


class TextGeneration(Generation[TextPair]):
    """A text in, another one out. A task of the family says where its data come from and how answers are scored."""

    rnn_type = "many to many, asynchronous"

    def identity(self, example: TextPair) -> str:
        return example.source

    def fit_encoder(self, splits: Splits[TextPair], config: TrainingConfig) -> Fitted[TextPair]:
        from data.pair_encoder import PairEncoder, PairSettings
        from data.subwords import Subwords

        assert isinstance(config, TextGenerationConfig)
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
        from data.subwords import END, UNKNOWN
        from models.seq2seq import Seq2SeqSettings, build_seq2seq

        assert isinstance(config, TextGenerationConfig)
        vocabulary = len(cast("PairEncoder", fitted.encoder).subwords)
        decoder = replace(self.decoder_settings(vocabulary, config), coverage=config.coverage)
        settings = Seq2SeqSettings(
            config.layers,
            config.bidirectional,
            decoder,
            config.copying,
            config.shared_embedding,
            # A copied end would end the answer, and an unknown character cannot be said.
            marks=(UNKNOWN, END),
        )
        return build_seq2seq(settings)

    def make_decoder(self, model: "keras.Model") -> "Decoder":
        from data.subwords import BEGIN, END, UNKNOWN
        from models.decoding import Decoder
        from models.seq2seq import stepper_of

        # A source may hold unknown characters, and what a source holds can be copied.
        return Decoder(stepper_of(model), BEGIN, END, never=(UNKNOWN,))

    def asked(self, model: "keras.Model", encoded: Encoded) -> tuple[str, Encoded]:
        # Decoding reads the source alone, so that only its length should decide what is put together.
        return "source", Encoded({"source": encoded.inputs["source"]})

    def texts(self, encoder: Encoder[TextPair], ids: Sequence[Sequence[int]]) -> list[str]:
        return cast("PairEncoder", encoder).subwords.decode(ids)

    def answer(
        self, model: "keras.Model", encoder: Encoder[TextPair], encoded: Encoded, config: AnswerConfig
    ) -> list[TextAnswer]:
        answers = super().answer(model, encoder, encoded, config)
        if not (isinstance(config, GenerationPredictConfig) and config.show_attention):
            return answers
        sources = list(cast(Ragged, encoded.inputs["source"]))
        attended = self._attend(model, encoder, sources, [answer.ids for answer in answers])
        return [replace(answer, attended=each) for answer, each in zip(answers, attended, strict=True)]

    def _attend(
        self,
        model: "keras.Model",
        encoder: Encoder[TextPair],
        sources: Sequence[np.ndarray],
        answers: Sequence[tuple[int, ...]],
    ) -> list[Attended | None]:
        """What each answer was made from; None where the model has no attention."""
        from data.subwords import BEGIN
        from models.decoder import attention_weights
        from models.seq2seq import stepper_of

        known, stepper = cast("PairEncoder", encoder), stepper_of(model)
        found: list[Attended | None] = []
        for source, answer in track(list(zip(sources, answers, strict=True)), "looking at attention"):
            said = np.array([BEGIN, *answer], np.int32)
            # One step of padding, since Keras warns of a softmax over a single place, as an empty source has it.
            weights = attention_weights(stepper, np.pad(source, (0, 1))[None], said[None])
            if weights is None:
                return [None] * len(sources)
            # Both end with the same mark.
            pieces = (tuple(known.subwords.pieces(ids)) for ids in (source, [*said[1:], source[-1]]))
            found.append(Attended(*pieces, weights[0, :, :-1]))
        return found

    def describe(self, example: TextPair, answer: TextAnswer) -> Sample:
        from evaluation.generation import sentence_chrf

        score = 0.0 if example.target is None else sentence_chrf(example.target, answer.text)
        return Sample(example.source, example.target or "", answer.text, score)

    def word_vectors(self, model: "keras.Model", encoder: Encoder[TextPair]) -> tuple[np.ndarray, Sequence[str]] | None:
        from models.seq2seq import source_embedding

        subwords = cast("PairEncoder", encoder).subwords
        vectors = source_embedding(model).get_weights()[0]
        return vectors, [piece.replace("\n", " ") for piece in subwords.pieces(range(len(subwords)))]

    def picture(self, example: TextPair, answer: TextAnswer) -> "Figure | None":
        from evaluation.plots import attention_figure

        return attention_figure(answer.attended) if answer.attended else None

    def read_file(self, path: Path) -> list[TextPair]:
        from data.files import read_pairs

        return read_pairs(path)

    def read_question(self, text: str, config: AnswerConfig) -> TextPair:
        return TextPair(text)
