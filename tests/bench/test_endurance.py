"""The endurance bench: it kills where it says, sees each difference, and spoils what it says it spoils."""

import json
import random
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from bench.endurance import make_plan
from bench.endurance.children import run_forked
from bench.endurance.comparison import differences
from bench.endurance.moments import PHASES, Moment
from bench.endurance.mutations import mutate, write_files
from bench.endurance.spoiling import DAMAGES, spoil, spoilt_entries_used
from bench.measurement import BenchFlags
from data.cache import cached
from schema.examples import CaptionedImage, LabelledText, TaggedSentence, TextPair
from tasks import TASK_NAMES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def phases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phase that needs no training: listing the tasks."""
    monkeypatch.setattr("bench.endurance.moments.PHASES", {"listing": "commands.train:_show_tasks"})


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_child_is_disturbed_in_the_phase(tmp_path: Path, phases: None, number: int, status: int) -> None:
    ended = run_forked("train", [], tmp_path / "errors", Moment("listing", "topic"), number)
    assert (ended.status, ended.hit) == (status, True)
    assert len(ended.error_lines) == (number == signal.SIGINT)


def test_a_child_that_does_not_reach_the_phase_ends_by_itself(tmp_path: Path, phases: None) -> None:
    ended = run_forked("train", ["--version"], tmp_path / "errors", Moment("listing", "topic"))
    assert (ended.status, ended.hit) == (0, False)
    wrong = run_forked("train", ["nosuch"], tmp_path / "errors")
    assert (wrong.status, len(wrong.error_lines)) == (2, 1)


def make_run(folder: Path) -> Path:
    """A run folder with the files that are compared."""
    for name in ("predictions", "encoder"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file.txt").write_text(name)
    (folder / "history.csv").write_text("epoch,loss,seconds\n1,0.5,3\n")
    (folder / "metrics.json").write_text(json.dumps({"scores": 1, "seconds": 3}))
    with h5py.File(folder / "model.weights.h5", "w") as file:
        file["layer/0"] = np.arange(3.0)

    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.write(folder / "model.weights.h5", "model.weights.h5")
    (folder / "model.weights.h5").unlink()
    return folder


def change_weights(run: Path) -> None:
    other = make_run(run.with_name("other-weights"))
    with h5py.File(other / "model.weights.h5", "w") as file:
        file["layer/0"] = np.array([0.0, 1.0, 2.0000001])

    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        archive.write(other / "model.weights.h5", "model.weights.h5")


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda run: (run / "history.csv").write_text("epoch,loss,seconds\n1,0.4,3\n"), "history.csv"),
        (lambda run: (run / "metrics.json").write_text('{"scores": 2}'), "metrics.json"),
        (lambda run: (run / "predictions" / "file.txt").write_text("else"), "predictions/file.txt"),
        (lambda run: (run / "encoder" / "file.txt").unlink(), "files: encoder/file.txt"),
        (lambda run: (run / ".fresh-abc").mkdir(), "left over: {run}/.fresh-abc"),
        (change_weights, "model.keras: layer/0"),
    ],
)
def test_each_difference_is_seen_and_times_are_not(tmp_path: Path, change, difference: str) -> None:
    one, other = make_run(tmp_path / "one"), make_run(tmp_path / "other")
    (other / "history.csv").write_text("epoch,loss,seconds\n1,0.5,99\n")
    (other / "metrics.json").write_text(json.dumps({"scores": 1, "seconds": 99}))
    assert list(differences(one, other)) == []
    change(other)
    assert list(differences(one, other)) == [difference.format(run=other)]


@pytest.mark.parametrize("kind", DAMAGES)
def test_spoilt_entries_are_counted_and_not_used(tmp_path: Path, kind: str) -> None:
    def save(result: str, folder: Path) -> None:
        (folder / "result.txt").write_text(result)

    cached(tmp_path / "cache", "works", "key", save, str, lambda: "a result")
    entry = tmp_path / "cache" / "works" / "key"
    before = {path.name: path.read_bytes() for path in entry.iterdir()}
    kinds, used = spoilt_entries_used([tmp_path / "cache"], 7, tmp_path / "spoilt", random.Random(1))
    assert (kinds, used) == ({"works": 7}, 0)
    assert {path.name: path.read_bytes() for path in entry.iterdir()} == before
    spoil(entry, random.Random(1), kind)
    assert {path.name: path.is_file() and path.read_bytes() for path in entry.iterdir()} != before


def test_files_are_mutated_and_written_in_every_format(tmp_path: Path) -> None:
    content = b"a fine film\tgood\n" * 3
    mutated = [mutate(content, random.Random(seed)) for seed in range(50)]
    assert len(set(mutated)) > 45
    examples = [
        LabelledText("a film", "good"),
        TextPair("a dog", "ein Hund"),
        TaggedSentence(("a", "dog"), ("DET", "NOUN")),
        CaptionedImage(b"png", ("a dog",)),
    ]
    names = {path.name for path in write_files(examples, tmp_path)}
    assert names == {"texts.tsv", "texts.jsonl", "pairs.tsv", "pairs.jsonl", "words.conllu", "words.conll", "images"}
    assert (tmp_path / "images" / "captions.txt").read_text() == "image,caption\n0.png,a dog"


def test_the_long_form_has_every_task_with_every_cell_in_every_phase() -> None:
    plan = make_plan(BenchFlags(long=True))
    assert len(plan.killed) == 3 * len(TASK_NAMES) and set(plan.phases) == set(PHASES)
    assert {task for task, _ in make_plan(BenchFlags()).killed} == set(TASK_NAMES)


@pytest.mark.endurance
@pytest.mark.timeout(900)
def test_the_bench_runs_and_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "endurance", "--quick"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "scoring      1" in ended.stdout
