"""Trainings with several seeds: one run per seed, their summary, and a seed that fails."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schema.errors import RunError
from training import seeds


@pytest.fixture
def arguments(plain: list[str], reviews: Path) -> list[str]:
    return ["sentiment", *plain, f"--train-file={reviews}", f"--test-file={reviews}", "--seeds=2", "--seed=5"]


def test_every_seed_is_a_run_and_the_summary_is_their_mean(
    call: Callable, arguments: list[str], tmp_path: Path
) -> None:
    ended = call("train", *arguments, "--name=both")
    assert (ended.status, ended.errors) == (0, "")
    group = tmp_path / "runs" / "sentiment" / "both"
    metrics = [json.loads((group / f"seed-{seed}" / "metrics.json").read_text()) for seed in (5, 6)]
    assert [run["seed"] for run in metrics] == [5, 6]
    summary = json.loads((group / "summary.json").read_text())
    values = [run["primary_metric"]["value"] for run in metrics]
    assert summary["values"] == {"5": values[0], "6": values[1]}
    assert summary["primary_metric"] == {"name": "accuracy", "value": sum(values) / 2, "split": "test"}
    assert summary["deviation"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    assert "mean " in ended.out and "seed 6" in ended.out
    # One of them is opened by its path; the folder of both is not a run.
    assert call("predict", group / "seed-6", "a fine film").status == 0
    refused = call("predict", group, "a fine film")
    assert (refused.status, refused.errors) == (
        2,
        f"error: {group} holds several seeds; choose one: {group / 'seed-5'}\n",
    )


def test_failed_seed_does_not_end_the_others_and_is_trained_again_on_resume(
    call: Callable, arguments: list[str], tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on = seeds.train_on

    def fail_at_5(splits: Any, task: Any, config: Any, *rest: Any) -> Any:
        if config.seed == 5:
            raise RunError("the loss became NaN")
        return train_on(splits, task, config, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(seeds, "train_on", fail_at_5)
        ended = call("train", *arguments, "--name=failing")
    assert ended.status == 1
    assert "seed 5 failed: the loss became NaN" in ended.errors
    group = tmp_path / "runs" / "sentiment" / "failing"
    summary = json.loads((group / "summary.json").read_text())
    assert (list(summary["values"]), summary["failed"]) == (["6"], {"5": "the loss became NaN"})
    before = (group / "seed-6" / "metrics.json").stat().st_mtime_ns
    assert call("train", "--resume", group, "--cache", cache).status == 0
    summary = json.loads((group / "summary.json").read_text())
    assert (list(summary["values"]), summary["failed"]) == (["5", "6"], {})
    # The finished seed is not trained again.
    assert (group / "seed-6" / "metrics.json").stat().st_mtime_ns == before
