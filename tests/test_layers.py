"""Rules of the source that import-linter does not check: no package imports a script, and each file has a docstring."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = {path.stem for path in ROOT.glob("*.py")}
PACKAGES = sorted(path.parent.name for path in ROOT.glob("[a-z]*/__init__.py") if path.parent.name != "tests")
FILES = sorted(
    path
    for folder in (".", *(f"{package}/**" for package in PACKAGES), "tests/**")
    for path in ROOT.glob(f"{folder}/*.py")
)


def imported(tree: ast.Module) -> Iterator[str]:
    """The top-level names of all imports except those under `if __name__ == "__main__"`, which may import a script."""
    for statement in tree.body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0]


def test_import_linter_checks_every_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    assert sorted(settings["root_packages"]) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_a_script(package: str) -> None:
    scripts = {"train", "evaluate", "predict"} | SCRIPTS
    found = {
        str(path): scripts & set(imported(ast.parse(path.read_text("utf-8"))))
        for path in (ROOT / package).rglob("*.py")
    }
    assert not {path: names for path, names in found.items() if names}


def test_every_file_has_a_docstring() -> None:
    assert len(FILES) > 10
    undocumented = [
        str(path.relative_to(ROOT)) for path in FILES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not undocumented


def test_the_import_of_a_script_is_found() -> None:
    tree = ast.parse("def f():\n    import train.x\nif __name__ == '__main__':\n    import predict\n")
    assert list(imported(tree)) == ["train"]
