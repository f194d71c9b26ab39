"""Holding out, cutting down and comparing the splits of a data set."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from data.readers.datasets import RawSplits
from schema.examples import Example, ExampleT, LazySequence, Splits

Row = TypeVar("Row")

# Fixed, and not the run's seed: all runs on a data set are compared on the same validation examples.
HOLD_OUT_SEED = 20_11
VALIDATION_FRACTION = 0.1


def hold_out(
    examples: Sequence[ExampleT], fraction: float = VALIDATION_FRACTION
) -> tuple[list[ExampleT], list[ExampleT]]:
    """Split examples into (train, validation), in their order; duplicates stay on the same side.

    Validation gets `fraction` of the distinct examples, at least one; a single distinct example stays in train.
    """
    distinct = list(dict.fromkeys(example.key for example in examples))
    count = min(max(1, round(fraction * len(distinct))), len(distinct) - 1) if distinct else 0
    indices = np.random.default_rng(HOLD_OUT_SEED).permutation(len(distinct))[:count]
    chosen = {distinct[index] for index in indices}
    train = [example for example in examples if example.key not in chosen]
    validation = [example for example in examples if example.key in chosen]
    return train, validation


def subsample(rows: Sequence[Row], limit: int | None) -> Sequence[Row]:
    """At most `limit` rows in their order, drawn at random with a fixed seed: a file's first lines may share a class."""
    if limit is None or len(rows) <= limit:
        return rows
    indices = np.random.default_rng(HOLD_OUT_SEED).permutation(len(rows))[:limit]
    return [rows[index] for index in sorted(indices)]


def overlaps(splits: Mapping[str, Sequence[Example]]) -> dict[str, int]:
    """Number of duplicates within each split, and of examples of a later split that an earlier split contains too."""
    found = {}
    earlier: list[tuple[str, set[Hashable]]] = []
    for name, examples in splits.items():
        keys = {example.key for example in examples}
        found[f"{name}: duplicates"] = len(examples) - len(keys)
        for other, other_keys in earlier:
            found[f"{name}: also in {other}"] = sum(example.key in other_keys for example in examples)
        earlier.append((name, keys))
    return {name: count for name, count in found.items() if count}


def duplicate_indices(examples: Sequence[Example], others: Sequence[Example]) -> frozenset[int]:
    """Indices of the examples that `others` contains too."""
    known = {other.key for other in others}
    return frozenset(index for index, example in enumerate(examples) if example.key in known)


def make_splits(raw: RawSplits[ExampleT], limit: int | None = None) -> Splits[ExampleT]:
    """Splits of at most `limit` examples each, with validation held out of train if the data set has none.

    A limit is for quick runs, which leave the unlabelled examples out.
    """
    if raw.validation is None:
        train, validation = hold_out(raw.train)
    else:
        train, validation = list(raw.train), list(raw.validation)
    train, validation = subsample(train, limit), subsample(validation, limit)
    test = LazySequence(lambda: subsample(raw.test, limit))
    parts = {"train": raw.train, "validation": raw.validation or [], "test": raw.test}
    return Splits(
        dataset=raw.dataset,
        source=raw.source,
        train=train,
        validation=validation,
        test=test,
        unlabelled=raw.unlabelled if limit is None else list,
        overlaps=lambda: overlaps(parts),
        duplicates_of_train=lambda: duplicate_indices(test, raw.train),
        held_out=raw.validation is None,
        validation_in_train=lambda: len(duplicate_indices(validation, train)),
        synthetic=raw.synthetic,
    )
