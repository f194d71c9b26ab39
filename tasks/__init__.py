"""What is asked: one file a task, and the contract that they all keep.

A new task is one new module and one line here.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.task import Task

_MODULES: Mapping[str, str] = {
    "word_class": "tasks.word_class",
    "caption": "tasks.caption",
    "sentiment": "tasks.sentiment",
    "topic": "tasks.topic",
    "pos": "tasks.pos",
    "ner": "tasks.ner",
    "translation": "tasks.translation",
    "summary": "tasks.summary",
}

TASK_NAMES: tuple[str, ...] = tuple(_MODULES)


def get_task(name: str) -> "Task[Any, Any]":
    """The task of that name; KeyError where there is none."""
    return import_module(_MODULES[name]).TASK
