"""What happens during `fit`: the learning rate, the limits, the judgement after each epoch."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any

import keras

from console.progress import Progress, milestone
from data.batches import Batches
from evaluation.scores import format_score
from schema.records import EpochRecord
from schema.scores import ScoredExample, Scores
from training.checkpoint import Checkpoint, save_checkpoint
from training.run_folder import RunFolder
from training.signals import Interruption

_WARM_UP = 0.05
"""Share of the training in which the learning rate rises."""


@dataclass
class TrainerState:
    """How far a training has come; its callbacks write it, the trainer reads it.

    best_sum: SHA-256 of the model.keras of the best epoch
    stop_reason: see `schema.records.Metrics`; "epochs" unless something else ends it
    learnt: seconds that learning took before the very first step
    spent, cpu_spent: seconds that were gone before the first step of this process, over all sittings
    """

    history: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best_sum: str = ""
    stop_reason: str = "epochs"
    learnt: float = 0.0
    spent: float = 0.0
    cpu_spent: float = 0.0
    began: float = field(default_factory=perf_counter)
    cpu_began: float = field(default_factory=process_time)
    first_step: float | None = None
    diverged_at: str = ""

    @property
    def seconds(self) -> float:
        """Seconds of the time budget that are gone."""
        return self.spent + perf_counter() - self.began

    @property
    def cpu_seconds(self) -> float:
        """Seconds of processor time, of all threads, that learning took."""
        return self.cpu_spent + process_time() - self.cpu_began

    @property
    def epoch(self) -> int:
        """The last epoch that was judged; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    @property
    def best_score(self) -> float:
        """The headline score of the best epoch; minus infinity before there is one."""
        scores = [record.validation_score for record in self.history if record.epoch == self.best_epoch > 0]
        return scores[0] if scores else -math.inf

    def state(self, over: bool) -> Checkpoint:
        """All of it that another process goes on from; `over`: training has ended."""
        stop_reason = self.stop_reason if over else None
        return Checkpoint(self.history, self.best_epoch, self.best_sum, stop_reason, self.seconds, self.cpu_seconds)


@dataclass(frozen=True)
class ValidationResult:
    """What a model is worth: its scores on validation, each answer there, and its headline score on training data."""

    scores: Scores
    samples: Sequence[ScoredExample]
    train_score: float


class CosineSchedule(keras.callbacks.Callback):
    """Raises the learning rate to `peak` in a straight line, then lets it fall along a cosine (Loshchilov & Hutter
    2017, without restarts), over `steps` or over `budget` seconds, whichever ends first."""

    def __init__(self, peak: float, steps: int, course: TrainerState, budget: float | None) -> None:
        super().__init__()
        self.peak, self.steps, self.course, self.budget = peak, steps, course, budget

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        done = int(self.model.optimizer.iterations) / self.steps
        if self.budget:
            # Over all sittings: a run that goes on must not begin with the warm-up again.
            done = max(done, (self.course.seconds - self.course.learnt) / max(1e-9, self.budget - self.course.learnt))
        self.model.optimizer.learning_rate = self.peak * rate_at(done)


def rate_at(done: float) -> float:
    """Share of the highest learning rate when the share `done` of the training is over."""
    if done < _WARM_UP:
        # Not zero at the first step, which would then be lost.
        return max(done, _WARM_UP / 100) / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (done - _WARM_UP) / (1 - _WARM_UP))))


class EpochOrder(keras.callbacks.Callback):
    """Tells the batches which epoch begins, for its order follows from it."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.batches.epoch = epoch


class StopConditions(keras.callbacks.Callback):
    """Ends training when the time budget is spent, a signal came, or the loss is no number any more."""

    def __init__(self, course: TrainerState, budget: float | None, interruption: Interruption) -> None:
        super().__init__()
        self.course, self.budget, self.interruption = course, budget, interruption

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.course.first_step is None:
            self.course.first_step = perf_counter()
        # The logged loss is the mean of the epoch so far: one bad step makes it bad for good.
        if not math.isfinite(logs["loss"]):
            self._end("divergence")
            self.course.diverged_at = f"step {batch + 1} of epoch {self.course.epoch + 1}"
        elif self.interruption.number is not None:
            self._end("interrupt")
        elif self.budget and self.course.seconds >= self.budget:
            self._end("time budget")

    def _end(self, reason: str) -> None:
        self.course.stop_reason = reason
        self.model.stop_training = True


class ValidationCallback(keras.callbacks.Callback):
    """Scores validation after each epoch, keeps the best model, and ends training when it stops getting better.

    What is judged and kept are the averaged weights, where the optimizer keeps an average. Epoch 0 of the history is
    the network after its very first step, where training starts from: it is scored, but never kept.
    """

    def __init__(
        self,
        course: TrainerState,
        run: RunFolder,
        batches: Batches,
        judge: Callable[[keras.Model], ValidationResult],
        headline: str,
        patience: int,
    ) -> None:
        super().__init__()
        self.course, self.run, self.batches, self.judge = course, run, batches, judge
        self.primary_metric, self.patience = headline, patience
        self.last: ValidationResult | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch_began = perf_counter()
        self.steps_before = int(self.model.optimizer.iterations)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.course.history or self.model.stop_training:
            return
        with averaged_weights(self.model):
            self._write(self._judge(0, logs["loss"]))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.course.stop_reason == "divergence" or (
            self.course.stop_reason == "interrupt" and self.course.best_epoch
        ):
            return
        if not all(keras.ops.all(keras.ops.isfinite(weight)) for weight in self.model.trainable_variables):
            # The last step's update did it, and no later loss tells. Such weights would still have an accuracy.
            self.course.stop_reason, self.course.diverged_at = "divergence", f"the end of epoch {epoch + 1}"
            self.model.stop_training = True
            return
        with averaged_weights(self.model):
            record = self._judge(epoch + 1, logs["loss"])
            better = record.validation_score > self.course.best_score
            if better:
                self.course.best_epoch, self.course.best_sum = record.epoch, self.run.save_fresh_model(self.model)
        self._write(record)
        score = f"validation {self.primary_metric} {format_score(self.primary_metric, record.validation_score)}"
        milestone(f"epoch {record.epoch}: {score}{', the best so far' if better else ''}", record.seconds)
        if self.course.stop_reason == "epochs" and record.epoch - self.course.best_epoch >= self.patience:
            self.course.stop_reason = "patience"
            self.model.stop_training = True
        # A part of an epoch is nothing to go on from.
        if self.course.stop_reason != "interrupt":
            over = self.course.stop_reason != "epochs" or record.epoch == self.params["epochs"]
            save_checkpoint(self.run, self.model, self.course.state(over))
        if better:
            self.run.commit_model()

    def _judge(self, epoch: int, loss: float) -> EpochRecord:
        began = perf_counter()
        self.last = self.judge(self.model)
        seconds = began - self.epoch_began
        # The clock of the epoch stands still meanwhile.
        self.epoch_began += perf_counter() - began
        share = (int(self.model.optimizer.iterations) - self.steps_before) / len(self.batches)
        return EpochRecord(
            epoch=epoch,
            loss=float(loss),
            validation_loss=self.last.scores.values.get("cross_entropy", math.nan),
            validation_score=self.last.scores.values[self.primary_metric],
            train_score=self.last.train_score,
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=seconds,
            tokens_per_second=share * self.batches.tokens / seconds,
            padding=self.batches.padding,
        )

    def _write(self, record: EpochRecord) -> None:
        self.course.history.append(record)
        self.run.write_history(self.course.history)


class EpochProgress(keras.callbacks.Callback):
    """A bar for each epoch, with the loss so far."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self.epochs, self.steps = epochs, steps

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.bar = Progress(f"epoch {epoch + 1} of {self.epochs}", self.steps, unit="steps")
        self.bar.__enter__()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.bar.note(f"loss {logs['loss']:.4f}")
        self.bar.advance()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.bar.__exit__(None, None, None)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Within, the model has the average of its weights that the optimizer keeps, if it keeps one."""
    if not model.optimizer.use_ema:
        yield
        return
    moving = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, moving, strict=True):
            variable.assign(value)
