"""Splits of a data set: hold out validation, limit their size, and count the examples that they share."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence, Set
from typing import TypeVar

import numpy as np

from console.messages import warn_once
from data.readers.datasets import RawSplits
from schema.examples import Example, ExampleT, LazySequence, Splits

Row = TypeVar("Row")

# Not the seed of the run: all runs on a data set are compared on the same validation examples.
HOLD_OUT_SEED = 20_11
VALIDATION_FRACTION = 0.1
MAX_NAMES = 5
"""Maximum number of classes that a note names."""


def hold_out(examples: Sequence[ExampleT]) -> tuple[list[ExampleT], list[ExampleT]]:
    """Split examples into (train, validation), each in the original order. Duplicates stay on the same side.

    Validation gets the fraction `VALIDATION_FRACTION` of the distinct examples, at least one. A single distinct example
    stays in train, and so does one of each class, where train would otherwise lack the class.
    """
    distinct = list(dict.fromkeys(example.key for example in examples))
    count = min(max(1, round(VALIDATION_FRACTION * len(distinct))), len(distinct) - 1) if distinct else 0
    indices = np.random.default_rng(HOLD_OUT_SEED).permutation(len(distinct))[:count]
    chosen = {distinct[index] for index in indices}
    chosen -= _keys_to_keep(examples, chosen)
    train = [example for example in examples if example.key not in chosen]
    validation = [example for example in examples if example.key in chosen]
    return train, validation


def _keys_to_keep(examples: Sequence[Example], chosen: Set[Hashable]) -> set[Hashable]:
    """Keys among `chosen` without which train would lack a class: those of its first example."""
    in_train = {name for example in examples if example.key not in chosen for name in example.classes}
    kept = set()
    for example in examples:
        if example.key in chosen and not in_train.issuperset(example.classes):
            kept.add(example.key)
            in_train.update(example.classes)
    return kept


def _note_single_examples(train: Sequence[Example], validation: Sequence[Example]) -> None:
    """Say which classes validation lacks because they have a single example."""
    keys: defaultdict[str, set[Hashable]] = defaultdict(set)
    for example in (*train, *validation):
        for name in example.classes:
            keys[name].add(example.key)
    single = sorted(name for name, found in keys.items() if len(found) == 1)
    if single and validation:
        names = ", ".join(single[:MAX_NAMES]) + (", ..." if len(single) > MAX_NAMES else "")
        warn_once(f"validation cannot have these classes, whose only example stays in train: {names}")


def subsample(rows: Sequence[Row], limit: int | None) -> Sequence[Row]:
    """Draw at most `limit` rows with a fixed seed, in their original order.

    At random, since the first lines of a file often have the same class.
    """
    if limit is None or len(rows) <= limit:
        return rows
    indices = np.random.default_rng(HOLD_OUT_SEED).permutation(len(rows))[:limit]
    return [rows[index] for index in sorted(indices)]


def overlaps(splits: Mapping[str, Sequence[Example]]) -> dict[str, int]:
    """Count the duplicates within each split and the examples that also occur in an earlier split."""
    counts = {}
    earlier: list[tuple[str, set[Hashable]]] = []
    for name, examples in splits.items():
        keys = {example.key for example in examples}
        counts[f"{name}: duplicates"] = len(examples) - len(keys)
        for other, other_keys in earlier:
            counts[f"{name}: also in {other}"] = sum(example.key in other_keys for example in examples)
        earlier.append((name, keys))
    return {name: count for name, count in counts.items() if count}


def duplicate_indices(examples: Sequence[Example], others: Sequence[Example]) -> frozenset[int]:
    """Indices of the examples that also occur in `others`."""
    known = {other.key for other in others}
    return frozenset(index for index, example in enumerate(examples) if example.key in known)


def make_splits(raw: RawSplits[ExampleT], limit: int | None = None) -> Splits[ExampleT]:
    """Prepare a data set for training: hold out validation from train if there is none, and limit the size.

    limit: maximum number of examples in each split; unlabelled examples are then left out
    """
    if raw.validation is None:
        held_out = hold_out(raw.train)
        _note_single_examples(*held_out)
    else:
        held_out = list(raw.train), list(raw.validation)
    train, validation = (subsample(part, limit) for part in held_out)
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
