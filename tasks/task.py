"""The contract of a task: what it says about itself. The trainer and the commands know nothing else of it.

    record -> Example -> Encoder -> Encoded -> batches -> model -> Answer -> Scores -> report

The same path serves training, evaluation and prediction. Batches are no part of the contract: `data.batches` makes
them of any `Encoded`.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from schema.configs import QUICK, AnswerConfig, TrainingConfig
from schema.encoded import Encoded
from schema.errors import UserError
from schema.examples import Splits
from schema.records import Quoted
from schema.scores import Sample, Scores

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.sources import Official

Ex = TypeVar("Ex")
Ans = TypeVar("Ans")

ANSWER_TOKENS = 64_000
"""Steps of a batch that is only answered: no gradients are kept, so it may be large."""


class Encoder(Protocol[Ex]):
    """From examples to numbers, learnt on train alone; plain files in the run folder."""

    def encode(self, examples: Sequence[Ex]) -> Encoded:
        """Inputs of all examples, in order; targets where every example has a reference that is known."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything that `load_encoder` needs, as text."""
        ...


@dataclass(frozen=True)
class Fitted(Generic[Ex]):
    """What a task learnt before its network is trained.

    encoded: the training examples, a row for each, in order. As with scikit-learn's target encoder they are not what
        `encoder.encode` gives for them where the encoder has seen labels: each is encoded by what was learnt from the
        others.
    starts: first values of some of the model's weights, by name; they end in the model and are not kept apart
    saved: where the encoder's files lie already, if it came from the cache
    seconds, cpu_seconds: what learning took, also where it now came from the cache
    """

    encoder: Encoder[Ex]
    encoded: Encoded
    starts: Mapping[str, np.ndarray] = field(default_factory=dict)
    saved: Path | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def save_encoder(self, folder: Path) -> None:
        """Write the encoder's files; copied where they are there, which takes no time."""
        if self.saved is not None and self.saved.is_dir():
            shutil.copytree(self.saved, folder)
        else:
            self.encoder.save(folder)


class Task(ABC, Generic[Ex, Ans]):
    """One thing that a recurrent network is asked to do.

    question: what is typed to ask a run
    headline: name of the score that a run is chosen and judged by; higher is better
    datasets: names for `--dataset`, the default first; the last is the built-in small world
    cell_defaults: what a cell wants otherwise than `Config` says: cell -> flag -> value
    Config: flags of `train.py`; AnswerConfig: of `evaluate.py` and `predict.py`, how a saved model answers;
        PredictConfig: these and more of `predict.py` alone, how questions are read and answers shown
    quick: what `--quick` changes, unless a flag says otherwise
    least_epochs: times that the training examples are gone through where the user does not say, unless they are few
    quoted: data set, or its source where it has several -> what others reached on its test split, not run here
    Every `Scores` of a task holds its headline, and `cross_entropy` (nats for each target) where its answers hold
    probabilities: that is then the validation loss of the learning curve.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    rnn_type: ClassVar[str]
    question: ClassVar[str] = "text"
    datasets: ClassVar[tuple[str, ...]]
    headline: ClassVar[str]
    quick: ClassVar[Mapping[str, int]] = QUICK
    least_epochs: ClassVar[int] = 4
    Config: ClassVar[type[TrainingConfig]]
    cell_defaults: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    AnswerConfig: ClassVar[type[AnswerConfig]] = AnswerConfig
    PredictConfig: ClassVar[type[AnswerConfig]] = AnswerConfig
    quoted: ClassVar[Mapping[str, tuple[Quoted, ...]]] = {}

    def splits(self, config: TrainingConfig) -> Splits[Ex]:
        """Load the examples that `config` asks for. Raises NoNetwork, or UserError for a file that cannot be read."""
        from data.splits import make_splits

        official = (
            self._from_files(config)
            if config.train_file
            else load_or_small_world(lambda dataset: self.load(dataset, config), self.datasets, config.dataset)
        )
        return make_splits(official, self.identity, config.limit)

    def _from_files(self, config: TrainingConfig) -> "Official[Ex]":
        from data.files import files_source
        from data.sources import Official

        paths = [path for path in (config.train_file, config.validation_file, config.test_file) if path]
        return Official(
            dataset=config.train_file.stem,
            source=files_source(paths),
            train=self.read_file(config.train_file),
            validation=self.read_file(config.validation_file) if config.validation_file else None,
            test=self.read_file(config.test_file) if config.test_file else [],
        )

    @abstractmethod
    def load(self, dataset: str, config: TrainingConfig) -> "Official[Ex]":
        """The splits of one of `datasets`. Raises NoNetwork."""

    @abstractmethod
    def identity(self, example: Ex) -> Hashable:
        """What copies of an example share: its input."""

    @abstractmethod
    def fit_encoder(self, splits: Splits[Ex], config: TrainingConfig) -> Fitted[Ex]:
        """Learn from train (and the unlabelled) what turns examples into numbers, or take it from the cache."""

    @abstractmethod
    def load_encoder(self, folder: Path) -> Encoder[Ex]:
        """Read what `Encoder.save` wrote. Raises WorkFailed for missing or damaged files."""

    @abstractmethod
    def build_model(self, fitted: Fitted[Ex], config: TrainingConfig) -> "keras.Model":
        """An untrained model, not compiled: the trainer knows the number of steps and compiles it.

        Its first recurrent layer is named `recurrent_1`, or `decoder_1` where nothing recurrent reads, so that one can
        look inside.
        """

    @abstractmethod
    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        """What training lowers, from targets and the model's output."""

    @abstractmethod
    def answer(self, model: "keras.Model", encoder: Encoder[Ex], encoded: Encoded, config: AnswerConfig) -> list[Ans]:
        """One answer for each encoded example, in order, whatever it holds."""

    def judging(self) -> AnswerConfig:
        """How a model answers when it is judged after an epoch: as always, unless that would take too long."""
        return self.AnswerConfig()

    @abstractmethod
    def score(self, encoder: Encoder[Ex], examples: Sequence[Ex], answers: Sequence[Ans]) -> Scores:
        """How good answers are. The same function scores the model and the baselines."""

    def judged_by(self, config: TrainingConfig) -> object:
        """What of `config`, the data aside, changes what baselines say or how they are scored: mostly nothing."""
        return None

    def as_validation_has_them(self, examples: Sequence[Ex], train: Sequence[Ex]) -> Sequence[Ex]:
        """Some examples of train with all their references, where training takes these apart."""
        return examples

    @abstractmethod
    def baselines(
        self,
        train: Sequence[Ex],
        validation: Sequence[Ex],
        parts: Mapping[str, Sequence[Ex]],
        encoder: Encoder[Ex],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        """Scores of what people would try first, fitted on train, chosen on validation: name -> part -> scores."""

    def scores_of(
        self,
        answerers: Mapping[str, Callable[[Sequence[Ex]], Sequence[Ans]]],
        parts: Mapping[str, Sequence[Ex]],
        encoder: Encoder[Ex],
    ) -> Mapping[str, Mapping[str, Scores]]:
        """What `baselines` gives, from what answers for each of them."""
        return {
            name: {part: self.score(encoder, examples, answer(examples)) for part, examples in parts.items()}
            for name, answer in answerers.items()
        }

    @abstractmethod
    def describe(self, example: Ex, answer: Ans) -> Sample:
        """An example and its answer for the report."""

    def quotes(self, splits: Splits[Ex]) -> tuple[Quoted, ...]:
        """What others reached on these data."""
        return self.quoted.get(splits.source) or self.quoted.get(splits.dataset, ())

    def word_vectors(self, model: "keras.Model", encoder: Encoder[Ex]) -> "tuple[np.ndarray, Sequence[str]] | None":
        """Vectors (words, size) and the words that they stand for, to be looked at; None where a model has none."""
        return None

    def draw(self, model: "keras.Model", encoder: Encoder[Ex], examples: Sequence[Ex]) -> "Mapping[str, Figure]":
        """Pictures of what a model has learnt, by name, to be looked at after each epoch; examples: of validation."""
        return {}

    def picture(self, example: Ex, answer: Ans) -> "Figure | None":
        """What an answer was made from, for `predict.py`, where its flags ask for that."""
        return None

    @abstractmethod
    def read_file(self, path: Path) -> list[Ex]:
        """A user's own examples with their references, in the one plain format of the task."""

    def read_questions(self, path: Path, config: AnswerConfig) -> list[Ex | UserError]:
        """A user's own examples without references, as many as the file has lines; config: a `PredictConfig`.

        An error stands in place of what cannot be asked.
        """
        from data.files import read_texts

        texts = read_texts(path)
        return [text if isinstance(text, UserError) else self.read_or_refuse(text, config) for text in texts]

    @abstractmethod
    def read_question(self, text: str, config: AnswerConfig) -> Ex:
        """What a user types for `predict.py`; config: a `PredictConfig`. Raises UserError for what cannot be asked."""

    def read_or_refuse(self, text: str, config: AnswerConfig) -> Ex | UserError:
        """The same with the error in its place: others may still be answered."""
        try:
            return self.read_question(text, config)
        except UserError as error:
            return error

    @abstractmethod
    def render(self, example: Ex, answer: Ans, config: AnswerConfig) -> str:
        """An answer as people read it, or as a `PredictConfig` asks."""

    @abstractmethod
    def as_json(self, example: Ex, answer: Ans) -> Mapping[str, object]:
        """The same for programs."""


def refuse_a_single_class(labels: Iterable[str | None], source: object) -> None:
    """Raises UserError where there is nothing to tell apart; source: what the labels are from, for people."""
    distinct = set(labels)
    if len(distinct) == 1:
        raise UserError(
            f"{source}: all training examples have the label {distinct.pop()}; there must be two labels or more"
        )


def refuse_unknown_dataset(wanted: str | None, datasets: Sequence[str]) -> None:
    """Raises UserError, with the nearest name, where a data set was named that is none of `datasets`."""
    if wanted is not None and wanted not in datasets:
        near = get_close_matches(wanted, datasets, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UserError(f"there is no data set {wanted}; there are {', '.join(datasets)}{hint}")


Raw = TypeVar("Raw")


def load_or_small_world(load: Callable[[str], Raw], datasets: Sequence[str], wanted: str | None) -> Raw:
    """Load the data set that was asked for, or the default; without a network the small world in the default's place.

    Raises NoNetwork where a data set was named, UserError for a name that is none of `datasets`.
    """
    from console.messages import warn
    from data.prepared import NoNetwork
    from data.sources import SMALL_WORLD

    refuse_unknown_dataset(wanted, datasets)
    try:
        return load(wanted or datasets[0])
    except NoNetwork:
        if wanted is not None:
            raise
        warn(
            f"{datasets[0]} is not on this machine and cannot be reached: going on with the built-in small world.\n"
            "Its scores say that the program works, and nothing about real data. "
            f"For these: --dataset {datasets[0]} says what to do."
        )
        return load(SMALL_WORLD)
