"""Generate the tables and figures of the results from the recorded runs.

    python -m evaluation.results_table            # update README.md, docs/results.md and the figures beside it
    python -m evaluation.results_table --check    # exit with status 1 if a table is out of date

Reads results/TASK/*.json, each {"metrics": ..., "hardware": ..., "commit": ..., "variant": ...}. Runs that differ only
in their seed are one row. README.md has one row for each task, docs/results.md has every row.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import evaluation
from console.count import counted
from console.files import atomic_write
from console.tables import markdown_table
from evaluation.scores import SCORES, UNDEFINED, format_score
from evaluation.statistics import mean_and_deviation
from schema.configs import CellName, TrainingConfig
from schema.errors import RunError, UserError
from schema.records import FORMAT

if TYPE_CHECKING:
    from evaluation.plots import VariantCurves

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
RNN_TYPES = (
    "one to one",
    "one to many",
    "many to one",
    "many to many, synchronous",
    "many to many, asynchronous",
)
"""Order of the rows; other types follow."""
DEFAULT_VARIANT = "default"
EXPERIMENTS = "lab"
"""Folder of recorded experiments (`lab.page`), which are no runs of a task."""
OUTDATED = "†"
SHORT_HEADER = ("task", "RNN type", "data set", "score x 100", "best baseline", "CPU minutes")
FULL_HEADER = ("task", "RNN type", "data set", "variant", "cell", "score x 100", "best baseline", "CPU minutes")


@dataclass(frozen=True)
class RecordedRun:
    """Contents of one file, as far as the tables and figures need them.

    score_name, value, split: the primary metric
    baselines: primary metric of each baseline on `split`; validation_baselines: on validation
    cpu_minutes: CPU time of the training; curve: epoch -> validation score
    outdated: whether the program has changed so that the run is to be recorded anew ("outdated" in the file says why)
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
    outdated: bool = False

    @property
    def setting(self) -> tuple[object, ...]:
        """Everything but the seed: sort key and identity of a row."""
        return (
            _rank(self.rnn_type, RNN_TYPES),
            self.task,
            self.dataset,
            self.variant != DEFAULT_VARIANT,
            self.variant,
            _rank(self.cell, get_args(CellName)),
            self.score_name,
            self.split,
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Update or check the tables. Errors are one plain line on stderr; the exit status is then 1 or 2."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.results_table", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a table is out of date")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the recorded runs")
    parser.add_argument("--readme", type=Path, default=Path("README.md"), help="file with the short table")
    parser.add_argument("--full", type=Path, default=Path("docs/results.md"), help="file with the full table")
    flags = parser.parse_args(argv)
    try:
        runs = read_runs(flags.results)
        update({flags.readme: default_table(runs), flags.full: full_table(runs)}, flags.check)
        if not flags.check:
            write_figures(runs, flags.full.parent)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


def update(tables: Mapping[Path, str], check: bool = False) -> None:
    """Write each table between the markers of its file.

    check: change nothing and raise RunError if a file is out of date
    Raises UserError for a missing file or marker; no file is changed then.
    """
    changed = {}
    for path, table in tables.items():
        old = _read_page(path)
        before, rest = old.split(BEGIN)
        new = f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}"
        if new != old:
            changed[path] = new
    if check and changed:
        names = " and ".join(map(str, changed))
        raise RunError(f"{names}: out of date; run python -m evaluation.results_table and commit the change.")
    for path, text in changed.items():
        atomic_write(path, partial(Path.write_text, data=text, encoding="utf-8"))


def write_figures(runs: Sequence[RecordedRun], folder: Path) -> None:
    """Write a figure TASK.png for each task, with all recorded cells and seeds of each variant."""
    tasks: dict[str, dict[str, list[RecordedRun]]] = {}
    for run in sorted(runs, key=lambda run: (run.setting, run.seed)):
        if run.curve:
            tasks.setdefault(run.task, {}).setdefault(run.variant, []).append(run)
    for task, variants in tasks.items():
        first = next(iter(variants.values()))[0]
        title = f"{task} on {first.dataset}: validation {first.score_name.replace('_', ' ')} after each epoch"
        panels = [_variant_curves(variant, of_variant) for variant, of_variant in variants.items()]
        evaluation.plots.save_results_by_epoch(panels, title, first.score_name, folder / f"{task}.png")


def _variant_curves(name: str, runs: Sequence[RecordedRun]) -> "VariantCurves":
    cells: dict[str, list[Mapping[int, float]]] = {}
    for run in runs:
        cells.setdefault(run.cell, []).append(run.curve)
    return evaluation.plots.VariantCurves(name, cells, runs[0].validation_baselines)


def read_runs(results: Path) -> list[RecordedRun]:
    """Read every recorded run in `results`, sorted by path. Raises UserError for an unusable file."""
    return [_read_run(path) for path in sorted(results.glob("*/*.json")) if path.parent.name != EXPERIMENTS]


def default_scores(results: Path) -> dict[str, str]:
    """Task -> recorded primary metric of its default configuration; a task without such a run is left out."""
    return {row[0].task: _score(row) for row in _default_rows(read_runs(results))}


def default_table(runs: Sequence[RecordedRun]) -> str:
    """Markdown table of the tasks' default configurations, one row for each task.

    Raises UserError if a seed of a setting is recorded twice.
    """
    rows = _default_rows(runs)
    return _table_or_note(SHORT_HEADER, [[*cells[:3], *cells[5:]] for cells in map(_cells, rows)]) + _footnote(rows)


def full_table(runs: Sequence[RecordedRun]) -> str:
    """Markdown table with one row for each setting, and a line on deviation and machines.

    Raises UserError if a seed of a setting is recorded twice.
    """
    table = _table_or_note(FULL_HEADER, [_cells(row) for row in _rows(runs)]) + _footnote(_rows(runs))
    machines = "; ".join(sorted({run.hardware for run in runs if run.hardware})) or "not recorded"
    return f"{table}\n\nMean ± sample standard deviation over the seeds. Measured on: {machines}."


def _footnote(rows: Sequence[Sequence[RecordedRun]]) -> str:
    outdated = any(run.outdated for row in rows for run in row)
    return f"\n\n{OUTDATED} to be recorded anew: the program has changed since" if outdated else ""


def _table_or_note(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return markdown_table(header, rows) if rows else "No run is recorded yet."


def _default_rows(runs: Sequence[RecordedRun]) -> list[list[RecordedRun]]:
    defaults = [run for run in runs if run.variant == DEFAULT_VARIANT and run.cell == TrainingConfig.cell]
    return _rows(defaults)


def _rows(runs: Sequence[RecordedRun]) -> list[list[RecordedRun]]:
    """Runs grouped by setting, in the order of the table."""
    rows: dict[tuple[object, ...], list[RecordedRun]] = {}
    for run in sorted(runs, key=lambda run: run.setting):
        rows.setdefault(run.setting, []).append(run)
    return list(rows.values())


def _cells(runs: Sequence[RecordedRun]) -> list[str]:
    """Cells of one row, in the order of `FULL_HEADER`."""
    first = runs[0]
    _require_distinct_seeds(runs)
    minutes = mean_and_deviation([run.cpu_minutes for run in runs])[0]
    described = [first.task, first.rnn_type, first.dataset, first.variant, first.cell]
    mark = f" {OUTDATED}" if any(run.outdated for run in runs) else ""
    return [*described, f"{first.score_name} {_score(runs)}{mark}", _best_baseline(runs), f"{minutes:.1f}"]


def _score(runs: Sequence[RecordedRun]) -> str:
    """Mean and deviation of the primary metric: "92.12 ± 0.06 (3 seeds)"."""
    name, split = runs[0].score_name, runs[0].split
    mean, deviation = mean_and_deviation([run.value for run in runs])
    spread = "" if math.isnan(deviation) else f" ± {format_score(name, deviation)}"
    seeds = counted(len(runs), "seeds")
    return f"{format_score(name, mean)}{spread} ({seeds}{'' if split == 'test' else f', {split} only'})"


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


def _require_distinct_seeds(runs: Sequence[RecordedRun]) -> None:
    paths: dict[int, Path] = {}
    for run in runs:
        if run.seed in paths:
            raise UserError(
                f"{paths[run.seed]} and {run.path} have the same setting and the same seed ({run.seed}); "
                "delete one or give it another variant."
            )
        paths[run.seed] = run.path


def _read_page(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); run this in the project's folder.") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UserError(f"{path} needs the lines {BEGIN} and {END}, once each and in this order.")
    return text


def _read_run(path: Path) -> RecordedRun:
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        return _parse_run(path, recorded)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}; record the run again.") from error
    except KeyError as error:
        raise UserError(f"{path}: {error} is missing; record the run again.") from error
    except (TypeError, AttributeError) as error:
        raise UserError(f"{path}: does not have the layout of a recorded run; record the run again.") from error


def _parse_run(path: Path, recorded: Mapping[str, Any]) -> RecordedRun:
    """Raises KeyError, TypeError or AttributeError if something is missing, ValueError for an unusable run."""
    metrics = recorded["metrics"]
    if metrics["format"] != FORMAT:
        raise ValueError(f"has format {metrics['format']}, this program reads format {FORMAT}")
    if metrics["synthetic"]:
        raise ValueError("a run on synthetic data is not a result")
    name, split = metrics["primary_metric"]["name"], metrics["primary_metric"]["split"]
    if name not in SCORES:
        raise ValueError(f"unknown score {name!r}")
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
        outdated="outdated" in recorded,
    )


def _baselines_on(split: str, baselines: Mapping[str, Any], score: str) -> dict[str, float]:
    """Baseline -> its score on `split`; baselines without one are left out."""
    return {name: values[split][score] for name, values in baselines.items() if score in values.get(split, {})}


def _rank(name: str, order: Sequence[str]) -> tuple[int, str]:
    """Sort key: names of `order` first, in its order, then all others by name."""
    return (order.index(name) if name in order else len(order), name)


if __name__ == "__main__":
    sys.exit(main())
