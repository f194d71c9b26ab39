"""A trained model with a decoder, one step at a time: for beam search, and to show its attention."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from models.attention import Attention
from models.cells import step_cell
from models.decoder import LOWER, TARGET_EMBEDDING, UPPER, Memory
from models.pointer import Pointer


class IncrementalDecoder:
    """The decoder of a trained model, one step at a time and without dropout.

    encode: maps sources (rows, ...) to the memory, with the model's own layers

    A state is a list of tensors whose first axis is the row: `num_recurrent_states` states of both recurrent layers,
    then what is constant over the steps (memory, its keys, its mask and the source of a pointer; or without attention
    the memory's final state).
    """

    def __init__(self, model: keras.Model, encode: Callable[[tf.Tensor], Memory]) -> None:
        self.layers = {layer.name: layer for layer in model.layers}
        self.encode = encode
        self.lower, self.upper = self.layers[LOWER], self.layers[UPPER]
        self.attention: Attention | None = self.layers.get("attention")
        self.pointer: Pointer | None = self.layers.get("pointer")
        # Those of both recurrent layers.
        self.num_recurrent_states = 2 * len(tf.nest.flatten(self.lower.cell.state_size))

    def initial_state(self, source: tf.Tensor) -> list[tf.Tensor]:
        """State before the first step, for sources (rows, ...)."""
        memory = self.encode(source)
        recurrent = [
            self.layers[name](memory.last)
            for layer in (LOWER, UPPER)
            for name in sorted(name for name in self.layers if name.startswith(f"{layer}_state_"))
        ]
        if self.attention is None:
            return [*recurrent, memory.last]
        constant = [memory.sequence, self.attention.keys(memory.sequence), memory.mask]
        return [*recurrent, *constant, source] if self.pointer is not None else [*recurrent, *constant]

    def step(self, tokens: tf.Tensor, state: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Decode one step.

        tokens: ids of the last step, (rows,)

        Gives log-probabilities (rows, vocabulary) of the next token, the new state, and the attention weights (rows,
        time), of which there are none (rows, 0) without attention.
        """
        count, constant = self.num_recurrent_states // 2, state[self.num_recurrent_states :]
        embed = self.layers[TARGET_EMBEDDING]
        embedded = embed(tokens)
        query, lower = step_cell(self.lower, embedded, state[:count])
        if self.attention is None:
            context, weights = constant[0], tf.zeros((tf.shape(tokens)[0], 0))
        else:
            memory, keys, mask = constant[:3]
            weights = self.attention.compute_weights(query[:, None], keys, mask)[:, 0]
            context = tf.linalg.matvec(memory, weights, transpose_a=True)
        output, upper = step_cell(self.upper, tf.concat([query, context], -1), state[count : self.num_recurrent_states])
        features = tf.concat([output, context, embedded], -1)
        logits = embed(self.layers["output"](features), reverse=True)
        if self.pointer is not None:
            logits = self.pointer(logits[:, None], weights[:, None], constant[3], features[:, None])[:, 0]
        return tf.nn.log_softmax(logits), [*lower, *upper, *constant], weights


def attention_weights(decoder: IncrementalDecoder, source: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Attention weights (rows, steps, time) at each step of targets, ids (rows, steps); None without attention."""
    if decoder.attention is None:
        return None
    state, rows = decoder.initial_state(tf.constant(source)), []
    for tokens in target.T:
        _, state, weights = decoder.step(tf.constant(tokens), state)
        rows.append(weights.numpy())
    return np.stack(rows, axis=1)
