"""Checkpoints: the complete state of a training, saved after each finished epoch and read by `--resume`.

    RUN/checkpoints/epoch-0003/variables.npz       variables of model, optimizer and seed generators
    RUN/checkpoints/epoch-0003/trainer_state.json  history, best epoch, seconds spent, checksums
    RUN/checkpoints/latest                         name of the newest complete checkpoint

The folder is removed when the run is finished.
Keras's BackupAndRestore saves neither the states of the seed generators nor those of callbacks.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from console.files import atomic_write, sha256
from schema.errors import RunError
from schema.records import EpochRecord
from training.run_folder import RunFolder

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Checkpoint:
    """State of a training after a finished epoch, apart from its variables.

    best_epoch: 0 if no model was saved yet
    best_model_checksum: SHA-256 of the model.keras of the best epoch
    stop_reason: reason why training is over, as in `schema.records.Metrics`; None if it continues
    seconds, cpu_seconds: time spent so far by all processes of this run, fitting the encoder included
    reserved_seconds: as in `TrainerState`
    """

    history: Sequence[EpochRecord]
    best_epoch: int
    best_model_checksum: str
    stop_reason: str | None
    seconds: float
    cpu_seconds: float
    reserved_seconds: float = 0.0

    @property
    def epoch(self) -> int:
        """Last finished epoch."""
        return self.history[-1].epoch


def save_checkpoint(run: RunFolder, model: "keras.Model", checkpoint: Checkpoint) -> None:
    """Write the checkpoint, point `checkpoints/latest` to it, and only then remove the previous one."""
    home = _home(run)
    name = f"epoch-{checkpoint.epoch:04d}"

    def write(fresh: Path) -> None:
        fresh.mkdir()
        values = {str(index): variable.numpy() for index, variable in enumerate(_variables(model))}
        np.savez(fresh / "variables.npz", **values)
        content = {**asdict(checkpoint), "variables_checksum": sha256(fresh / "variables.npz")}
        (fresh / "trainer_state.json").write_text(json.dumps(content), encoding="utf-8")

    # Exists if a process was killed before `latest` pointed to it.
    shutil.rmtree(home / name, ignore_errors=True)
    atomic_write(home / name, write)
    run.write("checkpoints/latest", lambda path: path.write_text(name, encoding="utf-8"))
    # The previous checkpoint, and incomplete folders of killed processes.
    for old in home.iterdir():
        if old.is_dir() and old.name != name:
            shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(run: RunFolder) -> Checkpoint | None:
    """Load the newest checkpoint; None if no epoch was finished.

    Raises RunError, without changing any file, for a damaged checkpoint.
    """
    if not (_home(run) / "latest").is_file():
        return None
    folder = _latest(run)
    checkpoint, expected = _read_trainer_state(folder / "trainer_state.json")
    variables = folder / "variables.npz"
    if not variables.is_file():
        raise RunError(f"{variables} is missing; the run cannot be resumed, train it again")
    if sha256(variables) != expected:
        raise RunError(f"{variables} is not the file that was saved (its checksum differs); train the run again")
    _restore_best_model(run, checkpoint)
    return checkpoint


def restore_variables(run: RunFolder, model: "keras.Model") -> None:
    """Assign the variables of the newest checkpoint to a compiled model whose optimizer is built.

    Raises RunError if the shapes differ.
    """
    variables = _variables(model)
    path = _latest(run) / "variables.npz"
    values = read_variables(path)
    if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
        raise RunError(f"{path} belongs to another model; the program has changed since, train the run again")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def read_variables(path: Path) -> list[np.ndarray]:
    """Read the arrays of a checkpoint. Raises RunError for a damaged file; nothing is unpickled."""
    try:
        with zipfile.ZipFile(path) as archive:
            # As np.savez writes them: compressed members might be a thousand times as large as the file.
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("compressed")
        with np.load(path, allow_pickle=False) as saved:
            values = [saved[str(index)] for index in range(len(saved.files))]
        if not all(isinstance(value, np.ndarray) for value in values):
            raise ValueError("not arrays")
        return values
    except (ValueError, KeyError, TypeError, OSError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} is damaged ({error}); train the run again") from error


def remove_checkpoints(run: RunFolder) -> None:
    """Remove `checkpoints/` of a finished run; without `latest`, nothing of it is used any more.

    Unfinished files of killed processes go with it.
    """
    with suppress(OSError):
        (_home(run) / "latest").unlink()
    shutil.rmtree(_home(run), ignore_errors=True)
    run.remove_unfinished_files()


def _read_trainer_state(path: Path) -> tuple[Checkpoint, str]:
    """The checkpoint and the checksum of its variables."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        checksum = content.pop("variables_checksum")
        history = [EpochRecord(**row) for row in content.pop("history")]
        return Checkpoint(history=history, **content), checksum
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing; the run cannot be resumed, train it again") from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error}); train the run again") from error


def _restore_best_model(run: RunFolder, checkpoint: Checkpoint) -> None:
    """Make model.keras the best model of the checkpoint: a kill may have come just before its renaming."""
    if not checkpoint.best_epoch:
        return
    for path in (run.model_path, run.fresh_model_path):
        if path.is_file() and sha256(path) == checkpoint.best_model_checksum:
            os.replace(path, run.model_path)
            return
    raise RunError(
        f"{run.model_path} is missing or not that of epoch {checkpoint.best_epoch}, the best; train the run again"
    )


def _variables(model: "keras.Model") -> "list[keras.Variable]":
    return [*model.variables, *model.optimizer.variables]


def _home(run: RunFolder) -> Path:
    return run.path / "checkpoints"


def _latest(run: RunFolder) -> Path:
    """Folder of the newest checkpoint, always inside `checkpoints/`, whatever `latest` says."""
    name = (_home(run) / "latest").read_text(encoding="utf-8", errors="replace").strip()
    return _home(run) / Path(name).name
