"""Encoded examples, column by column, before they are padded into batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
"""Names of the first ids, which are not words: padding, unknown, begin and end of a target."""
PADDING, UNKNOWN, BEGIN, END = range(4)
IGNORE_INDEX = -1
"""Target of steps that the loss ignores, such as padding; losses therefore need no separate mask."""


@dataclass(frozen=True)
class Ragged:
    """Sequences of different lengths, concatenated.

    values: (steps of all examples, ...)
    lengths: (examples,), steps of each example
    padding_value: value of padded steps
    """

    values: np.ndarray
    lengths: np.ndarray
    padding_value: int = 0

    @classmethod
    def of(cls, rows: Sequence[np.ndarray], padding_value: int = 0) -> "Ragged":
        """Concatenate one array for each example; `rows` must not be empty."""
        return cls(np.concatenate(rows), np.array([len(row) for row in rows], np.int64), padding_value)

    @cached_property
    def starts(self) -> np.ndarray:
        """Index of each example's first step in `values`: (examples,)."""
        return np.cumsum(self.lengths) - self.lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> np.ndarray:
        start = self.starts[index]
        return self.values[start : start + self.lengths[index]]

    def collate(self, indices: np.ndarray, steps: int) -> np.ndarray:
        """The examples at `indices`, right-padded with `padding_value`: (batch, steps, ...)."""
        if not len(self.values):
            return np.full((len(indices), steps, *self.values.shape[1:]), self.padding_value, self.values.dtype)
        within = np.arange(steps) < self.lengths[indices, None]
        rows = np.where(within, self.starts[indices, None] + np.arange(steps), 0)
        padding = ~within.reshape(within.shape + (1,) * (self.values.ndim - 1))
        return np.where(padding, np.array(self.padding_value, self.values.dtype), self.values[rows])

    def take(self, indices: np.ndarray) -> "Ragged":
        """A new column of the examples at `indices`, in that order."""
        if not len(indices):
            return Ragged(self.values[:0], self.lengths[:0], self.padding_value)
        return Ragged.of([self[index] for index in indices], self.padding_value)


class RowSource(Protocol):
    """Rows that are read by index, (rows, ...): an array, or a file that is read as needed."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __getitem__(self, indices: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class IndexedColumn:
    """Rows that several examples share.

    values: (rows, ...)
    indices: (examples,), the row of each example
    """

    values: RowSource
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an array with one row for each example."""
        return (len(self.indices), *self.values.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """Data type of the values."""
        return self.values.dtype

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return self.values[self.indices[indices]]

    def take(self, indices: np.ndarray) -> "IndexedColumn":
        """A new column of the examples at `indices`, in that order."""
        return IndexedColumn(self.values, self.indices[indices])


Column = Ragged | IndexedColumn | np.ndarray
"""One value for each example: a sequence, a shared row, or an array whose first axis is the example."""


def round_up(lengths: np.ndarray, multiple: int) -> np.ndarray:
    """Lengths of padded sequences: lengths above `multiple` are rounded up to a multiple of it, others stay."""
    return np.where(lengths <= multiple, lengths, -(-lengths // multiple) * multiple)


@dataclass(frozen=True)
class EncodedDataset:
    """Inputs of a model by name, and the targets if the examples have references.

    targets: one value for each example, or a sequence padded with `IGNORE_INDEX`
    pad_to_multiple_of: sequences of more than this many steps are padded to a multiple of it
    """

    inputs: Mapping[str, Column]
    targets: Column | None = None
    pad_to_multiple_of: int = 1

    @cached_property
    def lengths(self) -> np.ndarray:
        """Steps of each example, (examples,): the length of its longest input sequence, or 1 without sequences."""
        columns = list(self.inputs.values())
        ragged = [column.lengths for column in columns if isinstance(column, Ragged)]
        return np.max(ragged, axis=0) if ragged else np.ones(len(columns[0]), np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    def ragged(self, name: str) -> Ragged:
        """Return an input column of sequences. Raises TypeError for another kind of column."""
        column = self.inputs[name]
        if not isinstance(column, Ragged):
            raise TypeError(f"{name} is not a column of sequences")
        return column

    def indexed(self, name: str) -> IndexedColumn:
        """Return an input column of shared rows. Raises TypeError for another kind of column."""
        column = self.inputs[name]
        if not isinstance(column, IndexedColumn):
            raise TypeError(f"{name} is not a column of shared rows")
        return column

    def collate(self, indices: np.ndarray, steps: int) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """The examples at `indices` as a batch: inputs by name, and targets.

        A column is padded to `steps` if its sequences are the longest of their examples, else to the longest sequence
        of this column in the batch.
        """
        inputs = {name: self._rows(column, indices, steps) for name, column in self.inputs.items()}
        return inputs, None if self.targets is None else self._rows(self.targets, indices, steps)

    def _rows(self, column: Column, indices: np.ndarray, steps: int) -> np.ndarray:
        if not isinstance(column, Ragged):
            return column[indices]
        lengths = column.lengths[indices]
        return column.collate(
            indices, steps if (lengths == self.lengths[indices]).all() else int(lengths.max(initial=1))
        )

    def take(self, indices: np.ndarray) -> "EncodedDataset":
        """The examples at `indices`, in that order."""
        inputs = {name: _take(column, indices) for name, column in self.inputs.items()}
        targets = None if self.targets is None else _take(self.targets, indices)
        return EncodedDataset(inputs, targets, self.pad_to_multiple_of)


def _take(column: Column, indices: np.ndarray) -> Column:
    return column[indices] if isinstance(column, np.ndarray) else column.take(indices)
