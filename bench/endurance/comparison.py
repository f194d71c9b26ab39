"""What differs between two run folders that should be the same."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from console.files import FRESH

RATES = ("seconds", "tokens_per_second")
"""Columns of history.csv that differ from run to run."""
MEASURED = ("seconds", "peak_memory_mb", "command", "versions", "commit", "hardware")
"""Fields of metrics.json that may differ: times, memory, the host."""


def differences(one: Path, other: Path) -> Iterator[str]:
    """Yield a line for each difference in history, predictions, weights, encoder and metrics, and for each leftover."""
    if _files(one) != _files(other):
        yield f"files: {', '.join(sorted(_files(one) ^ _files(other)))}"
        return
    if _history(one) != _history(other):
        yield "history.csv"
    if _metrics(one) != _metrics(other):
        yield "metrics.json"
    for folder in ("predictions", "encoder"):
        for path in sorted((one / folder).rglob("*")):
            if path.is_file() and path.read_bytes() != (other / path.relative_to(one)).read_bytes():
                yield str(path.relative_to(one))
    yield from _weights_that_differ(one / "model.keras", other / "model.keras")
    yield from (f"left over: {path}" for path in other.rglob(f"{FRESH}*"))


def _files(run: Path) -> set[str]:
    """Names of the files, but for those with a time or a host in their names."""
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    return {name for name in names if "tfevents" not in name and "ckpt" not in name}


def _history(run: Path) -> list[dict[str, str]]:
    with (run / "history.csv").open(newline="", encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if name not in RATES} for row in csv.DictReader(file)]


def _metrics(run: Path) -> dict[str, object]:
    content = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return {name: value for name, value in content.items() if name not in MEASURED}


def _weights_that_differ(one: Path, other: Path) -> Iterator[str]:
    weights, others = _weights(one), _weights(other)
    if weights.keys() != others.keys():
        yield "model.keras: its weights have other names"
        return
    for name, values in weights.items():
        if not np.array_equal(values, others[name]):
            yield f"model.keras: {name}"


def _weights(path: Path) -> dict[str, np.ndarray]:

    import h5py

    found: dict[str, np.ndarray] = {}

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(collect)
    return found
