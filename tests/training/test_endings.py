"""Trainings that end early: signals, a loss of NaN, a full disk, patience."""

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
from training.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
DEADLINE = 240
"""Maximum number of seconds for a step of a child process; a fast machine needs ten."""


@pytest.fixture
def arguments(plain: list[str], reviews: Path) -> list[str]:
    """Arguments of a training with a test file, of 9 steps per epoch and four reviews per step; the run is `ending`."""
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
def diverge_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes the learning rate, and with it all weights, NaN after the given fraction of the training."""

    def diverge(fraction: float) -> None:
        # By name, so that Keras is not imported before the command starts TensorFlow.
        monkeypatch.setattr(
            "training.callbacks.learning_rate_factor", lambda progress: 1.0 if progress < fraction else math.nan
        )

    return diverge


@pytest.mark.parametrize(
    ("fraction", "step"),
    [
        # The update of the fifth of 18 steps makes the weights NaN, and with them the loss of the sixth.
        (4 / 18, "step 6 of epoch 1"),
        # The last update of an epoch, which no further loss follows.
        (8 / 18, "the end of epoch 1"),
    ],
)
def test_loss_of_nan_in_the_first_epoch_is_one_error_line_and_removes_the_run(
    call: Callable, arguments: list[str], run: Path, diverge_after: Callable, fraction: float, step: str
) -> None:
    diverge_after(fraction)
    ended = call("train", *arguments, "--epochs=2")
    assert (ended.status, ended.out) == (1, "")
    assert ended.errors == (
        f"error: the loss became NaN or infinite at {step}, before any epoch was finished; "
        "try a lower --learning-rate or --clip-norm\n"
    )
    assert not run.exists()


def test_best_epoch_before_a_loss_of_nan_is_saved(
    call: Callable, arguments: list[str], run: Path, diverge_after: Callable
) -> None:
    diverge_after(10 / 18)
    ended = call("train", *arguments, "--epochs=2")
    assert ended.status == 1
    assert ended.errors == (
        f"error: the loss became NaN or infinite at step 3 of epoch 2; epoch 1, the best before, is saved in {run}; "
        "test was not evaluated. Try a lower --learning-rate or --clip-norm\n"
    )
    assert_only_validation_was_evaluated(run, "divergence")
    prediction = json.loads(call("predict", run, "a fine film", "--json").out)
    assert 0 < prediction["probability"] < 1


def assert_only_validation_was_evaluated(run: Path, stop_reason: str) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["stop_reason"] == stop_reason
    assert set(metrics["scores"]) == {"validation"}
    assert metrics["primary_metric"]["split"] == "validation"
    assert os.listdir(run / "predictions") == ["validation.jsonl"]
    assert "Test set not scored" in (run / "report.md").read_text()


def test_patience_ends_a_training_without_improvement_and_test_is_evaluated(
    call: Callable, arguments: list[str], run: Path
) -> None:
    ended = call("train", *arguments, "--epochs=9", "--patience=2", "--learning-rate=1e-30")
    assert (ended.status, ended.errors) == (0, "")
    metrics = json.loads((run / "metrics.json").read_text())
    assert (metrics["stop_reason"], metrics["best_epoch"], metrics["epochs"]) == ("patience", 1, 3)
    # All test examples occur in train, so that none is left without the duplicates.
    assert set(metrics["scores"]) == {"validation", "test"}


@pytest.mark.parametrize(("file", "resumable"), [("ending", False), ("history.csv", False), ("model.keras", True)])
def test_full_disk_is_one_error_line_and_leaves_no_incomplete_file(
    call: Callable, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch, file: str, resumable: bool
) -> None:
    def fail(source: Path, target: Path) -> None:
        if Path(target).name == file:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        replace(source, target)

    replace = os.replace
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "replace", fail)
        ended = call("train", *arguments)
    assert (ended.status, ended.out) == (1, "")
    path = run if file == run.name else run / file
    assert ended.errors.startswith(f"error: {path}: No space left on device; make room on the disk")
    assert ended.errors.count("\n") == 1
    assert run.exists() == resumable
    if resumable:
        # A finished epoch is not lost.
        assert call("train", "--resume", run).status == 0


@pytest.fixture
def hangup() -> Iterator[None]:
    """SIGHUP is not ignored, as it is where the tests run under nohup."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, previous)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_before_the_first_step_leaves_no_run(
    call: Callable,
    arguments: list[str],
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    hangup: None,
    number: int,
    status: int,
) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(each) for each in numbers]
    monkeypatch.setattr(Sentiment, "fit_encoder", lambda *_: signal.raise_signal(number))
    ended = call("train", *arguments)
    assert ended.status == status
    assert ended.errors == "error: interrupted; unfinished work was not saved\n"
    assert not run.exists()
    assert [signal.getsignal(each) for each in numbers] == handlers


def test_an_interrupted_first_epoch_is_not_called_finished(
    call: Callable, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_in_third_step(callback: object, batch: int, logs: object = None) -> None:
        if batch == 2:
            signal.raise_signal(signal.SIGINT)

    # By name, as above.
    monkeypatch.setattr("training.callbacks.CosineSchedule.on_train_batch_begin", raise_in_third_step)
    ended = call("train", *arguments)
    assert ended.status == 130
    assert ended.errors.startswith(
        f"error: interrupted; the model after step 3 of 9 of epoch 1 is saved in {run} (validation accuracy "
    )
    assert ended.errors.endswith(
        f"); test was not evaluated, and a resumed training begins again. Resume with: python train.py --resume {run}\n"
    )
    assert_only_validation_was_evaluated(run, "interrupt")


@pytest.mark.parametrize(
    ("number", "status", "program"), [(signal.SIGINT, 130, "train"), (signal.SIGTERM, 143, "predict")]
)
def test_signal_while_tensorflow_loads_is_one_line(
    arguments: list[str], run: Path, own_run: Path, number: int, status: int, program: str
) -> None:
    words = {"train": arguments, "predict": [str(own_run), "a fine film"]}[program]
    with subprocess.Popen(
        [sys.executable, f"{program}.py", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.stderr.readline() != "loading TensorFlow\n":
            assert process.poll() is None
        process.send_signal(number)
        out, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, errors.count("\n")) == (status, "", 1)
    assert errors.startswith("error: interrupted")
    assert not run.exists()


def test_test_is_not_evaluated_after_a_signal_after_the_last_step(
    call: Callable, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = RunFolder.commit_model

    def commit_and_interrupt(folder: RunFolder) -> None:
        commit(folder)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunFolder, "commit_model", commit_and_interrupt)
    ended = call("train", *arguments)
    assert ended.status == 130
    assert ended.errors.startswith(f"error: interrupted; the best epoch is saved in {run} (validation accuracy ")
    assert_only_validation_was_evaluated(run, "interrupt")


def test_signal_during_evaluation_prints_the_resume_command(
    call: Callable, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupted:
        interrupted.setattr("training.final_evaluation.score_split", lambda *_: signal.raise_signal(signal.SIGTERM))
        ended = call("train", *arguments)
    assert ended.status == 143
    assert ended.errors == (
        "error: interrupted; the trained model is saved, but not evaluated yet. "
        f"Resume with: python train.py --resume {run}\n"
    )
    assert call("train", "--resume", run).status == 0


def test_signal_during_the_report_leaves_the_scores_and_a_run_to_complete(
    call: Callable, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupted:
        interrupted.setattr("evaluation.report.write_report", lambda *_: signal.raise_signal(signal.SIGTERM))
        ended = call("train", *arguments)
    assert ended.status == 143
    assert ended.errors == (
        "error: interrupted; the scores are saved, but the report is not complete. "
        f"Resume with: python train.py --resume {run}\n"
    )
    scores = json.loads((run / "metrics.json").read_text())["scores"]
    assert call("train", "--resume", run).status == 0
    assert (run / "report.md").exists() and not (run / "checkpoints").exists()
    assert json.loads((run / "metrics.json").read_text())["scores"] == scores


def broken(*arguments: object, **keywords: object) -> None:
    raise ValueError("2 vectors and 0 words")


@pytest.mark.parametrize(
    "notes",
    [
        {
            "training.tensorboard.TensorBoardLog._draw_curves": "the figures of gradients and gates in TensorBoard are",
            "training.final_evaluation.score_baselines": "the comparison with baselines is incomplete",
            "evaluation.plots.save_learning_curves": "{run}/plots/learning_curves.png is missing",
            "training.final_evaluation.write_results": "the table of results in TensorBoard is incomplete",
            "training.final_evaluation.write_projector": "the projector of TensorBoard is incomplete",
        },
        {
            "training.tensorboard.examples_as_markdown": "the diagnostics in TensorBoard end here",
            "evaluation.report._opening": "report.md is incomplete",
        },
        {"training.tensorboard.TensorBoardLog._log_scalars": "the TensorBoard log ends here"},
    ],
)
def test_fault_in_what_shows_the_results_is_one_line_and_costs_nothing_else(
    call: Callable, arguments: list[str], run: Path, monkeypatch: pytest.MonkeyPatch, notes: dict[str, str]
) -> None:
    for work in notes:
        monkeypatch.setattr(work, broken)
    ended = call("train", *arguments, "--diagnostics", "--epochs=2")
    assert ended.status == 0
    for line, note in zip(ended.errors.splitlines(), notes.values(), strict=True):
        assert line.startswith(f"note: {note.format(run=run)}") and line.endswith("(ValueError: 2 vectors and 0 words)")
    assert "test" in json.loads((run / "metrics.json").read_text())["scores"]
    assert (run / "report.md").exists() == ("evaluation.report._opening" not in notes)
    again = call("train", "--resume", run)
    assert (again.status, again.errors) == (
        2,
        f"error: {run} is finished (stopped: epochs); there is nothing to resume\n",
    )


def test_words_that_occur_once_make_an_empty_vocabulary_and_a_finished_run(
    call: Callable, tmp_path: Path, cache: Path
) -> None:
    names = tmp_path / "names.tsv"
    names.write_text("".join(f"name{number} other{number}\t{'ab'[number % 2]}\n" for number in range(60)))
    flags = [f"--train-file={names}", f"--test-file={names}", "--epochs=1", "--units=4", f"--cache={cache}"]
    assert call("train", "sentiment", *flags, f"--runs={tmp_path / 'runs'}", "--name=names").status == 0
    run = tmp_path / "runs" / "sentiment" / "names"
    assert (run / "train" / "words.tsv").read_text() == ""
    assert (run / "metrics.json").exists() and (run / "report.md").exists()
    assert call("evaluate", run).status == call("predict", run, "name1").status == 0


class Child:
    """A training without end in a process of its own; the constructor returns after its first epoch."""

    def __init__(self, program: list[str], arguments: list[str], run: Path, errors: Path) -> None:
        endless = ["--epochs=1000000", "--patience=1000000"]
        self.errors = errors
        with errors.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *program, *arguments, *endless],
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
        pytest.fail(f"the training did not finish an epoch: {errors.read_text()}")

    def status(self) -> int:
        return self.process.wait(timeout=DEADLINE)


@pytest.fixture
def start(run: Path, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Starts a child process, which is killed after the test if it is still running."""
    children = []

    def start(program: list[str], arguments: list[str]) -> Child:
        children.append(Child(program, arguments, run, tmp_path / "errors"))
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
def test_first_signal_ends_a_training_in_an_orderly_way(
    start: Callable,
    arguments: list[str],
    run: Path,
    without_progress: Callable,
    number: int,
    status: int,
    program: list[str],
) -> None:
    child = start(program, arguments[1:])
    child.process.send_signal(number)
    assert child.status() == status
    # The only line apart from progress: the messages of TensorFlow are hidden.
    (line,) = without_progress(child.errors.read_text()).splitlines()
    assert line.startswith(f"error: interrupted; the best epoch is saved in {run} (validation accuracy ")
    assert line.endswith(f"); test was not evaluated. Resume with: python train.py --resume {run}")
    assert_only_validation_was_evaluated(run, "interrupt")


def test_second_signal_ends_a_training_immediately(start: Callable, arguments: list[str], run: Path) -> None:
    child = start(["train.py", "sentiment"], arguments[1:])
    # Stopped, so that both signals are pending before the first one can be handled.
    child.process.send_signal(signal.SIGSTOP)
    os.waitpid(child.process.pid, os.WUNTRACED)
    child.process.send_signal(signal.SIGINT)
    child.process.send_signal(signal.SIGTERM)
    child.process.send_signal(signal.SIGCONT)
    # The threads of the child decide which of the two is the second.
    assert child.status() in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    # Finished files are complete; nothing else was done or printed.
    assert "error" not in child.errors.read_text()
    assert (run / "model.keras").exists() and not (run / "metrics.json").exists()
