"""What a run records of its machine and its code."""

import subprocess
from pathlib import Path

import pytest

from training import environment


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    return subprocess.run(["git", "-C", folder, *identity, *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, in place of the project's."""
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-q", "-m", "one")
    monkeypatch.setattr(environment, "_ROOT", tmp_path.resolve())
    return tmp_path


def test_uncommitted_changes_mark_the_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD").strip()
    (repository / "notes.txt").write_text("not part of the code")
    assert environment.commit() == head
    (repository / "code.py").write_text("2\n")
    assert environment.commit() == f"{head}-dirty"


def test_the_commit_of_a_repository_around_the_project_is_not_its_own(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "unpacked").mkdir()
    monkeypatch.setattr(environment, "_ROOT", repository.resolve() / "unpacked")
    assert environment.commit() is None


def test_without_a_repository_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_ROOT", tmp_path)
    assert environment.commit() is None


def test_hardware_names_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_gpus", list)
    without = environment.hardware()
    assert without.keys() == {"processor", "cores", "system"} and all(without.values())
    monkeypatch.setattr(environment, "_gpus", lambda: ["A100", "A100"])
    assert environment.hardware() == {**without, "gpu": "A100, A100"}
