"""What `evaluate.py` and `predict.py` share: RUN comes first, where runs lie, and the flags of the run's own task."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import TypeVar

from schema.configs import DecodingConfig

Flags = TypeVar("Flags", bound="RunFlags")
Answers = TypeVar("Answers", bound=DecodingConfig)


@dataclass(frozen=True)
class RunFlags:
    """Flags of the commands that take a saved run."""

    runs: Path = Path("runs")
    """Folder of all runs."""


def run_and_flags(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    """RUN and the rest; RUN is None where the first word is a flag or missing."""
    if argv and not argv[0].startswith("-"):
        return argv[0], list(argv[1:])
    return None, list(argv)


def runs_folder(flags: Sequence[str]) -> Path:
    """What `--runs` says: it has to be known before the run, and the run before the other flags."""
    given = [word.partition("=")[2] for word in flags if word.startswith("--runs=")]
    given += [value for word, value in zip(flags, flags[1:], strict=False) if word == "--runs"]
    return Path(given[-1]) if given else RunFlags.runs


def merge_flags(command: type[Flags], config: type[DecodingConfig]) -> type[Flags]:
    """The flags of a command and those of a task's answers, as one."""
    both = make_dataclass(command.__name__, [], bases=(command, config), frozen=True)
    both.__doc__ = command.__doc__
    return both


def select_fields(config: type[Answers], flags: RunFlags) -> Answers:
    """Of all flags those of a task's answers."""
    return config(**{field.name: getattr(flags, field.name) for field in fields(config)})
