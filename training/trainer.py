"""Train a model, evaluate it once, and write the run folder.

splits -> encoder -> model -> fit -> best weights -> scores of model and baselines -> report
"""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from console.count import counted
from console.progress import milestone, phase
from console.quiet import start_tensorflow
from console.signals import Interruption, handle_signals
from data.cache import cache_folder
from evaluation.scores import format_score
from schema.configs import RENAME, TrainingConfig, is_utf8
from schema.errors import Interrupted, RunError, UserError
from schema.examples import Example, ExampleT, Splits
from schema.records import Metrics
from tasks.task import AnyTask, Encoder, FittedEncoder
from training.checkpoint import Checkpoint, load_checkpoint, remove_checkpoints
from training.job import TrainingJob
from training.run_folder import RunFolder, check_name, create_run
from training.saved_run import SavedRun
from training.trainer_state import FINISHED, TrainerState

NOT_SAVED = "interrupted; unfinished work was not saved"


@dataclass(frozen=True)
class TrainingResult:
    """Folder and metrics of a finished run."""

    folder: RunFolder
    metrics: Metrics


def train(task: AnyTask, config: TrainingConfig, command: str, started: float | None = None) -> TrainingResult:
    """Train `task` with the settings of `config` and write the run folder.

    command: the command line, which is stored in the run folder
    started: `perf_counter()` at the start of the program, from which the time to the first step counts
    Raises UserError before any work, RunError if training fails, Interrupted if a signal ended it.
    """
    started = perf_counter() if started is None else started
    home = config.runs / task.name
    check_name(home, config.name)
    # Before any work, since it says so if there is none.
    cache_folder(config.cache)
    with handle_signals(NOT_SAVED):
        splits = task.splits(config)
    return train_on(splits, task, config, home, command, started)


def train_on(
    splits: Splits[ExampleT], task: AnyTask, config: TrainingConfig, home: Path, command: str, started: float
) -> TrainingResult:
    """Train on loaded examples, as `train` does; the run folder is created in `home`."""
    with handle_signals(NOT_SAVED) as interruption:
        _require_enough_examples(splits)
        # Before there is a folder, since a signal then ends the process at once.
        start_tensorflow()
        config = with_absolute_files(replace(config, dataset=splits.dataset))
        folder = create_run(
            home,
            f"{config.cell}-{splits.dataset}",
            config.name,
            lambda fresh: fresh.write_config(task.name, splits.source, config, command),
        )
        try:
            _announce(task, config, splits, folder)
            return _run(TrainingJob(task, config, splits, folder, command), interruption, started)
        except BaseException:
            if not folder.model_path.exists() and load_checkpoint(folder) is None:
                folder.remove()
            raise


def resume(run: SavedRun, cache: Path | None, started: float | None = None) -> TrainingResult:
    """Continue a run after its last finished epoch, with the same result as without the interruption.

    Raises UserError if the run is finished, RunError if it is damaged or its data have changed.
    """
    started = perf_counter() if started is None else started
    config = replace(run.config, cache=cache)
    if run.folder.is_complete():
        # Left over if a process was killed while it removed them.
        remove_checkpoints(run.folder)
        stop_reason = run.folder.stop_reason()
        raise UserError(f"{run.folder.path} is finished (stopped: {stop_reason}); there is nothing to resume")
    checkpoint = load_checkpoint(run.folder)
    if checkpoint is not None:
        run.folder.checked_encoder()
    with handle_signals(NOT_SAVED) as interruption:
        job = TrainingJob(run.task, config, load_same_splits(run, config), run.folder, run.command)
        start_tensorflow()
        _announce(run.task, config, job.splits, run.folder)
        return _run(job, interruption, started, checkpoint)


def with_absolute_files(config: TrainingConfig) -> TrainingConfig:
    """Make the paths of the data files absolute, so that the run can be resumed and scored from any folder."""
    files = {name: getattr(config, name) for name in ("train_file", "validation_file", "test_file")}
    absolute = {name: path.absolute() for name, path in files.items() if path is not None}
    for path in absolute.values():
        if not is_utf8(path):
            raise UserError(f"{path}: {RENAME}, or the folder")
    return replace(config, **absolute)


def load_same_splits(run: SavedRun, config: TrainingConfig) -> Splits[Example]:
    """Load the examples that `run` was trained on. Raises RunError if they have changed."""
    splits = run.task.splits(config)
    if splits.source != run.source:
        raise RunError(f"{splits.dataset} is not what {run.folder.path} was trained on: its data have changed")
    return splits


def _require_enough_examples(splits: Splits[ExampleT]) -> None:
    if len(splits.train) < 2 or not splits.validation:
        raise UserError(
            f"{splits.dataset}: {len(splits.train)} training and {len(splits.validation)} validation examples; "
            "at least 2 and 1 are needed"
        )


def _announce(task: AnyTask, config: TrainingConfig, splits: Splits[ExampleT], folder: RunFolder) -> None:
    """Print what is trained on which data, and where the results will be. Test is not counted: it is read later."""
    milestone(
        f"{task.name} ({task.rnn_type}) on {splits.dataset}: {len(splits.train):,} training and "
        f"{counted(len(splits.validation), 'validation examples')}; {config.cell}; {folder.path}"
    )


def _run(
    job: TrainingJob[ExampleT], interruption: Interruption, started: float, checkpoint: Checkpoint | None = None
) -> TrainingResult:
    """Train from `checkpoint`, or from the beginning, and evaluate the best model."""
    with phase("fitting the encoder"):
        # Late, since both import Keras, which must not be imported before `start_tensorflow`.
        from training import final_evaluation, fitting

        fitted = job.task.fit_encoder(job.splits, job.config)
        if checkpoint is None:
            job.folder.save_encoder(fitted.save)
    state = _initial_state(fitted, checkpoint)
    if checkpoint is None or checkpoint.stop_reason is None:
        fitting.fit_model(job, fitted, state, interruption)
    if interruption.number is not None and state.stop_reason in FINISHED:
        # The signal came after the last step, when no callback looked for it any more.
        state.stop_reason = "interrupt"
    seconds = {
        "to_first_step": (state.first_step_at or perf_counter()) - started,
        "training": state.seconds,
        "training_cpu": state.cpu_seconds,
    }
    if not state.best_epoch:
        raise RunError(
            f"the loss became NaN or infinite at {state.diverged_at}, before any epoch was finished; "
            "try a lower --learning-rate or --clip-norm"
        )
    with phase("loading the best model", announced=False):
        model = job.folder.load_model()
    try:
        metrics = final_evaluation.evaluate_run(job, model, fitted, state, seconds)
    except Interrupted as error:
        message = "the trained model is saved, but not evaluated yet"
        if job.folder.stop_reason() is not None:
            message = "the scores are saved, but the report is not complete"
        raise _interrupted(job.folder, message, error.exit_status) from None
    _raise_unless_finished(job, state, metrics, interruption)
    return TrainingResult(job.folder, metrics)


def _initial_state(fitted: FittedEncoder[Encoder[ExampleT]], checkpoint: Checkpoint | None) -> TrainerState:
    """State of the training, whose clock starts now."""
    if checkpoint is not None:
        return TrainerState.from_checkpoint(checkpoint, fitted.seconds)
    return TrainerState(
        encoder_seconds=fitted.seconds, previous_seconds=fitted.seconds, previous_cpu_seconds=fitted.cpu_seconds
    )


def _raise_unless_finished(
    job: TrainingJob[ExampleT], state: TrainerState, metrics: Metrics, interruption: Interruption
) -> None:
    """Raise the error of a training that was interrupted or diverged."""
    path, metric = job.folder.path, job.task.primary_metric
    if state.stop_reason == "interrupt":
        value = format_score(metric, metrics.primary_metric.value)
        saved = f"is saved in {path} (validation {metric} {value}); test was not evaluated"
        message = f"the best epoch {saved}"
        if state.interrupted_at:
            message = f"the model after {state.interrupted_at} {saved}, and a resumed training begins again"
        raise _interrupted(job.folder, message, 128 + (interruption.number or 0))
    if state.stop_reason == "divergence":
        raise RunError(
            f"the loss became NaN or infinite at {state.diverged_at}; epoch {state.best_epoch}, the best before, "
            f"is saved in {path}; test was not evaluated. Try a lower --learning-rate or --clip-norm"
        )


def _interrupted(folder: RunFolder, message: str, exit_status: int) -> Interrupted:
    command = f"python train.py --resume {shlex.quote(str(folder.path))}"
    return Interrupted(f"interrupted; {message}. Resume with: {command}", exit_status)
