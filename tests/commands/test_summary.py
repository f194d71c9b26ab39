"""Subject lines from the command line: training on own emails, and predictions for emails of every kind."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = ("--units=6", "--embedding-size=6", "--vocab-size=80", "--epochs=1", "--no-diagnostics", "--cell=gru")
BODY = "Ann,\n\nthe meeting on Monday is moved to Tuesday.\nBring the others."
EMAIL = f"{BODY}\n\nBest regards,\nBob\n\n-----Original Message-----\nno"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, train_run: Callable[..., Path]) -> Path:
    """A run trained on emails of several lines, with copying."""
    days = ["Monday", "Tuesday", "Friday"]
    rows = [
        {"source": f"Ann,\n\nwe meet the others on {day} at {hour}.\n\nBob", "target": day}
        for day in days
        for hour in range(9)
    ]
    emails = tmp_path_factory.mktemp("emails") / "emails.jsonl"
    emails.write_text("\n".join(map(json.dumps, rows)))
    return train_run("summary", *TINY, f"--train-file={emails}", f"--test-file={emails}")


def test_an_email_of_several_lines_is_one_input(call: Callable, run: Path, tmp_path: Path):
    (tmp_path / "emails.jsonl").write_text(json.dumps({"text": EMAIL}) + "\n" + json.dumps({"text": "we meet"}) + "\n")
    (typed,) = call("predict", run, EMAIL).out.splitlines()
    from_file = call("predict", run, f"--file={tmp_path / 'emails.jsonl'}").out.splitlines()
    assert len(from_file) == 2
    assert typed == from_file[0] != ""


def test_quoted_emails_and_signatures_change_no_prediction(call: Callable, run: Path):
    predictions = [json.loads(call("predict", run, email, "--json").out) for email in (EMAIL, BODY)]
    assert predictions[0] == predictions[1]


@pytest.mark.parametrize("email", ["", "🎬🎬🎬", "    \n\n", "word " * 5000])
def test_every_email_gets_one_line(call: Callable, run: Path, email: str):
    result = call("predict", run, email)
    assert (result.status, result.errors, result.out.count("\n")) == (0, "", 1)


def test_attention_is_shown_for_a_copying_model(call: Callable, run: Path):
    result = call("predict", run, EMAIL, "--show-attention", "--json")
    attention = json.loads(result.out)["attention"]
    assert "".join(attention["source"]).split()[:2] == ["ann,", "the"]
    assert all(sum(weights) == pytest.approx(1, abs=0.01) for weights in attention["weights"])
    assert Path(result.errors.removeprefix("note: figure ").strip()).is_file()
