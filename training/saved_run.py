"""CheckResult a run by what the user calls it, and loading all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from schema.configs import TrainingConfig
from schema.errors import RunError, UserError
from tasks import TASK_NAMES, get_task
from tasks.task import Encoder, Task
from training.run_folder import RunFolder

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class SavedRun:
    """A run as it was saved; the model is loaded apart, since TensorFlow takes seconds to start.

    source: what it was trained on, as in `schema.examples.Splits`; command: how it was started
    """

    folder: RunFolder
    task: Task[Any, Any]
    config: TrainingConfig
    source: str
    command: str

    def load_encoder(self) -> Encoder[Any]:
        return self.task.load_encoder(self.folder.checked_encoder())

    def load_model(self) -> "keras.Model":
        return self.folder.load_model()


def open_run(reference: str, runs: Path, several: bool = False) -> SavedRun:
    """Open a run by path, TASK/NAME, NAME, TASK/latest or `latest`.

    Raises UserError or RunError; also, unless `several` are wanted, for a folder of the runs of several seeds.
    """
    folder = RunFolder(find_run(reference, runs))
    described = folder.read_json("config.json")
    name = described.get("task")
    if name not in TASK_NAMES:
        raise RunError(f"{folder.path / 'config.json'}: task {name!r} is unknown; there are {', '.join(TASK_NAMES)}")
    task = get_task(name)
    config = _config(task.config_class, described.get("config", {}), folder.path / "config.json")
    if config.seeds > 1 and not several:
        raise UserError(f"{folder.path} holds several seeds; say which: {folder.path / f'seed-{config.seed}'}")
    return SavedRun(folder, task, config, str(described.get("source")), str(described.get("command")))


def find_run(reference: str, runs: Path) -> Path:
    """The folder that `reference` means. Raises UserError, with the nearest name, where there is none."""
    path = Path(reference)
    if (path / "config.json").is_file():
        return path
    everything = sorted(entry.parent for depth in ("*/*", "*/*/seed-*") for entry in runs.glob(f"{depth}/config.json"))
    if path.name == "latest" and path.parent.name in ("", *TASK_NAMES):
        of_task = [run for run in everything if path.parent.name in ("", run.relative_to(runs).parts[0])]
        finished = [run for run in of_task if (run / "metrics.json").is_file()]
        if not finished:
            raise UserError(f"no run under {runs} is finished; train one first: python train.py {TASK_NAMES[0]}")
        return max(finished, key=lambda run: (run / "metrics.json").stat().st_mtime_ns)
    named = [run for run in everything if reference in (run.name, f"{run.parent.name}/{run.name}")]
    if len(named) > 1:
        choices = " or ".join(f"{run.parent.name}/{run.name}" for run in named)
        raise UserError(f"{reference} is the name of several runs; say {choices}")
    if named:
        return named[0]
    if path.is_dir():
        raise UserError(f"{path} is no run: it holds no config.json")
    names = ["latest"] if everything else []
    names += [run.name for run in everything] + [f"{run.parent.name}/{run.name}" for run in everything]
    near = get_close_matches(reference, names, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; train one first: python train.py {TASK_NAMES[0]}"
    raise UserError(f"there is no run {reference} under {runs}{hint}")


def _config(kind: type[TrainingConfig], values: Mapping[str, Any], path: Path) -> TrainingConfig:
    """The config as it was saved; values that JSON has no type for are made anew."""
    if not isinstance(values, Mapping):
        raise RunError(f"{path} is damaged (its config is no object); train the run anew")
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise RunError(f"{path}: {', '.join(unknown)} is unknown here; update the program")
    return kind(**{name: _typed(hints[name], value) for name, value in values.items()})


def _typed(hint: Any, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    options = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    return Path(value) if Path in options and isinstance(value, str) else value
