"""Files and folders that are replaced as a whole."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory


def atomic_write(path: Path, write: Callable[[Path], object]) -> None:
    """Create a file or a folder elsewhere and move it to `path`, so that a kill leaves the old one or the new one.

    write: creates the file or folder at the path that it is given, which ends in the same name as `path`
    An existing file is replaced. An existing folder has to be empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A folder of its own beside `path`: a rename needs the same file system, and Keras the suffix of a file's name.
    with TemporaryDirectory(prefix=".fresh-", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        write(fresh)
        os.replace(fresh, path)
