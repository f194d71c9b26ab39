"""Make the README's table of results from the recorded runs.

    python -m evaluation.results_table            # replaces the table in README.md
    python -m evaluation.results_table --check    # exits 1 where README.md is out of date

Reads results/TASK/*.json, each {"metrics": ..., "hardware": ..., "commit": ..., "variant": ...}; runs that differ only
in their seed become one row. Nothing between the two markers in the README is typed by hand.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from console.tables import markdown_table
from evaluation.scores import SCORES, UNDEFINED, format_score
from evaluation.statistics import mean_and_deviation
from schema.configs import CellName
from schema.errors import RunError, UserError
from schema.records import FORMAT

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
RNN_TYPES = (
    "one to one",
    "one to many",
    "many to one",
    "many to many, synchronous",
    "many to many, asynchronous",
)
"""The order of the rows; other types follow."""
DEFAULT_VARIANT = "default"
HEADER = ("task", "RNN type", "data set", "variant", "cell", "score x 100", "best baseline", "training, CPU minutes")


@dataclass(frozen=True)
class RecordedRun:
    """What the table and the picture need of one file.

    baselines: headline score of each, on the split of the headline; validation_baselines: on validation
    cpu_minutes: of the training; curve: epoch -> validation score after it
    """

    path: Path
    task: str
    rnn_type: str
    dataset: str
    variant: str
    cell: str
    seed: int
    score_name: str
    split: str
    value: float
    baselines: Mapping[str, float]
    cpu_minutes: float
    hardware: str
    curve: Mapping[int, float]
    validation_baselines: Mapping[str, float]

    @property
    def row(self) -> tuple[object, ...]:
        """What the runs of one row share, in the order of the rows."""
        return (
            _place(self.rnn_type, RNN_TYPES),
            self.task,
            self.dataset,
            self.variant != DEFAULT_VARIANT,
            self.variant,
            _place(self.cell, get_args(CellName)),
            self.score_name,
            self.split,
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Replace or check the table; errors are one plain line on stderr and an exit status of 1 or 2."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.results_table", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where the README is out of date")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the recorded runs")
    parser.add_argument("--readme", type=Path, default=Path("README.md"), help="file that holds the table")
    asked = parser.parse_args(argv)
    try:
        update(asked.readme, asked.results, asked.check)
        if not asked.check:
            draw(read_runs(asked.results), asked.readme.parent / "docs")
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


def update(readme: Path, results: Path, check: bool = False) -> None:
    """Put the table of `results` between the markers of `readme`.

    check: change nothing, and raise RunError where the table is out of date
    Raises UserError for a missing file or marker and for a file of results that cannot be used.
    """
    table = results_table(read_runs(results))
    try:
        old = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{readme} cannot be read ({error.strerror}); run this in the project's folder.") from error
    if old.count(BEGIN) != 1 or old.count(END) != 1 or old.index(BEGIN) > old.index(END):
        raise UserError(f"{readme} needs the lines {BEGIN} and {END}, once each and in this order.")
    before, rest = old.split(BEGIN)
    new = f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}"
    if new == old:
        return
    if check:
        raise RunError(f"{readme} is out of date; run python -m evaluation.results_table and commit the change.")
    beside = readme.with_name(f".{readme.name}.{os.getpid()}")
    beside.write_text(new, encoding="utf-8")
    os.replace(beside, readme)


def draw(runs: Sequence[RecordedRun], folder: Path) -> None:
    """A picture TASK.png for each task: the cells side by side, each with the defaults and its lowest seed."""
    # Here, since `best_results` is asked for in a hurry and matplotlib takes a second.
    from evaluation.plots import cells_by_epoch

    tasks: dict[str, dict[str, RecordedRun]] = {}
    for run in sorted(runs, key=lambda run: (run.row, run.seed)):
        if run.variant == DEFAULT_VARIANT and run.curve:
            tasks.setdefault(run.task, {}).setdefault(run.cell, run)
    for task, cells in tasks.items():
        first = next(iter(cells.values()))
        curves = {cell: run.curve for cell, run in cells.items()}
        cells_by_epoch(curves, first.validation_baselines, first.score_name, folder / f"{task}.png")


def read_runs(results: Path) -> list[RecordedRun]:
    """Every recorded run below `results`, by path. Raises UserError for a file that cannot be used."""
    return [_read_run(path) for path in sorted(results.glob("*/*.json"))]


def best_results(results: Path) -> dict[str, str]:
    """Task -> its best recorded setting in a few words; a task without a recorded run is left out."""
    best: dict[str, tuple[float, str]] = {}
    for same in _rows(read_runs(results)):
        first = same[0]
        mean, _ = mean_and_deviation([run.value for run in same])
        words = f"{format_score(first.score_name, mean)} ({first.cell}, {_seeds(same)})"
        if first.task not in best or mean > best[first.task][0]:
            best[first.task] = (mean, words)
    return {task: words for task, (_, words) in best.items()}


def results_table(runs: Sequence[RecordedRun]) -> str:
    """The Markdown table, a row for all seeds of one setting, and a line on how it was measured.

    Raises UserError where one seed of a setting is recorded twice.
    """
    if not runs:
        return "No run is recorded yet."
    table = markdown_table(HEADER, [_cells(same) for same in _rows(runs)])
    machines = "; ".join(sorted({run.hardware for run in runs if run.hardware})) or "not recorded"
    return f"{table}\n\nMean ± sample standard deviation over the seeds. Measured on: {machines}."


def _rows(runs: Sequence[RecordedRun]) -> list[list[RecordedRun]]:
    """The runs of one setting together, settings in the order of the table."""
    rows: dict[tuple[object, ...], list[RecordedRun]] = {}
    for run in sorted(runs, key=lambda run: run.row):
        rows.setdefault(run.row, []).append(run)
    return list(rows.values())


def _seeds(runs: Sequence[RecordedRun]) -> str:
    return "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"


def _cells(runs: Sequence[RecordedRun]) -> list[str]:
    first = runs[0]
    _refuse_twice(runs)
    mean, deviation = mean_and_deviation([run.value for run in runs])
    name = first.score_name
    spread = "" if math.isnan(deviation) else f" ± {format_score(name, deviation)}"
    split = "" if first.split == "test" else f", {first.split} only"
    minutes = mean_and_deviation([run.cpu_minutes for run in runs])[0]
    score = f"{name} {format_score(name, mean)}{spread} ({_seeds(runs)}{split})"
    described = [first.task, first.rnn_type, first.dataset, first.variant, first.cell]
    return [*described, score, _best_baseline(runs), f"{minutes:.1f}"]


def _best_baseline(runs: Sequence[RecordedRun]) -> str:
    """The baseline with the highest mean over the runs that have it."""
    scores: dict[str, list[float]] = {}
    for run in runs:
        for baseline, value in run.baselines.items():
            scores.setdefault(baseline, []).append(value)
    if not scores:
        return UNDEFINED
    means = {baseline: mean_and_deviation(values)[0] for baseline, values in scores.items()}
    best = max(means, key=means.__getitem__)
    return f"{best} {format_score(runs[0].score_name, means[best])}"


def _refuse_twice(runs: Sequence[RecordedRun]) -> None:
    paths: dict[int, Path] = {}
    for run in runs:
        if run.seed in paths:
            raise UserError(
                f"{paths[run.seed]} and {run.path} are the same setting with the same seed ({run.seed}); "
                "delete one, or give it a variant."
            )
        paths[run.seed] = run.path


def _read_run(path: Path) -> RecordedRun:
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        run = _run_of(path, recorded)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}; record the run again.") from error
    except KeyError as error:
        raise UserError(f"{path}: {error} is missing; record the run again.") from error
    except (TypeError, AttributeError) as error:
        raise UserError(f"{path}: does not have the layout of a recorded run; record the run again.") from error
    return run


def _run_of(path: Path, recorded: Mapping) -> RecordedRun:
    """Raises KeyError, TypeError or AttributeError where something is missing, ValueError for what has no place."""
    metrics = recorded["metrics"]
    if metrics["format"] > FORMAT:
        raise ValueError(f"format {metrics['format']} is newer than this program's ({FORMAT})")
    if metrics["synthetic"]:
        raise ValueError("a run on synthetic examples is no result")
    name, split = metrics["primary_metric"]["name"], metrics["primary_metric"]["split"]
    if name not in SCORES:
        raise ValueError(f"no score is named {name!r}")
    return RecordedRun(
        path=path,
        task=metrics["task"],
        rnn_type=metrics["rnn_type"],
        dataset=metrics["dataset"],
        variant=recorded.get("variant", DEFAULT_VARIANT),
        cell=metrics["cell"],
        seed=metrics["seed"],
        score_name=name,
        split=split,
        value=float(metrics["primary_metric"]["value"]),
        baselines=_baselines_on(split, metrics["baselines"], name),
        cpu_minutes=metrics["seconds"]["training_cpu"] / 60,
        hardware=", ".join(
            f"{value} {name}" if isinstance(value, int) else value for name, value in recorded["hardware"].items()
        ),
        curve={round(row["epoch"]): row["validation_score"] for row in recorded.get("history", ())},
        validation_baselines=_baselines_on("validation", metrics["baselines"], name),
    )


def _baselines_on(split: str, baselines: Mapping, score: str) -> dict[str, float]:
    """Baseline -> its score on `split`, where it has one."""
    return {name: values[split][score] for name, values in baselines.items() if score in values.get(split, {})}


def _place(name: str, order: Sequence[str]) -> tuple[int, str]:
    """Sorts the names of `order` first, as they stand there, and others after them."""
    return (order.index(name) if name in order else len(order), name)


if __name__ == "__main__":
    sys.exit(main())
