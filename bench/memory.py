"""Peak memory of a training run with nothing cached: fitting the encoder, one epoch, the report.

One epoch is enough: all batch shapes occur in it.
"""

from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import START_TENSORFLOW, TENSORFLOW_ALONE, run_child, sentiment_arguments, temporary_folder

TARGET_MB = 3000


def measure(flags: BenchFlags) -> Report:
    """Measure TensorFlow alone and a training run, each in its own process."""
    with temporary_folder() as folder:
        tensorflow_mb = run_child(*START_TENSORFLOW).peak_mb
        run_mb = run_child(*sentiment_arguments(flags, folder), "--epochs", "1").peak_mb
    table = ResultTable(
        "memory: one epoch with nothing cached",
        ("program", "peak MB", "relative to TensorFlow alone"),
        [
            (TENSORFLOW_ALONE, round(tensorflow_mb), 1.0),
            ("train.py sentiment", round(run_mb), run_mb / tensorflow_mb),
        ],
    )
    measurement = Measurement("peak memory of a run with nothing cached", run_mb, "MB", TARGET_MB, at_most=True)
    return Report([table], [measurement])
