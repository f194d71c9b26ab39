"""Opening a saved run: a run of an older format is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("arguments", [("evaluate",), ("predict",), ("train", "--resume")], ids=" ".join)
def test_commands_refuse_a_run_of_format_1(call: Callable, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    config = {"format": 1, "task": "sentiment", "config": {"look_inside": True}, "command": "train.py sentiment"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = call(*arguments, tmp_path)
    assert (result.status, result.out) == (1, "")
    assert result.errors == (
        f"error: {tmp_path} has run format 1, this program reads format 2; train it again: python train.py sentiment\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
