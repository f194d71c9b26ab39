"""What every bench gives back, and how it runs a program in a process of its own."""

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

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class BenchFlags:
    """Measure speed and memory: python -m bench [NAME ...]; all benches where none is named."""

    quick: bool = False
    """Tiny sizes on the synthetic data: shows that a bench works, and measures nothing."""
    limit: Positive | None = None
    """Use only so many training examples."""
    json: Path | None = None
    """Write all figures to this file too."""

    def dataset(self, whole: str) -> str:
        """The data set that is measured on, `whole` unless it is to be quick."""
        return "synthetic" if self.quick else whole

    @property
    def examples(self) -> int | None:
        """How many training examples are used; None means all."""
        return self.limit or (120 if self.quick else None)

    @property
    def judged(self) -> bool:
        """Whether the targets, which are about whole data sets, hold here."""
        return not self.quick and self.limit is None


@dataclass(frozen=True)
class Measurement:
    """A measured number and its target; a value of None means that it was never reached."""

    what: str
    value: float | None
    unit: str
    target: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of its target."""
        if self.value is None:
            return False
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass(frozen=True)
class Report:
    """What a bench found: tables for people (title, header, rows), and the figures that have a target."""

    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str | int | float]]]]
    figures: Sequence[Measurement]


@dataclass(frozen=True)
class ProcessUsage:
    """What a process used from its start to its end: wall clock, processor time of all threads, largest memory."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run_child(*words: str) -> ProcessUsage:
    """Run this Python with `words` in the project's folder, its progress shown, and wait for it.

    Raises RunError where it fails; it has said why itself.
    """
    began = perf_counter()
    with subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = perf_counter() - began
    if child.returncode:
        raise RunError(f"python {' '.join(words)[:200]} ended with status {child.returncode}; its reason stands above")
    # Linux counts in KiB, macOS in bytes.
    peak_mb = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return ProcessUsage(seconds, used.ru_utime + used.ru_stime, peak_mb)


START_TENSORFLOW = ("-c", "from console.quiet import start_tensorflow; start_tensorflow()")
"""Words for `run_child`: a program that starts TensorFlow and does nothing else."""


def train_words(flags: BenchFlags, folder: Path) -> list[str]:
    """Words for `run_child`: `train.py sentiment` without the test split, runs and cache in `folder`."""
    words = ["train.py", "sentiment", "--dataset", flags.dataset("imdb"), "--no-test"]
    words += ["--runs", str(folder / "runs"), "--cache", str(folder / "cache")]
    if flags.examples:
        words += ["--limit", str(flags.examples)]
    if flags.quick:
        words += ["--units", "4", "--embedding-size", "4", "--batch-tokens", "2000", "--epochs", "2"]
        words += ["--cell", "simple_rnn", "--no-bidirectional", "--no-diagnostics"]
    return words


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder that is gone afterwards, for runs and caches that nobody has seen before."""
    with tempfile.TemporaryDirectory(prefix="unrolled-bench-") as name:
        yield Path(name)
