"""How a training ends other than by its epochs: signals, a loss that is no number, a full disk, patience."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.sentiment import Sentiment
from training import run_folder, trainer
from training.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
DEADLINE = 240
"""Seconds after which a child that does not get on is given up; a quick machine needs ten."""


@pytest.fixture
def words(plain: list[str], reviews: Path) -> list[str]:
    """A training of 9 steps an epoch, four reviews a step, that has a test file; the run is called `ending`."""
    return [
        "sentiment",
        *plain,
        f"--train-file={reviews}",
        f"--test-file={reviews}",
        "--batch-tokens=32",
        "--name=ending",
    ]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "sentiment" / "ending"


@pytest.fixture
def sick_rate(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes the learning rate, and so all weights, NaN as soon as the given share of the training is done."""

    def after(share: float) -> None:
        from training import callbacks

        monkeypatch.setattr(callbacks, "rate_at", lambda done: 1.0 if done < share else math.nan)

    return after


@pytest.mark.parametrize(
    ("share", "place"),
    [
        # The update of the fifth of 18 steps spoils the weights, so the loss of the sixth tells.
        (4 / 18, "step 6 of epoch 1"),
        # The last update of an epoch: no loss comes after it.
        (8 / 18, "the end of epoch 1"),
    ],
)
def test_a_loss_that_is_no_number_is_one_line_and_leaves_no_run(
    call: Callable, words: list[str], run: Path, sick_rate: Callable, share: float, place: str
) -> None:
    sick_rate(share)
    ended = call("train", *words, "--epochs=2")
    assert (ended.status, ended.out) == (1, "")
    assert ended.complaint == (
        f"error: the loss became NaN or infinite at {place}, before any epoch was finished; "
        "try a lower --learning-rate or --clip-norm\n"
    )
    assert not run.exists()


def test_the_best_epoch_before_a_loss_that_is_no_number_is_kept(
    call: Callable, words: list[str], run: Path, sick_rate: Callable
) -> None:
    sick_rate(10 / 18)
    ended = call("train", *words, "--epochs=2")
    assert ended.status == 1
    assert ended.complaint == (
        f"error: the loss became NaN or infinite at step 3 of epoch 2; epoch 1, the best before, is kept in {run}; "
        "test was not touched. Try a lower --learning-rate or --clip-norm\n"
    )
    assert_only_validation_was_scored(run, "divergence")
    answer = json.loads(call("predict", run, "a fine film", "--json").out)
    assert 0 < answer["probability"] < 1


def assert_only_validation_was_scored(run: Path, stop_reason: str) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["stop_reason"] == stop_reason
    assert set(metrics["scores"]) == {"validation"}
    assert metrics["primary_metric"]["split"] == "validation"
    assert os.listdir(run / "predictions") == ["validation.jsonl"]
    assert "Test was not scored" in (run / "report.md").read_text()


def test_without_progress_patience_ends_the_run_and_test_is_scored(call: Callable, words: list[str], run: Path) -> None:
    ended = call("train", *words, "--epochs=9", "--patience=2", "--learning-rate=1e-30")
    assert (ended.status, ended.complaint) == (0, "")
    metrics = json.loads((run / "metrics.json").read_text())
    assert (metrics["stop_reason"], metrics["best_epoch"], metrics["epochs"]) == ("patience", 1, 3)
    # All of test stands in train too, so there is nothing to score without the copies.
    assert set(metrics["scores"]) == {"validation", "test"}


@pytest.mark.parametrize(("file", "resumable"), [("config.json", False), ("history.csv", False), ("model.keras", True)])
def test_a_full_disk_is_one_line_and_leaves_nothing_half(
    call: Callable, words: list[str], run: Path, monkeypatch: pytest.MonkeyPatch, file: str, resumable: bool
) -> None:
    def replace(source: Path, target: Path) -> None:
        if target.name == file:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        move(source, target)

    move = os.replace
    with monkeypatch.context() as full_disk:
        full_disk.setattr(run_folder.os, "replace", replace)
        ended = call("train", *words)
    assert (ended.status, ended.out) == (1, "")
    assert ended.complaint.startswith(f"error: {run / file}: No space left on device; make room on the disk")
    assert ended.complaint.count("\n") == 1
    assert run.exists() == resumable
    if resumable:
        # An epoch was finished before: nothing of it is lost.
        assert call("train", "--resume", run).status == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_first_step_leaves_no_run(
    call: Callable, words: list[str], run: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(Sentiment, "fit_encoder", lambda *_: signal.raise_signal(number))
    ended = call("train", *words)
    assert ended.status == status
    assert ended.complaint == "error: interrupted; nothing was kept that was not finished\n"
    assert not run.exists()
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_signal_after_the_very_last_step_still_keeps_test_untouched(
    call: Callable, words: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = RunFolder.commit_model

    def promote_and_be_interrupted(folder: RunFolder) -> None:
        promote(folder)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunFolder, "commit_model", promote_and_be_interrupted)
    ended = call("train", *words)
    assert ended.status == 130
    assert ended.complaint.startswith(f"error: interrupted; the best epoch is kept in {run} (validation accuracy ")
    assert_only_validation_was_scored(run, "interrupt")


def test_a_signal_while_the_model_is_scored_says_how_to_go_on(
    call: Callable, words: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupted:
        interrupted.setattr(trainer, "score_split", lambda *_: signal.raise_signal(signal.SIGTERM))
        ended = call("train", *words)
    assert ended.status == 143
    assert ended.complaint == (
        "error: interrupted; the trained model is kept, and has no score yet. "
        f"Go on with: python train.py --resume {run}\n"
    )
    assert call("train", "--resume", run).status == 0


class Child:
    """A training of its own process that would go on for ever, after its first epoch."""

    def __init__(self, program: list[str], words: list[str], run: Path, errors: Path) -> None:
        endless = ["--epochs=1000000", "--patience=1000000"]
        self.errors = errors
        with errors.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *program, *words, *endless],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        for _ in range(10 * DEADLINE):
            if (run / "model.keras").exists():
                return
            try:
                self.process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        self.process.kill()
        pytest.fail(f"the training did not get through an epoch: {errors.read_text()}")

    def status(self) -> int:
        return self.process.wait(timeout=DEADLINE)


@pytest.fixture
def start(words: list[str], run: Path, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Starts a child; one that is still there after the test is ended."""
    children = []

    def start(program: list[str], words: list[str]) -> Child:
        children.append(Child(program, words, run, tmp_path / "errors"))
        return children[-1]

    yield start
    for child in children:
        if child.process.poll() is None:
            child.process.kill()
            child.process.wait()


@pytest.mark.parametrize(
    ("number", "status", "program"),
    [(signal.SIGINT, 130, ["train.py", "sentiment"]), (signal.SIGTERM, 143, ["-m", "tasks.sentiment"])],
)
def test_one_signal_ends_a_training_in_good_order(
    start: Callable,
    words: list[str],
    run: Path,
    without_progress: Callable,
    number: int,
    status: int,
    program: list[str],
) -> None:
    child = start(program, words[1:])
    child.process.send_signal(number)
    assert child.status() == status
    # The only line beside progress: TensorFlow's own noise is not shown.
    (line,) = without_progress(child.errors.read_text()).splitlines()
    assert line.startswith(f"error: interrupted; the best epoch is kept in {run} (validation accuracy ")
    assert line.endswith(f"); test was not touched. Go on with: python train.py --resume {run}")
    assert_only_validation_was_scored(run, "interrupt")


def test_a_second_signal_ends_a_training_at_once(start: Callable, words: list[str], run: Path) -> None:
    child = start(["train.py", "sentiment"], words[1:])
    # Held still, so that both signals are there before the first one can have been served.
    child.process.send_signal(signal.SIGSTOP)
    os.waitpid(child.process.pid, os.WUNTRACED)
    child.process.send_signal(signal.SIGINT)
    child.process.send_signal(signal.SIGTERM)
    child.process.send_signal(signal.SIGCONT)
    # Which of the two is the second, the threads of the child decide.
    assert child.status() in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    # What was finished is whole; nothing more was done, or said.
    assert "error" not in child.errors.read_text()
    assert (run / "model.keras").exists() and not (run / "metrics.json").exists()
