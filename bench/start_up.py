"""Time from the start of `train.py` to the first training step, with everything cached by an earlier run.

It includes reading the data, encoding the validation texts, and building and compiling the model. The time that
TensorFlow alone takes to start is measured alternately with it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import START_TENSORFLOW, TENSORFLOW_ALONE, run_child, sentiment_arguments, temporary_folder

TARGET_SECONDS = 15


def measure(flags: BenchFlags) -> Report:
    """Measure one run that fits the encoder, then TensorFlow alone and runs with a cache alternately."""
    with temporary_folder() as folder:
        uncached = [_seconds_to_first_step(flags, folder, "uncached")]
        tensorflow, cached = [], []
        for number in range(1 if flags.quick else 3):
            tensorflow.append(run_child(*START_TENSORFLOW).seconds)
            cached.append(_seconds_to_first_step(flags, folder, f"cached-{number}"))
    times = {"first step, nothing cached": uncached, "first step, all cached": cached, TENSORFLOW_ALONE: tensorflow}
    rows = [(name, *_summary(seconds), median(seconds) / median(tensorflow)) for name, seconds in times.items()]
    header = ("time from the start to", "runs", "median seconds", "min", "max", "relative to TensorFlow alone")
    measurement = Measurement(
        "time from the start of train.py to the first step, all cached", median(cached), "s", TARGET_SECONDS, True
    )
    return Report([ResultTable("start-up: train.py sentiment", header, rows)], [measurement])


def _seconds_to_first_step(flags: BenchFlags, folder: Path, name: str) -> float:
    # The time of fitting the encoder counts against the budget, even with a cache: training stops after one step.
    run_child(*sentiment_arguments(flags, folder), "--epochs", "1", "--time-budget", "1s", "--name", name)
    metrics = json.loads((folder / "runs" / "sentiment" / name / "metrics.json").read_text(encoding="utf-8"))
    return metrics["seconds"]["to_first_step"]


def _summary(seconds: Sequence[float]) -> tuple[int, float, float, float]:
    return len(seconds), median(seconds), min(seconds), max(seconds)
