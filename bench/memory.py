"""The largest memory that a run takes: all learnt anew (n-gram features, word vectors), one epoch, the report.

One epoch is enough: every batch shape occurs in it.
"""

from bench.measurement import START_TENSORFLOW, BenchFlags, Measurement, Report, fresh_folder, run_child, train_words

TARGET_MB = 3000


def measure(flags: BenchFlags) -> Report:
    """Peak of TensorFlow alone and of a run, each in a process of its own."""
    with fresh_folder() as folder:
        alone = run_child(*START_TENSORFLOW).peak_mb
        run = run_child(*train_words(flags, folder), "--epochs", "1").peak_mb
    rows = [("TensorFlow started, nothing else", round(alone), 1.0), ("train.py sentiment", round(run), run / alone)]
    header = ("program", "peak MB", "x TensorFlow alone")
    figure = Measurement("peak memory of a run, all learnt anew", run, "MB", TARGET_MB, at_most=True)
    return Report([("memory: one epoch, all learnt anew", header, rows)], [figure])
