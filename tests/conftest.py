"""Fixtures of the tests of whole commands: a command run in this process, and two small trained runs.

The runs are trained once per session and must not be changed; a test that changes a run uses `copied`.
"""

import io
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commands import train
from console.messages import run_command

if TYPE_CHECKING:
    import keras

TINY = (
    "--units=4",
    "--embedding-size=8",
    "--chunk-length=16",
    "--batch-tokens=800",
    "--no-word-vectors",
    "--no-diagnostics",
)
# Traces in half the time of a bidirectional LSTM.
PLAIN = (*TINY, "--no-ngram-features", "--cell=simple_rnn", "--no-bidirectional", "--pooling=mean")

# On a slow machine, any work may take long enough to show its progress.
_PROGRESS = re.compile(
    r"[^:]+: [\d,]+(/[\d,]+)? (example|step|text|fold|setting)s?\b.*"
    r"|(epoch|interrupted after step) \d+.*: validation \w+ .*"
    r"|(reading|loading|fitting|building|training|evaluating|writing) .*"
    r"|\w+ \([\w, ]+\) on .* examples?; .*"
)
# TensorFlow warns about the many models of one process.
_TENSORFLOW = re.compile(r"WARNING:tensorflow:.* triggered tf\.function retracing.*\n")


@dataclass(frozen=True)
class CommandResult:
    """Exit status and output of a command; `errors` is its stderr without progress."""

    status: int
    out: str
    errors: str


Call = Callable[..., CommandResult]


@pytest.fixture(scope="session")
def without_progress() -> Callable[[str], str]:
    """Remove progress lines from the text of stderr."""
    return lambda text: "".join(
        line for line in text.splitlines(keepends=True) if not _PROGRESS.fullmatch(line.rstrip("\n"))
    )


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, without_progress: Callable) -> Call:
    """Run a command as its script would: `call("train", "sentiment", ...)`; `stdin` is piped in."""

    def call(program: str, *words: object, stdin: bytes | None = None) -> CommandResult:
        main = import_module(f"commands.{program}").main
        monkeypatch.setattr(sys, "argv", [f"{program}.py", *map(str, words)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            status = run_command(main)
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return CommandResult(status, captured.out, _TENSORFLOW.sub("", without_progress(captured.err)))

    return call


@pytest.fixture
def plain(tmp_path: Path, cache: Path) -> list[str]:
    """Flags of the fastest training, with its runs in `tmp_path`/runs."""
    return [*PLAIN, "--epochs=1", f"--runs={tmp_path / 'runs'}", f"--cache={cache}"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the session, instead of the user's."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def train_run(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Callable[..., Path]:
    """Train a run of its own folder: `train_run("pos", *flags)` returns RUNS/pos/own."""

    def train_run(task: str, *flags: str) -> Path:
        runs = tmp_path_factory.mktemp(task) / "runs"
        assert train.main([task, *flags, f"--runs={runs}", f"--cache={cache}", "--name=own"]) == 0
        return runs / task / "own"

    return train_run


@pytest.fixture(scope="session")
def tiny_image_network() -> Callable:
    """A replacement for MobileNetV2, `tiny_image_network(seed)`: 2 x 2 regions of 3 features."""

    def network(seed: int = 1) -> "keras.Model":
        import keras

        keras.utils.set_random_seed(seed)
        pixels = keras.Input((224, 224, 3))
        return keras.Model(pixels, keras.layers.Conv2D(3, 112, strides=112)(pixels))

    return network


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 labelled reviews of 8 words, TAB separated, with the labels `thumbs up` and `thumbs down`."""
    path = tmp_path_factory.mktemp("reviews") / "reviews.tsv"
    good = [f"a fine film, the {number}th of its kind\tthumbs up\n" for number in range(20)]
    bad = [f"what a dull evening, {number} minutes too long\tthumbs down\n" for number in range(20)]
    path.write_text("".join(good + bad))
    return path


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """RUNS/sentiment/lstm-synthetic-001: two epochs on a hundred synthetic reviews, with n-gram features."""
    runs = tmp_path_factory.mktemp("small") / "runs"
    limits = ["--dataset=synthetic", "--limit=100", "--epochs=2", f"--runs={runs}", f"--cache={cache}"]
    assert train.main(["sentiment", *TINY, *limits]) == 0
    return runs / "sentiment" / "lstm-synthetic-001"


@pytest.fixture(scope="session")
def own_run(tmp_path_factory: pytest.TempPathFactory, train_run: Callable[..., Path], reviews: Path) -> Path:
    """RUNS/sentiment/own: trained on `reviews`; its test file, of JSON lines, has a label unknown in training."""
    test = tmp_path_factory.mktemp("own") / "test.jsonl"
    test.write_text(
        '{"text": "a fine film", "label": "thumbs up"}\n'
        '{"text": "what a dull evening", "label": "thumbs down"}\n'
        '{"text": "neither fine nor dull", "label": "a shrug"}\n'
    )
    return train_run("sentiment", *PLAIN, "--epochs=2", f"--train-file={reviews}", f"--test-file={test}")


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a run folder, so that a test may change it."""
    return lambda run: Path(shutil.copytree(run, tmp_path / "copy"))
