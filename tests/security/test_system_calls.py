"""System calls of whole commands on a run folder from elsewhere: nothing outside that it names is opened."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE = 240
OUTSIDE = "canary.txt"

pytestmark = [pytest.mark.strace, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", autouse=True)
def allowed() -> None:
    if shutil.which("strace") is None or subprocess.run(["strace", "true"], capture_output=True).returncode:
        pytest.skip("strace is missing, or this machine does not allow it")


def link(run: Path, outside: Path) -> None:
    (run / "encoder" / "vocabulary.txt").unlink()
    (run / "encoder" / "vocabulary.txt").symlink_to(outside)


def link_of_the_plots(run: Path, outside: Path) -> None:
    shutil.rmtree(run / "plots")
    (run / "plots").symlink_to(outside.parent)


def checksum(run: Path, outside: Path) -> None:
    sums, config = run / "encoder" / "SHA256SUMS", run / "config.json"
    digest = hashlib.sha256(outside.read_bytes()).hexdigest()
    sums.write_text(f"{sums.read_text()}{digest}  {outside}\n{digest}  ../../{OUTSIDE}\n")
    content = {**json.loads(config.read_text()), "encoder": hashlib.sha256(sums.read_bytes()).hexdigest()}
    config.write_text(json.dumps(content))


def checkpoint(run: Path, outside: Path) -> None:
    (run / "metrics.json").unlink()
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "latest").write_text(f"../../{OUTSIDE}")


def layer(run: Path, outside: Path) -> None:
    """The model is a layer that reads a folder, and runs what it finds there."""
    with zipfile.ZipFile(run / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    description = {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": str(outside)}}
    members["config.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("spoil", "command"),
    [
        (link, ("predict.py", "{run}", "a film")),
        (link_of_the_plots, ("train.py", "--resume", "{run}")),
        (checksum, ("predict.py", "{run}", "a film")),
        (checkpoint, ("train.py", "--resume", "{run}")),
        (layer, ("predict.py", "{run}", "a film")),
    ],
)
def test_nothing_outside_of_the_run_folder_is_opened(
    small_run: Path, tmp_path: Path, spoil: Callable[[Path, Path], None], command: tuple[str, ...]
) -> None:
    outside = tmp_path / "elsewhere" / OUTSIDE
    outside.parent.mkdir()
    outside.write_text("alive")
    run = Path(shutil.copytree(small_run, tmp_path / "run"))
    spoil(run, outside)
    trace = tmp_path / "trace"
    # -y shows the file that a call has opened, whatever the name was.
    strace = ["strace", "-f", "-y", "--seccomp-bpf", "-e", "trace=%file", "-o", str(trace)]
    words = [word.format(run=run) for word in command]
    ended = subprocess.run(
        [*strace, sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE
    )
    assert ended.returncode == 1, ended.stderr.decode()
    assert ended.stderr.decode().count("error: ") == 1
    calls = trace.read_text(errors="replace").splitlines()
    # The trace does hold the calls of this command.
    assert any(f"{run}/config.json" in call for call in calls)
    # Looking whether a link is one opens nothing.
    touched = [call for call in calls if f"{outside.parent}" in call or OUTSIDE in call]
    assert [call for call in touched if not any(look in call for look in ("stat", "readlink"))] == []
    assert outside.read_text() == "alive"
