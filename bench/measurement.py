"""The results of a benchmark, its flags, and the child processes in which programs are measured."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from schema.configs import Positive
from schema.errors import RunError
from schema.scores import TableValue

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class BenchFlags:
    """Measure speed and memory: python -m bench [NAME ...]. Without a name all benchmarks run."""

    quick: bool = False
    """Test the benchmarks with tiny sizes on synthetic data. The measurements mean nothing."""
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


@dataclass(frozen=True)
class ProcessUsage:
    """Resources used by a finished process: wall time, CPU time of all threads, peak memory."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run_child(*arguments: str) -> ProcessUsage:
    """Run this Python with `arguments` in the project's folder and wait for it. Its progress is shown.

    Raises RunError if it fails; the child prints the reason itself.
    """
    start = perf_counter()
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = perf_counter() - start
    if child.returncode:
        command = " ".join(arguments)[:200]
        raise RunError(f"python {command} failed with status {child.returncode}; its reason stands above")
    # Linux counts in KiB, macOS in bytes.
    peak_mb = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return ProcessUsage(seconds, usage.ru_utime + usage.ru_stime, peak_mb)


START_TENSORFLOW = ("-c", "from console.quiet import start_tensorflow; start_tensorflow()")
"""Arguments for `run_child`: start TensorFlow and do nothing else."""
TENSORFLOW_ALONE = "TensorFlow started, nothing else"


def train_arguments(flags: BenchFlags, folder: Path, task: str, dataset: str) -> list[str]:
    """Arguments for `run_child`: `train.py` with its runs and its cache in `folder`."""
    arguments = ["train.py", task, "--dataset", flags.dataset(dataset)]
    arguments += ["--runs", str(folder / "runs"), "--cache", str(folder / "cache")]
    if flags.examples:
        arguments += ["--limit", str(flags.examples)]
    if flags.quick:
        arguments += ["--cell", "simple_rnn", "--units", "4", "--embedding-size", "4", "--no-diagnostics"]
    return arguments


def sentiment_arguments(flags: BenchFlags, folder: Path) -> list[str]:
    """Arguments for `run_child`: `train.py sentiment` on IMDB, without evaluation on the test split."""
    arguments = train_arguments(flags, folder, "sentiment", "imdb")
    if flags.quick:
        arguments += ["--batch-tokens", "2000", "--epochs", "2", "--no-bidirectional"]
    return [*arguments, "--no-test"]


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for runs and caches, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="unrolled-bench-") as name:
        yield Path(name)
