"""A linear-chain conditional random field (Lafferty et al. 2001) over the tag scores of a network.

    potentials = CRF(allowed)(scores)                           # (batch, time, tags, tags), the model's output
    CRFLoss()(targets, potentials)                              # -log p(tags) in nats per word; IGNORE_INDEX at padding
    tags, probabilities = viterbi_decode(potentials, mask)      # best sequence, and the probability of each tag

potentials[b, t, i, j] is the score of tag j at step t after tag i at step t - 1; at step 0 it is the same for every i.
The score of a sequence is the sum of its potentials, and its probability exp(score - log_partition). Steps where the
mask (batch, time) is False, at the end of a row, add nothing and change nothing.
"""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf
from keras import KerasTensor, ops

from schema.encoded import IGNORE_INDEX

Step = tuple[KerasTensor, ...]
"""Tensors of one step: the first axis is the batch."""

# Finite, so that neither 0 x infinity nor infinity - infinity becomes NaN.
_FORBIDDEN = -1e4


@keras.saving.register_keras_serializable("unrolled")
class CRF(keras.layers.Layer):
    """Potentials of tag sequences: scores (batch, time, tags) -> potentials (batch, time, tags, tags).

    Trains the score of each transition between tags, and of each first tag. The layer ignores padding: the loss and
    `viterbi_decode` leave out its potentials there.

    allowed: (tags + 1, tags), whether tag j may follow tag i, and in the last row whether it may be the first
    """

    def __init__(self, allowed: Sequence[Sequence[bool]], **options: object) -> None:
        super().__init__(**options)
        self.allowed = [[bool(cell) for cell in row] for row in allowed]
        # Keras's automatic mask of the scores ends here, since the loss makes one from the targets.
        self.supports_masking = True

    def build(self, scores_shape: Sequence[int]) -> None:
        tags = scores_shape[-1]
        self.transition_scores = self.add_weight(shape=(tags + 1, tags), initializer="zeros", name="transitions")

    @property
    def transitions(self) -> KerasTensor:
        """Score of tag j after tag i, and in the last row as the first tag: (tags + 1, tags)."""
        return ops.where(ops.convert_to_tensor(self.allowed), ops.convert_to_tensor(self.transition_scores), _FORBIDDEN)

    def call(self, scores: KerasTensor) -> KerasTensor:
        transitions = self.transitions
        first = ops.equal(ops.arange(ops.shape(scores)[1]), 0)[:, None, None]
        return scores[:, :, None, :] + ops.where(first, transitions[-1], transitions[:-1])

    def compute_mask(self, *_: object) -> None:
        return None

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "allowed": self.allowed}


@keras.saving.register_keras_serializable("unrolled")
class CRFLoss(keras.losses.Loss):
    """Negative log-likelihood of tag sequences, divided by the number of their words.

    targets: int (batch, time), IGNORE_INDEX at padding; sample weights: (batch,) or (batch, 1), one for each sentence
    """

    def __call__(
        self, y_true: KerasTensor, y_pred: KerasTensor, sample_weight: KerasTensor | None = None
    ) -> KerasTensor:
        targets = ops.cast(y_true, "int32")
        mask = ops.not_equal(targets, IGNORE_INDEX)
        weights = ops.ones_like(y_pred[:, 0, 0, 0])
        if sample_weight is not None:
            weights = ops.reshape(ops.cast(sample_weight, y_pred.dtype), (-1,))
        negative_log_likelihood = log_partition(y_pred, mask) - sequence_score(y_pred, targets)
        words = ops.sum(ops.cast(mask, y_pred.dtype), axis=1)
        return ops.sum(weights * negative_log_likelihood) / ops.maximum(ops.sum(weights * words), 1e-7)


def sequence_score(potentials: KerasTensor, tags: KerasTensor) -> KerasTensor:
    """Sum of the potentials along each sequence: tags int (batch, time), IGNORE_INDEX at padding -> (batch,)."""
    valid = ops.cast(ops.not_equal(tags, IGNORE_INDEX), potentials.dtype)
    tags = ops.maximum(tags, 0)
    before = ops.pad(tags[:, :-1], [[0, 0], [1, 0]])
    count = ops.shape(potentials)[-1]
    flat = ops.reshape(potentials, (*ops.shape(potentials)[:2], count * count))
    return ops.sum(ops.take_along_axis(flat, (before * count + tags)[..., None], axis=-1)[..., 0] * valid, axis=1)


def log_partition(potentials: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """Logarithm of the sum of exp(score) over all sequences, by the forward algorithm: (batch,)."""
    return ops.logsumexp(_forward(potentials, mask, ops.logsumexp)[-1], axis=-1)


def best_sequence(potentials: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """Sequence with the highest score (Viterbi 1967): int (batch, time); arbitrary at padding."""
    scores = _forward(potentials, mask, ops.max)
    last = ops.argmax(scores[-1], axis=-1)
    before = ops.concatenate([_start(potentials)[None], scores[:-1]], axis=0)

    def backtrack(tag: KerasTensor, step: Step) -> KerasTensor:
        potential, valid, score = step
        into_tag = ops.take_along_axis(potential, tag[:, None, None], axis=2)[..., 0]
        return ops.where(valid, ops.argmax(score + into_tag, axis=-1), tag)

    tags = _scan(backtrack, last, (*_time_first(potentials, mask), before), reverse=True)
    return ops.transpose(ops.concatenate([tags[1:], last[None]], axis=0))


def marginals(potentials: KerasTensor, mask: KerasTensor) -> KerasTensor:
    """Probability of each tag at each step, by the forward-backward algorithm: (batch, time, tags)."""
    forward = _forward(potentials, mask, ops.logsumexp)

    def step_back(after: KerasTensor, step: Step) -> KerasTensor:
        potential, valid = step
        return ops.where(valid[:, None], ops.logsumexp(potential + after[:, None, :], axis=2), after)

    end = ops.zeros_like(forward[0])
    backward = _scan(step_back, end, _time_first(potentials, mask), reverse=True)
    backward = ops.concatenate([backward[1:], end[None]], axis=0)
    return ops.softmax(ops.transpose(forward + backward, (1, 0, 2)), axis=-1)


@tf.function(
    input_signature=[tf.TensorSpec((None, None, None, None), tf.float32), tf.TensorSpec((None, None), tf.bool)]
)
def viterbi_decode(potentials: KerasTensor, mask: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    """Best tags, int (batch, time), and the probability of every tag, (batch, time, tags)."""
    return best_sequence(potentials, mask), marginals(potentials, mask)


def _forward(potentials: KerasTensor, mask: KerasTensor, reduce: Callable[..., KerasTensor]) -> KerasTensor:
    """Reduce the scores of all sequences that end in each tag, after each step: (time, batch, tags)."""

    def forward(before: KerasTensor, step: Step) -> KerasTensor:
        potential, valid = step
        return ops.where(valid[:, None], reduce(before[:, :, None] + potential, axis=1), before)

    return _scan(forward, _start(potentials), _time_first(potentials, mask))


def _start(potentials: KerasTensor) -> KerasTensor:
    """Scores before step 0, (batch, tags): only the empty sequence exists, and any one tag may represent its end."""
    tags = ops.arange(ops.shape(potentials)[-1])
    return ops.zeros_like(potentials[:, 0, 0, :]) + ops.where(ops.equal(tags, 0), 0.0, _FORBIDDEN)


def _time_first(potentials: KerasTensor, mask: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    return ops.transpose(potentials, (1, 0, 2, 3)), ops.transpose(mask)


def _scan(
    function: Callable[[KerasTensor, Step], KerasTensor], initial: KerasTensor, steps: Step, reverse: bool = False
) -> KerasTensor:
    """Apply `function` to its last result and each step of `steps`, tensors (time, ...); gives all results."""
    # TensorFlow's own scan: that of Keras 3.15 needs the number of steps when it is traced.
    return tf.scan(function, steps, initial, reverse=reverse)
