"""Configs, whose fields are the flags of the commands. The config of a task inherits from `TrainingConfig`.

The docstring below a field is its help text. `validate` checks the `Range` annotations before any work starts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, get_args, get_type_hints

from schema.file_format import DELIMITERS, given_flags, parse_delimiter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CellName = Literal["simple_rnn", "lstm", "gru"]
AttentionName = Literal["additive", "multiplicative", "none"]


@dataclass(frozen=True)
class Range:
    """Valid values of a number: `low <= value <= high`, or `low < value <= high` if `above` is set."""

    low: float
    high: float = float("inf")
    above: bool = False

    def __contains__(self, value: float) -> bool:
        # These comparisons exclude NaN.
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
    """Flags of every task."""

    quick_defaults: ClassVar[Mapping[str, int]] = {"limit": 1000, "units": 16, "epochs": 2}
    """Defaults of other fields under `--quick`."""
    min_epochs: ClassVar[int] = 4
    """Number of epochs if `epochs` is None, unless the data set is small."""
    cell_defaults: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Cell -> field -> default, if it differs from that of the class."""

    cell: CellName = "lstm"
    """Recurrent cell."""
    units: Annotated[int, Range(1, 4096)] = 64
    """Units of each recurrent layer and direction."""
    dropout: Rate = 0.5
    """Dropout rate, before and after the recurrent layers."""
    forget_bias: Annotated[float, Range(-10, 10)] = 1.0
    """Initial bias of the LSTM's forget gate; other cells ignore it."""
    epochs: Positive | None = None
    """Maximum number of epochs. Default: set by the task, more for small data sets (at least 900 training steps)."""
    patience: Positive = 3
    """Stop after this many epochs without a better validation score; more if small data get more epochs."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = None
    """Batch size in time steps, padding included. Default: 24000, less for small data sets (100 batches per epoch)."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 3e-3
    """Peak learning rate, with linear warm-up and cosine decay."""
    ema_decay: EmaDecay = 0.0
    """Decay of the exponential moving average of the weights, which is evaluated and saved; 0 disables averaging."""
    clip_norm: Annotated[float, Range(0, above=True)] = 1.0
    """Maximum global norm of the gradient; larger gradients are clipped."""
    seed: Annotated[int, Range(0, 2**31 - 1)] = 1
    """Random seed of weights, dropout and data order. The validation split does not depend on it."""
    seeds: Annotated[int, Range(1, 1000)] = 1
    """Number of seeds, counted from --seed: train one run for each, and report mean, deviation and interval."""

    dataset: str | None = None
    """Name of the data set. Default: the first of the task."""
    train_file: Path | None = None
    """Your own training data, instead of a data set."""
    validation_file: Path | None = None
    """Your own validation data. Default: a tenth of the training data is held out."""
    test_file: Path | None = None
    """Your own test data; without it, the run ends with its validation score."""
    limit: Positive | None = None
    """Maximum number of examples of each split, for a quick trial."""

    quick: bool = False
    """An end-to-end smoke run in a minute or two: few examples, a small model, two epochs."""
    sanity_check: bool = False
    """Run sanity checks on data, model and loss instead of training."""

    diagnostics: bool = True
    """Write diagnostics to TensorBoard: gradients through time, gates, weights, word vectors and predictions."""

    baselines: bool = True
    """Fit simple baselines on the same data, and compare the network with them."""
    time_budget: str | None = None
    """Wall-clock limit of encoder, steps and validation, such as 5m or 1h30m. Start-up, figures and test are extra."""
    test: bool = True
    """Score the test split, once, at the end."""
    name: str | None = None
    """Name of the run. Default: CELL-DATASET-NNN."""
    runs: Path = Path("runs")
    """Folder of all runs."""
    cache: Path | None = None
    """Folder of cached results, safe to delete. Default: $XDG_CACHE_HOME or ~/.cache."""

    def recurrent(self) -> RecurrentSettings:
        """Settings of the recurrent layers."""
        return RecurrentSettings(self.cell, self.units, dropout=self.dropout, forget_bias=self.forget_bias)

    def validate_combinations(self) -> Iterator[str]:
        """Yield one line for each invalid combination of flags."""
        if self.train_file is None:
            for flag, file in (("--test-file", self.test_file), ("--validation-file", self.validation_file)):
                if file is not None:
                    yield f"{flag} requires --train-file"
            yield from (f"{flag} requires --train-file" for flag in given_flags(self))
        elif self.dataset is not None:
            yield "--train-file and --dataset are two sources of data; use one"


@dataclass(frozen=True)
class RecurrentConfig(TrainingConfig):
    """Flags of the tasks that encode sequences."""

    layers: Annotated[int, Range(1, 8)] = 1
    """Number of stacked recurrent layers."""
    bidirectional: bool = True
    """Read the sequence in both directions."""

    def recurrent(self) -> RecurrentSettings:
        return replace(super().recurrent(), layers=self.layers, bidirectional=self.bidirectional)


@dataclass(frozen=True)
class FileFlags:
    """Flags of `train.py` and `evaluate.py` for the layout of your own files. A task without such flags has this."""


@dataclass(frozen=True)
class TableFlags(FileFlags):
    """Flags of files that hold a table."""

    delimiter: str | None = None
    """Delimiter of your own files: comma, semicolon or tab. Default: recognized."""


@dataclass(frozen=True)
class LabelledTextFlags(TableFlags):
    """Flags of files of labelled texts."""

    text_column: str | None = None
    """Name or number of the column of the text in your own files. Default: by the header, or else the first."""
    label_column: str | None = None
    """Name or number of the column of the label in your own files. Default: by the header, or else the second."""


@dataclass(frozen=True)
class TextPairFlags(TableFlags):
    """Flags of files of text pairs."""

    source_column: str | None = None
    """Name or number of the column of the source in your own files. Default: by the header, or else the first."""
    target_column: str | None = None
    """Name or number of the column of the target in your own files. Default: by the header, or else the second."""


@dataclass(frozen=True)
class EntityFlags(FileFlags):
    """Flags of files of words with the tags of entities."""

    tag_column: Annotated[int, Range(2)] | None = None
    """Number of the column of the tag in your own files. Default: the last."""


@dataclass(frozen=True)
class DecodingConfig:
    """Flags of `evaluate.py` and `predict.py` that change how a saved model predicts. Most tasks have none."""

    @property
    def with_figures(self) -> bool:
        """Whether each prediction gets figures."""
        return False

    def for_validation(self) -> Self:
        """Return the config for validation after each epoch, cheaper where decoding is expensive."""
        return self

    def for_figures(self) -> Self:
        """Return the config for predictions with figures."""
        return self


def validate(config: "DataclassInstance") -> Iterator[str]:
    """Yield one line for each invalid value and each invalid combination of flags."""
    yield from validate_values(config)
    if isinstance(config, TrainingConfig):
        yield from config.validate_combinations()


def validate_values(config: "DataclassInstance") -> Iterator[str]:
    """Yield one line for each number out of its `Range`, and for an invalid duration or delimiter."""
    hints = get_type_hints(type(config), include_extras=True)
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Path) and not is_utf8(value):
            yield f"--{field.name.replace('_', '-')} is {str(value)!r}; {RENAME}"
        for limits in _ranges(hints[field.name]):
            if value is not None and value not in limits:
                yield f"--{field.name.replace('_', '-')} is {value}; it must be {limits}"
    budget = getattr(config, "time_budget", None)
    if budget is not None and parse_duration(budget) is None:
        yield f"--time-budget is {budget!r}; it must be a time such as 90s, 5m or 1h30m"
    delimiter = getattr(config, "delimiter", None)
    if delimiter is not None and parse_delimiter(delimiter) is None:
        yield f"--delimiter is {delimiter!r}; it must be {', '.join(DELIMITERS)}, or the character itself"


RENAME = "the name is not UTF-8: rename it"


def is_utf8(path: Path | str) -> bool:
    """Whether a path can be stored as text; Linux allows any bytes, which Python reads as lone surrogates."""
    try:
        str(path).encode()
        return True
    except UnicodeEncodeError:
        return False


def parse_duration(text: str) -> float | None:
    """Parse a duration such as "90s", "5m" or "1h30m" into seconds; None if it is zero or not a duration."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text.strip())
    if parts is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return float(3600 * hours + 60 * minutes + seconds) or None


def _ranges(hint: object) -> Iterator[Range]:
    """Every `Range` in a type hint, also inside a union."""
    for part in get_args(hint):
        if isinstance(part, Range):
            yield part
        else:
            yield from _ranges(part)
