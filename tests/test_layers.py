"""What import-linter does not see: scripts at the top, and how files open."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = {path.stem for path in ROOT.glob("*.py")}
ROOMS = sorted(path.parent.name for path in ROOT.glob("[a-z]*/__init__.py") if path.parent.name != "tests")
FILES = sorted(
    path for folder in (".", *(f"{room}/**" for room in ROOMS), "tests/**") for path in ROOT.glob(f"{folder}/*.py")
)


def imported(tree: ast.Module) -> Iterator[str]:
    """First names of all imports; those under `if __name__ == "__main__"` are the door that leads upwards."""
    for statement in tree.body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0]


def test_import_linter_watches_every_room() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    assert sorted(settings["root_packages"]) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_a_command(room: str) -> None:
    commands = {"train", "evaluate", "predict"} | SCRIPTS
    found = {
        str(path): commands & set(imported(ast.parse(path.read_text("utf-8")))) for path in (ROOT / room).rglob("*.py")
    }
    assert not {path: names for path, names in found.items() if names}


def test_every_file_opens_with_what_it_does() -> None:
    assert len(FILES) > 10
    silent = [
        str(path.relative_to(ROOT)) for path in FILES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_an_import_of_a_command_would_be_seen() -> None:
    tree = ast.parse("def f():\n    import train.x\nif __name__ == '__main__':\n    import predict\n")
    assert list(imported(tree)) == ["train"]
