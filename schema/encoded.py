"""Examples as numbers, column by column, before they are padded into batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Ragged:
    """Sequences of different length, end to end.

    values: (steps of all examples, ...), lengths: (examples,) steps of each
    padding_value: what stands at padding
    """

    values: np.ndarray
    lengths: np.ndarray
    padding_value: int = 0

    @classmethod
    def of(cls, rows: Sequence[np.ndarray], padding_value: int = 0) -> "Ragged":
        """Join one array for each example; there is at least one row."""
        return cls(np.concatenate(rows), np.array([len(row) for row in rows], np.int64), padding_value)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each example begins in `values`."""
        return np.cumsum(self.lengths) - self.lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, place: int) -> np.ndarray:
        start = self.starts[place]
        return self.values[start : start + self.lengths[place]]

    def collate(self, places: np.ndarray, steps: int) -> np.ndarray:
        """The examples at `places`, right-padded with `blank`: (batch, steps, ...)."""
        if not len(self.values):
            return np.full((len(places), steps, *self.values.shape[1:]), self.padding_value, self.values.dtype)
        within = np.arange(steps) < self.lengths[places, None]
        rows = np.where(within, self.starts[places, None] + np.arange(steps), 0)
        blank = ~within.reshape(within.shape + (1,) * (self.values.ndim - 1))
        return np.where(blank, np.array(self.padding_value, self.values.dtype), self.values[rows])

    def take(self, places: np.ndarray) -> "Ragged":
        """A new column of the examples at `places`, in that order."""
        if not len(places):
            return Ragged(self.values[:0], self.lengths[:0], self.padding_value)
        return Ragged.of([self[place] for place in places], self.padding_value)


class RowSource(Protocol):
    """What gives rows by their places, (rows, ...) in all; an array, or a file that is read as needed."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, places: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class IndexedColumn:
    """RowSource of which several examples have the same one.

    values: (rows, ...); places: (examples,), the row of each
    """

    values: RowSource
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array that had a row for each example."""
        return (len(self.places), *self.values.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return self.values.dtype

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        return self.values[self.places[places]]

    def take(self, places: np.ndarray) -> "IndexedColumn":
        """A new column of the examples at `places`, in that order."""
        return IndexedColumn(self.values, self.places[places])


IGNORE_INDEX = -1
"""Stands in targets where nothing is asked, at padding: a loss leaves it out. So no loss needs a mask beside them."""

Column = Ragged | IndexedColumn | np.ndarray
"""One value for each example: a sequence, a row that others have too, or an array whose first axis is the example."""


@dataclass(frozen=True)
class EncodedDataset:
    """What a model reads: inputs by name, and the targets where the examples have a reference.

    targets: one value for each example, or a sequence that is padded with `IGNORE_INDEX`
    pad_to_multiple_of: sequences of more than so many steps are padded to a multiple of them
    """

    inputs: Mapping[str, Column]
    targets: Column | None = None
    pad_to_multiple_of: int = 1

    @cached_property
    def lengths(self) -> np.ndarray:
        """Steps of each example, (examples,): those of its longest sequence, or 1."""
        columns = list(self.inputs.values())
        ragged = [column.lengths for column in columns if isinstance(column, Ragged)]
        return np.max(ragged, axis=0) if ragged else np.ones(len(columns[0]), np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, places: np.ndarray, steps: int) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """The examples at `places` as a batch: inputs by name, and targets.

        Sequences are padded to so many steps; those that may be shorter than an example's longest one, to the longest
        of their kind in the batch.
        """
        inputs = {name: self._rows(column, places, steps) for name, column in self.inputs.items()}
        return inputs, None if self.targets is None else self._rows(self.targets, places, steps)

    def _rows(self, column: Column, places: np.ndarray, steps: int) -> np.ndarray:
        if not isinstance(column, Ragged):
            return column[places]
        own = column.lengths[places]
        return column.collate(places, steps if (own == self.lengths[places]).all() else int(own.max(initial=1)))

    def take(self, places: np.ndarray) -> "EncodedDataset":
        """The examples at `places`, in that order."""
        inputs = {name: _take(column, places) for name, column in self.inputs.items()}
        targets = None if self.targets is None else _take(self.targets, places)
        return EncodedDataset(inputs, targets, self.pad_to_multiple_of)


def _take(column: Column, places: np.ndarray) -> Column:
    return column[places] if isinstance(column, np.ndarray) else column.take(places)
