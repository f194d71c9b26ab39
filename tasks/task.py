"""The contract of a task. Trainer and commands know a task by this contract alone.

    record -> Example -> Encoder -> EncodedDataset -> batches -> model -> Prediction -> Scores -> report

Training, evaluation and prediction take the same path. Batches are not part of the contract: `data.batches` makes them
from any `EncodedDataset`.
"""

import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np

from console.messages import warn
from console.progress import phase
from data.encoders.corrupt_files import corrupt_file_errors
from data.readers.datasets import SYNTHETIC, RawSplits
from data.readers.files import files_source
from data.readers.text_files import read_texts
from data.readers.tfds import NoNetwork
from data.splits import make_splits
from schema.configs import DecodingConfig, FileFlags, TrainingConfig
from schema.encoded import EncodedDataset
from schema.errors import UserError
from schema.examples import ExampleT, Splits
from schema.file_format import FileFormat
from schema.predictions import PredictionT, Predictor, Remember
from schema.records import PublishedResult
from schema.scores import ScoredExample, Scores, SeenInTraining

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

ContraExampleT = TypeVar("ContraExampleT", contravariant=True)


class Encoder(Protocol[ContraExampleT]):
    """Encodes examples as numbers. Fitted on train alone and saved as plain text files."""

    def encode(self, examples: Sequence[ContraExampleT]) -> EncodedDataset:
        """Encode the inputs of all examples, in order, and the targets if every example has a known reference."""

    def step_names(self, example: ContraExampleT) -> list[str]:
        """What the first recurrent layer reads at each step of an example, as text."""

    def save(self, folder: Path) -> None:
        """Write the encoder to a new folder."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises RunError for a missing or damaged file."""


EncoderT = TypeVar("EncoderT", bound=Encoder[Any])
ConfigT = TypeVar("ConfigT", bound=TrainingConfig)
PredictConfigT = TypeVar("PredictConfigT", bound=DecodingConfig)

PREDICT_BATCH_TOKENS = 64_000
"""Batch size for prediction, in time steps. It may be large because no gradients are kept."""

_SEEN = "seen.json"


@dataclass(frozen=True)
class FittedEncoder(Generic[EncoderT]):
    """An encoder fitted on the training data, with everything else that is fitted before the network is trained.

    encoded: the encoded training examples, one row each, in order. They may differ from `encoder.encode(train)`: an
        encoder that uses labels encodes each training example by what was fitted on the others, as scikit-learn's
        TargetEncoder does.
    seen: the facts about the training data that scoring needs
    initial_weights: initial values of some of the model's weights, by name
    cached_path: folder of the encoder's files, if the encoder came from the cache
    seconds, cpu_seconds: duration of the fit. An encoder from the cache counts its original duration.
    """

    encoder: EncoderT
    encoded: EncodedDataset
    seen: SeenInTraining
    initial_weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    cached_path: Path | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def save(self, folder: Path) -> None:
        """Write the encoder's files and `seen.json`. The files of a cached encoder are copied."""
        if self.cached_path is not None and self.cached_path.is_dir():
            shutil.copytree(self.cached_path, folder)
        else:
            self.encoder.save(folder)
        (folder / _SEEN).write_text(json.dumps(self.seen.to_json(), ensure_ascii=False, indent=1), encoding="utf-8")


def load_seen(folder: Path) -> SeenInTraining:
    """Read the `seen.json` that `FittedEncoder.save` wrote. Raises RunError for a missing or damaged file."""
    path = folder / _SEEN
    with corrupt_file_errors(path):
        return SeenInTraining.from_json(json.loads(path.read_text(encoding="utf-8")))


class Task(ABC, Generic[ExampleT, PredictionT, EncoderT, ConfigT, PredictConfigT]):
    """A task of recurrent networks: its data, model, loss, predictions, scores and baselines.

    summary: the question that the task answers, for people
    rnn_type: the type of recurrent network, such as "many to one"
    input_description: what a person types to get a prediction
    input_is_path: whether that is the path of a file
    datasets: values of `--dataset`. The default comes first, the synthetic data last.
    primary_metric: name of the score by which the best epoch is chosen. Higher is better.
    tie_breaker: name of the score that decides between epochs with the same primary metric
    config_class: flags of `train.py`
    predict_config_class: flags of `predict.py`; every config for `predict` is an instance of it
    decoding_config_class: a base of `predict_config_class` with the flags that `evaluate.py` has too
    file_flags_class: a base of `config_class` with the flags for the layout of files, which `evaluate.py` has too
    encoder_class: class of the encoder, to load one that was saved
    published_results: data set, or its source if it has several variants -> results of others on its test split

    The `Scores` of a task hold its primary metric. They hold `cross_entropy` (nats per target), the validation loss of
    the learning curve, if its predictions hold probabilities.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    rnn_type: ClassVar[str]
    input_description: ClassVar[str] = "text"
    input_is_path: ClassVar[bool] = False
    datasets: ClassVar[tuple[str, ...]]
    primary_metric: ClassVar[str]
    tie_breaker: ClassVar[str | None] = None
    published_results: ClassVar[Mapping[str, tuple[PublishedResult, ...]]] = {}
    config_class: type[ConfigT]
    predict_config_class: type[PredictConfigT]
    decoding_config_class: ClassVar[type[DecodingConfig]] = DecodingConfig
    file_flags_class: ClassVar[type[FileFlags]] = FileFlags
    encoder_class: type[EncoderT]

    def splits(self, config: ConfigT) -> Splits[ExampleT]:
        """Load the examples that `config` names. Raises NoNetwork, or UserError for an unreadable file."""
        with phase(f"reading {config.train_file or config.dataset or self.datasets[0]}"):
            raw = (
                self.load_files(config.train_file, config)
                if config.train_file
                else load_or_synthetic(lambda dataset: self.load(dataset, config), self.datasets, config.dataset)
            )
            return make_splits(raw, config.limit)

    def load_files(self, train_file: Path, config: ConfigT) -> RawSplits[ExampleT]:
        """Load the user's own files. Raises UserError for a file that cannot be read or used."""
        paths = [path for path in (train_file, config.validation_file, config.test_file) if path]
        file_format = FileFormat.of(config)
        return RawSplits(
            dataset=train_file.stem,
            source=files_source(paths),
            train=self.read_file(train_file, file_format),
            validation=self.read_file(config.validation_file, file_format) if config.validation_file else None,
            test=self.read_file(config.test_file, file_format) if config.test_file else [],
        )

    @abstractmethod
    def load(self, dataset: str, config: ConfigT) -> RawSplits[ExampleT]:
        """Load one of `datasets` with its own splits. Raises NoNetwork."""

    @abstractmethod
    def fit_encoder(self, splits: Splits[ExampleT], config: ConfigT) -> FittedEncoder[EncoderT]:
        """Fit the encoder on train and the unlabelled examples, or load it from the cache."""

    def load_encoder(self, folder: Path, model: "keras.Model") -> EncoderT:
        """Load a saved encoder. Some encoders use layers of the saved model. Raises RunError."""
        return self.encoder_class.load(folder)

    @abstractmethod
    def build_model(self, fitted: FittedEncoder[EncoderT], config: ConfigT) -> "keras.Model":
        """Build an untrained, uncompiled model. The trainer compiles it.

        Its first recurrent layer is named `recurrent_1`, or `decoder_1` if only the decoder is recurrent: diagnostics
        find it by this name.
        """

    @abstractmethod
    def loss(self, config: ConfigT) -> "keras.losses.Loss":
        """Return the training loss of targets and model outputs."""

    @abstractmethod
    def predict(
        self, model: "keras.Model", encoder: EncoderT, encoded: EncodedDataset, config: PredictConfigT
    ) -> list[PredictionT]:
        """Return one prediction for each encoded example, in order."""

    @abstractmethod
    def scores(self, examples: Sequence[ExampleT], predictions: Sequence[PredictionT], seen: SeenInTraining) -> Scores:
        """Score predictions of the model or of a baseline."""

    def baseline_cache_key(self, config: ConfigT) -> object:
        """Return what in `config`, apart from the data, changes the baselines or their scores. Mostly nothing."""
        return None

    def with_all_references(self, examples: Sequence[ExampleT], train: Sequence[ExampleT]) -> Sequence[ExampleT]:
        """Give some training examples all their references, as validation examples have, if train holds one each."""
        return examples

    @abstractmethod
    def fit_baselines(
        self, splits: Splits[ExampleT], encoder: EncoderT, config: ConfigT, remember: Remember
    ) -> Mapping[str, Predictor[ExampleT, PredictionT]]:
        """Fit the baselines on train, with settings chosen on validation: name -> predictor.

        remember: keeps what takes long to fit in the cache
        """

    def perfect_predictions(self, examples: Sequence[ExampleT]) -> Sequence[PredictionT] | None:
        """Predict the references themselves; None if their score is known to be the maximum."""
        return None

    @abstractmethod
    def to_scored_example(self, example: ExampleT, prediction: PredictionT) -> ScoredExample:
        """Describe an example and its prediction for the report."""

    def word_vectors(self, model: "keras.Model", encoder: EncoderT) -> tuple[np.ndarray, Sequence[str]] | None:
        """Return word embeddings (words, size) with their words for TensorBoard's projector, if the model has them."""
        return None

    def figures(
        self,
        model: "keras.Model",
        encoder: EncoderT,
        examples: Sequence[ExampleT],
        predictions: Sequence[PredictionT],
    ) -> "Mapping[str, Figure]":
        """Plot the model and how it made these predictions: name -> figure.

        The predictions were made with a config whose `with_figures` is set.
        """
        return {}

    @abstractmethod
    def read_file(self, path: Path, file_format: FileFormat) -> list[ExampleT]:
        """Read a user's own examples with their references. Raises UserError with the file and line of an error."""

    def read_inputs(self, path: Path, config: PredictConfigT) -> list[ExampleT | UserError]:
        """Read a user's own inputs without references, one for each line of the file.

        An unusable line becomes a UserError in its place.
        """
        texts = read_texts(path)
        return [text if isinstance(text, UserError) else parse_or_error(self, text, config) for text in texts]

    @abstractmethod
    def parse_input(self, text: str, config: PredictConfigT) -> ExampleT:
        """Parse what a user types for `predict.py`. Raises UserError for unusable input."""

    @abstractmethod
    def format_prediction(self, example: ExampleT, prediction: PredictionT, config: PredictConfigT) -> str:
        """Format a prediction for people."""

    def example_id(self, example: ExampleT, number: int) -> int | str:
        """Return the id of an example in files for programs: its number, or a name of its own."""
        return number

    @abstractmethod
    def to_json(self, example: ExampleT, prediction: PredictionT) -> Mapping[str, object]:
        """Convert a prediction for programs."""


AnyTask = Task[Any, Any, Any, Any, Any]
"""A task of any types, for code that serves all tasks."""


def parse_or_error(
    task: Task[ExampleT, PredictionT, EncoderT, ConfigT, PredictConfigT], text: str, config: PredictConfigT
) -> ExampleT | UserError:
    """Parse an input, or return the UserError: the other inputs still get their predictions."""
    try:
        return task.parse_input(text, config)
    except UserError as error:
        return error


def score_predictors(
    task: Task[ExampleT, PredictionT, EncoderT, ConfigT, PredictConfigT],
    predictors: Mapping[str, Predictor[ExampleT, PredictionT]],
    parts: Mapping[str, Sequence[ExampleT]],
    seen: SeenInTraining,
) -> Mapping[str, Mapping[str, Scores]]:
    """Score each predictor on each part: name -> part -> scores."""
    scores: dict[str, dict[str, Scores]] = {name: {} for name in predictors}
    # Part by part, since predictors may share the n-gram counts of the examples that they saw last.
    for part, examples in parts.items():
        for name, predict in predictors.items():
            scores[name][part] = task.scores(examples, predict(examples), seen)
    return scores


def published_results_for(
    published: Mapping[str, tuple[PublishedResult, ...]], splits: Splits[ExampleT]
) -> tuple[PublishedResult, ...]:
    """Select a task's published results on the data set of `splits`."""
    return published.get(splits.source) or published.get(splits.dataset, ())


def require_two_classes(labels: Iterable[str | None], source: object) -> None:
    """Raise UserError if all labels are the same; source: origin of the labels, for the message."""
    distinct = set(labels)
    if len(distinct) == 1:
        raise UserError(f"{source}: all training examples have the label {distinct.pop()}; two labels are needed")


def require_known_dataset(name: str | None, datasets: Sequence[str]) -> None:
    """Raise UserError, with the nearest name, for a data set that is not among `datasets`."""
    if name is not None and name not in datasets:
        near = get_close_matches(name, datasets, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"there is no data set {name}; there are {', '.join(datasets)}{hint}")


def load_or_synthetic(
    load: Callable[[str], RawSplits[ExampleT]], datasets: Sequence[str], name: str | None
) -> RawSplits[ExampleT]:
    """Load the named or the default data set. Without a network the synthetic data replace the default.

    Raises NoNetwork if a data set was named, UserError for an unknown name.
    """
    require_known_dataset(name, datasets)
    try:
        return load(name or datasets[0])
    except NoNetwork:
        if name is not None:
            raise
        warn(
            f"{datasets[0]} is not on this machine and cannot be downloaded: training on synthetic data instead.\n"
            "The scores show that the program works, and nothing about real data. "
            f"For instructions: --dataset {datasets[0]}"
        )
        return load(SYNTHETIC)
