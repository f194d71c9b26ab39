"""The same training with several seeds: one run per seed, and a summary of them.

runs/TASK/NAME/  config.json  seed-1/  seed-2/ ...  summary.json
"""

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

from console.messages import say, warn
from console.quiet import start_tensorflow
from console.signals import handle_signals
from data.cache import cache_folder
from evaluation.statistics import mean_and_deviation, mean_interval
from schema.configs import TrainingConfig
from schema.errors import Interrupted, RunError
from schema.examples import ExampleT, Splits
from schema.records import PrimaryMetric, Summary
from tasks.task import AnyTask
from training.run_folder import RunFolder, check_name, create_run
from training.saved_run import SavedRun, open_run
from training.trainer import NOT_SAVED, load_same_splits, resume, train_on, with_absolute_files


def train_seeds(task: AnyTask, config: TrainingConfig, command: str) -> tuple[RunFolder, Summary]:
    """Train `config.seeds` runs in one folder, starting with `config.seed`; the others continue if a run fails.

    Raises UserError before any work, RunError if every run failed, Interrupted if a signal ended it.
    """
    home = config.runs / task.name
    check_name(home, config.name)
    cache_folder(config.cache)
    with handle_signals(NOT_SAVED):
        splits = task.splits(config)
        # Before there is a folder, since a signal then ends the process at once.
        start_tensorflow()
    config = with_absolute_files(replace(config, dataset=splits.dataset))
    folder = create_run(
        home,
        f"{config.cell}-{splits.dataset}-{config.seeds}-seeds",
        config.name,
        lambda fresh: fresh.write_config(task.name, splits.source, config, command),
    )
    return folder, _train_missing(task, config, splits, folder, command)


def resume_seeds(group: SavedRun, cache: Path | None) -> tuple[RunFolder, Summary]:
    """Resume the seeds that are not finished, and train those that have not started."""
    config = replace(group.config, cache=cache)
    with handle_signals():
        splits = load_same_splits(group, config)
    return group.folder, _train_missing(group.task, config, splits, group.folder, group.command)


def _train_missing(
    task: AnyTask, config: TrainingConfig, splits: Splits[ExampleT], folder: RunFolder, command: str
) -> Summary:
    failed: dict[int, str] = {}
    for seed in range(config.seed, config.seed + config.seeds):
        path = folder.path / f"seed-{seed}"
        if RunFolder(path).is_complete():
            continue
        say(f"seed {seed} ({seed - config.seed + 1} of {config.seeds})")
        try:
            _train_one(task, replace(config, seed=seed, seeds=1, name=path.name), splits, path, command)
        except Interrupted as error:
            command = f"python train.py --resume {shlex.quote(str(folder.path))}"
            raise Interrupted(f"interrupted at seed {seed}. Resume with: {command}", error.exit_status) from None
        except RunError as error:
            failed[seed] = str(error)
            warn(f"seed {seed} failed: {error}")
    summary = _summary(task, config, splits, folder, failed)
    folder.write_json("summary.json", asdict(summary))
    return summary


def _train_one(task: AnyTask, config: TrainingConfig, splits: Splits[ExampleT], path: Path, command: str) -> None:
    if (path / "config.json").exists():
        resume(open_run(str(path), config.runs), config.cache)
        return
    train_on(splits, task, config, path.parent, command, perf_counter())


def _summary(
    task: AnyTask, config: TrainingConfig, splits: Splits[ExampleT], folder: RunFolder, failed: dict[int, str]
) -> Summary:
    values, metrics = {}, {}
    for seed in range(config.seed, config.seed + config.seeds):
        run = RunFolder(folder.path / f"seed-{seed}")
        if run.stop_reason():
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
