"""Files of a run that were cut short, changed or taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.errors import RunError


@contextmanager
def corrupt_file_errors(path: Path) -> Iterator[None]:
    """Within, `path` is read, and files beside it. Raises RunError with the file that is missing or damaged."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunError(f"{error.filename} is missing; the run is not whole, train it anew") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} is damaged ({error}); train the run anew") from error
