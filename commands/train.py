"""`train.py`: list the tasks, train and evaluate one of them, or resume a run."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import evaluation
from commands.command_line import known_flags, nearest, parse, print_version
from commands.run_flags import RunFlags
from console.messages import say
from console.tables import print_table
from evaluation.results_table import default_scores
from schema.configs import TrainingConfig
from schema.errors import RunError, UserError
from schema.records import Summary
from tasks import TASK_NAMES, get_task
from tasks.task import AnyTask, require_known_dataset
from training.run_folder import RunFolder
from training.sanity_checks import run_checks
from training.saved_run import open_run
from training.seeds import resume_seeds, train_seeds
from training.trainer import TrainingResult, resume, train

_RESULTS = Path(__file__).resolve().parent.parent / "results"

_USAGE = """
python train.py TASK            train and evaluate a task
python train.py TASK --help     list its flags
python train.py --resume RUN    resume an interrupted run
python evaluate.py latest       evaluate a saved run
python predict.py latest        predict with a saved run"""


@dataclass(frozen=True, kw_only=True)
class ResumeFlags(RunFlags):
    """Resume an interrupted run after its last finished epoch: python train.py --resume RUN."""

    resume: str
    """The run: a path, TASK/NAME or NAME."""
    cache: Path | None = None
    """Folder of cached results, safe to delete. Default: $XDG_CACHE_HOME or ~/.cache."""


def main(argv: Sequence[str], began: float | None = None) -> int:
    """Run the command; return the exit status. `began` is the time of its start, by `perf_counter`."""
    began = perf_counter() if began is None else began
    if not argv or argv[0] in ("-h", "--help"):
        _show_tasks()
        return 0
    if argv[0] == "--version":
        print_version()
        return 0
    if argv[0].partition("=")[0] == "--resume":
        return _resume(argv, began)
    name, *flags = argv
    if name not in TASK_NAMES:
        raise UserError(f"there is no task {name}; there are {', '.join(TASK_NAMES)}.{nearest(name, TASK_NAMES)}")
    if any(flag.partition("=")[0] == "--resume" for flag in flags):
        raise UserError("--resume takes neither a task nor its flags: python train.py --resume RUN")
    task = get_task(name)
    config = parse(task.config_class, flags, f"train.py {name}", default=_defaults_for(task, flags))
    require_known_dataset(config.dataset, task.datasets)
    if config.sanity_check:
        return _run_checks(task, config)
    _train(task, config, shlex.join(["train.py", *argv]), began)
    return 0


def _train(task: AnyTask, config: TrainingConfig, command: str, began: float) -> None:
    if config.seeds > 1:
        _show_seeds(*train_seeds(task, config, command))
    else:
        _show_result(train(task, config, command, began), config.runs)


def _resume(argv: Sequence[str], began: float) -> int:
    _refuse_changed_settings(argv)
    flags = parse(ResumeFlags, argv, "train.py")
    run = open_run(flags.resume, flags.runs, to_resume=True)
    if run.config.seeds > 1:
        _show_seeds(*resume_seeds(run, flags.cache))
    else:
        _show_result(resume(run, flags.cache, began), run.folder.path.absolute().parents[1])
    return 0


def _refuse_changed_settings(argv: Sequence[str]) -> None:
    """Raise UserError for flags of a training in front of or behind `--resume`."""
    given = [word.partition("=")[0].replace("_", "-") for word in argv]
    settings = set().union(*(known_flags(get_task(name).config_class) for name in TASK_NAMES))
    if changed := [flag for flag in given if flag in settings - known_flags(ResumeFlags)]:
        raise UserError(
            f"{', '.join(changed)} cannot be changed: a resumed run keeps its settings; besides --resume there are "
            "--runs and --cache"
        )


def _run_checks(task: AnyTask, config: TrainingConfig) -> int:
    """Print one line for each sanity check; return 1 if any failed."""
    failed = False
    for result in run_checks(task, config):
        failed |= result.status == "FAIL"
        say(f"{result.status}  {result.message}{'; ' if result.advice else ''}{result.advice}")
    return int(failed)


def _show_result(result: TrainingResult, runs: Path) -> None:
    say(evaluation.report.short_report(result.metrics))
    for note in result.metrics.notes:
        say(note)
    say(f"\nreport       {result.folder.path / 'report.md'}")
    say(f"predict      python predict.py {shlex.quote(str(result.folder.path))}")
    say(f"TensorBoard  tensorboard --logdir {shlex.quote(str(runs))}")


def _show_seeds(folder: RunFolder, summary: Summary) -> None:
    say(evaluation.report.summary_report(summary))
    say(f"\nruns         {folder.path}")
    if summary.failed:
        raise RunError(f"{len(summary.failed)} of the seeds failed: {', '.join(map(str, summary.failed))}")


def _defaults_for(task: AnyTask, flags: Sequence[str]) -> TrainingConfig:
    """The defaults of the task under the given `--cell` and `--quick`, which `--help` shows too."""
    words = [word for flag in flags for word in flag.split("=", 1)]
    cells = [cell for flag, cell in zip(words, words[1:], strict=False) if flag == "--cell"]
    config_class = task.config_class
    cell = cells[-1] if cells else config_class.cell
    quick: Mapping[str, Any] = {"quick": True, **config_class.quick_defaults} if "--quick" in flags else {}
    values: dict[str, Any] = {"cell": cell, **config_class.cell_defaults.get(cell, {}), **quick}
    return config_class(**values)


def _show_tasks() -> None:
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
