"""The report of an experiment: claim, method, figures, table and finding; and its scalars for TensorBoard."""

from pathlib import Path

import numpy as np

import evaluation
from console.tables import markdown_table
from lab.experiment import Experiment, Results

REPORT_FILE = "report.md"


def markdown(experiment: Experiment, results: Results, figures: str, level: str = "#") -> str:
    """The section of an experiment. `figures`: path of its figures' folder, relative to the document."""
    table = experiment.table(results)
    drawn = "\n\n".join(f"![{experiment.title}]({figures}{name}.png)" for name in experiment.figures(results))
    seeds = len({each.seed for each in results.results})
    return "\n\n".join(
        [
            f"{level} {experiment.title}",
            f"**The claim.** {experiment.claim}",
            f"**What was done.** {experiment.method} {seeds} {'seed' if seeds == 1 else 'seeds'}"
            f"{'' if seeds == 1 else '; mean ± sample standard deviation'}. `python -m lab {experiment.name}`",
            f"**What was found.** {experiment.finding(results)}",
            drawn,
            f"{table.title}:",
            markdown_table(table.header, table.rows),
            f"**When it holds, and when not.** {experiment.known}",
        ]
    )


def write_report(experiment: Experiment, results: Results, folder: Path) -> None:
    """Write report.md, the figures and TensorBoard's scalars into `folder`."""
    save_figures(experiment, results, folder)
    text = markdown(experiment, results, "")
    (folder / REPORT_FILE).write_text(text + "\n", encoding="utf-8")
    write_scalars(results, folder / "tensorboard")


def save_figures(experiment: Experiment, results: Results, folder: Path) -> None:
    """Save the figures as `folder`/NAME.png."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in experiment.figures(results).items():
        (folder / f"{name}.png").write_bytes(evaluation.plots.png(figure))


def write_scalars(results: Results, folder: Path) -> None:
    """Write numbers and curves, the mean over the seeds, as scalars: a TensorBoard run for each condition."""
    import tensorflow as tf

    for condition in dict.fromkeys(each.condition for each in results.results):
        names = next(each.values for each in results.results if each.condition == condition)
        with tf.summary.create_file_writer(str(folder / condition.label.replace("/", "-"))).as_default() as writer:
            for name in names:
                values = results.of(condition, name)
                if values.dtype.kind == "f" and values.ndim in (1, 2):
                    for step, value in enumerate(np.atleast_1d(values.mean(axis=0))):
                        tf.summary.scalar(name, value, step=step)
            writer.close()
