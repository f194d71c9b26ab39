"""What tests of data sets share."""

from pathlib import Path

import pytest

from data.readers import tfds


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No network, and a data folder without a prepared data set."""
    monkeypatch.setattr(tfds, "reachable", lambda address: False)
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return tmp_path
