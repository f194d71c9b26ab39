"""Subject lines as a user meets them: own mails, and mails of every kind asked of a run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = ("--units=6", "--embedding-size=6", "--vocab-size=80", "--epochs=1", "--no-diagnostics", "--cell=gru")
BODY = "Ann,\n\nthe meeting on Monday is moved to Tuesday.\nBring the others."
MAIL = f"{BODY}\n\nBest regards,\nBob\n\n-----Original Message-----\nno"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """Trained on mails of several lines, copying on."""
    from commands.train import main

    home = tmp_path_factory.mktemp("summary")
    days = ["Monday", "Tuesday", "Friday"]
    rows = [
        {"source": f"Ann,\n\nwe meet the others on {day} at {hour}.\n\nBob", "target": day}
        for day in days
        for hour in range(9)
    ]
    (home / "mails.jsonl").write_text("\n".join(map(json.dumps, rows)))
    files = [f"--train-file={home / 'mails.jsonl'}", f"--test-file={home / 'mails.jsonl'}"]
    where = [f"--runs={home / 'runs'}", f"--cache={cache}", "--name=own"]
    assert main(["summary", *TINY, *files, *where]) == 0
    return home / "runs" / "summary" / "own"


def test_a_mail_of_several_lines_is_one_question(call: Callable, run: Path, tmp_path: Path):
    (tmp_path / "mails.jsonl").write_text(json.dumps({"text": MAIL}) + "\n" + json.dumps({"text": "we meet"}) + "\n")
    (typed,) = call("predict", run, MAIL).out.splitlines()
    from_file = call("predict", run, f"--file={tmp_path / 'mails.jsonl'}").out.splitlines()
    assert len(from_file) == 2
    assert typed == from_file[0] != ""


def test_quoted_mails_and_the_signature_change_no_answer(call: Callable, run: Path):
    answers = [json.loads(call("predict", run, mail, "--json").out) for mail in (MAIL, BODY)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("mail", ["", "🎬🎬🎬", "    \n\n", "word " * 5000])
def test_a_mail_of_whatever_kind_gets_one_line(call: Callable, run: Path, mail: str):
    ended = call("predict", run, mail)
    assert (ended.status, ended.complaint, ended.out.count("\n")) == (0, "", 1)


def test_what_was_looked_at_is_shown_where_words_are_copied(call: Callable, run: Path):
    ended = call("predict", run, MAIL, "--show-attention", "--json")
    attention = json.loads(ended.out)["attention"]
    assert "".join(attention["source"]).split()[:2] == ["ann,", "the"]
    assert all(sum(weights) == pytest.approx(1, abs=0.01) for weights in attention["weights"])
    assert Path(ended.complaint.removeprefix("note: figure ").strip()).is_file()
