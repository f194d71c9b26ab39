"""What tasks that write a text in answer to another share: many to many (asynchronous)."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np

import models
from console.progress import track
from data.stopwatch import Stopwatch
from schema.configs import DecodingConfig, Positive, Range, RecurrentConfig, TrainingConfig
from schema.encoded import EncodedDataset, Ragged
from schema.examples import Splits, TextPair
from schema.predictions import AttentionWeights, TextPrediction
from schema.scores import ScoredExample
from tasks.generation import Generation, GenerationConfig, GenerationPredictConfig
from tasks.task import Encoder, FittedEncoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.encoders.pair import PairEncoder


# GenerationConfig comes first: RecurrentConfig brings the defaults of TrainingConfig, which it replaces.
@dataclass(frozen=True)
class TextGenerationConfig(GenerationConfig, RecurrentConfig):
    """Flags of the tasks that write a text in answer to another."""

    vocab_size: Annotated[int, Range(10, 1_000_000)] = 10_000
    """Pieces of words that source and target share, at most, single characters aside."""
    max_source_length: Positive = 200
    """Pieces of a source that are read."""
    lowercase: bool = False
    """Read and write lower case alone; a score that minds case, as BLEU does, is then low."""
    share_embeddings: bool = False
    """Look sources and targets up in one table of vectors."""
    copying: bool = False
    """Let the decoder copy pieces of the source, where it has attention (See et al. 2017)."""
    coverage_weight: Annotated[float, Range(0, 10)] = 0.0
    """With --copying, the weight of the loss for looking at the same pieces twice."""

    def validate_combinations(self) -> Iterator[str]:
        yield from super().validate_combinations()
        if self.coverage_weight and not (self.copying and self.attention != "none"):
            yield "--coverage-weight requires --copying and attention"


class TextGeneration(Generation[TextPair]):
    """A text in, another one out. A task of the family says where its data come from and how answers are scored."""

    rnn_type = "many to many (asynchronous)"

    def fit_encoder(self, splits: Splits[TextPair], config: TrainingConfig) -> FittedEncoder[TextPair]:
        from data.encoders.pair import PairEncoder, PairSettings
        from data.encoders.subwords import Subwords

        assert isinstance(config, TextGenerationConfig)
        watch = Stopwatch()
        texts = (text for example in splits.train for text in (example.source, example.target or ""))
        settings = PairSettings(config.max_source_length, config.max_target_length, self.language(config))
        encoder = PairEncoder(settings, Subwords.fit(texts, config.vocab_size, config.lowercase))
        encoded = encoder.encode(splits.train)
        return FittedEncoder(encoder, encoded, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds)

    @abstractmethod
    def language(self, config: TrainingConfig) -> str:
        """Two letters of the language that is written."""

    def load_encoder(self, folder: Path) -> "PairEncoder":
        from data.encoders.pair import PairEncoder

        return PairEncoder.load(folder)

    def build_model(self, fitted: FittedEncoder[TextPair], config: TrainingConfig) -> "keras.Model":
        from data.encoders.subwords import END, UNKNOWN

        assert isinstance(config, TextGenerationConfig)
        vocabulary = len(cast("PairEncoder", fitted.encoder).subwords)
        decoder = replace(self.decoder_settings(vocabulary, config), coverage_weight=config.coverage_weight)
        settings = models.Seq2SeqSettings(
            decoder,
            config.copying,
            config.share_embeddings,
            # A copied end would end the answer, and an unknown character cannot be said.
            marks=(UNKNOWN, END),
        )
        return models.build_seq2seq(settings)

    def make_beam_search(self, model: "keras.Model") -> "models.BeamSearch":
        from data.encoders.subwords import BEGIN, END, UNKNOWN

        # A source may hold unknown characters, and what a source holds can be copied.
        return models.BeamSearch(models.incremental_seq2seq(model), BEGIN, END, never=(UNKNOWN,))

    def decoder_inputs(self, model: "keras.Model", encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        # Decoding reads the source alone, so that only its length should decide what is put together.
        return "source", EncodedDataset({"source": encoded.inputs["source"]})

    def detokenize(self, encoder: Encoder[TextPair], ids: Sequence[Sequence[int]]) -> list[str]:
        return cast("PairEncoder", encoder).subwords.detokenize(ids)

    def predict(
        self, model: "keras.Model", encoder: Encoder[TextPair], encoded: EncodedDataset, config: DecodingConfig
    ) -> list[TextPrediction]:
        answers = super().predict(model, encoder, encoded, config)
        if not (isinstance(config, GenerationPredictConfig) and config.show_attention):
            return answers
        sources = list(cast(Ragged, encoded.inputs["source"]))
        attended = self._attend(model, encoder, sources, [answer.ids for answer in answers])
        return [replace(answer, attention=each) for answer, each in zip(answers, attended, strict=True)]

    def _attend(
        self,
        model: "keras.Model",
        encoder: Encoder[TextPair],
        sources: Sequence[np.ndarray],
        answers: Sequence[tuple[int, ...]],
    ) -> list[AttentionWeights | None]:
        """What each answer was made from; None where the model has no attention."""
        from data.encoders.subwords import BEGIN

        known, stepper = cast("PairEncoder", encoder), models.incremental_seq2seq(model)
        found: list[AttentionWeights | None] = []
        for source, answer in track(list(zip(sources, answers, strict=True)), "looking at attention"):
            said = np.array([BEGIN, *answer], np.int32)
            # One step of padding, since Keras warns of a softmax over a single place, as an empty source has it.
            weights = models.attention_weights(stepper, np.pad(source, (0, 1))[None], said[None])
            if weights is None:
                return [None] * len(sources)
            # Both end with the same mark.
            pieces = (tuple(known.subwords.pieces(ids)) for ids in (source, [*said[1:], source[-1]]))
            found.append(AttentionWeights(*pieces, weights[0, :, :-1]))
        return found

    def to_scored_example(self, example: TextPair, answer: TextPrediction) -> ScoredExample:
        from evaluation.text_generation_scores import sentence_chrf

        score = 0.0 if example.target is None else sentence_chrf(example.target, answer.text)
        return ScoredExample(example.source, example.target or "", answer.text, score)

    def word_vectors(self, model: "keras.Model", encoder: Encoder[TextPair]) -> tuple[np.ndarray, Sequence[str]] | None:

        subwords = cast("PairEncoder", encoder).subwords
        vectors = models.source_embedding(model).get_weights()[0]
        return vectors, [piece.replace("\n", " ") for piece in subwords.pieces(range(len(subwords)))]

    def picture(self, example: TextPair, answer: TextPrediction) -> "Figure | None":
        from evaluation.plots import attention_figure

        return attention_figure(answer.attention) if answer.attention else None

    def read_file(self, path: Path) -> list[TextPair]:
        from data.readers.files import read_pairs

        return read_pairs(path)

    def parse_input(self, text: str, config: DecodingConfig) -> TextPair:
        return TextPair(text)
