"""Damaged, foreign and malicious run folders: refused in one plain line, and no code is executed."""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("commands", "console", "data", "evaluation", "models", "schema", "tasks", "training")

Damage = Callable[[Path], object]


def truncate(path: Path) -> None:
    """Truncate a file to half its size, as a full disk or a broken copy does."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize("program", ["predict", "evaluate"])
@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        ("config.json", truncate, "is damaged ("),
        ("config.json", write(b""), "is damaged ("),
        ("config.json", write(b"\xff\xfe"), "is damaged ("),
        ("config.json", write(b"[1]"), "is damaged ("),
        ("config.json", write(b"[" * 100_000), "is damaged ("),
        ("config.json", write(b'{"format": "new"}'), "is damaged ("),
        ("config.json", write(b'{"format": 3, "task": "sentiment"}'), "has format 3, this program knows 2: update"),
        ("config.json", write(b'{"task": "juggling", "config": {}}'), "task 'juggling' is unknown; there are "),
        ("config.json", write(b'{"config": {}}'), "task None is unknown; there are "),
        ("config.json", write(b'{"task": "sentiment", "config": [1]}'), "is damaged ("),
        ("config.json", write(b'{"task": "sentiment", "config": {"magic": 1}}'), "magic is unknown here; update"),
        ("encoder/SHA256SUMS", Path.unlink, "is missing; train the run again"),
        ("encoder/encoder.json", Path.unlink, "is missing; train the run again"),
        ("encoder/vocabulary.txt", Path.unlink, "is missing; train the run again"),
        ("encoder/ngrams.tsv", Path.unlink, "is missing; train the run again"),
        (
            "encoder/encoder.json",
            truncate,
            "is not the file that was saved (its checksum differs); train the run again",
        ),
        (
            "encoder/vocabulary.txt",
            truncate,
            "is not the file that was saved (its checksum differs); train the run again",
        ),
        ("encoder/ngrams.tsv", write(b"\xff"), "is not the file that was saved (its checksum differs)"),
        ("model.keras", Path.unlink, "is missing; no epoch of this run was finished, train it again"),
        ("model.keras", write(b""), "is damaged (cut short?); train the run again"),
        ("model.keras", truncate, "is damaged (cut short?); train the run again"),
    ],
)
def test_a_damaged_run_is_refused_in_one_line(
    call: Callable, small_run: Path, copied: Callable, program: str, file: str, damage: Damage, message: str
) -> None:
    run = copied(small_run)
    damage(run / file)
    result = call(program, run, stdin=b"a film\n")
    assert (result.status, result.out) == (1, "")
    assert result.errors.startswith(f"error: {run / file}") and message in result.errors
    assert result.errors.count("\n") == 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "is missing; the run is incomplete, train it again"),
        (truncate, "is damaged ("),
        (write(b'{"format": 7}'), "has format 7, this program knows 2: update the program"),
    ],
)
def test_damaged_metrics_are_refused_in_one_line(
    call: Callable, own_run: Path, copied: Callable, damage: Damage, message: str
) -> None:
    run = copied(own_run)
    damage(run / "metrics.json")
    result = call("evaluate", run)
    assert (result.status, result.out) == (1, "")
    assert result.errors.startswith(f"error: {run / 'metrics.json'} {message}")
    assert result.errors.count("\n") == 1


def test_a_folder_without_a_config_is_not_a_run(call: Callable, small_run: Path, copied: Callable) -> None:
    run = copied(small_run)
    (run / "config.json").unlink()
    result = call("predict", run, "a film")
    assert (result.status, result.errors) == (2, f"error: {run} is not a run: it has no config.json\n")


def write_sums(run: Path, content: str) -> None:
    """Replace the checksums of a run, with their own checksum, as an attacker would."""
    sums, config = run / "encoder" / "SHA256SUMS", run / "config.json"
    sums.write_text(content)
    description = {**json.loads(config.read_text()), "encoder": hashlib.sha256(sums.read_bytes()).hexdigest()}
    config.write_text(json.dumps(description))


def test_encoder_paths_cannot_leave_the_run_folder(call: Callable, small_run: Path, copied: Callable) -> None:
    run = copied(small_run)
    secret = run.parent / "secret.txt"
    secret.write_text("film\n")
    sums = (run / "encoder" / "SHA256SUMS").read_text()
    write_sums(run, f"{sums}{hashlib.sha256(secret.read_bytes()).hexdigest()}  ../../secret.txt\n")
    result = call("predict", run, "a film")
    assert (result.status, result.out) == (1, "")
    assert result.errors.startswith(f"error: {run / 'encoder'}/../../secret.txt is missing")


def test_a_path_as_the_tokenizer_is_refused(call: Callable, small_run: Path, copied: Callable) -> None:
    run = copied(small_run)
    path, sums = run / "encoder" / "encoder.json", run / "encoder" / "SHA256SUMS"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(json.dumps({**json.loads(path.read_text()), "tokenizer": "../../secret"}))
    write_sums(run, sums.read_text().replace(before, hashlib.sha256(path.read_bytes()).hexdigest()))
    result = call("predict", run, "a film")
    assert (result.status, result.out) == (1, "")
    assert "../../secret" in result.errors and result.errors.count("\n") == 1


def test_code_in_a_model_is_refused_and_not_executed(call: Callable, small_run: Path, copied: Callable) -> None:
    import keras

    run = copied(small_run)
    harm = str(run.parent / "harm")
    harmful = keras.layers.Lambda(lambda ids: (open(harm, "w").close(), ids)[1])
    words = keras.Input((None,), dtype="int32", name="words")
    keras.Model({"words": words}, harmful(words)).save(run / "model.keras")
    os.unlink(harm)
    # Without safe mode, loading this file does execute the code.
    keras.saving.load_model(run / "model.keras", compile=False, safe_mode=False)
    os.unlink(harm)
    result = call("predict", run, "a film")
    assert (result.status, result.out) == (1, "")
    reason = "keras.layers.Lambda is not a class of our models"
    assert result.errors.startswith(f"error: {run / 'model.keras'} is damaged ({reason})")
    assert result.errors.count("\n") == 1
    assert not os.path.exists(harm)


@pytest.mark.parametrize(
    "content",
    [
        {"module": "os", "class_name": "system", "config": {"command": "touch HARM"}, "registered_name": None},
        {"module": "builtins", "class_name": "eval", "config": {"source": "open('HARM', 'w')"}},
        {"class_name": "function", "module": "pathlib", "config": "Path.touch"},
        {},
    ],
)
def test_a_model_with_foreign_classes_is_refused(
    call: Callable, small_run: Path, copied: Callable, content: dict
) -> None:
    run = copied(small_run)
    harm = run.parent / "harm"
    with zipfile.ZipFile(run / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = json.dumps(content).replace("HARM", str(harm)).encode()
    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    result = call("predict", run, "a film")
    assert (result.status, result.out) == (1, "")
    assert result.errors.startswith(f"error: {run / 'model.keras'} is damaged (")
    assert result.errors.count("\n") == 1
    assert not harm.exists()


def test_no_package_deserializes_code() -> None:
    unsafe = re.compile(
        r"\b(pickle|cPickle|dill|cloudpickle|joblib|shelve|marshal)\b|allow_pickle\s*=\s*True|safe_mode\s*=\s*False"
        r"|enable_unsafe_deserialization|\b(eval|exec)\(|yaml\.(unsafe_)?load\("
    )
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")] + list(ROOT.glob("*.py"))
    assert len(files) > 30
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if unsafe.search(line)
    ]
    assert found == []
