"""Padded batches of encoded examples: bucketed by length, sized by tokens, reshuffled in every epoch."""

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
BATCHES_PER_EPOCH = 100
MAX_BATCH_TOKENS = 24_000
MIN_EXAMPLES = 16
MIN_STEPS = 900


class Batches:
    """The batches of one epoch over the examples; a batch holds examples of similar length.

    An example is padded to the upper bound of its bucket. A batch holds at most `batch_tokens` steps, or one longer
    example. Each epoch contains every example exactly once and has the same number of batches. Its order depends only
    on (seed, epoch), so that an epoch can be repeated. Without a seed, the order is always the same, by length.
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
        """(padded steps, indices of the examples) of each bucket."""
        members = np.searchsorted(self.bounds, self.encoded.lengths)
        return [(int(bound), np.flatnonzero(members == bucket)) for bucket, bound in enumerate(self.bounds)]

    def __len__(self) -> int:
        return sum(-(-len(indices) // self._batch_size(steps)) for steps, indices in self.buckets)

    @property
    def tokens(self) -> int:
        """Number of real (unpadded) steps in an epoch."""
        return int(self.encoded.lengths.sum())

    @property
    def padding(self) -> float:
        """Fraction of the steps of an epoch that is padding."""
        return 1 - self.tokens / max(1, sum(steps * len(indices) for steps, indices in self.buckets))

    def plan(self) -> list[tuple[int, np.ndarray]]:
        """(padded steps, indices of the examples) of each batch of the epoch `self.epoch`."""
        if self.seed is None:
            return [batch for steps, indices in self.buckets for batch in self._split(steps, indices)]
        rng = np.random.default_rng([self.seed, self.epoch])
        batches = [batch for steps, indices in self.buckets for batch in self._split(steps, rng.permutation(indices))]
        return [batches[index] for index in rng.permutation(len(batches))]

    def __iter__(self) -> Iterator[tuple[Arrays, np.ndarray | None]]:
        """Padded inputs by name and targets: (batch, steps, ...) for sequences, (batch, ...) for other columns."""
        for steps, indices in self.plan():
            yield self.encoded.collate(indices, steps)

    def dataset(self) -> "tf.data.Dataset":
        """The batches with their targets as a data set for Keras.

        Its cardinality is exact: with an unknown one, Keras adds an empty step to each epoch.
        """
        import tensorflow as tf

        if not len(self) or self.encoded.targets is None:
            raise ValueError("there are no examples with targets to make batches of")
        inputs = {name: _tensor_spec(column) for name, column in self.encoded.inputs.items()}
        signature = (inputs, _tensor_spec(self.encoded.targets))
        batches = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return batches.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)

    def _batch_size(self, steps: int) -> int:
        return max(1, self.batch_tokens // steps)

    def _split(self, steps: int, indices: np.ndarray) -> list[tuple[int, np.ndarray]]:
        size = self._batch_size(steps)
        return [(steps, indices[start : start + size]) for start in range(0, len(indices), size)]


def predict_in_batches(
    predict: Callable[[Arrays], Any],
    encoded: EncodedDataset,
    batch_tokens: int,
    buckets: int = BUCKETS,
) -> list[Any]:
    """The output of `predict` for each example, in the order of the examples.

    predict: maps padded inputs by name to an array whose first axis is the batch, or to a tuple of such arrays; the
        output of an example still contains the padding
    buckets: maximum number of lengths to which examples are padded
    """
    batches = Batches(encoded, batch_tokens, buckets=buckets)
    outputs: dict[int, Any] = {}
    with Progress("predicting", len(encoded), unit="examples") as progress:
        for (inputs, _), (_, indices) in zip(batches, batches.plan(), strict=True):
            output = predict(inputs)
            rows = zip(*output, strict=True) if isinstance(output, tuple) else output
            outputs.update(zip(indices.tolist(), rows, strict=True))
            progress.advance(len(indices))
    return [outputs[index] for index in range(len(encoded))]


def auto_batch_tokens(encoded: EncodedDataset) -> int:
    """Steps of a batch for about `BATCHES_PER_EPOCH` batches per epoch, at most `MAX_BATCH_TOKENS`.

    Small data sets need small batches to be learned in a few epochs. A batch holds at least `MIN_EXAMPLES` examples of
    mean length: with fewer, the gradient would be too noisy.
    """
    min_tokens = max(encoded.lengths.max(), MIN_EXAMPLES * encoded.lengths.mean())
    return int(min(max(min_tokens, encoded.lengths.sum() / BATCHES_PER_EPOCH), MAX_BATCH_TOKENS))


def auto_epochs(batches: int, min_epochs: int) -> int:
    """Number of epochs of `batches` steps: `min_epochs`, or more if needed to reach `MIN_STEPS` steps."""
    return max(min_epochs, -(-MIN_STEPS // batches))


def bucket_bounds(lengths: np.ndarray, buckets: int, multiple: int = 1) -> np.ndarray:
    """Upper bounds of at most `buckets` buckets with about the same number of steps each: long texts cost most.

    A bound above `multiple` is a multiple of it. Examples without steps are padded to one step: layers need an input.
    """
    lengths = np.maximum(lengths, 1)
    ordered = np.sort(round_up(lengths, multiple))
    steps = np.cumsum(ordered)
    if not len(ordered):
        return ordered
    ends = np.searchsorted(steps, steps[-1] * np.arange(1, buckets + 1) / buckets)
    return np.unique(ordered[np.minimum(ends, len(ordered) - 1)])


def _tensor_spec(column: Column) -> "tf.TensorSpec":
    import tensorflow as tf

    if isinstance(column, Ragged):
        return tf.TensorSpec((None, None, *column.values.shape[1:]), column.values.dtype)
    return tf.TensorSpec((None, *column.shape[1:]), column.dtype)
