"""What it costs to look inside a training and to keep what it can be resumed from.

One training, in a process of its own, in which the processor time of the TensorBoard log (probes, pictures and
samples included) and of saving the state is counted apart.
"""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

from bench.measurement import BenchFlags, Measurement, Report, fresh_folder, run_child, train_words

TARGET_LOOKING = 0.10
TARGET_SAVING = 0.03

LOOKING, SAVING = "look inside, TensorBoard", "save the state"


def measure(flags: BenchFlags) -> Report:
    """One whole training."""
    with fresh_folder() as folder:
        path = folder / "spent.json"
        run_child("-m", "bench.overhead", str(path), *train_words(flags, folder))
        spent = json.loads(path.read_text(encoding="utf-8"))
        (metrics,) = folder.glob("runs/*/*/metrics.json")
        training = json.loads(metrics.read_text(encoding="utf-8"))["seconds"]["training_cpu"]
    rest = training - sum(spent.values())
    rows = [(what, seconds, seconds / rest) for what, seconds in {"training alone": rest, **spent}.items()]
    header = ("what", "CPU seconds", "x training alone")
    figures = [
        Measurement("CPU time of looking inside / of training alone", spent[LOOKING] / rest, "x", TARGET_LOOKING, True),
        Measurement("CPU time of saving the state / of training alone", spent[SAVING] / rest, "x", TARGET_SAVING, True),
    ]
    return Report([("looking inside and saving, one training", header, rows)], figures)


class _Clock:
    """Counts the processor time of functions, a name each."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def count(self, what: str, owner: Any, name: str) -> None:
        """Let every call of `owner.name` count."""
        function = getattr(owner, name)
        self.spent.setdefault(what, 0.0)
        setattr(owner, name, self._counted(what, function))

    def _counted(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **flags: Any) -> Any:
            began = process_time()
            try:
                return function(*words, **flags)
            finally:
                self.spent[what] += process_time() - began

        return counted


def _train(path: Path, *words: str) -> None:
    """In the child: `train.py` as a person runs it, with the clock on."""
    from console.quiet import start_tensorflow

    start_tensorflow()
    from training import callbacks, tensorboard

    clock = _Clock()
    for moment in ("on_train_begin", "on_train_batch_end", "on_epoch_end", "on_train_end"):
        clock.count(LOOKING, tensorboard.TensorBoardLog, moment)
    clock.count(SAVING, callbacks, "save_checkpoint")
    sys.argv = list(words)
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        path.write_text(json.dumps(clock.spent))


if __name__ == "__main__":
    path, *words = sys.argv[1:]
    _train(Path(path), *words)
