"""A trained model with a decoder, one step at a time: for beam search, and to see its attention."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from models.attention import Attention
from models.cells import step_cell
from models.decoder import LOWER, TARGET_EMBEDDING, UPPER, Memory
from models.pointer import Pointer


class IncrementalDecoder:
    """A trained model one step at a time, as `models/decoding.py` wants it; everything here is without dropout.

    read: from what is to be answered, (rows, ...), to the memory, with the model's own layers
    A state is a list of tensors whose first axis is the row: the recurrent states of both layers, then what stays the
    same from step to step (memory, its keys, its mask and what can be copied, or the memory's last state).
    """

    def __init__(self, model: keras.Model, read: Callable[[tf.Tensor], Memory]) -> None:
        self.layers = {layer.name: layer for layer in model.layers}
        self.read = read
        self.lower, self.upper = self.layers[LOWER], self.layers[UPPER]
        self.attention: Attention | None = self.layers.get("attention")
        self.pointer: Pointer | None = self.layers.get("pointer")
        # Those of both recurrent layers.
        self.num_recurrent_states = 2 * len(tf.nest.flatten(self.lower.cell.state_size))

    def start(self, source: tf.Tensor) -> list[tf.Tensor]:
        """The state before anything is said."""
        memory = self.read(source)
        first = [
            self.layers[name](memory.last)
            for layer in (LOWER, UPPER)
            for name in sorted(name for name in self.layers if name.startswith(f"{layer}_state_"))
        ]
        if self.attention is None:
            return [*first, memory.last]
        held = [memory.sequence, self.attention.keys(memory.sequence), memory.mask]
        return [*first, *held, source] if self.pointer is not None else [*first, *held]

    def step(self, said: tf.Tensor, state: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Log-probabilities (rows, vocabulary) of what comes after the ids `said` (rows,), the state after it, and what
        was attended to, (rows, time), nothing without attention."""
        count, held = self.num_recurrent_states // 2, state[self.num_recurrent_states :]
        embed = self.layers[TARGET_EMBEDDING]
        embedded = embed(said)
        query, lower = step_cell(self.lower, embedded, state[:count])
        if self.attention is None:
            context, weights = held[0], tf.zeros((tf.shape(said)[0], 0))
        else:
            memory, keys, mask = held[:3]
            weights = self.attention.weights_of(query[:, None], keys, mask)[:, 0]
            context = tf.linalg.matvec(memory, weights, transpose_a=True)
        output, upper = step_cell(self.upper, tf.concat([query, context], -1), state[count : self.num_recurrent_states])
        features = tf.concat([output, context, embedded], -1)
        logits = embed(self.layers["output"](features), reverse=True)
        if self.pointer is not None:
            logits = self.pointer(logits[:, None], weights[:, None], held[3], features[:, None])[:, 0]
        return tf.nn.log_softmax(logits), [*lower, *upper, *held], weights


def attention_weights(stepper: IncrementalDecoder, source: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """What was attended to before each step of the target was said, (rows, steps, time); None without attention."""
    if stepper.attention is None:
        return None
    state, found = stepper.start(tf.constant(source)), []
    for said in target.T:
        _, state, weights = stepper.step(tf.constant(said), state)
        found.append(weights.numpy())
    return np.stack(found, axis=1)
