"""Killed trainings: a resumed run has the same results as an uninterrupted one."""

import csv
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
DEADLINE = 240
RATES = ("seconds", "tokens_per_second")
"""Columns of history.csv that differ from run to run."""

KILLED = """
import importlib, os, signal, sys
from console.messages import run_command

module, name, nth = sys.argv[1].split(":")
owner = importlib.import_module(module)
*classes, function = name.split(".")
for part in classes:
    owner = getattr(owner, part)
original, calls = getattr(owner, function), 0

def kill_at_the_nth_call(*arguments, **keywords):
    global calls
    calls += 1
    if calls == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **keywords)

setattr(owner, function, kill_at_the_nth_call)
sys.argv = ["train.py", *sys.argv[2:]]
from commands.train import main
sys.exit(run_command(main))
"""
"""Runs train.py and kills it (SIGKILL) at the nth call of MODULE:NAME."""


def train_and_kill(moment: str, *arguments: object) -> None:
    """Run train.py in a process of its own, which is killed at `moment`, MODULE:NAME:N."""
    command = [sys.executable, "-c", KILLED, moment, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


@pytest.fixture
def arguments(plain: list[str], reviews: Path) -> list[object]:
    """Arguments of a training of 4 epochs of 9 steps, with dropout and a moving average of the weights."""
    files = [f"--train-file={reviews}", f"--test-file={reviews}"]
    return ["sentiment", *plain, *files, "--batch-tokens=32", "--epochs=4", "--ema_decay=0.9"]


def read_history(run: Path) -> list[dict[str, str]]:
    with (run / "history.csv").open(newline="") as file:
        return [{name: value for name, value in row.items() if name not in RATES} for row in csv.DictReader(file)]


def assert_same_run(one: Path, other: Path) -> None:
    assert read_history(one) == read_history(other)
    models = [RunFolder(run).load_model() for run in (one, other)]
    for weight, other_weight in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(weight, other_weight)
    metrics = [json.loads((run / "metrics.json").read_text()) for run in (one, other)]
    for name in ("scores", "epochs", "best_epoch", "stop_reason", "counts", "baselines"):
        assert metrics[0][name] == metrics[1][name]
    assert (one / "predictions" / "test.jsonl").read_text() == (other / "predictions" / "test.jsonl").read_text()


def test_run_killed_at_several_moments_has_the_results_of_an_uninterrupted_one(
    call: Callable, arguments: list[object], tmp_path: Path, cache: Path
) -> None:
    arguments = [*arguments, "--diagnostics"]
    assert call("train", *arguments, "--name=whole").status == 0
    runs = tmp_path / "runs" / "sentiment"
    # While the name is claimed: it may be claimed again.
    train_and_kill("training.environment:commit:1", *arguments, "--name=killed")
    assert call("train", "--resume", runs / "killed").status == 2
    resume = ("--resume", runs / "killed", "--cache", cache)
    # Model and checkpoint of the first epoch are saved, but the model is not renamed yet.
    train_and_kill("training.run_folder:RunFolder.commit_model:1", *arguments, "--name=killed")
    assert not (runs / "killed" / "model.keras").exists()
    # In the second epoch; while the checkpoint of the second is saved.
    train_and_kill("training.callbacks:StopConditions.on_train_batch_end:3", *resume)
    train_and_kill("training.checkpoint:_variables:2", *resume)
    assert (runs / "killed" / "checkpoints" / "latest").read_text() == "epoch-0001"
    # While the figures of the last epoch are drawn: its checkpoint would end the training without them.
    train_and_kill("training.tensorboard:TensorBoardLog._draw_curves:1", *resume)
    # While test is scored, after training.
    train_and_kill("training.final_evaluation:score_split:2", *resume)
    assert not (runs / "killed" / "metrics.json").exists()
    ended = call("train", *resume)
    assert (ended.status, ended.errors) == (0, "")
    assert_same_run(runs / "whole", runs / "killed")
    assert {path.name for path in (runs / "killed" / "plots").iterdir()} == {
        path.name for path in (runs / "whole" / "plots").iterdir()
    }
    assert not (runs / "killed" / "checkpoints").exists()
    again = call("train", *resume)
    assert again.status == 2
    assert re.fullmatch(rf"error: {runs / 'killed'} is finished \(.*\); there is nothing to resume\n", again.errors)


@pytest.mark.parametrize(("cell", "step"), [("lstm", 13), ("gru", 3)])
def test_every_cell_is_resumed_exactly(
    call: Callable, arguments: list[object], tmp_path: Path, cache: Path, cell: str, step: int
) -> None:
    # Step 13 is in the second epoch; step 3 in the first, before any checkpoint.
    arguments = [*arguments, f"--cell={cell}", "--epochs=2", "--bidirectional"]
    assert call("train", *arguments, "--name=whole").status == 0
    train_and_kill(f"training.callbacks:StopConditions.on_train_batch_end:{step}", *arguments, "--name=killed")
    runs = tmp_path / "runs" / "sentiment"
    assert call("train", "--resume", runs / "killed", "--cache", cache).status == 0
    assert_same_run(runs / "whole", runs / "killed")


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed in the second of two epochs."""
    runs = tmp_path_factory.mktemp("interrupted")
    arguments = [
        "--dataset=synthetic",
        "--limit=60",
        "--epochs=2",
        "--units=4",
        "--embedding-size=4",
        "--cell=simple_rnn",
        "--no-bidirectional",
        "--no-diagnostics",
        "--batch-tokens=400",
        "--name=it",
        f"--runs={runs}",
        f"--cache={runs / 'cache'}",
    ]
    train_and_kill("training.callbacks:ValidationCallback.on_epoch_end:2", "sentiment", *arguments)
    return runs / "sentiment" / "it"


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        ("checkpoints/epoch-0001/variables.npz", Path.unlink, "is missing; the run cannot be resumed, train it again"),
        ("checkpoints/epoch-0001/variables.npz", lambda path: path.write_bytes(b"PK"), "(its checksum differs)"),
        (
            "checkpoints/epoch-0001/trainer_state.json",
            Path.unlink,
            "is missing; the run cannot be resumed, train it again",
        ),
        ("checkpoints/epoch-0001/trainer_state.json", lambda path: path.write_text("{"), "is damaged ("),
        ("checkpoints/latest", lambda path: path.write_text("../../other"), "is missing; the run cannot be resumed"),
        ("model.keras", Path.unlink, "is missing or not that of epoch 1, the best; train the run again"),
        ("encoder/vocabulary.txt", Path.unlink, "is missing; train the run again"),
        ("config.json", Path.unlink, "is not a run: it has no config.json"),
    ],
)
def test_damaged_run_is_one_error_line_and_stays_unchanged(
    call: Callable, copied: Callable, interrupted: Path, file: str, damage: Callable[[Path], object], message: str
) -> None:
    run = copied(interrupted)
    damage(run / file)
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    ended = call("train", "--resume", run)
    assert ended.status in (1, 2)
    assert ended.errors.startswith("error: ") and message in ended.errors
    assert ended.errors.count("\n") == 1
    assert before == {path: path.stat().st_mtime_ns for path in run.rglob("*")}


def test_time_budget_includes_the_time_of_earlier_processes(
    call: Callable, copied: Callable, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copied(interrupted)
    folder = RunFolder(run)
    config = folder.read_json("config.json")
    config["config"] |= {"time_budget": "1h", "epochs": 1_000_000, "patience": 1_000_000}
    folder.write_json("config.json", config)
    path = run / "checkpoints" / "epoch-0001" / "trainer_state.json"
    content = json.loads(path.read_text())
    # Earlier processes spent all but a second of the hour.
    path.write_text(json.dumps({**content, "seconds": 3599.0}))
    assert call("train", "--resume", run).status == 0
    metrics = folder.read_json("metrics.json")
    assert metrics["stop_reason"] == "time budget"
    assert "test" in metrics["scores"]
    assert metrics["seconds"]["training"] >= 3600


def test_resume_takes_no_other_flags(call: Callable) -> None:
    ended = call("train", "sentiment", "--resume", "it")
    assert (ended.status, ended.errors) == (
        2,
        "error: --resume takes neither a task nor its flags: python train.py --resume RUN\n",
    )


def test_settings_of_a_resumed_run_cannot_be_changed(call: Callable) -> None:
    ended = call("train", "--resume", "it", "--epochs=9", "--no-test")
    assert (ended.status, ended.errors) == (
        2,
        "error: --epochs, --no-test cannot be changed: a resumed run keeps its settings; "
        "besides --resume there are --runs and --cache\n",
    )
