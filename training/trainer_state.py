"""Progress of a training, shared by the trainer and its callbacks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time

from schema.records import EpochRecord
from schema.scores import ScoredExample, Scores
from training.checkpoint import Checkpoint

FINISHED = ("epochs", "patience", "time budget")
"""Stop reasons after which test may be scored."""


@dataclass
class TrainerState:
    """Progress of a training, written by the callbacks and read by the trainer.

    best_model_checksum: SHA-256 of the model.keras of the best epoch
    stop_reason: as in `schema.records.Metrics`; "epochs" unless something else stops the training
    encoder_seconds: seconds of fitting the encoder
    previous_seconds, previous_cpu_seconds: time spent before this object was created, by all processes of the run
    reserved_seconds: time for the last validation, which is part of the time budget: that of the one before
    ended: `perf_counter()` at the end of the training; None before
    first_step_at: `perf_counter()` at the end of the first step of this process
    diverged_at: description of the step at which the loss or a weight became NaN or infinite
    interrupted_at: description of the step after which a signal ended the training, if no epoch was finished before
    """

    history: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best_model_checksum: str = ""
    stop_reason: str = "epochs"
    encoder_seconds: float = 0.0
    previous_seconds: float = 0.0
    previous_cpu_seconds: float = 0.0
    started: float = field(default_factory=perf_counter)
    cpu_started: float = field(default_factory=process_time)
    ended: float | None = None
    reserved_seconds: float = 0.0
    first_step_at: float | None = None
    diverged_at: str = ""
    interrupted_at: str = ""

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, encoder_seconds: float) -> "TrainerState":
        """State of a resumed training."""
        return cls(
            history=list(checkpoint.history),
            best_epoch=checkpoint.best_epoch,
            best_model_checksum=checkpoint.best_model_checksum,
            stop_reason=checkpoint.stop_reason or "epochs",
            encoder_seconds=encoder_seconds,
            previous_seconds=checkpoint.seconds,
            previous_cpu_seconds=checkpoint.cpu_seconds,
            reserved_seconds=checkpoint.reserved_seconds,
        )

    @property
    def seconds(self) -> float:
        """Seconds of the time budget spent so far."""
        now = perf_counter() if self.ended is None else self.ended
        return self.previous_seconds + now - self.started

    def stop_clock(self) -> None:
        """End the time of the training."""
        self.ended = perf_counter()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the training so far, in seconds, over all threads."""
        return self.previous_cpu_seconds + process_time() - self.cpu_started

    @property
    def epoch(self) -> int:
        """Last validated epoch; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    @property
    def best_rank(self) -> tuple[float, ...]:
        """Rank of the best epoch; below all others before there is one."""
        ranks = [record.rank for record in self.history if record.epoch == self.best_epoch > 0]
        return ranks[0] if ranks else (-math.inf,)

    def checkpoint(self, finished: bool) -> Checkpoint:
        """Checkpoint of this state; `finished`: training is over and only evaluation is left."""
        return Checkpoint(
            history=self.history,
            best_epoch=self.best_epoch,
            best_model_checksum=self.best_model_checksum,
            stop_reason=self.stop_reason if finished else None,
            seconds=self.seconds,
            cpu_seconds=self.cpu_seconds,
            reserved_seconds=self.reserved_seconds,
        )


@dataclass(frozen=True)
class ValidationResult:
    """Scores of a model on validation, its prediction for each example, and its primary metric on training data."""

    scores: Scores
    scored_examples: Sequence[ScoredExample]
    train_score: float
