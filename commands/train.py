"""`train.py`: the table of tasks, or one task trained, scored and reported."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from commands.command_line import nearest, parse
from commands.run_flags import RunFlags
from console.messages import say
from console.tables import print_table
from schema.configs import TrainingConfig
from schema.errors import RunError, UserError
from schema.records import Summary
from tasks import TASK_NAMES, get_task
from tasks.task import Task, require_known_dataset
from training.run_folder import RunFolder
from training.saved_run import open_run

if TYPE_CHECKING:
    from training.trainer import TrainingResult

_RESULTS = Path(__file__).resolve().parent.parent / "results"

_USAGE = """
python train.py TASK            train it and score it
python train.py TASK --help     its flags
python train.py --resume RUN    go on with a run that was interrupted or killed
python evaluate.py latest       score a saved run anew
python predict.py latest        ask it"""


@dataclass(frozen=True, kw_only=True)
class ResumeFlags(RunFlags):
    """Go on with a run that was interrupted or killed, from its last finished epoch: python train.py --resume RUN."""

    resume: str
    """The run: a path, TASK/NAME or NAME."""
    cache: Path | None = None
    """Folder for what can be computed again; $XDG_CACHE_HOME or ~/.cache where none is given."""


def main(argv: Sequence[str], began: float | None = None) -> int:
    """Run the command; gives the exit status."""
    began = perf_counter() if began is None else began
    if not argv or argv[0] in ("-h", "--help"):
        _show_tasks()
        return 0
    if argv[0].partition("=")[0] == "--resume":
        return _resume(argv, began)
    name, *flags = argv
    if name not in TASK_NAMES:
        raise UserError(f"there is no task {name}; there are {', '.join(TASK_NAMES)}.{nearest(name, TASK_NAMES)}")
    if any(flag.partition("=")[0] == "--resume" for flag in flags):
        raise UserError("--resume needs neither a task nor its flags: python train.py --resume RUN")
    task = get_task(name)
    config = parse(task.config_class, flags, f"train.py {name}", default=_defaults_for(task, flags))
    _check(task, config)
    if config.sanity_check:
        return _look(task, config)
    _train(task, config, shlex.join(["train.py", *argv]), began)
    return 0


def _train(task: Task[Any, Any], config: TrainingConfig, command: str, began: float) -> None:
    if config.seeds > 1:
        from training.seeds import train_seeds

        _show_seeds(*train_seeds(task, config, command))
    else:
        from training.trainer import train

        _show(train(task, config, command, began), config.runs)


def _resume(argv: Sequence[str], began: float) -> int:
    flags = parse(ResumeFlags, argv, "train.py")
    run = open_run(flags.resume, flags.runs, several=True)
    if run.config.seeds > 1:
        from training.seeds import resume_seeds

        _show_seeds(*resume_seeds(run, flags.cache))
    else:
        from training.trainer import resume

        _show(resume(run, flags.cache, began), run.folder.path.absolute().parents[1])
    return 0


def _look(task: Task[Any, Any], config: TrainingConfig) -> int:
    from training.sanity_checks import check

    failed = 0
    for finding in check(task, config):
        failed += finding.verdict == "FAIL"
        say(f"{finding.verdict}  {finding.what}{'; ' if finding.advice else ''}{finding.advice}")
    return int(failed > 0)


def _show(outcome: "TrainingResult", runs: Path) -> None:
    from evaluation.report import short_report

    say(short_report(outcome.metrics))
    for note in outcome.metrics.notes:
        say(note)
    say(f"\nreport       {outcome.folder.path / 'report.md'}")
    say(f"ask it       python predict.py {shlex.quote(str(outcome.folder.path))}")
    say(f"look inside  tensorboard --logdir {shlex.quote(str(runs))}")


def _show_seeds(folder: RunFolder, summary: Summary) -> None:
    from evaluation.report import summary_report

    say(summary_report(summary))
    say(f"\nruns         {folder.path}")
    if summary.failed:
        raise RunError(f"{len(summary.failed)} of the seeds failed: {', '.join(map(str, summary.failed))}")


def _defaults_for(task: Task[Any, Any], flags: Sequence[str]) -> TrainingConfig:
    """The task's defaults for the cell that is asked for, so that `--help` shows what would be used."""
    words = [word for flag in flags for word in flag.split("=", 1)]
    asked = [cell for flag, cell in zip(words, words[1:], strict=False) if flag == "--cell"]
    config_class = task.config_class
    cell = asked[-1] if asked else config_class.cell
    quick = {"quick": True, **config_class.quick_defaults} if "--quick" in flags else {}
    return config_class(**{"cell": cell, **config_class.cell_defaults.get(cell, {}), **quick})


def _check(task: Task[Any, Any], config: TrainingConfig) -> None:
    """Refuse flags that contradict one another."""
    given = {field.name for field in fields(config) if getattr(config, field.name) is not None}
    if "train_file" not in given and (orphans := given & {"validation_file", "test_file"}):
        raise UserError(f"--{min(orphans).replace('_', '-')} goes with --train-file")
    if {"train_file", "dataset"} <= given:
        raise UserError("--train-file and --dataset name two sources; take one")
    require_known_dataset(config.dataset, task.datasets)


def _show_tasks() -> None:
    from evaluation.results_table import default_scores

    recorded = default_scores(_RESULTS)
    rows = []
    for name in TASK_NAMES:
        task = get_task(name)
        rows.append(
            (
                name,
                task.rnn_type,
                task.datasets[0],
                task.config_class.cell,
                task.primary_metric,
                recorded.get(name, "-"),
            )
        )
    print_table("tasks", ("task", "RNN type", "data set", "cell", "primary metric", "recorded score"), rows)
    say(_USAGE)
