"""`train.py`: refusals before any work, and the content of a finished run folder."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from schema.records import EpochRecord
from tasks import TASK_NAMES
from training.saved_run import open_run

ROOT = Path(__file__).parents[2]


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def runs_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("runs/*/*"))


def test_without_arguments_the_tasks_are_listed(call: Callable) -> None:
    result = call("train")
    assert (result.status, result.errors) == (0, "")
    first_words = [line.split()[0] for line in result.out.splitlines() if line.strip()]
    assert set(TASK_NAMES) <= set(first_words)
    assert "python train.py TASK --help" in result.out


def test_help_of_all_commands_imports_nothing_heavy() -> None:
    script = """
import sys
from commands import evaluate, predict, train
train.main([])
for main, words in [(train.main, ["sentiment"]), (evaluate.main, []), (predict.main, [])]:
    try:
        main([*words, "--help"])
    except SystemExit as end:
        assert end.code == 0
heavy = {"keras", "tensorflow", "tensorflow_datasets", "sklearn", "scipy", "matplotlib"}
print("heavy:", *sorted(heavy & set(sys.modules)))
"""
    child = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (0, "")
    for flag in ("--cell", "--train-file", "--pooling", "--split", "--json"):
        assert flag in child.stdout
    assert child.stdout.splitlines()[-1] == "heavy:"


@pytest.mark.parametrize(
    ("words", "begins", "ends"),
    [
        ("sentimant", "error: there is no task sentimant; there are", "did you mean sentiment?\n"),
        ("sentiment --ephocs 3", "error: unknown flag --ephocs; did you mean --epochs?", ""),
        ("sentiment --cell lsmt", "error: --cell is 'lsmt'; it must be", "did you mean lstm?\n"),
        ("sentiment --units 0", "error: --units is 0; it must be at least 1", ""),
        ("sentiment --learning-rate 1e9", "error: --learning-rate is 1000000000.0; it must be above 0", ""),
        ("sentiment --time-budget soon", "error: --time-budget is 'soon'; it must be a time", ""),
        ("sentiment --dataset small_world", "error: --dataset is 'small_world'; did you mean synthetic?\n", ""),
        ("sentiment --dataset sythetic", "error: there is no data set sythetic;", "did you mean synthetic?\n"),
        ("sentiment --validation-file x.tsv", "error: --validation-file requires --train-file\n", ""),
        ("sentiment --test-file x.tsv", "error: --test-file requires --train-file\n", ""),
        ("sentiment --text-column 1", "error: --text-column requires --train-file\n", ""),
        ("ner --tag-column 1 --train-file x", "error: --tag-column is 1; it must be at least 2\n", ""),
        (
            "sentiment --train-file x.tsv --dataset imdb",
            "error: --train-file and --dataset are two sources of data",
            "",
        ),
        ("sentiment --train-file absent.tsv", "error: there is no file absent.tsv\n", ""),
        ("sentiment --dataset synthetic --limit 1", "error: synthetic: ", "at least 2 and 1 are needed\n"),
        ("sentiment --dataset synthetic --name ../x", "error: --name '../x' is invalid", ""),
        ("sentiment --dataset synthetic --name latest", "error: --name 'latest' is invalid", ""),
    ],
)
def test_a_wrong_call_is_refused_before_any_work(
    call: Callable, tmp_path: Path, words: str, begins: str, ends: str
) -> None:
    task, *flags = words.split()
    result = call("train", task, f"--runs={tmp_path / 'runs'}", *flags)
    assert (result.status, result.out) == (2, "")
    assert result.errors.startswith(begins) and result.errors.endswith(ends)
    assert result.errors.count("\n") == 1
    assert runs_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("one.tsv", "fine\tup\n" * 3, "one: 3 training and 0 validation examples; at least 2 and 1 are needed"),
        ("up.tsv", "".join(f"fine {n}\tup\n" for n in range(20)), "up.tsv: all training examples have the label up"),
        ("a.tsv", "good\tup\nno label here\n", "a.tsv:2: 1 column, expected 2; put one TAB between text and label"),
        ("a.jsonl", '{"text": "good", "label": "up"}\n{"text"\n', "a.jsonl:2: not JSON"),
        ("a.jsonl", '{"text": "good", "label": "\\ud800"}\n', "a.jsonl:1: the label '\\ud800' holds a character"),
        ("a.jsonl", '{"text": "good", "label": "u\\np"}\n', "a.jsonl:1: the label 'u\\np' holds a character"),
        ("empty.tsv", "", "empty.tsv holds no examples"),
    ],
)
def test_unusable_training_data_are_refused(
    call: Callable, tmp_path: Path, plain: list[str], name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    result = call("train", "sentiment", *plain, "--train-file", tmp_path / name)
    assert result.status == 2
    assert result.errors.startswith("error: ") and message in result.errors
    assert result.errors.count("\n") == 1
    assert runs_in(tmp_path) == []


def test_an_existing_run_name_is_refused_and_nothing_is_changed(call: Callable, tmp_path: Path, reviews: Path) -> None:
    mine = tmp_path / "runs" / "sentiment" / "mine"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("keep")
    result = call("train", "sentiment", f"--train-file={reviews}", f"--runs={tmp_path / 'runs'}", "--name=mine")
    assert result.status == 2
    assert result.errors == f"error: {mine} exists already; choose another --name (nothing was changed)\n"
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    # A run that can be resumed.
    (mine / "checkpoints").mkdir()
    (mine / "checkpoints" / "latest").write_text("epoch-0001")
    result = call("train", "sentiment", f"--train-file={reviews}", f"--runs={tmp_path / 'runs'}", "--name=mine")
    assert f"exists already; resume it (train.py --resume {mine}) or choose another --name" in result.errors


def test_a_file_as_the_runs_folder_is_refused(call: Callable, reviews: Path) -> None:
    result = call("train", "sentiment", f"--train-file={reviews}", f"--runs={reviews}")
    assert result.status == 2
    assert result.errors == f"error: {reviews} is not a folder; choose another --runs\n"


def test_a_run_folder_is_complete(small_run: Path) -> None:
    expected = [
        "config.json",
        *(f"encoder/{name}" for name in ("SHA256SUMS", "encoder.json", "ngrams.tsv", "seen.json", "vocabulary.txt")),
        "model.keras",
        "history.csv",
        *(f"predictions/{split}.jsonl" for split in ("test", "validation")),
        "metrics.json",
        "report.md",
        *(f"plots/{name}.png" for name in ("learning_curves", "confusion_matrix", "score_by_length")),
    ]
    found = {str(path.relative_to(small_run)) for path in small_run.rglob("*") if path.is_file()}
    events = {Path(name) for name in found - set(expected)}
    # There are no temporary files, and none of a format that could hold code.
    assert {path.parent.name for path in events} == {"train", "validation"}
    assert all(path.name.startswith("events.out.tfevents.") for path in events)
    assert all((small_run / name).stat().st_size for name in expected)


def test_metrics_have_the_documented_fields(small_run: Path) -> None:
    metrics = read(small_run / "metrics.json")
    documented = """format task rnn_type dataset cell seed primary_metric scores baselines counts seconds peak_memory_mb
    parameters versions command commit hardware"""
    assert set(documented.split()) <= set(metrics)
    assert metrics["hardware"]["cores"] >= 1
    assert set(metrics["seconds"]) == {"to_first_step", "training", "evaluation", "training_cpu", "baselines"}
    assert all(value > 0 for value in metrics["seconds"].values())
    assert metrics["primary_metric"] == {
        "name": "accuracy",
        "value": metrics["scores"]["test"]["accuracy"],
        "split": "test",
    }
    assert metrics["counts"].items() >= {"train": 100, "validation": 100, "test": 100}.items()
    for scores in [metrics["scores"], *metrics["baselines"].values()]:
        assert {split: set(values) for split, values in scores.items()} == dict.fromkeys(
            ("validation", "test"), {"accuracy", "macro_f1", "cross_entropy"}
        )
    assert set(metrics["baselines"]) == {"majority", "tfidf_logistic_regression", "nb_bigrams"}
    assert (metrics["stop_reason"], metrics["epochs"], metrics["synthetic"]) == ("epochs", 2, True)


def test_saved_predictions_are_those_of_the_test_split_in_order(small_run: Path) -> None:
    run = open_run(str(small_run), small_run)
    predictions = rows(small_run / "predictions" / "test.jsonl")
    references = [row["reference"] for row in predictions]
    assert references == [example.label for example in run.task.splits(run.config).test]
    correct = [row["reference"] == row["prediction"]["label"] for row in predictions]
    accuracy = read(small_run / "metrics.json")["scores"]["test"]["accuracy"]
    assert sum(correct) / len(correct) == pytest.approx(accuracy)


def test_the_history_has_one_row_per_epoch_and_the_best_epoch_is_kept(small_run: Path) -> None:
    with (small_run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["0", "1", "2"]
    assert list(history[0]) == list(EpochRecord.__dataclass_fields__)
    metrics = read(small_run / "metrics.json")
    best = max(history[1:], key=lambda row: float(row["validation_score"]))
    assert int(best["epoch"]) == metrics["best_epoch"]
    assert float(best["validation_score"]) == metrics["scores"]["validation"]["accuracy"]


def test_the_saved_config_has_all_given_flags(small_run: Path) -> None:
    run = open_run(str(small_run), small_run)
    given = {
        "units": 4,
        "embedding_size": 8,
        "chunk_length": 16,
        "word_vectors": False,
        "dataset": "synthetic",
        "limit": 100,
    }
    given |= {"epochs": 2, "batch_tokens": 800, "diagnostics": False, "runs": small_run.parents[1]}
    defaults = asdict(run.task.config_class())
    found = asdict(run.config)
    assert {name: found[name] for name in given} == given
    changed = {name for name in defaults if found[name] != defaults[name]}
    assert changed <= {*given, "cache"}
    assert read(small_run / "config.json")["command"].startswith("train.py sentiment --units=4")


def test_own_data_define_the_labels_and_an_unknown_label_is_an_error(own_run: Path) -> None:
    predictions = rows(own_run / "predictions" / "test.jsonl")
    assert [row["reference"] for row in predictions] == ["thumbs up", "thumbs down", "a shrug"]
    assert set(predictions[0]["prediction"]["probabilities"]) == {"thumbs up", "thumbs down"}
    metrics = read(own_run / "metrics.json")
    correct = sum(row["prediction"]["label"] == row["reference"] for row in predictions)
    assert metrics["scores"]["test"]["accuracy"] == pytest.approx(correct / 3)
    assert metrics["baselines"]["majority"]["test"]["accuracy"] == pytest.approx(1 / 3)
    assert (metrics["counts"]["train"], metrics["counts"]["validation"]) == (36, 4)
    named = "Classes unknown to the model, whose examples count as errors: a shrug (1)."
    assert metrics["notes"] == [named]
    assert named in (own_run / "report.md").read_text()


def test_no_test_skips_the_test_file_and_run_names_count_up(
    call: Callable, tmp_path: Path, plain: list[str], reviews: Path
) -> None:
    lines = [dict(zip(("text", "label"), line.split("\t"), strict=True)) for line in reviews.read_text().splitlines()]
    for name, part in {
        "my reviews.jsonl": lines[::2],
        "validation.jsonl": lines[1::4],
        "test.jsonl": lines[3::4],
    }.items():
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in part))
    # Another run has the first name already.
    (tmp_path / "runs" / "sentiment" / "simple_rnn-my reviews-001").mkdir(parents=True)
    files = [f"--{part}-file={tmp_path / part}.jsonl" for part in ("validation", "test")]
    result = call("train", "sentiment", *plain, f"--train-file={tmp_path / 'my reviews.jsonl'}", *files, "--no-test")
    assert (result.status, result.errors) == (0, "")
    run = tmp_path / "runs" / "sentiment" / "simple_rnn-my reviews-002"
    metrics = read(run / "metrics.json")
    assert set(metrics["scores"]) == {"validation"} == set(metrics["baselines"]["majority"])
    assert (metrics["counts"]["train"], metrics["counts"]["validation"]) == (20, 10)
    assert [path.name for path in (run / "predictions").iterdir()] == ["validation.jsonl"]
    # The path is quoted for a shell.
    assert f"python predict.py '{run}'\n" in result.out


def test_a_spent_time_budget_ends_the_run_and_test_is_scored(call: Callable, tmp_path: Path, plain: list[str]) -> None:
    endless = ["--dataset=synthetic", "--limit=60", "--epochs=1000000", "--patience=1000000", "--time-budget=1s"]
    result = call("train", "sentiment", *plain, *endless, "--name=short")
    assert (result.status, result.errors) == (0, "")
    metrics = read(tmp_path / "runs" / "sentiment" / "short" / "metrics.json")
    assert metrics["stop_reason"] == "time budget"
    assert metrics["primary_metric"]["split"] == "test"
    assert metrics["counts"].items() >= {"train": 60, "validation": 60, "test": 60}.items()
    assert "time budget" in result.out
