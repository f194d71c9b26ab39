"""Flags and arguments that `evaluate.py` and `predict.py` share: RUN, the folder of runs, flags of the run's task."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import TypeVar

from commands.command_line import parse
from schema.configs import DecodingConfig, FileFlags
from schema.errors import UserError
from training.saved_run import SavedRun, open_run

FlagsT = TypeVar("FlagsT", bound="RunFlags")
DecodingConfigT = TypeVar("DecodingConfigT", bound=DecodingConfig)


@dataclass(frozen=True)
class RunFlags:
    """Flags of the commands that take a saved run."""

    runs: Path = Path("runs")
    """Folder of all runs."""


def open_run_argument(argv: Sequence[str], flags_type: type[RunFlags], program: str) -> tuple[SavedRun, list[str]]:
    """Open the run that the first argument names; return it with the other arguments.

    Raises UserError if the first argument is missing or a flag, or if there is no such run. Without a run, `--help`
    and `--version` print their text and raise SystemExit(0).
    """
    if not argv or argv[0].startswith("-"):
        parse(flags_type, [word for word in argv if word in ("-h", "--help", "--version")], f"{program} RUN")
        raise UserError(f"no run given: {program} RUN, where RUN is a path, TASK/NAME, NAME or latest")
    reference, *rest = argv
    return open_run(reference, _runs_folder(rest)), rest


def _runs_folder(argv: Sequence[str]) -> Path:
    """The value of `--runs`. It is parsed before the other flags, which depend on the run."""
    given = [word.partition("=")[2] for word in argv if word.startswith("--runs=")]
    given += [value for word, value in zip(argv, argv[1:], strict=False) if word == "--runs"]
    return Path(given[-1]) if given else RunFlags.runs


def merge_flags(flags_type: type[FlagsT], *config_types: type[DecodingConfig] | type[FileFlags]) -> type[FlagsT]:
    """A dataclass with the flags of a command and those of a task."""
    merged = make_dataclass(flags_type.__name__, [], bases=(flags_type, *config_types), frozen=True)
    merged.__doc__ = flags_type.__doc__
    return merged


def select_fields(config_type: type[DecodingConfigT], flags: RunFlags) -> DecodingConfigT:
    """A config with the values of `flags`; fields that are not flags keep their defaults."""
    given = {field.name: getattr(flags, field.name) for field in fields(config_type) if hasattr(flags, field.name)}
    return config_type(**given)
