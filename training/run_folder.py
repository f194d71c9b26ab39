"""The folder of a run. Each file is replaced atomically: a kill at any moment leaves the old file or the new one.

runs/TASK/NAME/  config.json  encoder/  model.keras  checkpoints/  history.csv
                 predictions/  metrics.json  report.md  plots/  train/  validation/
"""

import csv
import errno
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from console.files import FRESH, SUMS, atomic_remove, atomic_write, find_changed_file, sha256, write_sums
from schema.configs import TrainingConfig
from schema.errors import RunError, UserError
from schema.records import FORMAT, EpochRecord, Metrics
from training.environment import commit
from training.model_archive import check_archive

if TYPE_CHECKING:
    import keras

MAX_JSON_BYTES = 64 * 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class RunFolder:
    """Paths and files of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def model_path(self) -> Path:
        return self.path / "model.keras"

    @property
    def fresh_model_path(self) -> Path:
        """A newly saved model, until `commit_model` renames it."""
        return self.path / ".fresh-model.keras"

    def write_json(self, name: str, content: Mapping[str, object]) -> None:
        """Write a JSON file; NaN and infinity are written as null, since JSON has no number for them."""
        text = json.dumps(finite(content), indent=2, ensure_ascii=False, default=str)
        self.write(name, lambda path: path.write_text(text + "\n", encoding="utf-8"))

    def write_config(self, task: str, source: str, config: TrainingConfig, command: str) -> None:
        """Write `config.json`: all settings of the run, its data and its code."""
        content = {"task": task, "source": source, "config": asdict(config), "command": command}
        self.write_json("config.json", {"format": FORMAT, **content, "commit": commit()})

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Replace the file `name` by the one that `write` creates at the path that it is given."""
        atomic_write(self.path / name, write)

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON file. Raises RunError if it is missing or damaged, or has another run format."""
        path = self.path / name
        try:
            if path.stat().st_size > MAX_JSON_BYTES:
                raise ValueError("too large")
            content = json.loads(path.read_text(encoding="utf-8"))
            number = int(content.get("format", FORMAT))
        except FileNotFoundError as error:
            raise RunError(f"{path} is missing; the run is incomplete, train it again") from error
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise RunError(f"{path} is damaged ({error}); train the run again") from error
        if number > FORMAT:
            raise RunError(f"{path} has format {number}, this program knows {FORMAT}: update the program")
        if number < FORMAT:
            raise RunError(
                f"{self.path} has run format {number}, this program reads format {FORMAT}; "
                f"train it again: python {content.get('command', 'train.py TASK')}"
            )
        return content

    def stop_reason(self) -> str | None:
        """Stop reason of a run with final scores, as in `schema.records.Metrics`; None if there are none yet."""
        if not (self.path / "metrics.json").exists():
            return None
        stop_reason = self.read_json("metrics.json").get("stop_reason")
        return None if stop_reason == "interrupt" else str(stop_reason)

    def is_complete(self) -> bool:
        """Whether nothing is left to do: the scores are final, and no kill came before the end of the report."""
        return self.stop_reason() is not None and not (self.path / "checkpoints" / "latest").exists()

    def save_encoder(self, save: Callable[[Path], None]) -> None:
        """Let `save` write `encoder/`, add checksums of its files, and store the checksum of these in `config.json`."""

        def write(fresh: Path) -> None:
            save(fresh)
            sums = write_sums(fresh)
            self.write_json("config.json", {**self.read_json("config.json"), "encoder": sha256(sums)})

        folder = self.path / "encoder"
        shutil.rmtree(folder, ignore_errors=True)
        atomic_write(folder, write)

    def checked_encoder(self) -> Path:
        """Folder of the encoder, after verifying its files. Raises RunError if one is missing or changed."""
        folder = self.path / "encoder"
        sums = folder / SUMS
        if sums.is_file() and self.read_json("config.json").get("encoder") != sha256(sums):
            raise RunError(
                f"{sums} is of another run; put back the folder {folder.name}/ of this one, or train it again"
            )
        if changed := find_changed_file(folder):
            path, fault = changed
            raise RunError(f"{path} {fault}; train the run again")
        return folder

    def save_fresh_model(self, model: "keras.Model") -> str:
        """Save a model beside `model.keras` and return its checksum."""
        try:
            model.save(self.fresh_model_path)
        except BaseException:
            self.fresh_model_path.unlink(missing_ok=True)
            raise
        return sha256(self.fresh_model_path)

    def commit_model(self) -> None:
        """Replace `model.keras` by the model of `save_fresh_model`."""
        os.replace(self.fresh_model_path, self.model_path)

    def load_model(self) -> "keras.Model":
        """Load `model.keras` after `check_archive`: no code of the file is executed.

        Raises RunError for a missing or damaged file, and for a model that this program cannot have made.
        """
        if not self.model_path.is_file():
            raise RunError(f"{self.model_path} is missing; no epoch of this run was finished, train it again")
        if not zipfile.is_zipfile(self.model_path):
            raise RunError(f"{self.model_path} is damaged (cut short?); train the run again")
        check_archive(self.model_path)
        try:
            return models.load_model(self.model_path)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OSError, zipfile.BadZipFile) as error:
            reason = ascii(str(error).strip().partition("\n")[0])[1:-1][:200]
            raise RunError(f"{self.model_path} cannot be read ({reason}); train the run again") from error

    def write_history(self, history: Sequence[EpochRecord]) -> None:
        """Write `history.csv`, one row per epoch."""

        def write(path: Path) -> None:
            with path.open("w", newline="", encoding="utf-8") as file:
                rows = csv.DictWriter(file, [field.name for field in fields(EpochRecord)])
                rows.writeheader()
                rows.writerows(asdict(record) for record in history)

        self.write("history.csv", write)

    def read_history(self) -> list[dict[str, float]]:
        """Read the rows of `history.csv`."""
        with (self.path / "history.csv").open(newline="", encoding="utf-8") as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]

    def write_json_lines(self, name: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Write one JSON object per line."""
        text = "".join(json.dumps(finite(row), ensure_ascii=False) + "\n" for row in rows)
        self.write(name, lambda path: path.write_text(text, encoding="utf-8", errors="surrogatepass"))

    def write_metrics(self, metrics: Metrics) -> None:
        """Write `metrics.json`."""
        self.write_json("metrics.json", asdict(metrics))

    def remove(self) -> None:
        """Remove the whole folder; its name is free again."""
        with suppress(OSError):
            atomic_remove(self.path)

    def remove_unfinished_files(self) -> None:
        """Remove what killed processes left of files that they had not finished."""
        for path in [self.fresh_model_path, *self.path.rglob(f"{FRESH}*")]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def create_run(home: Path, stem: str, name: str | None, write_config: Callable[[RunFolder], object]) -> RunFolder:
    """Create the run folder `name`, or the next free STEM-NNN, in `home`; no other process gets the same folder.

    The folder appears together with the `config.json` that `write_config` writes, so that a kill leaves no name that
    can be neither resumed nor used; an empty folder may be used.
    Raises UserError for an invalid name, an existing folder, or a `home` that is not writable.
    """
    check_name(home, name)

    def write(path: Path) -> None:
        path.mkdir()
        write_config(RunFolder(path))

    number = 1 + sum(1 for _ in home.glob(f"{stem}-*"))
    while True:
        path = home / (name or f"{stem}-{number:03d}")
        try:
            atomic_write(path, write)
            return RunFolder(path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            if name:
                raise _exists_error(path) from None
            number += 1


def check_name(home: Path, name: str | None) -> None:
    """Raise UserError, before any work, for an invalid or existing name, or if `home` is not writable."""
    if name is not None:
        if not _NAME.fullmatch(name) or name == "latest":
            raise UserError(f"--name {name!r} is invalid; use letters, digits and . _ + -, but not the word latest")
        if os.path.lexists(home / name) and not _is_empty_folder(home / name):
            raise _exists_error(home / name)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"{home.parent} is not a folder; choose another --runs") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise UserError(f"{home} is not writable; choose another --runs")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _exists_error(path: Path) -> UserError:
    resume = f"resume it (train.py --resume {path}) or " if (path / "checkpoints" / "latest").is_file() else ""
    return UserError(f"{path} exists already; {resume}choose another --name (nothing was changed)")


def refuse_links(folder: Path) -> None:
    """Raise RunError if a file or folder inside a run folder is a symbolic link, or neither file nor folder.

    Reading or writing through it would leave the run folder.
    """
    for home, folders, files in os.walk(folder):
        for path in (Path(home, name) for name in (*folders, *files)):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise RunError(f"{path} is a link or a special file; a run folder may hold files and folders only")


def finite(value: object) -> object:
    """Replace NaN and infinity by None, also inside mappings and sequences, as JSON requires."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(key): finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return value
