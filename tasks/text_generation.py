"""Base class and flags of the tasks that generate a text from a text. Many to many, asynchronous."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import numpy as np

import evaluation
import models
from console.progress import track
from data.encoders.pair import PairEncoder, PairSettings
from data.readers.text_files import read_pairs
from data.stopwatch import Stopwatch
from schema.configs import Positive, Range, RecurrentConfig, TextPairFlags
from schema.encoded import BEGIN, END, UNKNOWN, EncodedDataset
from schema.examples import Splits, TextPair
from schema.file_format import FileFormat
from schema.predictions import AttentionWeights, TextPrediction
from schema.scores import ScoredExample, SeenInTraining
from tasks.generation import Generation, GenerationConfig, GenerationPredictConfigT
from tasks.task import FittedEncoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


# GenerationConfig comes first: RecurrentConfig brings the defaults of TrainingConfig, which it replaces.
@dataclass(frozen=True)
class TextGenerationConfig(TextPairFlags, GenerationConfig, RecurrentConfig):
    """Flags of the tasks that generate a text from a text."""

    vocab_size: Annotated[int, Range(10, 1_000_000)] = 10_000
    """Maximum number of subwords in the joint vocabulary of source and target, not counting single characters."""
    max_source_length: Positive = 200
    """Maximum length of a source, in subwords. Longer sources are truncated."""
    lowercase: bool = False
    """Lowercase sources and targets. A score that respects case, such as BLEU, is then low."""
    share_embeddings: bool = False
    """Share the embeddings of source and target."""
    copying: bool = False
    """Let the decoder copy subwords of the source, with attention only (See et al. 2017)."""
    coverage_weight: Annotated[float, Range(0, 10)] = 0.0
    """Weight of the coverage loss, which penalizes repeated attention to the same subwords. Requires --copying."""

    def validate_combinations(self) -> Iterator[str]:
        yield from super().validate_combinations()
        if self.coverage_weight and not (self.copying and self.attention != "none"):
            yield "--coverage-weight requires --copying and attention"


TextGenerationConfigT = TypeVar("TextGenerationConfigT", bound=TextGenerationConfig)


class TextGeneration(Generation[TextPair, PairEncoder, TextGenerationConfigT, GenerationPredictConfigT]):
    """Generates a text from a text."""

    rnn_type = "many to many, asynchronous"
    tie_breaker = "chrf"
    encoder_class = PairEncoder
    file_flags_class = TextPairFlags

    def fit_encoder(self, splits: Splits[TextPair], config: TextGenerationConfigT) -> FittedEncoder[PairEncoder]:
        watch = Stopwatch()
        settings = PairSettings(config.max_source_length, config.max_target_length)
        encoder = PairEncoder.fit(splits.train, settings, config.vocab_size, config.lowercase)
        encoded = encoder.encode(splits.train)
        bleu = evaluation.text_generation_scores.bleu_settings([example.target or "" for example in splits.train])
        seen = SeenInTraining(target_language=self.target_language(config), bleu_tokenizer=bleu[0], bleu_order=bleu[1])
        return FittedEncoder(encoder, encoded, seen, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds)

    @abstractmethod
    def target_language(self, config: TextGenerationConfigT) -> str:
        """Return two letters of the language of the targets."""

    def build_model(self, fitted: FittedEncoder[PairEncoder], config: TextGenerationConfigT) -> "keras.Model":
        decoder = self.decoder_settings(len(fitted.encoder.subwords), config)
        settings = models.Seq2SeqSettings(
            replace(decoder, coverage_weight=config.coverage_weight),
            config.copying,
            config.share_embeddings,
            # A copied end token would end the output, and an unknown character cannot be generated.
            special_ids=(UNKNOWN, END),
        )
        return models.build_seq2seq(settings)

    def make_beam_search(self, model: "keras.Model") -> "models.BeamSearch":
        # A source may hold unknown characters, and what a source holds can be copied.
        return models.BeamSearch(models.incremental_seq2seq(model), forbidden=(UNKNOWN,))

    def source_column(self, encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        # Decoding needs the source alone, so that batches are made by its length alone.
        return "source", EncodedDataset({"source": encoded.inputs["source"]})

    def detokenize(self, encoder: PairEncoder, ids: Sequence[Sequence[int]]) -> list[str]:
        return encoder.subwords.detokenize(ids)

    def predict(
        self, model: "keras.Model", encoder: PairEncoder, encoded: EncodedDataset, config: GenerationPredictConfigT
    ) -> list[TextPrediction]:
        predictions = super().predict(model, encoder, encoded, config)
        if not config.show_attention:
            return predictions
        sources = list(encoded.ragged("source"))
        attention = self._attend(model, encoder, sources, [prediction.ids for prediction in predictions])
        return [replace(prediction, attention=each) for prediction, each in zip(predictions, attention, strict=True)]

    def _attend(
        self,
        model: "keras.Model",
        encoder: PairEncoder,
        sources: Sequence[np.ndarray],
        outputs: Sequence[tuple[int, ...]],
    ) -> list[AttentionWeights | None]:
        """Compute the attention of each output token over its source; None for a model without attention."""
        decoder = models.incremental_seq2seq(model)
        attention: list[AttentionWeights | None] = []
        for source, output in track(list(zip(sources, outputs, strict=True)), "computing attention"):
            tokens = np.array([BEGIN, *output], np.int32)
            # One step of padding: Keras warns of a softmax over a single step, which an empty source has.
            weights = models.attention_weights(decoder, np.pad(source, (0, 1))[None], tokens[None])
            if weights is None:
                return [None] * len(sources)
            # Both end with the end token.
            source_tokens, target_tokens = (encoder.subwords.tokens(ids) for ids in (source, [*output, source[-1]]))
            attention.append(AttentionWeights(tuple(source_tokens), tuple(target_tokens), weights[0, :, :-1]))
        return attention

    def perfect_predictions(self, examples: Sequence[TextPair]) -> list[TextPrediction]:
        return [TextPrediction(example.target or "") for example in examples]

    def to_scored_example(self, example: TextPair, prediction: TextPrediction) -> ScoredExample:
        score = 0.0 if example.target is None else self.sentence_score(example.target, prediction.text)
        return ScoredExample(example.source, example.target or "", prediction.text, score)

    def sentence_score(self, reference: str, text: str) -> float:
        """Score one generated text, from 0 to 1."""
        return evaluation.text_generation_scores.sentence_chrf(reference, text)

    def word_vectors(self, model: "keras.Model", encoder: PairEncoder) -> tuple[np.ndarray, Sequence[str]]:
        vectors = models.source_embedding(model).get_weights()[0]
        subwords = encoder.subwords.tokens(range(len(encoder.subwords)))
        return vectors, [subword.replace("\n", " ") for subword in subwords]

    def figures(
        self,
        model: "keras.Model",
        encoder: PairEncoder,
        examples: Sequence[TextPair],
        predictions: Sequence[TextPrediction],
    ) -> "Mapping[str, Figure]":
        return {
            f"attention/{number}": evaluation.plots.attention_figure(prediction.attention)
            for number, prediction in enumerate(predictions, 1)
            if prediction.attention
        }

    def read_file(self, path: Path, file_format: FileFormat) -> list[TextPair]:
        return read_pairs(path, file_format)

    def parse_input(self, text: str, config: GenerationPredictConfigT) -> TextPair:
        return TextPair(text)
