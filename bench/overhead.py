"""CPU time of the TensorBoard log and of checkpoints, relative to the training itself.

One training in its own process. The CPU time of the TensorBoard log, with its diagnostics, figures and samples, and of
saving checkpoints is counted separately.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import ParamSpec, TypeVar

from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import run_child, sentiment_arguments, temporary_folder
from commands.train import main
from console.quiet import start_tensorflow

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

TARGET_LOGGING = 0.10
TARGET_SAVING = 0.03

LOGGING, SAVING = "TensorBoard log", "checkpoints"


def measure(flags: BenchFlags) -> Report:
    """Measure one complete training."""
    with temporary_folder() as folder:
        path = folder / "cpu_seconds.json"
        run_child("-m", "bench.overhead", str(path), *sentiment_arguments(flags, folder))
        overhead: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        (metrics,) = folder.glob("runs/*/*/metrics.json")
        total = json.loads(metrics.read_text(encoding="utf-8"))["seconds"]["training_cpu"]
    training = total - sum(overhead.values())
    cpu_seconds = {"training alone": training, **overhead}
    rows = [(name, seconds, seconds / training) for name, seconds in cpu_seconds.items()]
    table = ResultTable("overhead in one training", ("part", "CPU seconds", "relative to the training alone"), rows)
    results = [
        Measurement(f"CPU time of the {LOGGING} / training", overhead[LOGGING] / training, "x", TARGET_LOGGING, True),
        Measurement(f"CPU time of {SAVING} / training", overhead[SAVING] / training, "x", TARGET_SAVING, True),
    ]
    return Report([table], results)


class _CPUTimer:
    """Adds up the CPU time of functions, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def watch(self, name: str, owner: object, attribute: str) -> None:
        """Count the CPU time of every call of `owner.attribute` under `name`."""
        self.seconds.setdefault(name, 0.0)
        setattr(owner, attribute, self._timed(name, getattr(owner, attribute)))

    def _timed(self, name: str, function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        def timed(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            start = process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[name] += process_time() - start

        return timed


def _train(path: Path, *arguments: str) -> None:
    """In the child process: run `train.py`, whose name is the first argument, with the timer."""
    start_tensorflow()
    from training import callbacks, tensorboard

    timer = _CPUTimer()
    for method in ("on_train_begin", "on_train_batch_end", "on_epoch_end", "on_train_end"):
        timer.watch(LOGGING, tensorboard.TensorBoardLog, method)
    timer.watch(SAVING, callbacks, "save_checkpoint")
    main(list(arguments[1:]))
    path.write_text(json.dumps(timer.seconds))


if __name__ == "__main__":
    path, *arguments = sys.argv[1:]
    _train(Path(path), *arguments)
