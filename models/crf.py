"""A linear-chain conditional random field (Lafferty et al. 2001) on top of what a network says of each word.

    potentials = CRF(tags, allowed)(scores)         # (batch, time, tags, tags), what the model gives
    CRFLoss()(targets, potentials)                  # -log p(tags) in nats a word; targets are -1 at padding
    tags, shares = viterbi_decode(potentials, mask)         # the best sequence, and the probability of each tag

potentials[b, t, i, j] is the score of tag j at step t after tag i at step t - 1; at step 0 it is the same for every i.
A sequence has the sum of its potentials, and the probability exp(sum - log_partition). Steps where the mask (batch,
time) is False, at the end of a row, add nothing and change nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, ops

Step = tuple[KerasTensor, ...]
"""What is given at one step: the first axis is the batch."""

# Finite, so that no 0 x infinity or infinity - infinity becomes NaN.
_NEVER = -1e4


@keras.saving.register_keras_serializable("unrolled")
class CRF(keras.layers.Layer):
    """Scores of each tag at each step (batch, time, tags) -> potentials (batch, time, tags, tags).

    Learns what a tag adds after another, and as the first one. It knows no padding: what it gives there is left out by
    the loss and by `decode`.
    allowed: (tags + 1, tags), whether tag j may follow tag i, and in the last row whether it may be the first
    """

    def __init__(self, allowed: Sequence[Sequence[bool]], **options: Any) -> None:
        super().__init__(**options)
        self.allowed = [[bool(cell) for cell in row] for row in allowed]
        # The scores come with Keras's own mask; it ends here, since the loss makes one from the targets.
        self.supports_masking = True

    def build(self, scores_shape: Sequence[int]) -> None:
        tags = scores_shape[-1]
        self.steps = self.add_weight(shape=(tags + 1, tags), initializer="zeros", name="transitions")

    @property
    def transitions(self) -> KerasTensor:
        """What tag j adds after tag i, and in the last row as the first one: (tags + 1, tags)."""
        return ops.where(ops.convert_to_tensor(self.allowed), ops.convert_to_tensor(self.steps), _NEVER)

    def call(self, scores: KerasTensor) -> KerasTensor:
        transitions = self.transitions
        first = ops.equal(ops.arange(ops.shape(scores)[1]), 0)[:, None, None]
        return scores[:, :, None, :] + ops.where(first, transitions[-1], transitions[:-1])

    def compute_mask(self, *_: Any) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "allowed": self.allowed}


@keras.saving.register_keras_serializable("unrolled")
class CRFLoss(keras.losses.Loss):
    """Negative log-likelihood of tag sequences, divided by the number of their words.

    targets: int (batch, time), -1 at padding; sample weights: (batch,) or (batch, 1), one a sentence
    """

    def __call__(
        self, y_true: KerasTensor, y_pred: KerasTensor, sample_weight: KerasTensor | None = None
    ) -> KerasTensor:
        targets = ops.cast(y_true, "int32")
        mask = targets >= 0
        weights = ops.ones_like(y_pred[:, 0, 0, 0])
        if sample_weight is not None:
            weights = ops.reshape(ops.cast(sample_weight, y_pred.dtype), (-1,))
        surprise = log_partition(y_pred, mask) - sequence_score(y_pred, targets)
        words = ops.sum(ops.cast(mask, y_pred.dtype), axis=1)
        return ops.sum(weights * surprise) / ops.maximum(ops.sum(weights * words), 1e-7)


def sequence_score(potentials: KerasTensor, tags: KerasTensor) -> KerasTensor:
    """Sum of the potentials along each sequence: tags int (batch, time), -1 at padding -> (batch,)."""
    valid = ops.cast(tags >= 0, potentials.dtype)
    tags = ops.maximum(tags, 0)
    before = ops.pad(tags[:, :-1], [[0, 0], [1, 0]])
    count = ops.shape(potentials)[-1]
    flat = ops.reshape(potentials, (*ops.shape(potentials)[:2], count * count))
    return ops.sum(ops.take_along_axis(flat, (before * count + tags)[..., None], axis=-1)[..., 0] * valid, axis=1)


def log_partition(potentials: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """Logarithm of the sum of exp(score) over all sequences, by the forward algorithm: (batch,)."""
    return ops.logsumexp(_forward(potentials, mask, ops.logsumexp)[-1], axis=-1)


def best_sequence(potentials: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """The sequence with the highest score (Viterbi 1967): int (batch, time); what stands at padding means nothing."""
    scores = _forward(potentials, mask, ops.max)
    last = ops.argmax(scores[-1], axis=-1)
    before = ops.concatenate([_start(potentials)[None], scores[:-1]], axis=0)

    def back(tag: KerasTensor, step: Step) -> KerasTensor:
        potential, valid, score = step
        came = ops.take_along_axis(potential, tag[:, None, None], axis=2)[..., 0]
        return ops.where(valid, ops.argmax(score + came, axis=-1), tag)

    tags = _scan(back, last, (*_time_first(potentials, mask), before), reverse=True)
    return ops.transpose(ops.concatenate([tags[1:], last[None]], axis=0))


def marginals(potentials: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """Probability of each tag at each step, by the forward-backward algorithm: (batch, time, tags)."""
    forward = _forward(potentials, mask, ops.logsumexp)

    def back(after: KerasTensor, step: Step) -> KerasTensor:
        potential, valid = step
        return ops.where(valid[:, None], ops.logsumexp(potential + after[:, None, :], axis=2), after)

    end = ops.zeros_like(forward[0])
    backward = _scan(back, end, _time_first(potentials, mask), reverse=True)
    backward = ops.concatenate([backward[1:], end[None]], axis=0)
    return ops.softmax(ops.transpose(forward + backward, (1, 0, 2)), axis=-1)


@tf.function(
    input_signature=[tf.TensorSpec((None, None, None, None), tf.float32), tf.TensorSpec((None, None), tf.bool)]
)
def viterbi_decode(potentials: KerasTensor, mask: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    """Best tags, int (batch, time), and the probability of every tag, (batch, time, tags)."""
    return best_sequence(potentials, mask), marginals(potentials, mask)


def _forward(potentials: KerasTensor, mask: KerasTensor, total: Callable[..., KerasTensor]) -> KerasTensor:
    """After each step, for each tag, the total over all sequences that end in it: (time, batch, tags)."""

    def forward(before: KerasTensor, step: Step) -> KerasTensor:
        potential, valid = step
        return ops.where(valid[:, None], total(before[:, :, None] + potential, axis=1), before)

    return _scan(forward, _start(potentials), _time_first(potentials, mask))


def _start(potentials: KerasTensor) -> KerasTensor:
    """Before step 0 there is one sequence, the empty one; any tag may stand for its end: (batch, tags)."""
    tags = ops.arange(ops.shape(potentials)[-1])
    return ops.zeros_like(potentials[:, 0, 0, :]) + ops.where(ops.equal(tags, 0), 0.0, _NEVER)


def _time_first(potentials: KerasTensor, mask: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    return ops.transpose(potentials, (1, 0, 2, 3)), ops.transpose(mask)


def _scan(
    step: Callable[[KerasTensor, Step], KerasTensor], start: KerasTensor, given: Step, reverse: bool = False
) -> KerasTensor:
    """What `step` makes of what it made last and of what is given at each step, (time, ...)."""
    # TensorFlow's own: that of Keras 3.15 wants to know the number of steps before it sees any.
    return tf.scan(step, given, start, reverse=reverse)
