"""Saved runs: found by what people call them, and refused if they are of an older format."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from schema.errors import UserError
from schema.records import FORMAT
from tasks import get_task
from training.run_folder import finite
from training.saved_run import find_run, open_run
from training.trainer import resume, with_absolute_files


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def make_run(runs: Path, name: str, age: int, stop_reason: str | None = None, seeds: int = 1) -> Path:
    """Create the files by which a run is found; age: seconds since it was started."""
    folder = runs / "topic" / name
    folder.mkdir(parents=True)
    config = asdict(get_task("topic").config_class(seeds=seeds))
    content = {"format": FORMAT, "task": "topic", "source": "x", "config": finite(config), "command": "train.py topic"}
    files = [folder / "config.json"]
    files[0].write_text(json.dumps(content, default=str))
    if stop_reason:
        files.append(folder / "metrics.json")
        files[1].write_text(json.dumps({"format": FORMAT, "stop_reason": stop_reason}))
    for path in files:
        os.utime(path, (1e9 - age, 1e9 - age))
    return folder


@pytest.mark.parametrize("reference", ["latest", "topic/latest"])
def test_latest_is_the_newest_finished_run_and_for_resume_the_newest_unfinished_one(reference: str, runs: Path) -> None:
    make_run(runs, "old", age=50)
    finished = make_run(runs, "finished", age=10, stop_reason="epochs")
    unfinished = make_run(runs, "unfinished", age=30)
    (make_run(runs, "seeds", age=5, seeds=3) / "summary.json").write_text("{}")
    (make_run(runs, "damaged", age=1, stop_reason="epochs") / "metrics.json").write_text("{")
    assert find_run(reference, runs) in (finished, runs / "topic" / "damaged")
    assert find_run(reference, runs, to_resume=True) == unfinished


def test_an_interrupted_run_and_unfinished_seeds_can_be_resumed(runs: Path) -> None:
    interrupted = make_run(runs, "interrupted", age=9, stop_reason="interrupt")
    assert find_run("latest", runs, to_resume=True) == interrupted
    seeds = make_run(runs, "seeds", age=5, seeds=3)
    assert open_run("latest", runs, to_resume=True).folder.path == seeds


def test_without_an_unfinished_run_there_is_nothing_to_resume(runs: Path) -> None:
    make_run(runs, "finished", age=10, stop_reason="epochs")
    with pytest.raises(UserError, match="there is nothing to resume"):
        find_run("latest", runs, to_resume=True)


def test_an_unknown_name_is_answered_with_the_newest_runs(runs: Path) -> None:
    for age in range(7):
        make_run(runs, f"run-{age}", age=age)
    with pytest.raises(
        UserError, match="there is no run other under .*; the newest are topic/run-0, topic/run-1, .*run-4$"
    ):
        find_run("other", runs)


def test_checkpoints_left_beside_a_finished_run_are_removed(runs: Path) -> None:
    run = make_run(runs, "finished", age=10, stop_reason="epochs")
    (run / "checkpoints" / "epoch-0002").mkdir(parents=True)
    with pytest.raises(UserError, match="is finished"):
        resume(open_run(str(run), runs), cache=None)
    assert not (run / "checkpoints").exists()


def test_files_of_data_are_saved_with_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = get_task("topic").config_class(train_file=Path("train.tsv"), test_file=Path("/data/test.tsv"))
    absolute = with_absolute_files(config)
    assert (absolute.train_file, absolute.test_file) == (tmp_path / "train.tsv", Path("/data/test.tsv"))
    assert absolute.validation_file is None


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
