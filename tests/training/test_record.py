"""Recorded results: which runs count, and the content and name of their files."""

import json
from pathlib import Path

import pytest

from schema.errors import UserError
from schema.records import FORMAT
from training.record import RecordFlags, command_without_folders, record
from training.run_folder import RunFolder

METRICS = {
    "task": "topic",
    "cell": "gru",
    "dataset": "trec",
    "seed": 3,
    "quick": False,
    "stop_reason": "patience",
    "primary_metric": {"split": "test", "value": 0.5},
    "command": "train.py topic --cell gru",
    "hardware": {"processor": "A", "cores": 4, "system": "Linux"},
}


def make_run(home: Path, commit: str | None = "1234abcd", **changes: object) -> Path:
    folder = RunFolder(home / "run")
    config = {"cell": "gru", "runs": str(home), "train_file": None}
    folder.write_json("config.json", {"config": config, "commit": commit})
    folder.write_json("metrics.json", {**METRICS, **changes})
    folder.write("history.csv", lambda path: path.write_text("epoch,loss\n0,1.5\n1,0.5\n"))
    return folder.path


def test_file_of_a_run_has_its_setting_as_name_and_its_metrics(tmp_path):
    path = record(RecordFlags(make_run(tmp_path), "plain words", tmp_path / "results"))
    assert path == tmp_path / "results" / "topic" / "gru-trec-plain-words-seed-3.json"
    kept = json.loads(path.read_text())
    assert (kept["variant"], kept["commit"], kept["metrics"]) == ("plain words", "1234abcd", METRICS)
    assert kept["commit_format"] == FORMAT and kept["hardware"] == METRICS["hardware"]
    assert kept["config"] == {"cell": "gru", "runs": tmp_path.name, "train_file": None}
    assert [row["loss"] for row in kept["history"]] == [1.5, 0.5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"primary_metric": {"split": "validation"}}, "was not scored on test"),
        ({"commit": None}, "code that is not committed"),
        ({"commit": "1234abcd-dirty"}, "code that is not committed"),
        ({"quick": True}, "was a quick run"),
        ({"stop_reason": "time budget"}, "was ended by its time budget"),
    ],
)
def test_run_that_is_no_result_is_refused(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        record(RecordFlags(make_run(tmp_path, **changes), results=tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_run_ended_by_its_time_budget_needs_a_variant(tmp_path):
    folder = make_run(tmp_path, stop_reason="time budget")
    assert record(RecordFlags(folder, "20-minute budget, no attention", tmp_path / "results")).name == (
        "gru-trec-20-minute-budget-no-attention-seed-3.json"
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("train.py pos --runs /home/me/runs --cache=/var/c --seed 2", "train.py pos --runs runs --cache=c --seed 2"),
        ("train.py topic --train_file '/my data/a b.tsv'", "train.py topic --train_file 'a b.tsv'"),
        ("train.py topic --name /x", "train.py topic --name /x"),
    ],
)
def test_folders_of_the_machine_are_not_recorded(command, expected):
    assert command_without_folders(command) == expected
