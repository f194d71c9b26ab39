"""An archive to spoil, and a guard of everything outside of the run folder."""

import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.security.model_files import Json, valid_description, valid_weights


@pytest.fixture
def description() -> Json:
    return valid_description()


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Write `run/model.keras`; members given by name replace, add or (None) remove those of a valid one."""

    def write(members: Mapping[str, bytes | str | None] = {}, compression: int = zipfile.ZIP_STORED) -> Path:  # noqa: B006
        valid = {
            "metadata.json": json.dumps({"keras_version": "3.15.0", "date_saved": "2026-01-01@00:00:00"}),
            "config.json": json.dumps(valid_description()),
            "model.weights.h5": valid_weights(),
        }
        path = tmp_path / "run" / "model.keras"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w", compression) as file:
            for name, content in {**valid, **members}.items():
                if content is not None:
                    file.writestr(name, content)
        return path

    return write


_EVENTS: list[tuple[str, str]] = []
_WATCHING: list[bool] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCHING and event in ("open", "os.system", "subprocess.Popen", "socket.connect", "exec", "shutil.rmtree"):
        _EVENTS.append((event, str(arguments[0]) if arguments else ""))


sys.addaudithook(_audit)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file outside of the run folder that no case may open or change; no case may start a process or a connection."""
    path = tmp_path / "outside" / "canary.txt"
    path.parent.mkdir()
    path.write_text("alive")
    before = (path.stat().st_mtime_ns, path.stat().st_nlink)
    _EVENTS.clear()
    _WATCHING.append(True)
    yield path
    _WATCHING.clear()
    touched = [event for event in _EVENTS if event[0] != "open" or str(path.parent) in event[1]]
    assert not [event for event in touched if event[0] != "exec"]
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["canary.txt"]
    assert path.read_text() == "alive"
    assert (path.stat().st_mtime_ns, path.stat().st_nlink) == before
