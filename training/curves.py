"""Diagnostic curves of all epochs, stored so that a resumed run has those of its earlier epochs too."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from console.files import atomic_write
from console.messages import warn


class Curves:
    """Curves by part ("train", "validation"), tag and epoch, with a file for them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._curves: dict[tuple[str, str], dict[int, np.ndarray]] = {}

    def add(self, part: str, tag: str, epoch: int, curve: np.ndarray) -> None:
        """Add a curve, (steps,)."""
        self._curves.setdefault((part, tag), {})[epoch] = curve

    def by_tag(self, part: str, prefix: str) -> dict[str, Mapping[int, np.ndarray]]:
        """Tag -> epoch -> curve, for the tags of `part` that start with `prefix`."""
        return {
            tag: curves for (owner, tag), curves in self._curves.items() if owner == part and tag.startswith(prefix)
        }

    def save(self) -> None:
        """Write all curves to the file."""
        arrays: dict[str, Any] = {
            f"{part}|{tag}|{epoch}": curve
            for (part, tag), curves in self._curves.items()
            for epoch, curve in curves.items()
        }
        atomic_write(self.path, lambda path: np.savez(path, **arrays))

    def load(self) -> None:
        """Read the file, if there is one. After a damaged one the curves begin again: training does not need them."""
        if not self.path.exists():
            return
        try:
            with np.load(self.path, allow_pickle=False) as file:
                for name in file.files:
                    part, tag, epoch = name.split("|")
                    self.add(part, tag, int(epoch), file[name])
        except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, MemoryError, BadZipFile):
            self._curves.clear()
            warn(f"{self.path} is damaged; the figures of gradients and gates begin with this epoch")
