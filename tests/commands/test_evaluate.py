"""`evaluate.py`: the recorded scores are reproduced, and other data are scored with the same baselines."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from schema.errors import UserError
from tasks import TASK_NAMES
from training.saved_run import find_run


def read(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    ("reference", "words", "split"),
    [
        ("latest", [], "test"),
        ("sentiment/lstm-synthetic-001", ["--split=validation"], "validation"),
        ("lstm-synthetic-001", ["--dataset=synthetic"], "test"),
    ],
)
def test_the_own_splits_of_a_run_give_the_recorded_scores(
    call: Callable, small_run: Path, reference: str, words: list[str], split: str
) -> None:
    before = {path: path.stat().st_mtime_ns for path in small_run.rglob("*")}
    result = call("evaluate", reference, f"--runs={small_run.parents[1]}", "--json", *words)
    assert (result.status, result.errors) == (0, "")
    found, recorded = json.loads(result.out), read(small_run / "metrics.json")
    assert found["run"] == str(small_run)
    assert (found["data"], found["examples"]) == (f"synthetic {split}", 100)
    # The last digit of a float32 may differ between processes.
    assert found["scores"] == pytest.approx(recorded["scores"][split], rel=1e-6)
    assert found["baselines"] == {name: scores[split] for name, scores in recorded["baselines"].items()}
    assert found["baseline_intervals"]["nb_bigrams"] == recorded["baseline_intervals"]["nb_bigrams"][split]
    assert {path: path.stat().st_mtime_ns for path in small_run.rglob("*")} == before


def test_scores_are_printed_as_a_table_with_a_verdict(call: Callable, own_run: Path) -> None:
    result = call("evaluate", own_run)
    assert (result.status, result.errors) == (0, "")
    title, header, *rows = result.out.splitlines()
    assert title == "reviews test, 3 examples"
    assert header.split() == ["system", "accuracy", "macro_f1", "cross_entropy"]
    systems, intervals = rows[:8:2], rows[1:8:2]
    assert [row.split()[0] for row in systems] == ["own", "majority", "tfidf_logistic_regression", "nb_bigrams"]
    accuracy = read(own_run / "metrics.json")["scores"]["test"]["accuracy"]
    assert systems[0].split()[1] == f"{100 * accuracy:.2f}"
    assert all(re.match(r"95 % interval +[0-9.]+ to [0-9.]+ ", interval) for interval in intervals)
    assert rows[8].startswith("The network ")
    assert rows[9].endswith("count as errors: a shrug (1).")


def test_a_file_is_scored_with_baselines_fitted_on_the_training_data(
    call: Callable, own_run: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.tsv"
    mine.write_text("x;y\nthumbs up;a fine film\nthumbs down;what a dull evening\nbored;hm\nbored;hm\n")
    columns = ("--label-column=x", "--text-column=y", "--delimiter=semicolon")
    result = call("evaluate", own_run, f"--file={mine}", "--json", *columns)
    recognized = "note: mine.tsv: semicolon-separated, text in column y, label in column x\n"
    assert (result.status, result.errors) == (0, recognized)
    found = json.loads(result.out)
    assert (found["data"], found["examples"]) == (str(mine), 4)
    assert found["scores"]["accuracy"] <= 0.5
    # The words of the two reviews with known labels occur in all reviews of their class, and in no other.
    assert found["baselines"]["nb_bigrams"]["accuracy"] == 0.5
    (note,) = found["notes"]
    assert note.endswith("bored (2).")


def test_another_data_set_is_scored_even_if_the_training_file_has_its_name(
    call: Callable, own_run: Path, copied: Callable
) -> None:
    run = copied(own_run)
    config = read(run / "config.json")
    config["config"]["dataset"] = "synthetic"
    (run / "config.json").write_text(json.dumps(config))
    found = json.loads(call("evaluate", run, "--dataset=synthetic", "--json").out)
    assert (found["data"], found["examples"]) == ("synthetic test", 1200)
    assert found["scores"]["accuracy"] == 0
    classes, words = found["notes"]
    assert "neg (" in classes and "pos (" in classes
    assert "of the words of these examples are not in the vocabulary" in words


def with_files(run: Path, train: Path, test: Path) -> None:
    """Replace the files in the config of a run."""
    config = read(run / "config.json")
    config["config"] |= {"train_file": str(train), "test_file": str(test)}
    (run / "config.json").write_text(json.dumps(config))


def test_without_the_training_data_there_are_no_baselines(
    call: Callable, own_run: Path, copied: Callable, tmp_path: Path, reviews: Path
) -> None:
    run = copied(own_run)
    with_files(run, tmp_path / "gone.tsv", tmp_path / "gone.tsv")
    result = call("evaluate", run, f"--file={reviews}", "--json")
    assert result.status == 0
    assert result.errors == (
        f"note: no baselines: the run's training data cannot be read (there is no file {tmp_path / 'gone.tsv'})\n"
    )
    found = json.loads(result.out)
    assert (found["examples"], found["baselines"]) == (40, {})
    # Without --file there is nothing to evaluate on.
    result = call("evaluate", run)
    assert (result.status, result.errors) == (2, f"error: there is no file {tmp_path / 'gone.tsv'}\n")


def test_data_changed_since_training_are_scored_again(
    call: Callable, own_run: Path, copied: Callable, tmp_path: Path, reviews: Path
) -> None:
    changed = tmp_path / "reviews.tsv"
    changed.write_text(reviews.read_text() + "a fine film\tthumbs up\n")
    test = tmp_path / "test.tsv"
    test.write_text("a fine film\tthumbs up\n")
    run = copied(own_run)
    with_files(run, changed, test)
    result = call("evaluate", run, "--json")
    assert result.status == 0
    assert result.errors == "note: reviews has changed since the run was trained on it\n"
    # Fitted again; the recorded accuracy, on the former test file, is 1/3.
    assert json.loads(result.out)["baselines"]["nb_bigrams"]["accuracy"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no run given: evaluate.py RUN"),
        (["--split=test"], "no run given: evaluate.py RUN"),
        (["RUN", "--split=train"], "--split is 'train'; it must be validation or test"),
        (["RUN", "--dataset=imdb", "--file=x.tsv"], "--dataset and --file are two sources of data; use one"),
        (["RUN", "--dataset=sythetic"], "there is no data set sythetic; "),
        (["RUN", "--file=absent.tsv"], "there is no file absent.tsv"),
        (["RUN", "--text-column=1"], "--text-column requires --file"),
        (["RUN", "--file=x.csv", "--delimiter=|"], "--delimiter is '|'; it must be comma, semicolon, tab, or the char"),
        (["RUN", "more"], "unexpected word more"),
    ],
)
def test_a_wrong_call_is_refused(call: Callable, own_run: Path, words: list[str], message: str) -> None:
    result = call("evaluate", *(str(own_run) if word == "RUN" else word for word in words))
    assert (result.status, result.out) == (2, "")
    assert result.errors.startswith(f"error: {message}")
    assert result.errors.count("\n") == 1


def test_a_missing_split_is_refused(call: Callable, own_run: Path, copied: Callable, reviews: Path) -> None:
    run = copied(own_run)
    config = read(run / "config.json")
    config["config"]["test_file"] = None
    (run / "config.json").write_text(json.dumps(config))
    result = call("evaluate", run)
    assert result.status == 2
    assert result.errors == "error: reviews has no test split; use --split validation or --file\n"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Folders of three runs: `first`, finished last; `second`, finished first; `third`, not finished."""
    for number, name in enumerate(["second", "first", "third"]):
        run = tmp_path / "runs" / "sentiment" / name
        run.mkdir(parents=True)
        (run / "config.json").write_text("{}")
        if name != "third":
            (run / "metrics.json").write_text("{}")
            os.utime(run / "metrics.json", (number, number))
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("latest", "first"),
        ("sentiment/latest", "first"),
        ("second", "second"),
        ("sentiment/second", "second"),
        ("third", "third"),
        ("PATH", "second"),
    ],
)
def test_a_run_is_found_by_path_name_task_and_latest(runs: Path, reference: str, name: str) -> None:
    path = runs / "sentiment" / name
    assert find_run(str(path) if reference == "PATH" else reference, runs) == path


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("secnod", "^there is no run secnod under .*runs; did you mean second[?]$"),
        ("sentiment/frist", "^there is no run sentiment/frist under .*runs; did you mean sentiment/first[?]$"),
        ("sentimant/latest", "^there is no run sentimant/latest under "),
        ("xyzzy", "^there is no run xyzzy under .*; the newest are sentiment/"),
        ("..", "^.. is not a run: it has no config.json$"),
        ("", "^. is not a run: it has no config.json$"),
    ],
)
def test_an_unknown_run_is_refused_with_the_nearest_name(
    runs: Path, monkeypatch: pytest.MonkeyPatch, reference: str, message: str
) -> None:
    monkeypatch.chdir(runs)
    with pytest.raises(UserError, match=message):
        find_run(reference, runs)


def test_an_ambiguous_run_name_is_refused(runs: Path) -> None:
    (runs / "topic" / "first").mkdir(parents=True)
    (runs / "topic" / "first" / "config.json").write_text("{}")
    with pytest.raises(UserError, match="^first is the name of several runs; choose sentiment/first or topic/first$"):
        find_run("first", runs)


@pytest.mark.parametrize("program", ["evaluate", "predict"])
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("latest", "no run under RUNS is finished"),
        ("lstm-imdb-001", "there is no run lstm-imdb-001 under RUNS"),
    ],
)
def test_without_any_run_both_commands_suggest_training(
    call: Callable, tmp_path: Path, program: str, reference: str, message: str
) -> None:
    result = call(program, reference, f"--runs={tmp_path}", stdin=b"")
    expected = message.replace("RUNS", str(tmp_path))
    assert (result.status, result.errors) == (
        2,
        f"error: {expected}; train one first: python train.py {TASK_NAMES[0]}\n",
    )
