"""What every training can be told. A task's config inherits from `TrainingConfig`; its fields are its flags.

The text below a field is its help. A `Range` beside a type is checked by `problems`, before any work.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal, get_args, get_type_hints

CellName = Literal["simple_rnn", "lstm", "gru"]
AttentionName = Literal["additive", "multiplicative", "none"]


@dataclass(frozen=True)
class Range:
    """The values that a number may take: `low <= value <= high`, or `low < value` where `above` is set."""

    low: float
    high: float = float("inf")
    above: bool = False

    def __contains__(self, value: float) -> bool:
        # Written so that NaN is outside.
        return (value > self.low if self.above else value >= self.low) and value <= self.high

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.above else f"at least {self.low:g}"
        return low if self.high == float("inf") else f"{low} and at most {self.high:g}"


Positive = Annotated[int, Range(1)]
Rate = Annotated[float, Range(0, 0.95)]
EmaDecay = Annotated[float, Range(0, 0.99999)]


@dataclass(frozen=True)
class RecurrentSettings:
    """Sizes of a stack of recurrent layers, as the models take them.

    dropout: rate between the layers, and before the output
    forget_bias: initial bias of the LSTM's forget gate; other cells have none
    """

    cell: CellName
    units: int
    layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    forget_bias: float = 1.0


@dataclass(frozen=True)
class TrainingConfig:
    """Flags of every task.

    quick_defaults: values of `--quick`; a flag of the command line has precedence
    min_epochs: minimum number of epochs where `epochs` is None
    cell_defaults: cell -> field -> value, where a cell needs another default
    """

    quick_defaults: ClassVar[Mapping[str, int]] = {"limit": 1000, "units": 16, "epochs": 2}
    min_epochs: ClassVar[int] = 4
    cell_defaults: ClassVar[Mapping[str, Mapping[str, object]]] = {}

    cell: CellName = "lstm"
    """Recurrent cell."""
    units: Annotated[int, Range(1, 4096)] = 64
    """Units of each recurrent layer and direction."""
    dropout: Rate = 0.5
    """Rate of the values that are dropped in training, before and after the recurrent layers."""
    forget_bias: Annotated[float, Range(-10, 10)] = 1.0
    """First value of the LSTM's forget bias; other cells have none and leave it unused."""
    epochs: Positive | None = None
    """Times that the training examples are gone through, at most; where none is given as many as suit the task, or more
    so that a small data set gets nine hundred steps."""
    patience: Positive = 3
    """Epochs without a better validation score after which training ends."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = None
    """Size of a batch, in time steps, padding included; where none is given 24,000, or less so that an epoch of a small
    data set has a hundred batches."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 3e-3
    """Highest learning rate; it warms up to it and then falls along a cosine."""
    ema_decay: EmaDecay = 0.0
    """EmaDecay of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""
    clip_norm: Annotated[float, Range(0, above=True)] = 1.0
    """Norm to which the gradient of all weights together is clipped."""
    seed: Annotated[int, Range(0, 2**31 - 1)] = 1
    """Seed of weights, dropout and data order. The validation split does not depend on it."""
    seeds: Annotated[int, Range(1, 1000)] = 1
    """Train with so many seeds, from --seed on, each a run of its own, and report mean, deviation and interval."""

    dataset: str | None = None
    """Data set, by name; the task's first one where none is given."""
    train_file: Path | None = None
    """Your own training data, in place of a data set."""
    validation_file: Path | None = None
    """Your own validation data; a tenth of the training data is held out where none is given."""
    test_file: Path | None = None
    """Your own test data; without it the run ends with its validation score."""
    limit: Positive | None = None
    """Use only so many training examples (and at most as many of each other split), for a quick look."""

    quick: bool = False
    """A quick look at the whole way, in a minute or two: few examples, a small model, two epochs."""
    sanity_check: bool = False
    """Do not train: look whether data, model and loss keep what scores rest on, a line each."""

    diagnostics: bool = True
    """Show in TensorBoard what goes on inside: gradients through time, gates, weights, words, answers."""

    time_budget: str | None = None
    """Training time after which the run ends, such as 90s, 5m or 1h."""
    test: bool = True
    """Score the test split, once, at the end."""
    name: str | None = None
    """Name of the run; CELL-DATASET-NNN where none is given."""
    runs: Path = Path("runs")
    """Folder of all runs."""
    cache: Path | None = None
    """Folder for what can be computed again; $XDG_CACHE_HOME or ~/.cache where none is given."""

    def recurrent(self) -> RecurrentSettings:
        """Settings of the recurrent layers."""
        return RecurrentSettings(self.cell, self.units, dropout=self.dropout, forget_bias=self.forget_bias)

    def contradictions(self) -> Iterator[str]:
        """One line for each flag that would do nothing beside the others."""
        yield from ()


@dataclass(frozen=True)
class RecurrentConfig(TrainingConfig):
    """Flags of the tasks that encode sequences."""

    layers: Annotated[int, Range(1, 8)] = 1
    """Recurrent layers on top of one another."""
    bidirectional: bool = True
    """Read the sequence from both ends."""

    def recurrent(self) -> RecurrentSettings:
        return replace(super().recurrent(), layers=self.layers, bidirectional=self.bidirectional)


@dataclass(frozen=True)
class DecodingConfig:
    """Flags of `evaluate.py` and `predict.py` that change how a saved model answers; most tasks have none."""


def validate(config: object) -> Iterator[str]:
    """One line for each number of `config` that is outside its `Range`, a duration that is none, and contradictions."""
    hints = get_type_hints(type(config), include_extras=True)
    for field in fields(config):  # type: ignore[arg-type]
        value = getattr(config, field.name)
        for limits in _ranges(hints[field.name]):
            if value is not None and value not in limits:
                yield f"--{field.name.replace('_', '-')} is {value}; it must be {limits}"
    budget = getattr(config, "time_budget", None)
    if budget is not None and parse_duration(budget) is None:
        yield f"--time-budget is {budget!r}; it must be a time such as 90s, 5m or 1h30m"
    if isinstance(config, TrainingConfig):
        yield from config.contradictions()


def parse_duration(text: str) -> float | None:
    """Seconds of "90s", "5m" or "1h30m"; None for what is not such a time, or none at all."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text.strip())
    if parts is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return float(3600 * hours + 60 * minutes + seconds) or None


def _ranges(hint: object) -> Iterator[Range]:
    """Every `Range` in a type hint, also inside of a union."""
    for part in get_args(hint):
        if isinstance(part, Range):
            yield part
        else:
            yield from _ranges(part)
