"""Which runs count as results, and how they are filed."""

import json
from pathlib import Path

import pytest

from schema.errors import UserError
from training.record import RecordFlags, record
from training.run_folder import RunFolder

METRICS = {
    "task": "topic",
    "cell": "gru",
    "dataset": "trec",
    "seed": 3,
    "quick": False,
    "stop_reason": "patience",
    "primary_metric": {"split": "test", "value": 0.5},
}


def finished(home: Path, commit: str | None = "1234abcd", **changes: object) -> Path:
    folder = RunFolder(home / "run")
    folder.write_json("config.json", {"config": {"cell": "gru"}, "commit": commit})
    folder.write_json("metrics.json", {**METRICS, **changes})
    folder.write("history.csv", lambda path: path.write_text("epoch,loss\n0,1.5\n1,0.5\n"))
    return folder.path


def test_a_run_is_filed_under_what_it_stands_for(tmp_path):
    path = record(RecordFlags(finished(tmp_path), "plain words", tmp_path / "results"))
    assert path == tmp_path / "results" / "topic" / "gru-trec-plain-words-seed-3.json"
    kept = json.loads(path.read_text())
    assert (kept["variant"], kept["commit"], kept["metrics"]) == ("plain words", "1234abcd", METRICS)
    assert [row["loss"] for row in kept["history"]] == [1.5, 0.5]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"primary_metric": {"split": "validation"}}, "was not scored on test"),
        ({"commit": None}, "code that is not committed"),
        ({"quick": True}, "was a quick look"),
        ({"stop_reason": "time budget"}, "was ended by its time budget"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path, changes, says):
    with pytest.raises(UserError, match=says):
        record(RecordFlags(finished(tmp_path, **changes), results=tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_a_run_that_its_budget_ended_is_named_by_it(tmp_path):
    folder = finished(tmp_path, stop_reason="time budget")
    assert record(RecordFlags(folder, "20-minute budget, no attention", tmp_path / "results")).name == (
        "gru-trec-20-minute-budget-no-attention-seed-3.json"
    )
