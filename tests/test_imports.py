"""Imports stand at the top of a file. Inside functions only what is slow to import, so that `--help` stays fast."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for path in [*ROOT.glob("*.py"), *ROOT.glob("[a-z]*/**/*.py")]
    if path.relative_to(ROOT).parts[0] not in ("tests", "runs", "results")
)

SLOW_LIBRARIES = {
    "PIL",
    "gensim",
    "h5py",
    "keras",
    "matplotlib",
    "pycocoevalcap",
    "rich",
    "rouge_score",
    "sacrebleu",
    "sacremoses",
    "scipy",
    "seqeval",
    "sklearn",
    "tensorboard",
    "tensorflow",
    "tensorflow_datasets",
    "tokenizers",
    "tyro",
}
SLOW_STANDARD_MODULES = {"http.client", "importlib.metadata", "urllib.error", "urllib.request"}
"""They import the modules for sockets, certificates and e-mail."""
FAST_MODULES = {"rich.cells"}
SLOW_MODULES = {
    "console.bars",
    "training.callbacks",
    "training.final_evaluation",
    "training.fitting",
    "training.model_checks",
    "training.tensorboard",
}
"""Our modules that import one of the slow libraries at their top, directly or not."""
MAX_LATE_IMPORTS = 60


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(nodes: list[ast.stmt], in_functions: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements of a module that run when it is imported, or those inside its functions."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not in_functions:
                yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if in_functions:
                yield from (each for each in ast.walk(node) if isinstance(each, ast.Import | ast.ImportFrom))
        elif not is_type_checking(node):
            yield from imports(
                [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)], in_functions
            )


def modules(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules that a statement imports, `package.module` also for `from package import module`."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    package = statement.module or ""
    submodules = [f"{package}.{alias.name}" for alias in statement.names if path_of(f"{package}.{alias.name}")]
    yield from submodules
    if len(submodules) < len(statement.names):
        yield package


def path_of(module: str) -> Path | None:
    """The file of one of our modules; None for libraries."""
    folder = ROOT.joinpath(*module.split("."))
    return next((path for path in (folder.with_suffix(".py"), folder / "__init__.py") if path.exists()), None)


def slow_libraries(module: str, seen: set[str]) -> set[str]:
    """The slow libraries that are imported with `module`, directly or by our other modules."""
    if module in FAST_MODULES:
        return set()
    if module.partition(".")[0] in SLOW_LIBRARIES:
        return {module.partition(".")[0]}
    path = path_of(module)
    if path is None or module in seen:
        return set()
    seen.add(module)
    found: set[str] = set()
    for statement in imports(tree_of(path).body, in_functions=False):
        for name in modules(statement):
            found |= slow_libraries(name, seen)
    return found


def late_imports() -> Iterator[tuple[str, list[str]]]:
    """Each import statement inside a function: its file with the line, and its modules."""
    for path in FILES:
        for statement in imports(tree_of(path).body, in_functions=True):
            yield f"{path.relative_to(ROOT)}:{statement.lineno}", list(modules(statement))


def test_only_slow_modules_are_imported_inside_functions() -> None:
    late = [
        f"{line}: {module}"
        for line, names in late_imports()
        for module in names
        if module in FAST_MODULES
        or not (module.partition(".")[0] in SLOW_LIBRARIES or module in SLOW_MODULES | SLOW_STANDARD_MODULES)
    ]
    assert not late


def test_few_imports_are_inside_functions() -> None:
    assert len(list(late_imports())) <= MAX_LATE_IMPORTS


@pytest.mark.parametrize("module", sorted(SLOW_MODULES))
def test_the_slow_modules_are_slow_and_imported_inside_functions(module: str) -> None:
    assert slow_libraries(module, set())
    assert module in {name for _, names in late_imports() for name in names}


def test_imports_are_found_where_they_run() -> None:
    tree = ast.parse(
        "import a\nif TYPE_CHECKING:\n    import b\nclass C:\n"
        "    def f(self):\n        import c\n        from d import e\n"
    )
    assert [name for each in imports(tree.body, in_functions=False) for name in modules(each)] == ["a"]
    assert [name for each in imports(tree.body, in_functions=True) for name in modules(each)] == ["c", "d"]
