"""Files of a run that were cut short, changed or taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.errors import WorkFailed


@contextmanager
def refusing_damage(path: Path) -> Iterator[None]:
    """Within, `path` is read, and files beside it. Raises WorkFailed with the file that is missing or damaged."""
    try:
        yield
    except FileNotFoundError as error:
        raise WorkFailed(f"{error.filename} is missing; the run is not whole, train it anew") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkFailed(f"{path} is damaged ({error}); train the run anew") from error
