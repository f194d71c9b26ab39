"""How long a person waits for the first training step, when everything before it was learnt by an earlier run.

Reading the data, encoding the validation texts, building and compiling the model; beside it the time that TensorFlow
needs to start at all, measured in turn.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.measurement import START_TENSORFLOW, BenchFlags, Measurement, Report, fresh_folder, run_child, train_words

TARGET_SECONDS = 15


def measure(flags: BenchFlags) -> Report:
    """One run that learns, then TensorFlow alone and a run from the cache in turn."""
    with fresh_folder() as folder:
        anew = [_seconds_to_first_step(flags, folder, "anew")]
        tensorflow, again = [], []
        for turn in range(1 if flags.quick else 3):
            tensorflow.append(run_child(*START_TENSORFLOW).seconds)
            again.append(_seconds_to_first_step(flags, folder, f"again-{turn}"))
    header = ("from the start", "runs", "seconds", "lowest", "highest", "x TensorFlow alone")
    times = {"to the first step, all learnt anew": anew, "to the first step, from the cache": again}
    times["TensorFlow started, nothing else"] = tensorflow
    rows = [(what, *_summary(seconds), median(seconds) / median(tensorflow)) for what, seconds in times.items()]
    figure = Measurement(
        "start of train.py to its first step, from the cache", median(again), "s", TARGET_SECONDS, True
    )
    return Report([("start-up: train.py sentiment", header, rows)], [figure])


def _seconds_to_first_step(flags: BenchFlags, folder: Path, name: str) -> float:
    # What is learnt counts against the budget, also from the cache: training ends after its first step.
    run_child(*train_words(flags, folder), "--epochs", "1", "--time-budget", "1s", "--name", name)
    metrics = json.loads((folder / "runs" / "sentiment" / name / "metrics.json").read_text(encoding="utf-8"))
    return metrics["seconds"]["to_first_step"]


def _summary(seconds: Sequence[float]) -> tuple[int, float, float, float]:
    return len(seconds), median(seconds), min(seconds), max(seconds)
