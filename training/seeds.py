"""The same training with several seeds: a run each, and what they say together.

runs/TASK/NAME/  config.json  seed-1/  seed-2/ ...  summary.json
"""

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from console.messages import say, warn
from schema.configs import TrainingConfig
from schema.errors import RunError
from schema.examples import Splits
from schema.records import PrimaryMetric, Summary
from tasks.task import Task
from training.run_folder import RunFolder, check_name, create_run
from training.saved_run import SavedRun, open_run
from training.signals import Interrupted, handle_signals
from training.trainer import load_again, resume, train_on


def train_seeds(task: Task[Any, Any], config: TrainingConfig, command: str) -> tuple[RunFolder, Summary]:
    """Train `config.seeds` runs in one folder, from `config.seed` on; a run that fails does not end the others.

    Raises UserError before any work, RunError where every run failed, Interrupted when a signal ended it.
    """
    home = config.runs / task.name
    check_name(home, config.name)
    with handle_signals():
        splits = task.splits(config)
    config = replace(config, dataset=splits.dataset)
    folder = create_run(home, f"{config.cell}-{splits.dataset}-{config.seeds}-seeds", config.name)
    folder.write_config(task.name, splits.source, config, command)
    return folder, _train_missing(task, config, splits, folder, command)


def resume_seeds(group: SavedRun, cache: Path | None) -> tuple[RunFolder, Summary]:
    """Go on with the seeds that are not finished, and with those that have not begun."""
    config = replace(group.config, cache=cache)
    with handle_signals():
        splits = load_again(group, config)
    return group.folder, _train_missing(group.task, config, splits, group.folder, group.command)


def _train_missing(
    task: Task[Any, Any], config: TrainingConfig, splits: Splits[Any], folder: RunFolder, command: str
) -> Summary:
    failed: dict[int, str] = {}
    for seed in range(config.seed, config.seed + config.seeds):
        path = folder.path / f"seed-{seed}"
        if RunFolder(path).finished_by():
            continue
        say(f"seed {seed} ({seed - config.seed + 1} of {config.seeds})")
        try:
            _train_one(task, replace(config, seed=seed, seeds=1, name=path.name), splits, path, command)
        except Interrupted as error:
            again = f"python train.py --resume {shlex.quote(str(folder.path))}"
            raise Interrupted(f"interrupted at seed {seed}. Go on with: {again}", error.exit_status) from None
        except RunError as error:
            failed[seed] = str(error)
            warn(f"seed {seed} failed: {error}")
    summary = _summary(task, config, splits, folder, failed)
    folder.write_json("summary.json", asdict(summary))
    return summary


def _train_one(task: Task[Any, Any], config: TrainingConfig, splits: Splits[Any], path: Path, command: str) -> None:
    if (path / "config.json").exists():
        resume(open_run(str(path), config.runs), config.cache)
        return
    # Left empty by a process that was killed at once.
    RunFolder(path).remove()
    train_on(splits, task, config, path.parent, command, perf_counter())


def _summary(
    task: Task[Any, Any], config: TrainingConfig, splits: Splits[Any], folder: RunFolder, failed: dict[int, str]
) -> Summary:
    from evaluation.statistics import mean_and_deviation, mean_interval

    values, metrics = {}, {}
    for seed in range(config.seed, config.seed + config.seeds):
        run = RunFolder(folder.path / f"seed-{seed}")
        if run.finished_by():
            metrics = run.read_json("metrics.json")
            if metrics["stop_reason"] == "divergence":
                failed.setdefault(seed, "the loss became NaN or infinite")
            else:
                values[seed] = metrics["primary_metric"]["value"]
    if not values:
        raise RunError(f"every seed of {folder.path} failed; the first: {next(iter(failed.values()))}")
    split = metrics["primary_metric"]["split"]
    mean, deviation = mean_and_deviation(list(values.values()))
    return Summary(
        task=task.name,
        dataset=splits.dataset,
        cell=config.cell,
        primary_metric=PrimaryMetric(task.primary_metric, mean, split),
        deviation=deviation,
        interval=mean_interval(list(values.values())),
        values=values,
        failed=failed,
        baselines={
            name: scores[split][task.primary_metric] for name, scores in metrics["baselines"].items() if split in scores
        },
    )
