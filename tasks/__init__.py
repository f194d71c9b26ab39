"""The tasks: one file each, and the contract that all of them keep.

A new task is one new module and one line here.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.task import AnyTask

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


def get_task(name: str) -> "AnyTask":
    """Return the task of this name. Raises KeyError for an unknown one."""
    task: AnyTask = import_module(_MODULES[name]).TASK
    return task
