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
from evaluation.scores import shown
from schema.configs import TrainingConfig, duration
from schema.errors import UserError, WorkFailed
from schema.examples import Splits
from schema.records import Baselines, Headline, Metrics
from tasks.task import Fitted, Task
from training.environment import peak_memory_mb, versions
from training.interruption import Interrupted, Interruption, watching
from training.run_folder import RunFolder, check_name, create_run
from training.saved_run import SavedRun
from training.scoring import Scored, score_baselines, score_split
from training.state import State, load_state, remove_state, restore_variables

if TYPE_CHECKING:
    import keras

    from schema.encoded import Encoded
    from training.callbacks import Course, Judgement
    from training.probe import Probe

JUDGED_IN_TRAIN = 1000
"""So many training examples are answered after each epoch, for the line of train beside that of validation."""

_FINISHED = ("epochs", "patience", "time budget")
"""The ends of a training after which test may be scored."""


@dataclass(frozen=True)
class Outcome:
    """A run that is over."""

    folder: RunFolder
    metrics: Metrics


def train(task: Task[Any, Any], config: TrainingConfig, command: str, began: float | None = None) -> Outcome:
    """Train `task` as `config` says and write the run folder.

    began: `perf_counter()` at the start of the program, for the time to the first step.
    Raises UserError before any work, WorkFailed where it cannot be done, Interrupted when a signal ended it.
    """
    began = perf_counter() if began is None else began
    home = config.runs / task.name
    check_name(home, config.name)
    with watching():
        splits = task.splits(config)
    return train_on(splits, task, config, home, command, began)


def train_on(
    splits: Splits[Any], task: Task[Any, Any], config: TrainingConfig, home: Path, command: str, began: float
) -> Outcome:
    """The same on examples that are loaded already; the run's folder is made in `home`."""
    with watching() as interruption:
        _refuse_what_cannot_be_learnt(task, splits)
        config = replace(config, dataset=splits.dataset)
        folder = create_run(home, f"{config.cell}-{splits.dataset}", config.name)
        training = _Training(task, config, splits, folder, interruption, command, began)
        try:
            training.write_config()
            return training.run(None)
        except BaseException:
            if not folder.model_path.exists() and load_state(folder) is None:
                folder.remove()
            raise


def resume(run: SavedRun, cache: Path | None, began: float | None = None) -> Outcome:
    """Go on with a run from its last finished epoch, as if nothing had ended it.

    Raises UserError where it is finished, WorkFailed where it is damaged or its data are not what they were.
    """
    began = perf_counter() if began is None else began
    config = replace(run.config, cache=cache)
    _refuse_what_is_finished(run)
    state = load_state(run.folder)
    if state is not None:
        run.folder.checked_encoder()
    with watching() as interruption:
        splits = load_again(run, config)
        return _Training(run.task, config, splits, run.folder, interruption, run.command, began).run(state)


def load_again(run: SavedRun, config: TrainingConfig) -> Splits[Any]:
    """The examples that a run was trained on. Raises WorkFailed where they are not what they were."""
    splits = run.task.splits(config)
    if splits.source != run.source:
        raise WorkFailed(f"{splits.dataset} is not what {run.folder.path} was trained on: its data have changed")
    return splits


def _refuse_what_is_finished(run: SavedRun) -> None:
    if ended_by := run.folder.finished_by():
        raise UserError(f"{run.folder.path} is finished (ended by {ended_by}); there is nothing to resume")


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

    def run(self, state: State | None) -> Outcome:
        """From `state`, or from the beginning."""
        start_tensorflow()
        fitted = self.task.fit_encoder(self.splits, self.config)
        if state is None:
            self.folder.save_encoder(fitted.save_encoder)
        course = self._course(fitted, state)
        if state is None or state.ended_by is None:
            self._fit(fitted, course)
        if self.interruption.number is not None and course.ended_by in _FINISHED:
            # It came after the last step, when no callback looked any more.
            course.ended_by = "interrupt"
        self.seconds = {
            "to_first_step": (course.first_step or perf_counter()) - self.began,
            "training": course.seconds,
            "training_cpu": course.cpu_seconds,
        }
        if not course.best_epoch:
            raise WorkFailed(
                f"the loss became NaN or infinite at {course.diverged_at}, before any epoch was finished; "
                "try a lower --learning-rate or --clip-norm"
            )
        model = self.folder.load_model()
        try:
            metrics = self._evaluate(model, fitted, course)
        except Interrupted as error:
            raise self._interrupted("the trained model is kept, and has no score yet", error.exit_status) from None
        if course.ended_by == "interrupt":
            number = self.interruption.number or 0
            value = shown(self.task.headline, metrics.headline.value)
            kept = f"the best epoch is kept in {self.folder.path} (validation {self.task.headline} {value})"
            raise self._interrupted(f"{kept}; test was not touched", 128 + number)
        if course.ended_by == "divergence":
            raise WorkFailed(
                f"the loss became NaN or infinite at {course.diverged_at}; epoch {course.best_epoch}, the best before, "
                f"is kept in {self.folder.path}; test was not touched. Try a lower --learning-rate or --clip-norm"
            )
        return Outcome(self.folder, metrics)

    def _interrupted(self, kept: str, exit_status: int) -> Interrupted:
        again = f"python train.py --resume {shlex.quote(str(self.folder.path))}"
        return Interrupted(f"interrupted; {kept}. Go on with: {again}", exit_status)

    def _course(self, fitted: Fitted[Any], state: State | None) -> "Course":
        from training.callbacks import Course

        if state is None:
            return Course(learnt=fitted.seconds, spent=fitted.seconds, cpu_spent=fitted.cpu_seconds)
        return Course(
            history=list(state.history),
            best_epoch=state.best_epoch,
            best_sum=state.best_sum,
            ended_by=state.ended_by or "epochs",
            learnt=fitted.seconds,
            spent=state.seconds,
            cpu_spent=state.cpu_seconds,
        )

    def write_config(self) -> None:
        self.folder.write_config(self.task.name, self.splits.source, self.config, self.command)

    def _fit(self, fitted: Fitted[Any], course: "Course") -> None:
        import keras

        from data.batches import Batches, fitting_batch_tokens, fitting_epochs
        from training import callbacks
        from training.optimizer import MeasuredAdam, fitting_momentum
        from training.tensorboard import TensorBoardLog

        config, budget = self.config, duration(self.config.time_budget or "")
        keras.utils.set_random_seed(config.seed)
        model = self.task.build_model(fitted, config)
        batch_tokens = config.batch_tokens or fitting_batch_tokens(fitted.encoded)
        batches = Batches(fitted.encoded, batch_tokens, config.seed)
        epochs = config.epochs or fitting_epochs(len(batches), self.task.least_epochs)
        momentum = fitting_momentum(config.averaging, epochs * len(batches))
        optimizer = MeasuredAdam(
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
        # Encoded when it is first wanted: the first step need not wait for it.
        validation = cache(lambda: fitted.encoder.encode(self.splits.validation))
        judge = callbacks.Judge(
            course, self.folder, batches, self._judge(fitted, validation), self.task.headline, config.patience
        )
        log = TensorBoardLog(
            self.folder.path / "tensorboard",
            course,
            self.task.headline,
            lambda: _probes(fitted.encoded, validation()),
            self.task.loss(config),
            lambda: judge.last,
            pictures=lambda model: self.task.draw(model, fitted.encoder, self.splits.validation),
            inside=config.look_inside,
        )
        with self.interruption.deferring():
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
                    callbacks.Limits(course, budget, self.interruption),
                    judge,
                    log,
                ],
            )

    def _judge(self, fitted: Fitted[Any], validation: "Callable[[], Encoded]") -> "Callable[[keras.Model], Judgement]":
        """Answers validation, and some training examples as training sees them."""
        from training.callbacks import Judgement

        task, encoder, config = self.task, fitted.encoder, self.task.judging()
        train = self.splits.train
        some = np.linspace(0, len(train) - 1, min(JUDGED_IN_TRAIN, len(train)), dtype=int)
        seen = task.as_validation_has_them([train[place] for place in some], train)
        seen_encoded = fitted.encoded.take(some)

        def judge(model: "keras.Model") -> Judgement:
            answers = task.answer(model, encoder, validation(), config)
            learnt = task.answer(model, encoder, seen_encoded, config)
            pairs = zip(self.splits.validation, answers, strict=True)
            return Judgement(
                scores=task.score(encoder, self.splits.validation, answers),
                samples=[task.describe(*pair) for pair in pairs],
                train_score=task.score(encoder, seen, learnt).values[task.headline],
            )

        return judge

    def _evaluate(self, model: "keras.Model", fitted: Fitted[Any], course: "Course") -> Metrics:
        # Here, since it imports matplotlib, which takes a second that a user without a network need not wait.
        from evaluation.report import write_report

        began = perf_counter()
        finished = course.ended_by in _FINISHED
        parts: dict[str, Sequence[Any]] = {"validation": self.splits.validation}
        if finished and self.config.test and self.splits.test:
            parts["test"] = self.splits.test
        scored = {
            part: score_split(self.task, model, fitted.encoder, examples, self.task.AnswerConfig())
            for part, examples in parts.items()
        }
        for part, split in scored.items():
            self.folder.write_lines(f"answers/{part}.jsonl", split.lines(self.task))
        tested = list(parts)[-1]
        last = scored[tested]
        copies = self.splits.seen_in_train() if "test" in parts else frozenset()
        if 0 < len(copies) < len(self.splits.test):
            scored["test_without_copies"] = last.without(self.task, fitted.encoder, copies)
            parts["test_without_copies"] = scored["test_without_copies"].examples
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
        if course.ended_by != "interrupt":
            remove_state(self.folder)
        return metrics

    def _show_outcome(self, model: "keras.Model", fitted: Fitted[Any], metrics: Metrics) -> None:
        from training.tensorboard import write_outcome, write_projector

        home = self.folder.path / "tensorboard"
        write_outcome(home, asdict(self.config), metrics)
        vectors = self.task.word_vectors(model, fitted.encoder) if self.config.look_inside else None
        if vectors is not None:
            write_projector(home, *vectors)

    def _metrics(
        self,
        model: "keras.Model",
        course: "Course",
        scored: Mapping[str, Scored],
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
            headline=Headline(self.task.headline, scored[part].scores.values[self.task.headline], part),
            scores={part: split.scores.values for part, split in scored.items()},
            baselines=baselines.values,
            counts={**sizes, **splits.overlaps()},
            seconds=self.seconds,
            peak_memory_mb=peak_memory_mb(),
            parameters=model.count_params(),
            padding=course.history[-1].padding,
            epochs=course.epoch,
            best_epoch=course.best_epoch,
            ended_by=course.ended_by,
            versions=versions(),
            command=self.command,
            notes=scored[part].scores.notes,
            intervals={part: split.scores.intervals for part, split in scored.items()},
            baseline_intervals=baselines.intervals,
            quoted=() if config.train_file or part != "test" else self.task.quotes(splits),
        )


def _probes(train: "Encoded", validation: "Encoded") -> "dict[str, Probe]":
    """Long examples, seen in training and not; without the latter where a reference of validation is unknown."""
    from training.probe import make_probe

    parts = {"train": train, "validation": validation}
    return {part: make_probe(encoded) for part, encoded in parts.items() if encoded.targets is not None}
