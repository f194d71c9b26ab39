"""The contract of a task: what it says about itself. The trainer and the commands know nothing else of it.

    record -> Example -> Encoder -> EncodedDataset -> batches -> model -> Answer -> Scores -> report

The same path serves training, evaluation and prediction. Batches are no part of the contract: `data.batches` makes
them of any `EncodedDataset`.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from schema.configs import DecodingConfig, TrainingConfig
from schema.encoded import EncodedDataset
from schema.errors import UserError
from schema.examples import ExampleT, Splits
from schema.predictions import PredictionT, Predictor
from schema.records import PublishedResult
from schema.scores import ScoredExample, Scores

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.readers.datasets import RawSplits


PREDICT_BATCH_TOKENS = 64_000
"""Steps of a batch that is only answered: no gradients are kept, so it may be large."""


class Encoder(Protocol[ExampleT]):
    """From examples to numbers, learnt on train alone; plain files in the run folder."""

    def encode(self, examples: Sequence[ExampleT]) -> EncodedDataset:
        """Inputs of all examples, in order; targets where every example has a reference that is known."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything that `load_encoder` needs, as text."""
        ...


@dataclass(frozen=True)
class FittedEncoder(Generic[ExampleT]):
    """What a task learnt before its network is trained.

    encoded: the training examples, a row for each, in order. As with scikit-learn's target encoder they are not what
        `encoder.encode` gives for them where the encoder has seen labels: each is encoded by what was learnt from the
        others.
    initial_weights: first values of some of the model's weights, by name; they end in the model and are not kept apart
    cached_path: where the encoder's files lie already, if it came from the cache
    seconds, cpu_seconds: what learning took, also where it now came from the cache
    """

    encoder: Encoder[ExampleT]
    encoded: EncodedDataset
    initial_weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    cached_path: Path | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def save_encoder(self, folder: Path) -> None:
        """Write the encoder's files; copied where they are there, which takes no time."""
        if self.cached_path is not None and self.cached_path.is_dir():
            shutil.copytree(self.cached_path, folder)
        else:
            self.encoder.save(folder)


class Task(ABC, Generic[ExampleT, PredictionT]):
    """One thing that a recurrent network is asked to do.

    question: what is typed to ask a run
    primary_metric: name of the score that a run is chosen and judged by; higher is better
    datasets: names for `--dataset`, the default first; the last is the built-in synthetic data
    Config: flags of `train.py`; DecodingConfig: of `evaluate.py` and `predict.py`, how a saved model answers;
        PredictConfig: these and more of `predict.py` alone, how questions are read and answers shown
    published_results: data set, or its source where it has several -> what others reached on its test split, not run here
    Every `Scores` of a task holds its headline, and `cross_entropy` (nats for each target) where its answers hold
    probabilities: that is then the validation loss of the learning curve.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    rnn_type: ClassVar[str]
    question: ClassVar[str] = "text"
    datasets: ClassVar[tuple[str, ...]]
    primary_metric: ClassVar[str]
    config_class: ClassVar[type[TrainingConfig]]
    decoding_config_class: ClassVar[type[DecodingConfig]] = DecodingConfig
    predict_config_class: ClassVar[type[DecodingConfig]] = DecodingConfig
    published_results: ClassVar[Mapping[str, tuple[PublishedResult, ...]]] = {}

    def splits(self, config: TrainingConfig) -> Splits[ExampleT]:
        """Load the examples that `config` asks for. Raises NoNetwork, or UserError for a file that cannot be read."""
        from data.splits import make_splits

        official = (
            self._from_files(config)
            if config.train_file
            else load_or_synthetic(lambda dataset: self.load(dataset, config), self.datasets, config.dataset)
        )
        return make_splits(official, config.limit)

    def _from_files(self, config: TrainingConfig) -> "RawSplits[ExampleT]":
        from data.readers.datasets import RawSplits
        from data.readers.files import files_source

        paths = [path for path in (config.train_file, config.validation_file, config.test_file) if path]
        return RawSplits(
            dataset=config.train_file.stem,
            source=files_source(paths),
            train=self.read_file(config.train_file),
            validation=self.read_file(config.validation_file) if config.validation_file else None,
            test=self.read_file(config.test_file) if config.test_file else [],
        )

    @abstractmethod
    def load(self, dataset: str, config: TrainingConfig) -> "RawSplits[ExampleT]":
        """The splits of one of `datasets`. Raises NoNetwork."""

    @abstractmethod
    def fit_encoder(self, splits: Splits[ExampleT], config: TrainingConfig) -> FittedEncoder[ExampleT]:
        """Learn from train (and the unlabelled) what turns examples into numbers, or take it from the cache."""

    @abstractmethod
    def load_encoder(self, folder: Path) -> Encoder[ExampleT]:
        """Read what `Encoder.save` wrote. Raises RunError for missing or damaged files."""

    @abstractmethod
    def build_model(self, fitted: FittedEncoder[ExampleT], config: TrainingConfig) -> "keras.Model":
        """An untrained model, not compiled: the trainer knows the number of steps and compiles it.

        Its first recurrent layer is named `recurrent_1`, or `decoder_1` where nothing recurrent reads, so that one can
        look inside.
        """

    @abstractmethod
    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        """What training lowers, from targets and the model's output."""

    @abstractmethod
    def predict(
        self, model: "keras.Model", encoder: Encoder[ExampleT], encoded: EncodedDataset, config: DecodingConfig
    ) -> list[PredictionT]:
        """One answer for each encoded example, in order, whatever it holds."""

    def validation_predict_config(self) -> DecodingConfig:
        """How a model answers when it is judged after an epoch: as always, unless that would take too long."""
        return self.decoding_config_class()

    @abstractmethod
    def score(self, encoder: Encoder[ExampleT], examples: Sequence[ExampleT], answers: Sequence[PredictionT]) -> Scores:
        """How good answers are. The same function scores the model and the baselines."""

    def baseline_cache_key(self, config: TrainingConfig) -> object:
        """What of `config`, the data aside, changes what baselines say or how they are scored: mostly nothing."""
        return None

    def with_all_references(self, examples: Sequence[ExampleT], train: Sequence[ExampleT]) -> Sequence[ExampleT]:
        """Some examples of train with all their references, where training takes these apart."""
        return examples

    @abstractmethod
    def baselines(
        self,
        train: Sequence[ExampleT],
        validation: Sequence[ExampleT],
        parts: Mapping[str, Sequence[ExampleT]],
        encoder: Encoder[ExampleT],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        """Scores of what people would try first, fitted on train, chosen on validation: name -> part -> scores."""

    def score_predictors(
        self,
        predictors: Mapping[str, Predictor[ExampleT, PredictionT]],
        parts: Mapping[str, Sequence[ExampleT]],
        encoder: Encoder[ExampleT],
    ) -> Mapping[str, Mapping[str, Scores]]:
        """What `baselines` gives, from what answers for each of them."""
        scores: dict[str, dict[str, Scores]] = {name: {} for name in predictors}
        # Split by split: baselines for texts share the n-gram counts of the examples that came last.
        for part, examples in parts.items():
            for name, predict in predictors.items():
                scores[name][part] = self.score(encoder, examples, predict(examples))
        return scores

    @abstractmethod
    def to_scored_example(self, example: ExampleT, answer: PredictionT) -> ScoredExample:
        """An example and its answer for the report."""

    def published_results_for(self, splits: Splits[ExampleT]) -> tuple[PublishedResult, ...]:
        """What others reached on these data."""
        return self.published_results.get(splits.source) or self.published_results.get(splits.dataset, ())

    def word_vectors(
        self, model: "keras.Model", encoder: Encoder[ExampleT]
    ) -> "tuple[np.ndarray, Sequence[str]] | None":
        """Vectors (words, size) and the words that they stand for, to be looked at; None where a model has none."""
        return None

    def draw(
        self, model: "keras.Model", encoder: Encoder[ExampleT], examples: Sequence[ExampleT]
    ) -> "Mapping[str, Figure]":
        """Pictures of what a model has learnt, by name, to be looked at after each epoch; examples: of validation."""
        return {}

    def picture(self, example: ExampleT, answer: PredictionT) -> "Figure | None":
        """What an answer was made from, for `predict.py`, where its flags ask for that."""
        return None

    @abstractmethod
    def read_file(self, path: Path) -> list[ExampleT]:
        """A user's own examples with their references, in the one plain format of the task."""

    def read_inputs(self, path: Path, config: DecodingConfig) -> list[ExampleT | UserError]:
        """A user's own examples without references, as many as the file has lines; config: a `PredictConfig`.

        An error stands in place of what cannot be asked.
        """
        from data.readers.files import read_texts

        texts = read_texts(path)
        return [text if isinstance(text, UserError) else self.parse_or_error(text, config) for text in texts]

    @abstractmethod
    def parse_input(self, text: str, config: DecodingConfig) -> ExampleT:
        """What a user types for `predict.py`; config: a `PredictConfig`. Raises UserError for what cannot be asked."""

    def parse_or_error(self, text: str, config: DecodingConfig) -> ExampleT | UserError:
        """The same with the error in its place: others may still be answered."""
        try:
            return self.parse_input(text, config)
        except UserError as error:
            return error

    @abstractmethod
    def format_prediction(self, example: ExampleT, answer: PredictionT, config: DecodingConfig) -> str:
        """An answer as people read it, or as a `PredictConfig` asks."""

    @abstractmethod
    def to_json(self, example: ExampleT, answer: PredictionT) -> Mapping[str, object]:
        """The same for programs."""


AnyTask = Task[Any, Any]
"""A task of any kind."""


def require_two_classes(labels: Iterable[str | None], source: object) -> None:
    """Raises UserError where there is nothing to tell apart; source: what the labels are from, for people."""
    distinct = set(labels)
    if len(distinct) == 1:
        raise UserError(
            f"{source}: all training examples have the label {distinct.pop()}; there must be two labels or more"
        )


def require_known_dataset(wanted: str | None, datasets: Sequence[str]) -> None:
    """Raises UserError, with the nearest name, where a data set was named that is none of `datasets`."""
    if wanted is not None and wanted not in datasets:
        near = get_close_matches(wanted, datasets, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"there is no data set {wanted}; there are {', '.join(datasets)}{hint}")


Raw = TypeVar("Raw")


def load_or_synthetic(load: Callable[[str], Raw], datasets: Sequence[str], wanted: str | None) -> Raw:
    """Load the data set that was asked for, or the default; without a network the synthetic data in the default's place.

    Raises NoNetwork where a data set was named, UserError for a name that is none of `datasets`.
    """
    from console.messages import warn
    from data.readers.datasets import SYNTHETIC
    from data.readers.tfds import NoNetwork

    require_known_dataset(wanted, datasets)
    try:
        return load(wanted or datasets[0])
    except NoNetwork:
        if wanted is not None:
            raise
        warn(
            f"{datasets[0]} is not on this machine and cannot be reached: going on with the built-in synthetic data.\n"
            "Its scores say that the program works, and nothing about real data. "
            f"For these: --dataset {datasets[0]} says what to do."
        )
        return load(SYNTHETIC)
