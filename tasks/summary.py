"""What is an email about? Many to many, asynchronous: subject lines on AESLC (Zhang & Tetreault 2019).

python train.py summary
python train.py summary --cell gru --no-copying
python train.py summary --train-file pairs.tsv
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import evaluation
from data import synthetic
from data.encoders.pair import PairEncoder
from data.readers.datasets import SYNTHETIC, RawSplits, load_emails, synthetic_examples
from data.readers.emails import clean_email, near_duplicates
from schema.configs import Positive, Range
from schema.examples import Splits, TextPair
from schema.file_format import FileFormat
from schema.predictions import Predictor, Remember, TextPrediction
from schema.records import PublishedResult
from schema.scores import Scores, SeenInTraining
from tasks.generation import GenerationDecodingConfig, GenerationPredictConfig
from tasks.text_generation import TextGeneration, TextGenerationConfig


@dataclass(frozen=True)
class SummaryConfig(TextGenerationConfig):
    """Train a recurrent network to generate subject lines."""

    min_epochs = 12

    vocab_size: Annotated[int, Range(10, 1_000_000)] = 8_000
    """Maximum number of subwords in the joint vocabulary of source and target, not counting single characters."""
    lowercase: bool = True
    """Lowercase sources and targets, so that words of the email can be copied whatever their case."""
    copying: bool = True
    """Let the decoder copy subwords of the source, with attention only (See et al. 2017)."""
    max_source_length: Positive = 160
    """Maximum length of a source, in subwords. Longer sources are truncated."""
    max_target_length: Positive = 30
    """Maximum length of a training target, in subwords."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 3e-3
    """Peak learning rate, with linear warm-up and cosine decay."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 4000
    """Batch size in time steps of the longer side, padding included."""
    patience: Positive = 3
    """Stop after this many epochs without a better validation score."""


@dataclass(frozen=True)
class SummaryDecodingConfig(GenerationDecodingConfig):
    """Flags of decoding subject lines. Copying favors repetition and long outputs, which these defaults limit."""

    length_penalty: Annotated[float, Range(0, 5)] = 0.8
    """Exponent of the length by which the log-probability of a hypothesis is divided."""
    no_repeat_ngram_size: Annotated[int, Range(0, 20)] = 2
    """No n-gram of this size is repeated; 0 allows all."""
    max_length: Annotated[int, Range(1, 1000)] = 30
    """Maximum length of a subject line, in subwords, and at most twice the length of its source, end token included.
    --min-length takes precedence."""


@dataclass(frozen=True)
class SummaryPredictConfig(SummaryDecodingConfig, GenerationPredictConfig):
    """Flags of `predict.py` for subject lines."""


class Summary(TextGeneration[SummaryConfig, SummaryPredictConfig]):
    """Generates the subject line of an email."""

    name = "summary"
    summary = "What is an email about?"
    primary_metric = "rouge_l"
    datasets = ("aeslc", SYNTHETIC)
    config_class = SummaryConfig
    decoding_config_class = SummaryDecodingConfig
    predict_config_class = SummaryPredictConfig
    published_results = {
        "aeslc": (
            PublishedResult(
                "human annotators",
                {"rouge_1": 0.247, "rouge_2": 0.105, "rouge_l": 0.235},
                "the annotations of the data set, scored separately",
            ),
            PublishedResult(
                "extractive and abstractive, trained by reinforcement learning",
                {"rouge_1": 0.2367, "rouge_2": 0.1029, "rouge_l": 0.2344},
                "Zhang & Tetreault 2019",
            ),
            PublishedResult(
                "Transformer without pretraining",
                {"rouge_1": 0.150, "rouge_2": 0.074, "rouge_l": 0.149},
                "Zhang, J. et al. 2020 (PEGASUS)",
            ),
        ),
    }

    def load(self, dataset: str, config: SummaryConfig) -> RawSplits[TextPair]:
        return synthetic_examples(synthetic.headlines) if dataset == SYNTHETIC else load_emails()

    def splits(self, config: SummaryConfig) -> Splits[TextPair]:
        """Load the examples. Emails are sent again with a changed word or number: near-duplicates count too."""
        splits = super().splits(config)

        def duplicates() -> frozenset[int]:
            test, train = ([pair.source for pair in part] for part in (splits.test, splits.train))
            return near_duplicates(test, train)

        return replace(splits, duplicates_of_train=duplicates)

    def read_file(self, path: Path, file_format: FileFormat) -> list[TextPair]:
        return [_cleaned(pair) for pair in super().read_file(path, file_format)]

    def parse_input(self, text: str, config: SummaryPredictConfig) -> TextPair:
        return _cleaned(super().parse_input(text, config))

    def target_language(self, config: SummaryConfig) -> str:
        return "en"

    def scores(
        self, examples: Sequence[TextPair], predictions: Sequence[TextPrediction], seen: SeenInTraining
    ) -> Scores:
        return evaluation.text_generation_scores.summary_scores(examples, predictions, seen)

    def sentence_score(self, reference: str, text: str) -> float:
        return evaluation.text_generation_scores.sentence_rouge(reference, text)

    def fit_baselines(
        self, splits: Splits[TextPair], encoder: PairEncoder, config: SummaryConfig, remember: Remember
    ) -> Mapping[str, Predictor[TextPair, TextPrediction]]:
        return evaluation.text_generation_baselines.fit_summary_baselines(splits.train, splits.validation, remember)


def _cleaned(pair: TextPair) -> TextPair:
    return replace(pair, source=clean_email(pair.source))


TASK = Summary()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
