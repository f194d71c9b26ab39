"""A training job: the task, its data and settings, and the run folder for the results."""

from dataclasses import dataclass
from typing import Generic

from schema.configs import TrainingConfig
from schema.examples import ExampleT, Splits
from tasks.task import AnyTask
from training.run_folder import RunFolder


@dataclass(frozen=True)
class TrainingJob(Generic[ExampleT]):
    """One training; command: the command line that started it."""

    task: AnyTask
    config: TrainingConfig
    splits: Splits[ExampleT]
    folder: RunFolder
    command: str
