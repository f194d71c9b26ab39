"""Holding out, cutting down and comparing the splits of a data set."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from data.readers.datasets import RawSplits
from schema.examples import LazySequence, Splits

ExampleT = TypeVar("ExampleT")
Key = Callable[[ExampleT], Hashable]

# Fixed, and not the run's seed: all runs on a data set are compared on the same validation examples.
HOLD_OUT_SEED = 20_11
VALIDATION_SHARE = 0.1


def hold_out(
    examples: Sequence[ExampleT], key: Key[ExampleT], share: float = VALIDATION_SHARE
) -> tuple[list[ExampleT], list[ExampleT]]:
    """Split examples into (train, validation), copies of one text always on the same side, order kept.

    Validation gets `share` of the distinct texts, at least one; a single distinct text stays in train.
    """
    distinct = list(dict.fromkeys(key(example) for example in examples))
    count = min(max(1, round(share * len(distinct))), len(distinct) - 1) if distinct else 0
    places = np.random.default_rng(HOLD_OUT_SEED).permutation(len(distinct))[:count]
    chosen = {distinct[place] for place in places}
    train = [example for example in examples if key(example) not in chosen]
    validation = [example for example in examples if key(example) in chosen]
    return train, validation


def subsample(examples: Sequence[ExampleT], limit: int | None) -> Sequence[ExampleT]:
    """At most `limit` examples, drawn at random with a fixed seed: a file's first lines may be all of one class."""
    if limit is None or len(examples) <= limit:
        return examples
    places = np.random.default_rng(HOLD_OUT_SEED).permutation(len(examples))[:limit]
    return [examples[place] for place in sorted(places)]


def overlaps(splits: Mapping[str, Sequence[ExampleT]], key: Key[ExampleT]) -> dict[str, int]:
    """Surplus copies within each split, and examples of a later split whose text also stands in an earlier one."""
    found = {}
    earlier: list[tuple[str, set[Hashable]]] = []
    for name, examples in splits.items():
        texts = {key(example) for example in examples}
        found[f"{name}: surplus copies"] = len(examples) - len(texts)
        for other, others in earlier:
            found[f"{name}: also in {other}"] = sum(key(example) in others for example in examples)
        earlier.append((name, texts))
    return {what: count for what, count in found.items() if count}


def duplicate_indices(examples: Sequence[ExampleT], others: Sequence[ExampleT], key: Key[ExampleT]) -> frozenset[int]:
    """Places in `examples` whose text also stands in `others`."""
    known = {key(other) for other in others}
    return frozenset(place for place, example in enumerate(examples) if key(example) in known)


def make_splits(official: RawSplits[ExampleT], key: Key[ExampleT], limit: int | None = None) -> Splits[ExampleT]:
    """Hold out validation where the data set has none, count what its splits share, cut to `limit` examples.

    A limit is for a quick look: what nobody labelled is then left out whole.
    """
    if official.validation is None:
        train, validation = hold_out(official.train, key)
    else:
        train, validation = list(official.train), list(official.validation)
    train, validation = subsample(train, limit), subsample(validation, limit)
    test = LazySequence(lambda: subsample(official.test, limit))
    parts = {"train": official.train, "validation": official.validation or [], "test": official.test}
    return Splits(
        dataset=official.dataset,
        source=official.source,
        train=train,
        validation=validation,
        test=test,
        unlabelled=official.unlabelled if limit is None else list,
        overlaps=lambda: overlaps(parts, key),
        seen_in_train=lambda: duplicate_indices(test, official.train, key),
        held_out=official.validation is None,
        validation_in_train=lambda: len(duplicate_indices(validation, train, key)),
        synthetic=official.synthetic,
    )
