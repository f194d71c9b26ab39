"""The common frame of all encoders: class ids of labels, and the files in a run folder.

An encoder is complete once its classmethod `fit` has returned it. `save` writes `encoder.json` (settings, labels) and a
file for each of its parts (vocabularies, subwords, ...); `load` restores an equal encoder.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from data.encoders.corrupt_files import corrupt_file_errors
from schema.errors import RunError


class SavedPart(Protocol):
    """A part of an encoder with a file of its own."""

    def save(self, path: Path) -> None: ...


class SavedEncoder(ABC):
    """Saves and loads an encoder as text files.

    version: to be increased when a text gets other tokens; encoders of other versions are refused
    """

    version: ClassVar[int] = 2

    @abstractmethod
    def _description(self) -> Mapping[str, object]:
        """The settings, as JSON values."""

    @abstractmethod
    def _parts(self) -> Mapping[str, SavedPart]:
        """The parts by the names of their files."""

    @classmethod
    @abstractmethod
    def _restore(cls, description: dict[str, Any], folder: Path) -> Self:
        """The encoder with this description, whose parts are in `folder`."""

    def save(self, folder: Path) -> None:
        """Write `encoder.json` and the parts."""
        folder.mkdir(parents=True, exist_ok=True)
        description = {"version": self.version, **self._description()}
        text = json.dumps(description, indent=2, ensure_ascii=False)
        (folder / "encoder.json").write_text(text, encoding="utf-8")
        for name, part in self._parts().items():
            part.save(folder / name)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the files that `save` wrote. Raises RunError, which names a missing, corrupt or outdated file."""
        path = folder / "encoder.json"
        with corrupt_file_errors(path):
            description = json.loads(path.read_text(encoding="utf-8"))
            version = description.pop("version", 1)
            if version == cls.version:
                return cls._restore(description, folder)
        raise RunError(f"{path} splits text as another version of this program does; train the run again")


def distinct_labels(labels: Iterable[str | None]) -> list[str]:
    """The labels of training examples, sorted, without None."""
    return sorted({label for label in labels if label is not None})


def class_ids(labels: Sequence[str], given: Sequence[str | None]) -> np.ndarray | None:
    """Index of each given label among `labels`, (examples,), or None if one is missing or unknown."""
    ids = {label: index for index, label in enumerate(labels)}
    if any(label not in ids for label in given):
        return None
    return np.array([ids[label] for label in given if label is not None], np.int32)
