"""Find a run by its name, and load all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from console.progress import phase
from console.quiet import start_tensorflow
from schema.configs import RENAME, TrainingConfig, is_utf8, validate_values
from schema.errors import RunError, UserError
from schema.examples import Example
from schema.scores import SeenInTraining
from tasks import TASK_NAMES, get_task
from tasks.task import AnyTask, Encoder, load_seen
from training.run_folder import RunFolder, refuse_links

if TYPE_CHECKING:
    import keras


MAX_LISTED = 5
"""Number of runs that are listed where none has the given name."""


@dataclass(frozen=True)
class SavedRun:
    """A saved run. Encoder and model are loaded on demand, since TensorFlow takes seconds to start.

    source: training data, as in `schema.examples.Splits`
    command: the command line that started the run
    """

    folder: RunFolder
    task: AnyTask
    config: TrainingConfig
    source: str
    command: str

    def load(self) -> "tuple[keras.Model, Encoder[Example]]":
        """Start TensorFlow, load the best model and the fitted encoder.

        Raises RunError for missing, changed or damaged files.
        """
        folder = self.folder.checked_encoder()
        start_tensorflow()
        with phase(f"loading {self.folder.path}", announced=False):
            model = self.folder.load_model()
            return model, self.task.load_encoder(folder, model)

    def load_seen(self) -> SeenInTraining:
        """Load what scoring needs to know of the training data."""
        return load_seen(self.folder.checked_encoder())


def open_run(reference: str, runs: Path, to_resume: bool = False) -> SavedRun:
    """Open a run by path, TASK/NAME, NAME, TASK/latest or `latest`.

    to_resume: `latest` is the newest unfinished run instead of the newest finished one, and the folder of the runs of
        several seeds may be opened
    Raises UserError or RunError.
    """
    for path in (reference, str(runs)):
        if not is_utf8(path):
            raise UserError(f"{path}: {RENAME}")
    folder = RunFolder(find_run(reference, runs, to_resume))
    refuse_links(folder.path)
    content = folder.read_json("config.json")
    name = content.get("task")
    if name not in TASK_NAMES:
        raise RunError(f"{folder.path / 'config.json'}: task {name!r} is unknown; there are {', '.join(TASK_NAMES)}")
    task = get_task(name)
    config = _restore_config(task.config_class, content.get("config", {}), folder.path / "config.json")
    if config.seeds > 1 and not to_resume:
        raise UserError(f"{folder.path} holds several seeds; choose one: {folder.path / f'seed-{config.seed}'}")
    return SavedRun(folder, task, config, str(content.get("source")), str(content.get("command")))


def find_run(reference: str, runs: Path, to_resume: bool = False) -> Path:
    """Find the folder of a run. Raises UserError, with the nearest name, if there is none."""
    path = Path(reference)
    if (path / "config.json").is_file():
        return path
    # Hidden folders are those that another process is writing or removing.
    depths = ("[!.]*/[!.]*", "[!.]*/[!.]*/seed-*")
    found = sorted(config.parent for depth in depths for config in runs.glob(f"{depth}/config.json"))
    if path.name == "latest" and path.parent.name in ("", *TASK_NAMES):
        of_task = [run for run in found if path.parent.name in ("", run.relative_to(runs).parts[0])]
        return _latest_unfinished(of_task, runs) if to_resume else _latest_finished(of_task, runs)
    matches = [run for run in found if reference in (run.name, _task_and_name(run))]
    if len(matches) > 1:
        raise UserError(f"{reference} is the name of several runs; choose {' or '.join(map(_task_and_name, matches))}")
    if matches:
        return matches[0]
    if path.is_dir():
        raise UserError(f"{path} is not a run: it has no config.json")
    names = ["latest"] if found else []
    names += [run.name for run in found] + [_task_and_name(run) for run in found]
    near = get_close_matches(reference, names, n=1)
    newest = sorted(found, key=lambda run: (run / "config.json").stat().st_mtime_ns, reverse=True)[:MAX_LISTED]
    hint = f"; train one first: python train.py {TASK_NAMES[0]}"
    if found:
        hint = f"; the newest are {', '.join(map(_task_and_name, newest))}"
    if near:
        hint = f"; did you mean {near[0]}?"
    raise UserError(f"there is no run {reference} under {runs}{hint}")


def _latest_finished(candidates: list[Path], runs: Path) -> Path:
    finished = [run for run in candidates if (run / "metrics.json").is_file()]
    if not finished:
        raise UserError(f"no run under {runs} is finished; train one first: python train.py {TASK_NAMES[0]}")
    return max(finished, key=lambda run: (run / "metrics.json").stat().st_mtime_ns)


def _latest_unfinished(candidates: list[Path], runs: Path) -> Path:
    unfinished = [run for run in candidates if _is_unfinished(run)]
    if not unfinished:
        raise UserError(f"no run under {runs} is unfinished; there is nothing to resume")
    return max(unfinished, key=lambda run: (run / "config.json").stat().st_mtime_ns)


def _is_unfinished(run: Path) -> bool:
    """Whether a run, or the runs of several seeds, can be resumed. A damaged one cannot."""
    if run.name.startswith("seed-") or (run / "summary.json").is_file():
        return False
    try:
        return not RunFolder(run).is_complete()
    except RunError:
        return False


def _task_and_name(run: Path) -> str:
    return f"{run.parent.name}/{run.name}"


def _restore_config(config_class: type[TrainingConfig], values: object, path: Path) -> TrainingConfig:
    """Config from its JSON values. Raises RunError for values that no command line could have given."""
    if not isinstance(values, Mapping):
        raise RunError(f"{path} is damaged (its config is not an object); train the run again")
    hints = get_type_hints(config_class)
    names = {field.name for field in fields(config_class)}
    if unknown := sorted(set(values) - names):
        raise RunError(f"{path}: {', '.join(unknown)} is unknown here; update the program")
    if wrong := sorted(name for name, value in values.items() if not _is_value(hints[name], value)):
        raise RunError(f"{path} is damaged (the value of {wrong[0]}); train the run again")
    config = config_class(**{name: _restore(hints[name], value) for name, value in values.items()})
    # Not the combinations of flags: a saved config names the data set of its own files, too.
    if fault := next(validate_values(config), None):
        raise RunError(f"{path} is damaged ({fault}); train the run again")
    return config


def _is_value(hint: object, value: object) -> bool:
    """Whether a JSON value is one of a config's field: None, bool, int, float, str, Path, a Literal or a union."""
    if get_origin(hint) in (Union, UnionType):
        return any(_is_value(option, value) for option in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if isinstance(value, bool):
        return hint is bool
    kinds: dict[object, tuple[type, ...]] = {float: (int, float), Path: (str,), int: (int,), str: (str,)}
    return isinstance(value, kinds.get(hint, (NoneType,) if hint is NoneType else ()))


def _restore(hint: object, value: Any) -> Any:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return Path(value) if Path in options and isinstance(value, str) else value
