"""A run folder from elsewhere leads nowhere outside of it, and whatever is wrong with it is one line."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from console.messages import run_command
from data.encoders.subwords import Subwords
from schema.errors import RunError, UserError
from schema.records import FORMAT
from tasks import get_task
from training.checkpoint import read_variables
from training.run_folder import finite
from training.saved_run import open_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The files of a run that are read before TensorFlow is needed."""
    folder = tmp_path / "runs" / "sentiment" / "mine"
    for name in ("encoder", "checkpoints/epoch-0001", "plots", "predictions", "train"):
        (folder / name).mkdir(parents=True)
    config = asdict(get_task("sentiment").config_class())
    content = {"format": FORMAT, "task": "sentiment", "source": "x", "config": config, "command": "train.py sentiment"}
    (folder / "config.json").write_text(json.dumps(finite(content), default=str))
    for name in ("history.csv", "metrics.json", "report.md", "model.keras", "encoder/vocabulary.txt", "plots/a.png"):
        (folder / name).write_text("{}")
    return folder


PLACES = [
    "config.json",
    "history.csv",
    "metrics.json",
    "model.keras",
    "report.md",
    "encoder",
    "encoder/vocabulary.txt",
    "encoder/new.txt",
    "checkpoints",
    "checkpoints/latest",
    "checkpoints/epoch-0001",
    "checkpoints/epoch-0001/variables.npz",
    "plots",
    "plots/a.png",
    "plots/new.png",
    "predictions",
    "predictions/test.jsonl",
    "train",
    "train/events",
    "validation",
    ".fresh-model.keras",
]


def put(link: Path, target: Path | str) -> None:
    if link.is_dir():
        for part in sorted(link.rglob("*"), reverse=True):
            part.rmdir() if part.is_dir() else part.unlink()
        link.rmdir()
    link.unlink(missing_ok=True)
    link.symlink_to(target)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["file", "folder", "nothing", "relative"])
def test_links_are_refused_in_every_place(place: str, kind: str, run: Path, canary: Path) -> None:
    target = {
        "file": canary,
        "folder": canary.parent,
        "nothing": canary.parent / "new.txt",
        "relative": os.path.relpath(canary, (run / place).parent),
    }[kind]
    if place == "config.json":
        target = run / "other.json"
        (run / "config.json").rename(target)
    put(run / place, target)
    with pytest.raises(RunError) as error:
        open_run(str(run), Path("runs"))
    assert str(error.value).startswith(f"{run / place} is a link")
    assert "\n" not in str(error.value)


def test_pipes_are_refused_without_waiting_for_them(run: Path) -> None:
    os.mkfifo(run / "encoder" / "pipe")
    with pytest.raises(RunError, match="pipe is a link or a special file"):
        open_run(str(run), Path("runs"))


def test_a_link_to_a_run_is_the_run(run: Path, tmp_path: Path) -> None:
    (tmp_path / "favorite").symlink_to(run)
    assert open_run(str(tmp_path / "favorite"), Path("runs")).task.name == "sentiment"


@pytest.mark.parametrize(
    "content",
    [
        '{"format": 1e999}',
        '{"format": "two"}',
        '{"format": null}',
        '{"format": [2]}',
        '{"format": -1}',
        '{"format": 99}',
        "[2]",
        "null",
        '"text"',
        "",
        "{",
        "[" * 200_000,
        '{"a":' * 100_000,
        '{"format": 2}',
        '{"format": 2, "task": ["sentiment"]}',
        '{"format": 2, "task": {"a": 1}}',
        '{"format": 2, "task": "../../outside"}',
        '{"format": 2, "task": "sentiment", "config": 3}',
        '{"format": 2, "task": "sentiment", "config": []}',
        '{"format": 2, "task": "sentiment", "config": {"units": "many"}}',
        '{"format": 2, "task": "sentiment", "config": {"units": -5}}',
        '{"format": 2, "task": "sentiment", "config": {"units": 1e999}}',
        '{"format": 2, "task": "sentiment", "config": {"cell": "transformer"}}',
        '{"format": 2, "task": "sentiment", "config": {"seeds": {}}}',
        '{"format": 2, "task": "sentiment", "config": {"train_file": 3}}',
        '{"format": 2, "task": "sentiment", "config": {"runs": null}}',
        '{"format": 2, "task": "sentiment", "config": {"time_budget": "soon"}}',
        '{"format": 2, "task": "sentiment", "config": {"__class__": "os.system"}}',
    ],
    ids=range(28),
)
def test_wrong_configs_are_one_line(
    content: str, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "config.json").write_text(content)
    monkeypatch.setattr("sys.argv", ["predict.py", str(run)])
    with pytest.raises(UserError):
        open_run(str(run), Path("runs"))
    assert run_command(lambda words: open_run(words[0], Path("runs")) and 0) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "unexpected" not in line


class Payload:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def npz(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return content.getvalue()


def npy(header: str) -> bytes:
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def compressed() -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, np.zeros(50_000_000, np.float32))
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        npz(**{"0": b""}),
        npz(**{"0": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000000,), }")}),
        npz(**{"0": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }")}),
        npz(**{"0": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")}),
        npz(**{"0": npy("__import__('os').system('true')")}),
        npz(**{"1": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }")}),
        compressed(),
    ],
    ids=["empty", "cut", "no array", "huge", "negative", "objects", "code", "other names", "compressed"],
)
def test_wrong_variables_are_one_line(content: bytes, tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "variables.npz"
    path.write_bytes(content)
    with pytest.raises(RunError) as error:
        read_variables(path)
    assert str(error.value).startswith(f"{path} is damaged (")
    assert "\n" not in str(error.value)


def test_pickled_variables_are_not_unpickled(tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "variables.npz"
    header = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")
    path.write_bytes(npz(**{"0": header + pickle.dumps([Payload(canary.parent / "made.txt")])}))
    with pytest.raises(RunError):
        read_variables(path)


@pytest.fixture(scope="module")
def tokenizer() -> str:
    return str(Subwords.fit(["a dog barks", "two dogs"], 60)._tokenizer.to_str())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (
            "padding",
            {"strategy": {"Fixed": 10**12}, "direction": "Right", "pad_id": 0, "pad_type_id": 0, "pad_token": "x"},
        ),
        ("truncation", {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 10**9}),
        ("normalizer", {"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
        ("normalizer", {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "x"}),
        ("pre_tokenizer", {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": False}),
        ("post_processor", {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}),
        ("decoder", None),
        ("added_tokens", []),
        ("version", "9"),
        ("model", {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}),
        ("model", {"type": "BPE", "vocab": {"a": -1}, "merges": []}),
        ("model", {"type": "BPE", "vocab": {"a": 10**30}, "merges": []}),
        ("model", None),
    ],
)
def test_settings_of_tokenizers_are_those_of_this_program(
    key: str, value: object, tokenizer: str, tmp_path: Path
) -> None:
    path = tmp_path / "subwords.json"
    path.write_text(tokenizer, encoding="utf-8")
    assert len(Subwords.load(path)) > 4
    path.write_text(json.dumps({**json.loads(tokenizer), key: value}), encoding="utf-8")
    with pytest.raises(RunError, match="is damaged") as error:
        Subwords.load(path)
    assert "\n" not in str(error.value)
