"""`train.py`: the table of tasks, or one task trained, scored and reported."""

import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Any

from commands.command_line import nearest, parse
from console.messages import say, table
from schema.configs import TrainingConfig
from schema.errors import UserError
from tasks import TASK_NAMES, get_task
from tasks.task import Task, refuse_unknown_dataset

_RESULTS = Path(__file__).resolve().parent.parent / "results"

_USAGE = """
python train.py TASK            train it and score it
python train.py TASK --help     its flags
python evaluate.py latest       score a saved run anew
python predict.py latest        ask it"""


def main(argv: Sequence[str], began: float | None = None) -> int:
    """Run the command; gives the exit status."""
    began = perf_counter() if began is None else began
    if not argv or argv[0] in ("-h", "--help"):
        _show_tasks()
        return 0
    name, *flags = argv
    if name not in TASK_NAMES:
        raise UserError(f"there is no task {name}; there are {', '.join(TASK_NAMES)}.{nearest(name, TASK_NAMES)}")
    task = get_task(name)
    config = parse(task.Config, flags, f"train.py {name}", default=_defaults_for(task, flags))
    _check(task, config)
    _train(task, config, shlex.join(["train.py", *argv]), began)
    return 0


def _train(task: Task[Any, Any], config: TrainingConfig, command: str, began: float) -> None:
    from training.trainer import train

    outcome = train(task, config, command, began)

    from evaluation.report import short_report

    say(short_report(outcome.metrics))
    for note in outcome.metrics.notes:
        say(note)
    say(f"\nreport       {outcome.folder.path / 'report.md'}")
    say(f"ask it       python predict.py {shlex.quote(str(outcome.folder.path))}")
    say(f"look inside  tensorboard --logdir {shlex.quote(str(config.runs))}")


def _defaults_for(task: Task[Any, Any], flags: Sequence[str]) -> TrainingConfig:
    """The task's defaults for the cell that is asked for, so that `--help` shows what would be used."""
    words = [word for flag in flags for word in flag.split("=", 1)]
    asked = [cell for flag, cell in zip(words, words[1:], strict=False) if flag == "--cell"]
    cell = asked[-1] if asked else task.Config.cell
    return task.Config(**{"cell": cell, **task.cell_defaults.get(cell, {})})


def _check(task: Task[Any, Any], config: TrainingConfig) -> None:
    """Refuse flags that contradict one another."""
    given = {field.name for field in fields(config) if getattr(config, field.name) is not None}
    if "train_file" not in given and (orphans := given & {"validation_file", "test_file"}):
        raise UserError(f"--{min(orphans).replace('_', '-')} goes with --train-file")
    if {"train_file", "dataset"} <= given:
        raise UserError("--train-file and --dataset name two sources; take one")
    refuse_unknown_dataset(config.dataset, task.datasets)


def _show_tasks() -> None:
    from evaluation.readme_table import best_results

    best = best_results(_RESULTS)
    rows = []
    for name in TASK_NAMES:
        task = get_task(name)
        rows.append(
            (name, task.rnn_type, task.datasets[0], task.Config.cell, task.headline, best.get(name, "none yet"))
        )
    table("tasks", ("task", "RNN type", "data set", "cell", "score", "best recorded"), rows)
    say(_USAGE)
