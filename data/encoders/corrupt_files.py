"""Errors for missing, truncated or changed files of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.errors import RunError


def corrupt_file(path: Path, reason: object) -> RunError:
    """The error for a file that cannot be read."""
    return RunError(f"{path} is damaged ({reason}); train the run again")


@contextmanager
def corrupt_file_errors(path: Path) -> Iterator[None]:
    """Raise RunError, which names the file, if reading `path` or a file beside it fails within the block."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunError(f"{error.filename} is missing; the run is incomplete, train it again") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise corrupt_file(path, error) from error
