"""The lazy module `models`: its names exist, and type checkers know the same ones."""

import ast
import inspect

import pytest

import models


def test_type_checkers_know_the_lazy_names():
    tree = ast.parse(inspect.getsource(models))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    modules = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    imported = {name.name: node.module for node in modules for name in node.names}
    assert imported == models._MODULES


@pytest.mark.parametrize("name", sorted(models._MODULES))
def test_each_lazy_name_exists(name):
    assert getattr(models, name) is not None


def test_an_unknown_name_raises_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'build_nothing'"):
        _ = models.build_nothing
