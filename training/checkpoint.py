"""What `--resume` goes on from: all that a training has made, written after each finished epoch.

    RUN/checkpoints/epoch-0003/variables.npz   every variable of model and optimizer, seed generators and averages included
    RUN/checkpoints/epoch-0003/trainer_state.json     history, best epoch, time spent, checksums
    RUN/checkpoints/latest                     the name of the newest whole one

It is removed when the run is finished.
Keras's own BackupAndRestore keeps neither the states of the seed generators nor what callbacks remember.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from console.files import atomic_write
from schema.errors import RunError
from schema.records import EpochRecord
from training.run_folder import RunFolder, sha256

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Checkpoint:
    """A training after a finished epoch.

    best_epoch: 0 where none was kept; best_sum: SHA-256 of the model.keras that belongs to it
    stop_reason: why training is over, as in `schema.records.Metrics`; None where it goes on
    seconds, cpu_seconds: spent so far, over all sittings, whatever was learnt before the first step included
    """

    history: Sequence[EpochRecord]
    best_epoch: int
    best_sum: str
    stop_reason: str | None
    seconds: float
    cpu_seconds: float

    @property
    def epoch(self) -> int:
        """The last finished epoch."""
        return self.history[-1].epoch


def save_checkpoint(run: RunFolder, model: "keras.Model", state: Checkpoint) -> None:
    """Write the state whole, let `checkpoints/latest` name it, and only then remove the one before."""
    home = _home(run)
    name = f"epoch-{state.epoch:04d}"

    def write(fresh: Path) -> None:
        fresh.mkdir()
        values = {str(index): variable.numpy() for index, variable in enumerate(_variables(model))}
        np.savez(fresh / "variables.npz", **values)
        described = {**asdict(state), "variables_sum": sha256(fresh / "variables.npz")}
        (fresh / "trainer_state.json").write_text(json.dumps(described), encoding="utf-8")

    # Exists if a process was killed before `latest` could name it.
    shutil.rmtree(home / name, ignore_errors=True)
    atomic_write(home / name, write)
    run.write("checkpoints/latest", lambda path: path.write_text(name, encoding="utf-8"))
    # The checkpoint before, and unfinished folders of killed processes.
    for old in home.iterdir():
        if old.is_dir() and old.name != name:
            shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(run: RunFolder) -> Checkpoint | None:
    """The newest state; None where no epoch was finished. Raises RunError, touching nothing, for a damaged one."""
    if not (_home(run) / "latest").is_file():
        return None
    folder = _latest(run)
    try:
        described = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        expected = described.pop("variables_sum")
        history = [EpochRecord(**row) for row in described.pop("history")]
        state = Checkpoint(history=history, **described)
    except FileNotFoundError as error:
        raise RunError(f"{error.filename} is missing; the run cannot be resumed, train it anew") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{folder / 'trainer_state.json'} is damaged ({error}); train the run anew") from error
    variables = folder / "variables.npz"
    if not variables.is_file():
        raise RunError(f"{variables} is missing; the run cannot be resumed, train it anew")
    if sha256(variables) != expected:
        raise RunError(f"{variables} is not the file that was saved (its checksum differs); train the run anew")
    _settle_best_model(run, state)
    return state


def restore_variables(run: RunFolder, model: "keras.Model") -> None:
    """Give a model, just compiled, its optimizer built, every variable of the newest state.

    Raises RunError where they do not fit.
    """
    variables = _variables(model)
    path = _latest(run) / "variables.npz"
    with np.load(path, allow_pickle=False) as saved:
        values = [saved[str(place)] for place in range(len(saved.files))]
    if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
        raise RunError(f"{path} belongs to another model; the program has changed since, train the run anew")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def remove_checkpoint(run: RunFolder) -> None:
    """The run is finished: there is nothing to go on with."""
    shutil.rmtree(_home(run), ignore_errors=True)


def _settle_best_model(run: RunFolder, state: Checkpoint) -> None:
    """Let model.keras be the one that the state speaks of: a kill may have come just before it got its name."""
    if not state.best_epoch:
        return
    for path in (run.model_path, run.fresh_model_path):
        if path.is_file() and sha256(path) == state.best_sum:
            os.replace(path, run.model_path)
            return
    raise RunError(
        f"{run.model_path} is missing or not the one of epoch {state.best_epoch}, the best; train the run anew"
    )


def _variables(model: "keras.Model") -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


def _home(run: RunFolder) -> Path:
    return run.path / "checkpoints"


def _latest(run: RunFolder) -> Path:
    """The folder that `checkpoints/latest` names; nothing outside of `checkpoints/`, whatever it says."""
    name = (_home(run) / "latest").read_text(encoding="utf-8", errors="replace").strip()
    return _home(run) / Path(name).name
