"""Which part of speech is a word, from its spelling alone? One to one, on the word types of UD English EWT.

python train.py word_class
python train.py word_class --cell simple_rnn
python train.py word_class --train-file words.tsv
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import evaluation
import models
from data import synthetic
from data.encoders.orthography import OrthographicSettings, orthographic_features
from data.encoders.related_words import RelatedWords
from data.encoders.word import WordEncoder
from data.readers.datasets import SYNTHETIC, RawSplits, load_tagged_sentences, synthetic_examples
from data.readers.word_types import word_types
from data.stopwatch import Stopwatch
from schema.configs import EmaDecay, LabelledTextFlags, Positive, Range, Rate, RecurrentConfig
from schema.examples import LabelledText, Splits
from schema.predictions import LabelPrediction, Predictor, Remember
from schema.records import PublishedResult
from schema.scores import Scores, SeenInTraining
from schema.segmentation import normalize
from tasks.classification import Classification
from tasks.task import FittedEncoder, require_two_classes

if TYPE_CHECKING:
    import keras

ONE_STEP = (
    "Each word is a single time step: a SimpleRNN is then a dense layer, an LSTM or a GRU a gated one. There is no "
    "previous state and no context. The task `pos` shows what context adds."
)


@dataclass(frozen=True)
class WordClassConfig(LabelledTextFlags, RecurrentConfig):
    """Train a recurrent network, at a single time step, to classify words by their spelling."""

    units: Annotated[int, Range(1, 4096)] = 256
    """Units of each recurrent layer and direction."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 1e-2
    """Peak learning rate, with linear warm-up and cosine decay. A low rate misses rare classes."""
    epochs: Positive | None = 5
    """Maximum number of epochs."""
    ema_decay: EmaDecay = 0.98
    """Decay of the exponential moving average of the weights, which is evaluated and saved; 0 disables averaging."""
    bidirectional: bool = False
    """Process the single step twice, with separate weights."""
    orthographic_embedding: Annotated[int, Range(1, 4096)] = 64
    """Size of the embeddings of orthographic features, which are summed."""
    orthographic_dropout: Rate = 0.5
    """Dropout rate of these features."""
    max_prefix: Annotated[int, Range(1, 12)] = 8
    """Maximum length of prefix features, in characters."""
    max_suffix: Annotated[int, Range(1, 12)] = 8
    """Maximum length of suffix features, in characters."""
    related_words: bool = True
    """Add the tags of training words that differ in case or ending alone ("walks" for "walking") as features."""


class WordClass(Classification[WordEncoder, WordClassConfig]):
    """Each word type counts once, with its most frequent tag. Validation and test hold types that train lacks."""

    name = "word_class"
    summary = "Which part of speech is a word, from its spelling alone?"
    rnn_type = "one to one"
    datasets = ("ewt", SYNTHETIC)
    config_class = WordClassConfig
    encoder_class = WordEncoder
    published_results = {
        "ewt": (
            PublishedResult(
                "with context: the same word types in their sentences, task pos with an LSTM",
                {"accuracy": 0.818},
                "results/pos, accuracy_unseen_types, mean of three seeds",
            ),
        )
    }

    def load(self, dataset: str, config: WordClassConfig) -> RawSplits[LabelledText]:
        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.word_class)
        return word_types(load_tagged_sentences(dataset))

    def fit_encoder(self, splits: Splits[LabelledText], config: WordClassConfig) -> FittedEncoder[WordEncoder]:
        require_two_classes((example.label for example in splits.train), config.train_file or splits.dataset)
        watch = Stopwatch()
        settings = OrthographicSettings(config.max_prefix, config.max_suffix, min_feature_count=2)
        encoder = WordEncoder.fit(splits.train, settings, _related(splits.train) if config.related_words else None)
        encoded, seen = encoder.encode(splits.train), SeenInTraining(labels=encoder.labels)
        return FittedEncoder(encoder, encoded, seen, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds)

    def build_model(self, fitted: FittedEncoder[WordEncoder], config: WordClassConfig) -> "keras.Model":
        settings = models.WordClassifierSettings(
            orthographic_vocab_size=len(fitted.encoder.orthography),
            num_classes=len(fitted.encoder.labels),
            recurrent=config.recurrent(),
            orthographic_embedding=config.orthographic_embedding,
            orthographic_dropout=config.orthographic_dropout,
        )
        return models.build_word_classifier(settings)

    def scores(
        self, examples: Sequence[LabelledText], predictions: Sequence[LabelPrediction], seen: SeenInTraining
    ) -> Scores:
        scores = super().scores(examples, predictions, seen)
        frequent = evaluation.classification_scores.macro_f1_frequent(examples, predictions, seen)
        return replace(scores, values={**scores.values, "macro_f1_frequent": frequent}, notes=(ONE_STEP, *scores.notes))

    def fit_baselines(
        self, splits: Splits[LabelledText], encoder: WordEncoder, config: WordClassConfig, remember: Remember
    ) -> Mapping[str, Predictor[LabelledText, LabelPrediction]]:
        settings, related = OrthographicSettings(max_prefix=3, max_suffix=5), _related(splits.train)
        regressions = {
            "logistic_regression": lambda word: orthographic_features(normalize(word), settings),
            "logistic_regression_related_words": lambda word: chain(
                orthographic_features(normalize(word), settings), related.features(normalize(word))
            ),
        }
        return evaluation.classification_baselines.fit_word_baselines(
            splits.train, splits.validation, regressions, remember
        )


def _related(train: Sequence[LabelledText]) -> RelatedWords:
    return RelatedWords([(normalize(example.text), example.label) for example in train if example.label is not None])


TASK = WordClass()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
