"""What `evaluate.py` and `predict.py` share: RUN comes first, and where runs lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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
