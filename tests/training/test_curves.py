"""Curves of the diagnostics in a file of their own."""

from pathlib import Path

import numpy as np
import pytest

from training.curves import Curves


def test_saved_curves_are_loaded(tmp_path: Path) -> None:
    curves = Curves(tmp_path / "curves.npz")
    curves.add("train", "gradient/loss", 2, np.arange(3.0))
    curves.save()
    loaded = Curves(tmp_path / "curves.npz")
    loaded.load()
    np.testing.assert_array_equal(loaded.by_tag("train", "gradient/")["gradient/loss"][2], np.arange(3.0))


@pytest.mark.parametrize("content", [b"", b"PK", b"garbage" * 100, b"PK\x05\x06" + bytes(18)])
def test_a_damaged_file_does_not_stop_a_training(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "curves.npz"
    path.write_bytes(content)
    curves = Curves(path)
    curves.load()
    curves.add("train", "gradient/loss", 3, np.ones(2))
    curves.save()
    assert list(curves.by_tag("train", "")["gradient/loss"]) == [3]
