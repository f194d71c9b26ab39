"""From encoded examples to padded batches: bucketed by length, sized by tokens, in a new order every epoch."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from console.progress import Progress
from schema.encoded import Column, EncodedDataset, Ragged, round_up

if TYPE_CHECKING:
    import tensorflow as tf

Arrays = Mapping[str, np.ndarray]

BUCKETS = 16
BATCHES_AN_EPOCH = 100
MAX_BATCH_TOKENS = 24_000
MIN_EXAMPLES = 16
MIN_STEPS = 900


class Batches:
    """The batches of one pass over the examples; a batch holds examples of similar length.

    An example is padded to the upper bound of its bucket, a batch holds at most `batch_tokens` steps (or one example
    that is longer). Every pass has each example exactly once and the same number of batches; its order follows from
    (seed, epoch) alone, so that a pass can be repeated. Without a seed the order is by length, always the same.
    """

    def __init__(
        self, encoded: EncodedDataset, batch_tokens: int, seed: int | None = None, buckets: int = BUCKETS
    ) -> None:
        self.encoded = encoded
        self.batch_tokens = batch_tokens
        self.seed = seed
        self.epoch = 0
        self.bounds = bucket_bounds(encoded.lengths, buckets, encoded.pad_to_multiple_of)

    @cached_property
    def buckets(self) -> list[tuple[int, np.ndarray]]:
        """(padded steps, places of the examples) of each bucket."""
        members = np.searchsorted(self.bounds, self.encoded.lengths)
        return [(int(bound), np.flatnonzero(members == place)) for place, bound in enumerate(self.bounds)]

    def __len__(self) -> int:
        return sum(-(-len(places) // self._size(steps)) for steps, places in self.buckets)

    @property
    def tokens(self) -> int:
        """Real (unpadded) steps of one pass."""
        return int(self.encoded.lengths.sum())

    @property
    def padding(self) -> float:
        """Rate of the steps of one pass that is padding."""
        return 1 - self.tokens / max(1, sum(steps * len(places) for steps, places in self.buckets))

    def plan(self) -> list[tuple[int, np.ndarray]]:
        """(padded steps, places of the examples) of each batch of the pass `epoch`."""
        if self.seed is None:
            return [batch for steps, places in self.buckets for batch in self._cut(steps, places)]
        random = np.random.default_rng([self.seed, self.epoch])
        batches = [batch for steps, places in self.buckets for batch in self._cut(steps, random.permutation(places))]
        return [batches[place] for place in random.permutation(len(batches))]

    def __iter__(self) -> Iterator[tuple[Arrays, np.ndarray | None]]:
        """Inputs by name and targets, padded: (batch, steps, ...) for sequences, (batch, ...) for the rest."""
        for steps, places in self.plan():
            yield self.encoded.collate(places, steps)

    def dataset(self) -> "tf.data.Dataset":
        """The passes as Keras reads them, with exact cardinality: an unknown one costs a phantom step an epoch."""
        import tensorflow as tf

        if not len(self):
            raise ValueError("there are no examples to make batches of")
        signature = (
            {name: _spec(column) for name, column in self.encoded.inputs.items()},
            _spec(self.encoded.targets),
        )
        passes = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return passes.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)

    def _size(self, steps: int) -> int:
        return max(1, self.batch_tokens // steps)

    def _cut(self, steps: int, places: np.ndarray) -> list[tuple[int, np.ndarray]]:
        size = self._size(steps)
        return [(steps, places[start : start + size]) for start in range(0, len(places), size)]


def predict_in_batches(
    answer: Callable[[Arrays], Any],
    encoded: EncodedDataset,
    batch_tokens: int,
    what: str = "answering",
    buckets: int = BUCKETS,
) -> list[Any]:
    """What `answer` gives for each example, in the order of the examples.

    answer: from padded inputs by name to an array whose first axis is the batch, or a tuple of such arrays; an
        example's part of what it gives still holds the padding
    buckets: lengths, at most, to which examples are padded
    """
    batches = Batches(encoded, batch_tokens, buckets=buckets)
    outputs: dict[int, Any] = {}
    with Progress(what, len(encoded), unit="examples") as progress:
        for (inputs, _), (_, places) in zip(batches, batches.plan(), strict=True):
            given = answer(inputs)
            rows = zip(*given, strict=True) if isinstance(given, tuple) else given
            outputs.update(zip(places.tolist(), rows, strict=True))
            progress.advance(len(places))
    return [outputs[place] for place in range(len(encoded))]


def auto_batch_tokens(encoded: EncodedDataset) -> int:
    """Steps of a batch such that an epoch has about `BATCHES_AN_EPOCH` batches, and at most `MAX_BATCH_TOKENS`: the
    smaller a data set, the smaller the batches have to be for it to be learnt in a few epochs. Fewer than
    `MIN_EXAMPLES` of mean length would make the gradient too noisy."""
    least = max(encoded.lengths.max(), MIN_EXAMPLES * encoded.lengths.mean())
    return int(min(max(least, encoded.lengths.sum() / BATCHES_AN_EPOCH), MAX_BATCH_TOKENS))


def auto_epochs(batches: int, least: int) -> int:
    """Epochs of `batches` steps each: `least`, or as many more as make `MIN_STEPS`."""
    return max(least, -(-MIN_STEPS // batches))


def bucket_bounds(lengths: np.ndarray, buckets: int, multiple: int = 1) -> np.ndarray:
    """Upper bounds of at most `buckets` buckets, each with about the same number of steps: long texts cost most.

    A bound above `multiple` is a multiple of it. What has no steps is padded to one: a layer wants something to read.
    """
    lengths = np.maximum(lengths, 1)
    ordered = np.sort(round_up(lengths, multiple))
    steps = np.cumsum(ordered)
    if not len(ordered):
        return ordered
    ends = np.searchsorted(steps, steps[-1] * np.arange(1, buckets + 1) / buckets)
    return np.unique(ordered[np.minimum(ends, len(ordered) - 1)])


def _spec(column: Column) -> "tf.TensorSpec":
    import tensorflow as tf

    if isinstance(column, Ragged):
        return tf.TensorSpec((None, None, *column.values.shape[1:]), column.values.dtype)
    return tf.TensorSpec((None, *column.shape[1:]), column.dtype)
