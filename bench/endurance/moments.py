"""The phases of a training, and moments in them. A phase is the time within a function of the program."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any

from tasks import get_task

TASK = "TASK"
PHASES: Mapping[str, str] = {
    "claiming the folder": "training.trainer:create_run",
    "fitting the encoder": f"{TASK}:fit_encoder",
    "saving the encoder": "training.run_folder:RunFolder.save_encoder",
    "building the model": f"{TASK}:build_model",
    "a training step": "training.callbacks:StopConditions.on_train_batch_end",
    "the end of an epoch": "training.callbacks:ValidationCallback.on_epoch_end",
    "saving the model": "training.run_folder:RunFolder.save_fresh_model",
    "saving a checkpoint": "training.callbacks:save_checkpoint",
    "replacing the model": "training.run_folder:RunFolder.commit_model",
    "logging for TensorBoard": "training.tensorboard:TensorBoardLog.on_epoch_end",
    "loading a checkpoint": "training.trainer:load_checkpoint",
    "restoring a checkpoint": "training.fitting:restore_variables",
    "scoring": "training.final_evaluation:score_split",
    "scoring the baselines": "training.final_evaluation:score_baselines",
    "writing the metrics": "training.run_folder:RunFolder.write_metrics",
    "writing the report": "evaluation.report:write_report",
    "drawing a picture": "evaluation.plots:save_learning_curves",
    "writing the results for TensorBoard": "training.final_evaluation:write_results",
    "removing the checkpoints": "training.final_evaluation:remove_checkpoints",
}
"""Phase -> MODULE:NAME of its function, in the order of a training."""
REPEATED = ("a training step", "the end of an epoch", "saving a checkpoint", "scoring")
"""Phases that occur more than once in a process."""


@dataclass(frozen=True)
class Moment:
    """A moment in a phase: `delay` seconds after the start of its nth `call`, or its end if that is earlier.

    task: name of the task whose methods are phases
    """

    phase: str
    task: str
    call: int = 1
    delay: float = 0.0


def wait_at(moment: Moment, say_entered: int, may_go_on: int) -> None:
    """Make this process report that it has entered the phase, and not leave it before it may.

    say_entered, may_go_on: file descriptors of pipes, to which a byte is written, and from which one is read
    """
    owner, name = _owner(moment)
    original, calls = getattr(owner, name), 0

    @wraps(original)
    def observed(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != moment.call:
            return original(*arguments, **keywords)
        os.write(say_entered, b"e")
        try:
            return original(*arguments, **keywords)
        finally:
            os.read(may_go_on, 1)

    setattr(owner, name, observed)


def _owner(moment: Moment) -> tuple[Any, str]:
    """The object that has the function of the phase, and its name there."""
    module, _, path = PHASES[moment.phase].partition(":")
    owner: Any = type(get_task(moment.task)) if module == TASK else import_module(module)
    *classes, name = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    return owner, name
