"""Data sets of TFDS on this machine, and their records.

TFDS reads what is prepared (TFDS_DATA_DIR, else ~/tensorflow_datasets) and downloads what is not. It would hang for
minutes without a network, so the host is asked first.
"""

import logging
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.messages import is_terminal, say
from console.quiet import start_tensorflow
from schema.errors import RunError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Longest wait for an answer, in seconds; with what comes before it the user knows within five.
_PROBE_SECONDS = 3.0


class NoNetwork(RunError):
    """A data set is neither on this machine nor within reach."""


def get_builder(
    name: str, builder_name: str, host: str | None, module: str | None = None
) -> "tfds.core.DatasetBuilder":
    """A builder whose data lie on this machine, downloaded if need be.

    host: an address that the download needs, None where a person has to fetch the files
    module: where the builder is to be found, if it is one of ours
    """
    import tensorflow_datasets as tfds

    if module:
        import_module(module)
    # It warns of a folder that is not there, which is what is asked here.
    with _without_warnings("absl"):
        builder = tfds.builder(builder_name)
        at_hand = builder.is_prepared()
    if at_hand:
        return builder
    if host is None:
        folder = Path(builder.data_dir_root) / "downloads" / "manual" / builder.name
        if not folder.is_dir():
            raise NoNetwork(
                f"{name} is not on this machine: there is no folder {folder}.\n{builder.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
    else:
        manual = _manual_files(builder)
        # A builder that registers no files has none that could lie here.
        fetched = bool(manual) and all(map(os.path.exists, manual))
        if not fetched and not reachable(host):
            files = (
                f"\nor put {manual[0].name if len(manual) == 1 else 'its files'} into {manual[0].parent},"
                if module
                else ""
            )
            raise NoNetwork(
                f"{name} is not on this machine and {host} does not answer; connect to a network,{files}\n"
                f"or set TFDS_DATA_DIR to a folder that holds {builder_name}, or take --dataset synthetic"
            )
    _prepare(builder, name)
    # What another process has prepared meanwhile is known to a new builder alone.
    return tfds.builder(builder_name)


def _prepare(builder: "tfds.core.DatasetBuilder", name: str) -> None:
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    if not is_terminal(sys.stderr):
        tfds.disable_progress_bar()
    start_tensorflow()
    say(f"downloading and preparing {name} (once; it is kept in {builder.data_dir})")
    try:
        builder.download_and_prepare()
    except NonMatchingChecksumError as error:
        # Its first line names the file and where it came from.
        raise RunError(f"{str(error).splitlines()[0].rstrip(':')}; delete the file and try again") from error
    except FileExistsError:
        if not os.path.isdir(builder.data_dir):
            raise


def _manual_files(builder: "tfds.core.DatasetBuilder") -> list[Path]:
    """Where a builder looks for files that a user has fetched by hand, before it downloads them."""
    home = Path(builder.data_dir_root) / "downloads" / "manual"
    names = [info.filename for info in (builder.url_infos or {}).values() if info.filename]
    return [home / name for name in names or getattr(builder, "BY_HAND", ())]


def records(builder: "tfds.core.DatasetBuilder", split: str) -> Iterator[Mapping[str, Any]]:
    """Records one by one."""
    import tensorflow_datasets as tfds

    yield from tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False))


def rows(builder: "tfds.core.DatasetBuilder", split: str) -> Iterator[Mapping[str, Any]]:
    """Records one by one, read in blocks: six times as fast as one by one."""
    import tensorflow_datasets as tfds

    blocks = builder.as_dataset(split=split, batch_size=1000, shuffle_files=False)
    for block in tfds.as_numpy(blocks):
        columns = [block[name] for name in block]
        for values in zip(*columns, strict=True):
            yield dict(zip(block, values, strict=True))


def sequences(builder: "tfds.core.DatasetBuilder", split: str, *features: str) -> Iterator[tuple[Sequence[Any], ...]]:
    """The named features of each record, sequences all of them, read in blocks."""
    import tensorflow_datasets as tfds

    # TFDS warns of its own old ways.
    with _without_warnings("absl"):
        wanted = tfds.decode.PartialDecoding(dict.fromkeys(features, True))
        records = builder.as_dataset(split=split, decoders=wanted, shuffle_files=False)
    for block in records.ragged_batch(1000):
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


def reachable(address: str, seconds: float = _PROBE_SECONDS) -> bool:
    """Whether `address` answers at all within `seconds`, through the proxy that the environment names.

    In a thread of its own, since looking up a name may hang longer than any time-out of the connection.
    """
    answered = threading.Event()

    def ask() -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=seconds)
            answered.set()
        except urllib.error.HTTPError:
            answered.set()  # a refusal is an answer
        except (OSError, HTTPException, ValueError):
            pass  # no connection, an answer that is no HTTP, a proxy whose address is none
        finally:
            done.set()

    done = threading.Event()
    threading.Thread(target=ask, daemon=True).start()
    done.wait(seconds)
    return answered.is_set()
