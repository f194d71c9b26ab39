"""Fixtures for the tests of data sets and readers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data.readers import tfds


@pytest.fixture
def no_datasets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty data folder, without a network."""
    monkeypatch.setattr(tfds, "reachable", lambda address: False)
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a file and returns its path."""

    def write(content: bytes | str, name: str = "examples.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
