"""Keras callbacks of the training: learning rate, stop conditions, validation and checkpoints after each epoch."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

import keras

from console.progress import Progress, milestone, phase
from console.signals import Interruption
from data.batches import Batches
from evaluation.scores import format_score
from schema.records import EpochRecord
from training.checkpoint import save_checkpoint
from training.run_folder import RunFolder
from training.trainer_state import TrainerState, ValidationResult

Logs = Mapping[str, float]
"""Keras's logs: the running mean of the loss, by the name "loss"."""

WARMUP = 0.05
"""Fraction of the training during which the learning rate rises."""


class CosineSchedule(keras.callbacks.Callback):
    """Linear warm-up to the learning rate `peak`, then cosine decay (Loshchilov & Hutter 2017, without restarts).

    The schedule ends after `steps` or `budget` seconds, whichever comes first.
    """

    def __init__(self, peak: float, steps: int, state: TrainerState, budget: float | None) -> None:
        super().__init__()
        self.peak, self.steps, self.state, self.budget = peak, steps, state, budget

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        progress = int(self.model.optimizer.iterations) / self.steps
        if self.budget:
            # Counted over all processes of the run: a resumed run must not begin with the warm-up again.
            encoder_seconds = self.state.encoder_seconds
            available = self.budget - self.state.reserved_seconds - encoder_seconds
            elapsed = (self.state.seconds - encoder_seconds) / max(1e-9, available)
            progress = max(progress, elapsed)
        self.model.optimizer.learning_rate = self.peak * learning_rate_factor(progress)


def learning_rate_factor(progress: float) -> float:
    """Learning rate relative to its peak; progress: completed fraction of the training."""
    if progress < WARMUP:
        # Above zero at the first step, which would otherwise have no effect.
        return max(progress, WARMUP / 100) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - WARMUP) / (1 - WARMUP))))


class EpochOrder(keras.callbacks.Callback):
    """Sets the epoch of the batches, which determines their order."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.batches.epoch = epoch


class StopConditions(keras.callbacks.Callback):
    """Stops training when the time budget is spent, after a signal, or when the loss is NaN or infinite.

    The last validation is part of the budget: as much time as the one before took is reserved for it.
    """

    def __init__(self, state: TrainerState, budget: float | None, interruption: Interruption) -> None:
        super().__init__()
        self.state, self.budget, self.interruption = state, budget, interruption

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if self.state.first_step_at is None:
            self.state.first_step_at = perf_counter()
        # The logged loss is the running mean of the epoch, so it stays NaN or infinite after one such step.
        if not math.isfinite(logs["loss"]):
            self._stop("divergence")
            self.state.diverged_at = f"step {batch + 1} of epoch {self.state.epoch + 1}"
        elif self.interruption.number is not None:
            self._stop("interrupt")
            if not self.state.best_epoch:
                self.state.interrupted_at = (
                    f"step {batch + 1} of {self.params['steps']} of epoch {self.state.epoch + 1}"
                )
        elif self.budget and self.state.seconds + self.state.reserved_seconds >= self.budget:
            self._stop("time budget")

    def _stop(self, reason: str) -> None:
        self.state.stop_reason = reason
        self.model.stop_training = True


class ValidationCallback(keras.callbacks.Callback):
    """Evaluates the model after each epoch, saves the best one under a temporary name, and stops early.

    If the optimizer keeps a moving average of the weights, the average is evaluated and saved. Epoch 0 of the history
    is the model after its very first step; it is evaluated, but never saved.

    validate: scores a model on validation
    tie_breaker: name of the score that decides between epochs with the same primary metric
    patience: number of epochs without improvement after which training stops
    last_result: the newest validation result; None before the first
    """

    def __init__(
        self,
        state: TrainerState,
        run: RunFolder,
        batches: Batches,
        validate: Callable[[keras.Model], ValidationResult],
        primary_metric: str,
        tie_breaker: str | None,
        patience: int,
    ) -> None:
        super().__init__()
        self.state, self.run, self.batches, self.validate = state, run, batches, validate
        self.primary_metric, self.tie_breaker, self.patience = primary_metric, tie_breaker, patience
        self.last_result: ValidationResult | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch_started = perf_counter()
        self.steps_before = int(self.model.optimizer.iterations)

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if self.state.history or self.model.stop_training:
            return
        with averaged_weights(self.model):
            self._append(self._validate(0, logs["loss"]))

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        state = self.state
        if state.stop_reason == "divergence" or (state.stop_reason == "interrupt" and state.best_epoch):
            return
        if not self._weights_are_finite():
            # Caused by the last update, after which there is no further loss. Such weights would still get a score.
            state.stop_reason, state.diverged_at = "divergence", f"the end of epoch {epoch + 1}"
            self.model.stop_training = True
            return
        with averaged_weights(self.model):
            record = self._validate(epoch + 1, logs["loss"])
            improved = record.rank > state.best_rank
            if improved:
                state.best_epoch, state.best_model_checksum = record.epoch, self.run.save_fresh_model(self.model)
        self._append(record)
        self._report(record, improved)
        if state.stop_reason == "epochs" and record.epoch - state.best_epoch >= self.patience:
            state.stop_reason = "patience"
            self.model.stop_training = True
        if self.model.stop_training or record.epoch == self.params["epochs"]:
            # What is drawn after the last epoch is no training.
            state.stop_clock()

    def _weights_are_finite(self) -> bool:
        return all(keras.ops.all(keras.ops.isfinite(weight)) for weight in self.model.trainable_variables)

    def _validate(self, epoch: int, loss: float) -> EpochRecord:
        started = perf_counter()
        with phase("validating", announced=False):
            result = self.last_result = self.validate(self.model)
        seconds = started - self.epoch_started
        # Time of validation does not count as time of the epoch.
        self.state.reserved_seconds = perf_counter() - started
        self.epoch_started += self.state.reserved_seconds
        completed = (int(self.model.optimizer.iterations) - self.steps_before) / len(self.batches)
        return EpochRecord(
            epoch=epoch,
            loss=float(loss),
            validation_loss=result.scores.values.get("cross_entropy", math.nan),
            validation_score=result.scores.values[self.primary_metric],
            train_score=result.train_score,
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=seconds,
            tokens_per_second=completed * self.batches.tokens / seconds,
            padding=self.batches.padding,
            tie_breaker=result.scores.values[self.tie_breaker] if self.tie_breaker else math.nan,
        )

    def _append(self, record: EpochRecord) -> None:
        self.state.history.append(record)
        self.run.write_history(self.state.history)

    def _report(self, record: EpochRecord, improved: bool) -> None:
        score = f"validation {self.primary_metric} {format_score(self.primary_metric, record.validation_score)}"
        interrupted_at = self.state.interrupted_at
        epoch = f"interrupted after {interrupted_at}" if interrupted_at else f"epoch {record.epoch}"
        milestone(f"{epoch}: {score}{', best so far' if improved else ''}")


class CheckpointCallback(keras.callbacks.Callback):
    """Saves a checkpoint after each epoch, and then puts the new best model into its place.

    It comes last: what other callbacks write about an epoch is complete before the epoch counts as finished.
    """

    def __init__(self, state: TrainerState, run: RunFolder) -> None:
        super().__init__()
        self.state, self.run = state, run

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        state = self.state
        if state.epoch != epoch + 1:
            # The epoch was interrupted or diverged, and not evaluated.
            return
        # An incomplete epoch cannot be resumed from.
        if state.stop_reason != "interrupt":
            finished = state.stop_reason != "epochs" or state.epoch == self.params["epochs"]
            save_checkpoint(self.run, self.model, state.checkpoint(finished))
        if state.best_epoch == state.epoch:
            self.run.commit_model()


class EpochProgress(keras.callbacks.Callback):
    """Shows the progress of each epoch with its loss so far."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self.epochs, self.steps = epochs, steps

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.progress = Progress(f"epoch {epoch + 1} of {self.epochs}", self.steps, unit="steps")
        self.progress.__enter__()

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        if batch == 1:
            # The first step compiles the model, and is followed by an evaluation.
            self.progress.restart_rate()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        self.progress.note(f"loss {logs['loss']:.4f}")
        self.progress.advance()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.progress.__exit__(None, None, None)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Context in which the model has the moving average of its weights, if the optimizer keeps one."""
    if not model.optimizer.use_ema:
        yield
        return
    current = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, current, strict=True):
            variable.assign(value)
