"""The flags and the results of a benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schema.configs import Positive
from schema.scores import TableValue


@dataclass(frozen=True)
class BenchFlags:
    """Measure speed and memory: python -m bench [NAME ...]. Without a name all benchmarks run."""

    quick: bool = False
    """Test the benchmarks with tiny sizes on synthetic data. The measurements mean nothing."""
    long: bool = False
    """Let endurance run for hours instead of ten minutes: all tasks with all cells, 1,000 input files a task."""
    limit: Positive | None = None
    """Maximum number of training examples."""
    json: Path | None = None
    """Also write all measurements to this file."""

    def dataset(self, name: str) -> str:
        """The data set to measure on: `name`, or the synthetic data with `--quick`."""
        return "synthetic" if self.quick else name

    @property
    def examples(self) -> int | None:
        """Maximum number of training examples; None for all."""
        return self.limit or (120 if self.quick else None)

    @property
    def full_data(self) -> bool:
        """Whether whole data sets are used; the targets apply only to these."""
        return not self.quick and self.limit is None


@dataclass(frozen=True)
class Measurement:
    """A measured value and its target. The value is None if the event to be timed never happened."""

    name: str
    value: float | None
    unit: str
    target: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the value meets the target."""
        if self.value is None:
            return False
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass(frozen=True)
class ResultTable:
    """A table of measured values for people."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[TableValue]]


@dataclass(frozen=True)
class Report:
    """The results of one benchmark: tables, and the measurements that have a target."""

    tables: Sequence[ResultTable]
    results: Sequence[Measurement]
