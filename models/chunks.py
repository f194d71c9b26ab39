"""Reading a long sequence in windows of a fixed size, side by side instead of one after another.

A recurrent layer takes its steps in turn, whatever the width of the batch; windows make the sequence shorter and the
batch wider (Johnson & Zhang 2016 chop documents likewise), and bound how far a gradient has to travel. Borders lie at
fixed places of the text, so that padding moves none of them.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import KerasTensor, ops


@keras.saving.register_keras_serializable("unrolled")
class SplitIntoChunks(keras.layers.Layer):
    """(batch, time, ...) -> (batch x windows, size, ...); time is a multiple of size, or shorter and one window."""

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size
        self.supports_masking = True

    def call(self, sequence: KerasTensor) -> KerasTensor:
        size = ops.minimum(self.size, ops.shape(sequence)[1])
        return ops.reshape(sequence, (-1, size, *sequence.shape[2:]))

    def compute_output_shape(self, sequence_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (None, None, *sequence_shape[2:])

    def compute_mask(self, *_: Any) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("unrolled")
class JoinChunks(keras.layers.Layer):
    """(batch x windows, size, features) -> (batch, time, features), with the batch and time of like (batch, time)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def call(self, windows: KerasTensor, like: KerasTensor) -> KerasTensor:
        batch, time = ops.shape(like)
        return ops.reshape(windows, (batch, time, windows.shape[-1]))

    def compute_mask(self, *_: Any) -> None:
        return None


@keras.saving.register_keras_serializable("unrolled")
class LastOfChunks(keras.layers.Layer):
    """(batch x windows, features) -> (batch, features): the states of each text's last window with a valid step."""

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, last: KerasTensor, valid: KerasTensor) -> KerasTensor:
        batch = ops.shape(valid)[0]
        windows = ops.reshape(last, (batch, -1, last.shape[-1]))
        steps = ops.sum(ops.cast(valid, "int32"), axis=1)
        place = ops.maximum((steps - 1) // self.size, 0)
        return ops.take_along_axis(windows, place[:, None, None], axis=1)[:, 0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}
