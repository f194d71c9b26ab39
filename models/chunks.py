"""Layers that split long sequences into chunks of a fixed length, and join what was computed from them.

A recurrent layer takes its steps one after another, whatever the batch size. Chunks shorten the sequence and enlarge
the batch (Johnson & Zhang 2016 divide documents in the same way), and they bound the distance over which gradients
flow. The borders lie at fixed positions of the text, so padding does not move them.
"""

from collections.abc import Sequence

import keras
from keras import KerasTensor, ops


@keras.saving.register_keras_serializable("unrolled")
class SplitIntoChunks(keras.layers.Layer):
    """(batch, time, ...) -> (batch x chunks, chunk length, ...).

    length: of a chunk; time is a multiple of it, or shorter and then a single chunk
    """

    def __init__(self, length: int, **options: object) -> None:
        super().__init__(**options)
        self.length = length
        self.supports_masking = True

    def call(self, sequence: KerasTensor) -> KerasTensor:
        length = ops.minimum(self.length, ops.shape(sequence)[1])
        return ops.reshape(sequence, (-1, length, *sequence.shape[2:]))

    def compute_output_shape(self, sequence_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (None, None, *sequence_shape[2:])

    def compute_mask(self, *_: object) -> None:
        return None

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable("unrolled")
class JoinChunks(keras.layers.Layer):
    """(batch x chunks, chunk length, features) -> (batch, time, features).

    Batch and time are those of the second input, mask (batch, time).
    """

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def call(self, chunks: KerasTensor, valid: KerasTensor) -> KerasTensor:
        batch, time = ops.shape(valid)
        return ops.reshape(chunks, (batch, time, chunks.shape[-1]))

    def compute_mask(self, *_: object) -> None:
        return None


@keras.saving.register_keras_serializable("unrolled")
class LastOfChunks(keras.layers.Layer):
    """Final output of each text: (batch x chunks, features), valid (batch, time) -> (batch, features).

    It is that of the last chunk with a valid step; of the first chunk where a text has no valid step.
    length: of a chunk
    """

    def __init__(self, length: int, **options: object) -> None:
        super().__init__(**options)
        self.length = length

    def call(self, last: KerasTensor, valid: KerasTensor) -> KerasTensor:
        batch = ops.shape(valid)[0]
        chunks = ops.reshape(last, (batch, -1, last.shape[-1]))
        steps = ops.sum(ops.cast(valid, "int32"), axis=1)
        index = ops.maximum((steps - 1) // self.length, 0)
        return ops.take_along_axis(chunks, index[:, None, None], axis=1)[:, 0]

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "length": self.length}
