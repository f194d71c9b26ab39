"""What is a mail about? Many to many, out of step: subject lines on AESLC (Zhang & Tetreault 2019).

python train.py summary
python train.py summary --cell gru --no-copying
python train.py summary --train-file pairs.tsv
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_emails, synthetic_examples
from schema.configs import DecodingConfig, Positive, Range, TrainingConfig
from schema.examples import Splits, TextPair
from schema.predictions import Predictor, TextPrediction
from schema.records import PublishedResult
from schema.scores import ScoredExample, Scores
from tasks.generation import GenerationDecodingConfig, GenerationPredictConfig
from tasks.task import Encoder
from tasks.text_generation import TextGeneration, TextGenerationConfig


@dataclass(frozen=True)
class SummaryConfig(TextGenerationConfig):
    """Train a recurrent network to write subject lines."""

    min_epochs = 12

    vocab_size: Annotated[int, Range(10, 1_000_000)] = 8_000
    """Pieces of words that source and target share, at most, single characters aside."""
    lowercase: bool = True
    """Read and write lower case alone: a subject's words can then be copied whatever their case in the mail."""
    copying: bool = True
    """Let the decoder copy pieces of the source, where it has attention (See et al. 2017)."""
    max_source_length: Positive = 160
    """Pieces of a source that are read."""
    max_target_length: Positive = 30
    """Pieces of a target that are learnt."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 3e-3
    """Highest learning rate; it warms up to it and then falls along a cosine."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 4000
    """Size of a batch, in steps of the longer side, padding included."""
    patience: Positive = 3
    """Epochs without a better validation score after which training ends."""


@dataclass(frozen=True)
class SummaryDecodingConfig(GenerationDecodingConfig):
    """How a saved model writes subject lines: what copies likes to copy twice."""

    length_penalty: Annotated[float, Range(0, 5)] = 0.8
    """A hypothesis is judged by its log-probability over its length to this power."""
    no_repeat_ngram_size: Annotated[int, Range(0, 20)] = 2
    """No row of so many pieces stands twice in an answer; 0 allows all."""
    max_length: Annotated[int, Range(1, 1000)] = 30
    """Pieces that an answer has, at most; an answer to a text has at most twice as many as the text and its end
    together. --min-length counts more."""


@dataclass(frozen=True)
class SummaryPredictConfig(SummaryDecodingConfig, GenerationPredictConfig):
    """Flags of `predict.py` for subject lines."""


class Summary(TextGeneration):
    """Mails in, subject lines out."""

    name = "summary"
    summary = "what is a mail about?"
    primary_metric = "rouge_l"
    datasets = ("aeslc", SYNTHETIC)
    config_class = SummaryConfig
    decoding_config_class = SummaryDecodingConfig
    predict_config_class = SummaryPredictConfig
    published_results = {
        "aeslc": (
            PublishedResult(
                "people who were asked for a subject",
                {"rouge_1": 0.247, "rouge_2": 0.105, "rouge_l": 0.235},
                "the data set's annotations, measured apart from this program",
            ),
            PublishedResult(
                "extracting and abstracting, trained on its reward",
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

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[TextPair]:
        return synthetic_examples(synthetic.headlines) if dataset == SYNTHETIC else load_emails()

    def splits(self, config: TrainingConfig) -> Splits[TextPair]:
        """Mails that are sent again are changed in a word or a number: copies are what is nearly the same."""
        from data.readers.emails import near_duplicates

        splits = super().splits(config)

        def seen() -> frozenset[int]:
            return near_duplicates(*([pair.source for pair in part] for part in (splits.test, splits.train)))

        return replace(splits, duplicates_of_train=seen)

    def read_file(self, path: Path) -> list[TextPair]:
        return [self._clean(pair) for pair in super().read_file(path)]

    def parse_input(self, text: str, config: DecodingConfig) -> TextPair:
        return self._clean(super().parse_input(text, config))

    def _clean(self, pair: TextPair) -> TextPair:
        from data.readers.emails import clean_email

        return replace(pair, source=clean_email(pair.source))

    def language(self, config: TrainingConfig) -> str:
        return "en"

    def score(
        self, encoder: Encoder[TextPair], examples: Sequence[TextPair], answers: Sequence[TextPrediction]
    ) -> Scores:
        from evaluation.text_generation_scores import summary_scores

        return summary_scores(examples, answers)

    def to_scored_example(self, example: TextPair, answer: TextPrediction) -> ScoredExample:
        from evaluation.text_generation_scores import sentence_rouge

        score = 0.0 if example.target is None else sentence_rouge(example.target, answer.text)
        return ScoredExample(example.source, example.target or "", answer.text, score)

    def fit_baselines(
        self,
        train: Sequence[TextPair],
        validation: Sequence[TextPair],
        encoder: Encoder[TextPair],
        config: TrainingConfig,
    ) -> Mapping[str, Predictor[TextPair, TextPrediction]]:
        from evaluation.text_generation_baselines import fit_summary_baselines

        return fit_summary_baselines(train, validation)


TASK = Summary()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
