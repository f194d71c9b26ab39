"""Train a task, score it once, and write all of it down.

splits -> encoder -> model -> fit -> best weights -> scores beside baselines -> report
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from console.quiet import start_tensorflow
from schema.configs import TrainingConfig, duration
from schema.errors import UserError, WorkFailed
from schema.examples import Splits
from schema.records import FORMAT, Headline, Metrics, ScoresBySplit
from schema.scores import Scores
from tasks.task import Fitted, Task
from training.environment import clean_commit, peak_memory_mb, versions
from training.interruption import Interrupted, Interruption, watching
from training.run_folder import RunFolder, check_name, create_run
from training.scoring import Scored, score_baselines, score_split

if TYPE_CHECKING:
    import keras

    from training.callbacks import Course

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
    check_name(config.runs, task.name, config.name)
    with watching() as interruption:
        splits = task.splits(config)
        _refuse_what_cannot_be_learnt(task, splits)
        config = replace(config, dataset=splits.dataset)
        folder = create_run(config.runs, task.name, f"{config.cell}-{splits.dataset}", config.name)
        try:
            return _Training(task, config, splits, folder, interruption, command, began).run()
        except BaseException:
            if not folder.model_path.exists():
                folder.remove()
            raise


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

    def run(self) -> Outcome:
        self._write_config()
        start_tensorflow()
        fitted = self.task.fit_encoder(self.splits, self.config)
        self.folder.save_encoder(fitted.encoder.save)
        began_cpu = process_time()
        model, course = self._fit(fitted)
        if self.interruption.number is not None and course.ended_by in _FINISHED:
            # It came after the last step, when no callback looked any more.
            course.ended_by = "interrupt"
        self.seconds = {
            "to_first_step": (course.first_step or perf_counter()) - self.began,
            "training": course.seconds,
            "training_cpu": fitted.cpu_seconds + process_time() - began_cpu,
        }
        if course.best_scores is None:
            raise WorkFailed(
                f"the loss became NaN or infinite at {course.diverged_at}, before any epoch was finished; "
                "try a lower --learning-rate or --clip-norm"
            )
        model = self.folder.load_model()
        metrics = self._evaluate(model, fitted, course)
        if course.ended_by == "interrupt":
            number = self.interruption.number or 0
            value = 100 * metrics.headline.value
            raise Interrupted(
                f"interrupted; the best epoch is kept in {self.folder.path} "
                f"(validation {self.task.headline} {value:.2f}); test was not touched",
                number,
            )
        if course.ended_by == "divergence":
            raise WorkFailed(
                f"the loss became NaN or infinite at {course.diverged_at}; epoch {course.best_epoch}, the best before, "
                f"is kept in {self.folder.path}; test was not touched. Try a lower --learning-rate or --clip-norm"
            )
        return Outcome(self.folder, metrics)

    def _write_config(self) -> None:
        self.folder.write_json(
            "config.json",
            {
                "format": FORMAT,
                "task": self.task.name,
                "source": self.splits.source,
                "config": asdict(self.config),
                "command": self.command,
                "commit": clean_commit(),
            },
        )

    def _fit(self, fitted: Fitted[Any]) -> "tuple[keras.Model, Course]":
        import keras

        from data.batches import Batches, fitting_batch_tokens, fitting_epochs
        from training import callbacks

        config, budget = self.config, duration(self.config.time_budget or "")
        keras.utils.set_random_seed(config.seed)
        model = self.task.build_model(fitted, config)
        batch_tokens = config.batch_tokens or fitting_batch_tokens(fitted.encoded)
        batches = Batches(fitted.encoded, batch_tokens, config.seed)
        optimizer = keras.optimizers.Adam(
            config.learning_rate,
            global_clipnorm=config.clip_norm,
            use_ema=config.averaging > 0,
            ema_momentum=config.averaging,
        )
        model.compile(optimizer, self.task.loss(config))
        validation = fitted.encoder.encode(self.splits.validation)

        def score(model: keras.Model) -> Scores:
            answers = self.task.answer(model, fitted.encoder, validation, self.task.AnswerConfig())
            return self.task.score(fitted.encoder, self.splits.validation, answers)

        course = callbacks.Course(spent=fitted.seconds)
        epochs = config.epochs or fitting_epochs(len(batches))
        with self.interruption.deferring():
            model.fit(
                batches.dataset(),
                epochs=epochs,
                shuffle=False,
                verbose=0,
                callbacks=[
                    callbacks.EpochOrder(batches),
                    callbacks.CosineSchedule(config.learning_rate, epochs * len(batches), course, budget),
                    callbacks.EpochProgress(epochs, len(batches)),
                    callbacks.Limits(course, budget, self.interruption),
                    callbacks.Judge(course, self.folder, batches, score, self.task.headline, config.patience),
                    callbacks.Scalars(self.folder.path / "tensorboard", course, self.task.headline),
                ],
            )
        return model, course

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
        last = scored[list(parts)[-1]]
        if "test" in parts and 0 < len(self.splits.seen_in_train) < len(self.splits.test):
            scored["test_without_copies"] = last.without(self.task, fitted.encoder, self.splits.seen_in_train)
        baselines = score_baselines(self.task, self.config, self.splits, parts, fitted.encoder) if finished else {}
        self.seconds["evaluation"] = perf_counter() - began
        metrics = self._metrics(model, course, scored, baselines, part="test" if "test" in parts else "validation")
        self.folder.write_metrics(metrics)
        write_report(
            self.folder.path,
            metrics,
            course.history,
            {part: split.scores for part, split in scored.items()},
            last.samples(self.task),
            asdict(self.config),
        )
        return metrics

    def _metrics(
        self,
        model: "keras.Model",
        course: "Course",
        scored: Mapping[str, Scored],
        baselines: Mapping[str, ScoresBySplit],
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
            cell=config.cell,
            seed=config.seed,
            headline=Headline(self.task.headline, scored[part].scores.values[self.task.headline], part),
            scores={part: split.scores.values for part, split in scored.items()},
            baselines=baselines,
            counts={**sizes, **splits.overlaps},
            seconds=self.seconds,
            peak_memory_mb=peak_memory_mb(),
            parameters=model.count_params(),
            padding=course.history[-1].padding,
            epochs=course.history[-1].epoch,
            best_epoch=course.best_epoch,
            ended_by=course.ended_by,
            versions=versions(),
            command=self.command,
            notes=scored[part].scores.notes,
        )
