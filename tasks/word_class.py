"""What part of speech has a word, from its form alone? One to one, on the word types of UD English EWT.

python train.py word_class
python train.py word_class --cell simple_rnn
python train.py word_class --train-file words.tsv
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import models
from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_tagged_sentences, synthetic_examples
from data.stopwatch import Stopwatch
from schema.configs import EmaDecay, Positive, Range, Rate, RecurrentConfig, TrainingConfig
from schema.examples import LabelledText, Splits
from schema.predictions import LabelPrediction
from schema.records import PublishedResult
from schema.scores import Scores
from tasks.classification import Classification
from tasks.task import Encoder, FittedEncoder, require_two_classes

if TYPE_CHECKING:
    import keras

    from data.encoders.related_words import RelatedWords
    from data.encoders.word import WordEncoder

ONE_STEP = (
    "Each word is a single time step, at which a SimpleRNN is a dense layer and an LSTM or a GRU a gated one: no state "
    "comes from before, and no neighbour is seen. What the neighbours add is what the task `pos` has more."
)


@dataclass(frozen=True)
class WordClassConfig(RecurrentConfig):
    """Train a recurrent network, at a single time step, to tell the class of a word from its form."""

    units: Annotated[int, Range(1, 4096)] = 256
    """Units of each recurrent layer and direction."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 1e-2
    """Highest learning rate; it warms up to it and then falls along a cosine. A low one does not reach rare classes."""
    epochs: Positive | None = 5
    """Times that the training words are gone through, at most."""
    ema_decay: EmaDecay = 0.98
    """EmaDecay of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""
    bidirectional: bool = False
    """Read the single step twice, with weights of their own."""
    orthographic_embedding: Annotated[int, Range(1, 4096)] = 64
    """Size of the embeddings of the features of a form, which are added up."""
    orthographic_dropout: Rate = 0.5
    """Rate of these features that are dropped in training."""
    max_prefix: Annotated[int, Range(1, 12)] = 8
    """Longest prefix that is a feature, in characters."""
    max_suffix: Annotated[int, Range(1, 12)] = 8
    """Longest suffix, likewise."""
    related_words: bool = True
    """Read also how words of train are tagged that differ in case or ending alone ("walks" of "walking")."""
    ngrams: Annotated[int, Range(0, 8)] = 0
    """Longest hashed character n-gram that is a feature; 0 for none, since affixes and kin tell more."""
    buckets: Positive = 20_000
    """Ids that the n-grams are hashed into."""


class WordClass(Classification):
    """Each form counts once, with its most frequent tag; validation and test have forms that train does not have."""

    name = "word_class"
    summary = "what part of speech is a word that was never seen, from its form alone?"
    rnn_type = "one to one"
    datasets = ("ewt", SYNTHETIC)
    config_class = WordClassConfig
    published_results = {
        "ewt": (
            PublishedResult(
                "what context buys: the same forms in their sentences, task pos with an LSTM",
                {"accuracy": 0.818},
                "results/pos, accuracy_unseen_types, mean of three seeds",
            ),
        )
    }

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[LabelledText]:
        from data.readers.word_types import word_types

        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.word_class)
        return word_types(load_tagged_sentences(dataset))

    def fit_encoder(self, splits: Splits[LabelledText], config: TrainingConfig) -> FittedEncoder[LabelledText]:
        from data.encoders.orthography import OrthographicSettings
        from data.encoders.word import WordEncoder

        assert isinstance(config, WordClassConfig)
        require_two_classes((example.label for example in splits.train), config.train_file or splits.dataset)
        watch = Stopwatch()
        settings = OrthographicSettings(
            config.max_prefix, config.max_suffix, min_feature_count=2, ngrams=config.ngrams, buckets=config.buckets
        )
        encoder = WordEncoder.fit(splits.train, settings, _kin(splits.train) if config.related_words else None)
        encoded = encoder.encode(splits.train)
        return FittedEncoder(encoder, encoded, seconds=watch.seconds, cpu_seconds=watch.cpu_seconds)

    def load_encoder(self, folder: Path) -> "WordEncoder":
        from data.encoders.word import WordEncoder

        return WordEncoder.load(folder)

    def build_model(self, fitted: FittedEncoder[LabelledText], config: TrainingConfig) -> "keras.Model":

        assert isinstance(config, WordClassConfig)
        encoder = cast("WordEncoder", fitted.encoder)
        settings = models.WordClassifierSettings(
            forms=len(encoder.forms),
            classes=len(encoder.labels),
            recurrent=config.recurrent(),
            orthographic_embedding=config.orthographic_embedding,
            orthographic_dropout=config.orthographic_dropout,
        )
        return models.build_word_classifier(settings)

    def score(
        self, encoder: Encoder[LabelledText], examples: Sequence[LabelledText], answers: Sequence[LabelPrediction]
    ) -> Scores:
        from evaluation.classification_scores import with_frequent_classes

        return with_frequent_classes(super().score(encoder, examples, answers), ONE_STEP)

    def baselines(
        self,
        train: Sequence[LabelledText],
        validation: Sequence[LabelledText],
        parts: Mapping[str, Sequence[LabelledText]],
        encoder: Encoder[LabelledText],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        from data.encoders.orthography import OrthographicSettings, orthographic_features
        from evaluation.classification_baselines import fit_word_baselines

        settings, kin = OrthographicSettings(max_prefix=3, max_suffix=5), _kin(train)
        regressions = {
            "logistic_regression": lambda word: orthographic_features(word, settings),
            "logistic_regression_related_words": lambda word: chain(
                orthographic_features(word, settings), kin.features(word)
            ),
        }
        return self.score_predictors(fit_word_baselines(train, validation, regressions), parts, encoder)


def _kin(train: Sequence[LabelledText]) -> "RelatedWords":
    from data.encoders.related_words import RelatedWords

    return RelatedWords([(example.text, example.label) for example in train if example.label is not None])


TASK = WordClass()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
