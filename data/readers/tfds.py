"""Builders and records of TensorFlow Datasets (TFDS).

TFDS reads prepared data sets from TFDS_DATA_DIR, by default ~/tensorflow_datasets, and downloads others. Without a
network it would hang for minutes, so the host is contacted first.
"""

import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console import messages
from console.messages import is_terminal, say
from console.quiet import start_tensorflow
from schema.errors import RunError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Short, so that the user gets the error within five seconds after the start of the command.
_TIMEOUT_SECONDS = 3.0


class NoNetwork(RunError):
    """A data set is neither on disk nor downloadable."""


def get_builder(
    name: str, builder_name: str, host: str | None, module: str | None = None
) -> "tfds.core.DatasetBuilder":
    """The builder of a prepared data set, which is downloaded and prepared if necessary. Raises NoNetwork.

    host: an address that the download needs; None if the user has to provide the files
    module: module that registers the builder, for the builders of this project
    """
    import tensorflow_datasets as tfds

    if module:
        import_module(module)
    # TFDS warns about a missing folder, which is an expected case here.
    with _without_warnings("absl"):
        builder = tfds.builder(builder_name)
        prepared = builder.is_prepared()
    if prepared:
        return builder
    if host is None:
        folder = Path(builder.data_dir_root) / "downloads" / "manual" / builder.name
        if not folder.is_dir():
            raise NoNetwork(
                f"{name} is not on this machine: there is no folder {folder}.\n{builder.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
    else:
        manual = _manual_files(builder)
        # A builder without registered files has no manual files.
        downloaded = bool(manual) and all(map(os.path.exists, manual))
        if not downloaded and not reachable(host):
            files = (
                f"\nor put {manual[0].name if len(manual) == 1 else 'its files'} into {manual[0].parent},"
                if module
                else ""
            )
            raise NoNetwork(
                f"{name} is not on this machine and {host} does not respond; connect to a network,{files}\n"
                f"or set TFDS_DATA_DIR to a folder with {builder_name}, or use --dataset synthetic"
            )
    _prepare(builder, name)
    # If another process has prepared the data meanwhile, only a new builder finds them.
    return tfds.builder(builder_name)


def _prepare(builder: "tfds.core.DatasetBuilder", name: str) -> None:
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    if not is_terminal(sys.stderr):
        tfds.disable_progress_bar()
    start_tensorflow()
    say(f"downloading and preparing {name} (only once; saved in {builder.data_dir})")
    try:
        # TFDS draws bars of its own.
        with messages.without_bars():
            builder.download_and_prepare()
    except NonMatchingChecksumError as error:
        # The first line names the file and its URL.
        raise RunError(f"{str(error).splitlines()[0].rstrip(':')}; delete the file and try again") from error
    except FileExistsError:
        if not os.path.isdir(builder.data_dir):
            raise


def _manual_files(builder: "tfds.core.DatasetBuilder") -> list[Path]:
    """Paths of the files that a user can download manually; the builder uses them in place of a download."""
    folder = Path(builder.data_dir_root) / "downloads" / "manual"
    names = [info.filename for info in (builder.url_infos or {}).values() if info.filename]
    return [folder / name for name in names or list(getattr(builder, "MANUAL_FILES", []))]


def records(builder: "tfds.core.DatasetBuilder", split: str) -> Iterator[Mapping[str, Any]]:
    """The records of a split, one at a time."""
    import tensorflow_datasets as tfds

    start_tensorflow()
    yield from tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False))


def rows(builder: "tfds.core.DatasetBuilder", split: str) -> Iterator[Mapping[str, Any]]:
    """The records of a split, read in blocks: six times as fast as one at a time."""
    import tensorflow_datasets as tfds

    start_tensorflow()
    blocks = builder.as_dataset(split=split, batch_size=1000, shuffle_files=False)
    for block in tfds.as_numpy(blocks):
        columns = [block[name] for name in block]
        for values in zip(*columns, strict=True):
            yield dict(zip(block, values, strict=True))


def sequences(
    builder: "tfds.core.DatasetBuilder", split: str, features: Sequence[str]
) -> Iterator[tuple[Sequence[Any], ...]]:
    """Some features of each record, all of them sequences, read in blocks."""
    import tensorflow_datasets as tfds

    start_tensorflow()
    # TFDS calls deprecated functions of its own.
    with _without_warnings("absl"):
        decoders = tfds.decode.PartialDecoding(dict.fromkeys(features, True))
        dataset = builder.as_dataset(split=split, decoders=decoders, shuffle_files=False)
    for block in dataset.ragged_batch(1000):
        yield from zip(*(block[feature].to_list() for feature in features), strict=True)


@contextmanager
def _without_warnings(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def reachable(address: str, seconds: float = _TIMEOUT_SECONDS) -> bool:
    """Whether `address` responds within `seconds`, through the proxy of the environment variables if there is one.

    Uses a thread, since a name lookup may take longer than any timeout of the connection.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    responded = threading.Event()

    def connect() -> None:
        try:
            urlopen(Request(address, method="HEAD"), timeout=seconds)
            responded.set()
        except HTTPError:
            responded.set()  # an HTTP error is a response
        except (OSError, HTTPException, ValueError):
            pass  # no connection, a response that is not HTTP, or an invalid address of the proxy
        finally:
            done.set()

    done = threading.Event()
    threading.Thread(target=connect, daemon=True).start()
    done.wait(seconds)
    return responded.is_set()
