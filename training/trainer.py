"""Train a task, score it once, and write all of it down.

splits -> encoder -> model -> fit -> best weights -> scores beside baselines -> report
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from console.quiet import start_tensorflow
from evaluation.scores import format_score
from schema.configs import TrainingConfig, parse_duration
from schema.errors import RunError, UserError
from schema.examples import Splits
from schema.records import Baselines, Metrics, PrimaryMetric
from tasks.task import FittedEncoder, Task
from training.checkpoint import Checkpoint, load_checkpoint, remove_checkpoint, restore_variables
from training.environment import peak_memory_mb, versions
from training.run_folder import RunFolder, check_name, create_run
from training.saved_run import SavedRun
from training.scoring import Evaluation, score_baselines, score_split
from training.signals import Interrupted, Interruption, handle_signals

if TYPE_CHECKING:
    import keras

    from schema.encoded import EncodedDataset
    from training.callbacks import TrainerState, ValidationResult
    from training.fixed_sample import FixedSample

JUDGED_IN_TRAIN = 1000
"""So many training examples are answered after each epoch, for the line of train beside that of validation."""

_FINISHED = ("epochs", "patience", "time budget")
"""The ends of a training after which test may be scored."""


@dataclass(frozen=True)
class TrainingResult:
    """A run that is over."""

    folder: RunFolder
    metrics: Metrics


def train(task: Task[Any, Any], config: TrainingConfig, command: str, began: float | None = None) -> TrainingResult:
    """Train `task` as `config` says and write the run folder.

    began: `perf_counter()` at the start of the program, for the time to the first step.
    Raises UserError before any work, RunError where it cannot be done, Interrupted when a signal ended it.
    """
    began = perf_counter() if began is None else began
    home = config.runs / task.name
    check_name(home, config.name)
    with handle_signals():
        splits = task.splits(config)
    return train_on(splits, task, config, home, command, began)


def train_on(
    splits: Splits[Any], task: Task[Any, Any], config: TrainingConfig, home: Path, command: str, began: float
) -> TrainingResult:
    """The same on examples that are loaded already; the run's folder is made in `home`."""
    with handle_signals() as interruption:
        _refuse_what_cannot_be_learnt(task, splits)
        config = replace(config, dataset=splits.dataset)
        folder = create_run(home, f"{config.cell}-{splits.dataset}", config.name)
        training = _Training(task, config, splits, folder, interruption, command, began)
        try:
            training.write_config()
            return training.run(None)
        except BaseException:
            if not folder.model_path.exists() and load_checkpoint(folder) is None:
                folder.remove()
            raise


def resume(run: SavedRun, cache: Path | None, began: float | None = None) -> TrainingResult:
    """Go on with a run from its last finished epoch, as if nothing had ended it.

    Raises UserError where it is finished, RunError where it is damaged or its data are not what they were.
    """
    began = perf_counter() if began is None else began
    config = replace(run.config, cache=cache)
    _refuse_what_is_finished(run)
    state = load_checkpoint(run.folder)
    if state is not None:
        run.folder.checked_encoder()
    with handle_signals() as interruption:
        splits = load_again(run, config)
        return _Training(run.task, config, splits, run.folder, interruption, run.command, began).run(state)


def load_again(run: SavedRun, config: TrainingConfig) -> Splits[Any]:
    """The examples that a run was trained on. Raises RunError where they are not what they were."""
    splits = run.task.splits(config)
    if splits.source != run.source:
        raise RunError(f"{splits.dataset} is not what {run.folder.path} was trained on: its data have changed")
    return splits


def _refuse_what_is_finished(run: SavedRun) -> None:
    if stop_reason := run.folder.finished_by():
        raise UserError(f"{run.folder.path} is finished (ended by {stop_reason}); there is nothing to resume")


def _refuse_what_cannot_be_learnt(task: Task[Any, Any], splits: Splits[Any]) -> None:
    if len(splits.train) < 2 or not splits.validation:
        raise UserError(
            f"{splits.dataset}: {len(splits.train)} training and {len(splits.validation)} validation examples; "
            "at least 2 and 1 are needed"
        )


class _Training:
    """One run from its examples to its report."""

    def __init__(
        self,
        task: Task[Any, Any],
        config: TrainingConfig,
        splits: Splits[Any],
        folder: RunFolder,
        interruption: Interruption,
        command: str,
        began: float,
    ) -> None:
        self.task, self.config, self.splits, self.folder = task, config, splits, folder
        self.interruption, self.command, self.began = interruption, command, began

    def run(self, state: Checkpoint | None) -> TrainingResult:
        """From `state`, or from the beginning."""
        start_tensorflow()
        fitted = self.task.fit_encoder(self.splits, self.config)
        if state is None:
            self.folder.save_encoder(fitted.save_encoder)
        course = self._course(fitted, state)
        if state is None or state.stop_reason is None:
            self._fit(fitted, course)
        if self.interruption.number is not None and course.stop_reason in _FINISHED:
            # It came after the last step, when no callback looked any more.
            course.stop_reason = "interrupt"
        self.seconds = {
            "to_first_step": (course.first_step or perf_counter()) - self.began,
            "training": course.seconds,
            "training_cpu": course.cpu_seconds,
        }
        if not course.best_epoch:
            raise RunError(
                f"the loss became NaN or infinite at {course.diverged_at}, before any epoch was finished; "
                "try a lower --learning-rate or --clip-norm"
            )
        model = self.folder.load_model()
        try:
            metrics = self._evaluate(model, fitted, course)
        except Interrupted as error:
            raise self._interrupted("the trained model is kept, and has no score yet", error.exit_status) from None
        if course.stop_reason == "interrupt":
            number = self.interruption.number or 0
            value = format_score(self.task.primary_metric, metrics.primary_metric.value)
            kept = f"the best epoch is kept in {self.folder.path} (validation {self.task.primary_metric} {value})"
            raise self._interrupted(f"{kept}; test was not touched", 128 + number)
        if course.stop_reason == "divergence":
            raise RunError(
                f"the loss became NaN or infinite at {course.diverged_at}; epoch {course.best_epoch}, the best before, "
                f"is kept in {self.folder.path}; test was not touched. Try a lower --learning-rate or --clip-norm"
            )
        return TrainingResult(self.folder, metrics)

    def _interrupted(self, kept: str, exit_status: int) -> Interrupted:
        again = f"python train.py --resume {shlex.quote(str(self.folder.path))}"
        return Interrupted(f"interrupted; {kept}. Go on with: {again}", exit_status)

    def _course(self, fitted: FittedEncoder[Any], state: Checkpoint | None) -> "TrainerState":
        from training.callbacks import TrainerState

        if state is None:
            return TrainerState(learnt=fitted.seconds, spent=fitted.seconds, cpu_spent=fitted.cpu_seconds)
        return TrainerState(
            history=list(state.history),
            best_epoch=state.best_epoch,
            best_sum=state.best_sum,
            stop_reason=state.stop_reason or "epochs",
            learnt=fitted.seconds,
            spent=state.seconds,
            cpu_spent=state.cpu_seconds,
        )

    def write_config(self) -> None:
        self.folder.write_config(self.task.name, self.splits.source, self.config, self.command)

    def _fit(self, fitted: FittedEncoder[Any], course: "TrainerState") -> None:
        import keras

        from data.batches import Batches, auto_batch_tokens, auto_epochs
        from training import callbacks
        from training.optimizer import AdamWithGradientNorm, auto_ema_decay
        from training.tensorboard import TensorBoardLog

        config, budget = self.config, parse_duration(self.config.time_budget or "")
        keras.utils.set_random_seed(config.seed)
        model = self.task.build_model(fitted, config)
        batch_tokens = config.batch_tokens or auto_batch_tokens(fitted.encoded)
        batches = Batches(fitted.encoded, batch_tokens, config.seed)
        epochs = config.epochs or auto_epochs(len(batches), config.min_epochs)
        momentum = auto_ema_decay(config.ema_decay, epochs * len(batches))
        optimizer = AdamWithGradientNorm(
            config.learning_rate,
            global_clipnorm=config.clip_norm,
            use_ema=momentum > 0,
            ema_momentum=momentum,
        )
        model.compile(optimizer, self.task.loss(config))
        # TensorFlow would trace the training step twice if it were the first to ask for the optimizer's variables.
        optimizer.build(model.trainable_variables)
        if course.epoch:
            restore_variables(self.folder, model)
        # EncodedDataset when it is first wanted: the first step need not wait for it.
        validation = cache(lambda: fitted.encoder.encode(self.splits.validation))
        judge = callbacks.ValidationCallback(
            course, self.folder, batches, self._judge(fitted, validation), self.task.primary_metric, config.patience
        )
        log = TensorBoardLog(
            self.folder.path / "tensorboard",
            course,
            self.task.primary_metric,
            lambda: _probes(fitted.encoded, validation()),
            self.task.loss(config),
            lambda: judge.last,
            pictures=lambda model: self.task.draw(model, fitted.encoder, self.splits.validation),
            inside=config.diagnostics,
        )
        with self.interruption.defer():
            model.fit(
                batches.dataset(),
                epochs=epochs,
                initial_epoch=course.epoch,
                shuffle=False,
                verbose=0,
                callbacks=[
                    callbacks.EpochOrder(batches),
                    callbacks.CosineSchedule(config.learning_rate, epochs * len(batches), course, budget),
                    callbacks.EpochProgress(epochs, len(batches)),
                    callbacks.StopConditions(course, budget, self.interruption),
                    judge,
                    log,
                ],
            )

    def _judge(
        self, fitted: FittedEncoder[Any], validation: "Callable[[], EncodedDataset]"
    ) -> "Callable[[keras.Model], ValidationResult]":
        """Answers validation, and some training examples as training sees them."""
        from training.callbacks import ValidationResult

        task, encoder, config = self.task, fitted.encoder, self.task.validation_predict_config()
        train = self.splits.train
        some = np.linspace(0, len(train) - 1, min(JUDGED_IN_TRAIN, len(train)), dtype=int)
        seen = task.with_all_references([train[place] for place in some], train)
        seen_encoded = fitted.encoded.take(some)

        def judge(model: "keras.Model") -> ValidationResult:
            answers = task.predict(model, encoder, validation(), config)
            learnt = task.predict(model, encoder, seen_encoded, config)
            pairs = zip(self.splits.validation, answers, strict=True)
            return ValidationResult(
                scores=task.score(encoder, self.splits.validation, answers),
                samples=[task.to_scored_example(*pair) for pair in pairs],
                train_score=task.score(encoder, seen, learnt).values[task.primary_metric],
            )

        return judge

    def _evaluate(self, model: "keras.Model", fitted: FittedEncoder[Any], course: "TrainerState") -> Metrics:
        # Here, since it imports matplotlib, which takes a second that a user without a network need not wait.
        from evaluation.report import write_report

        began = perf_counter()
        finished = course.stop_reason in _FINISHED
        parts: dict[str, Sequence[Any]] = {"validation": self.splits.validation}
        if finished and self.config.test and self.splits.test:
            parts["test"] = self.splits.test
        scored = {
            part: score_split(self.task, model, fitted.encoder, examples, self.task.decoding_config_class())
            for part, examples in parts.items()
        }
        for part, split in scored.items():
            self.folder.write_lines(f"predictions/{part}.jsonl", split.lines(self.task))
        tested = list(parts)[-1]
        last = scored[tested]
        copies = self.splits.duplicates_of_train() if "test" in parts else frozenset()
        if 0 < len(copies) < len(self.splits.test):
            scored["test_without_duplicates"] = last.without(self.task, fitted.encoder, copies)
            parts["test_without_duplicates"] = scored["test_without_duplicates"].examples
        baselines = (
            score_baselines(self.task, self.config, self.splits, parts, fitted.encoder) if finished else Baselines()
        )
        self.seconds["evaluation"] = perf_counter() - began
        metrics = self._metrics(model, course, scored, baselines, tested)
        self._show_outcome(model, fitted, metrics)
        write_report(
            self.folder.path,
            metrics,
            course.history,
            {part: split.scores for part, split in scored.items()},
            last.samples(self.task),
            asdict(self.config),
        )
        # Last of all, since it says that the run is finished.
        self.folder.write_metrics(metrics)
        if course.stop_reason != "interrupt":
            remove_checkpoint(self.folder)
        return metrics

    def _show_outcome(self, model: "keras.Model", fitted: FittedEncoder[Any], metrics: Metrics) -> None:
        from training.tensorboard import write_outcome, write_projector

        home = self.folder.path / "tensorboard"
        write_outcome(home, asdict(self.config), metrics)
        vectors = self.task.word_vectors(model, fitted.encoder) if self.config.diagnostics else None
        if vectors is not None:
            write_projector(home, *vectors)

    def _metrics(
        self,
        model: "keras.Model",
        course: "TrainerState",
        scored: Mapping[str, Evaluation],
        baselines: Baselines,
        part: str,
    ) -> Metrics:
        splits, config = self.splits, self.config
        sizes = {"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)}
        return Metrics(
            task=self.task.name,
            rnn_type=self.task.rnn_type,
            dataset=splits.dataset,
            source=splits.source,
            synthetic=splits.synthetic,
            quick=config.quick,
            cell=config.cell,
            seed=config.seed,
            primary_metric=PrimaryMetric(
                self.task.primary_metric, scored[part].scores.values[self.task.primary_metric], part
            ),
            scores={part: split.scores.values for part, split in scored.items()},
            baselines=baselines.values,
            counts={**sizes, **splits.overlaps()},
            seconds=self.seconds,
            peak_memory_mb=peak_memory_mb(),
            parameters=model.count_params(),
            padding=course.history[-1].padding,
            epochs=course.epoch,
            best_epoch=course.best_epoch,
            stop_reason=course.stop_reason,
            versions=versions(),
            command=self.command,
            notes=scored[part].scores.notes,
            intervals={part: split.scores.intervals for part, split in scored.items()},
            baseline_intervals=baselines.intervals,
            published_results=() if config.train_file or part != "test" else self.task.published_results_for(splits),
        )


def _probes(train: "EncodedDataset", validation: "EncodedDataset") -> "dict[str, FixedSample]":
    """Long examples, seen in training and not; without the latter where a reference of validation is unknown."""
    from training.fixed_sample import make_fixed_sample

    parts = {"train": train, "validation": validation}
    return {part: make_fixed_sample(encoded) for part, encoded in parts.items() if encoded.targets is not None}
