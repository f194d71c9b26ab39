"""Child processes in which programs are measured."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.measurement import BenchFlags
from schema.errors import RunError
from training.environment import peak_mb

ROOT = Path(__file__).resolve().parent.parent


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
        raise RunError(f"python {command} failed with status {child.returncode}; see its error above")
    return ProcessUsage(seconds, usage.ru_utime + usage.ru_stime, peak_mb(usage))


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
