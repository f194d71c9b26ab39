"""Measurements on a model by which `sanity_checks` and the tests of all tasks decide."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from schema.encoded import Column, EncodedDataset, Ragged, round_up
from schema.examples import ExampleT
from tasks.task import AnyTask, Encoder, FittedEncoder

OVERFIT_STEPS = 300
OVERFIT_RATIO = 0.1
"""Fraction of its initial value below which the loss must fall on one batch."""

ModelFn = Callable[[Mapping[str, np.ndarray]], tf.Tensor]
"""A model as a function from inputs by name to outputs."""


def make_batch(
    encoded: EncodedDataset, indices: Sequence[int], extra_padding: int = 0
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs and targets of the examples at `indices`, with as little padding as possible.

    extra_padding: additional padding, in units of `encoded.pad_to_multiple_of`
    Raises ValueError without targets.
    """
    if encoded.targets is None:
        raise ValueError("the examples have no targets")
    rows = np.array(indices)
    multiple = encoded.pad_to_multiple_of
    steps = int(round_up(encoded.lengths[rows].max() + extra_padding * multiple, multiple))
    inputs = {name: _collate(column, rows, steps) for name, column in encoded.inputs.items()}
    return inputs, _collate(encoded.targets, rows, steps)


def compile_model(model: keras.Model) -> ModelFn:
    """Trace a model once for all shapes: executed eagerly, long sequences take many times as long."""
    return tf.function(lambda inputs: model(inputs), reduce_retracing=True)


def padding_effect(model_fn: ModelFn, encoded: EncodedDataset) -> float:
    """Largest change of an output under additional padding, over examples of several lengths."""
    return max(
        np.abs(_output(model_fn, encoded, index, extra_padding=3) - _output(model_fn, encoded, index)).max()
        for index in _indices_of_all_lengths(encoded)
    )


def neighbor_effect(model_fn: ModelFn, encoded: EncodedDataset) -> float:
    """Largest difference of an output between a batch of one example and a batch of several lengths."""
    indices = _indices_of_all_lengths(encoded)
    outputs = np.array(model_fn(make_batch(encoded, indices)[0]))
    return max(
        np.abs(_without_padding(output, encoded, index) - _output(model_fn, encoded, index)).max()
        for output, index in zip(outputs, indices, strict=True)
    )


def weight_effect(model_fn: ModelFn, loss: keras.losses.Loss, encoded: EncodedDataset) -> float:
    """Difference between the loss of a batch whose second half has weight 0, and the loss of its first half."""
    inputs, targets = make_batch(encoded, range(min(40, len(encoded))))
    outputs, half = np.array(model_fn(inputs)), len(targets) // 2
    weights = (np.arange(len(targets)) < half).astype(np.float32).reshape(-1, *[1] * (targets.ndim - 1))
    return abs(float(loss(targets, outputs, weights)) - float(loss(targets[:half], outputs[:half])))


def batching_effect(
    task: AnyTask, model: keras.Model, fitted: FittedEncoder[Encoder[ExampleT]], examples: Sequence[ExampleT]
) -> float:
    """Largest difference of a score between predictions one by one and in one batch."""

    def predict(some: Sequence[ExampleT]) -> list[object]:
        return task.predict(model, fitted.encoder, fitted.encoder.encode(some), task.predict_config_class())

    together = task.scores(examples, predict(examples), fitted.seen).values
    single = task.scores(examples, [predict([example])[0] for example in examples], fitted.seen).values
    return max(abs(together[name] - single[name]) for name in together)


def weights_without_gradient(model: keras.Model, loss: keras.losses.Loss, encoded: EncodedDataset) -> list[str]:
    """Paths of the trainable weights whose gradient is missing, zero or not finite.

    If every example has a single step, recurrent kernels are left out: the initial state is zero, and with it their
    gradient.
    """
    inputs, targets = make_batch(encoded, range(min(40, len(encoded))))
    with tf.GradientTape() as tape:
        value = loss(targets, model(inputs, training=True))
    single_step = encoded.lengths.max() == 1
    variables = [
        variable
        for variable in model.trainable_variables
        if not (single_step and variable.path.endswith("/recurrent_kernel"))
    ]
    gradients = tape.gradient(value, [variable.value for variable in variables])
    return [
        variable.path
        for variable, gradient in zip(variables, gradients, strict=True)
        if gradient is None or not _is_effective(np.array(tf.convert_to_tensor(gradient)))
    ]


def overfit_one_batch(model: keras.Model, loss: keras.losses.Loss, encoded: EncodedDataset) -> float:
    """Train on the eight shortest examples, and return the lowest loss relative to the initial one.

    Training ends after `OVERFIT_STEPS` steps, or as soon as the ratio is below `OVERFIT_RATIO`.
    """
    inputs, targets = make_batch(encoded, np.argsort(encoded.lengths, kind="stable")[:8].tolist())
    model.compile(keras.optimizers.Adam(0.02, global_clipnorm=1.0), loss)
    initial = float(model.train_on_batch(inputs, targets))
    ratio = 1.0
    for _ in range(OVERFIT_STEPS):
        ratio = min(ratio, float(model.train_on_batch(inputs, targets)) / initial)
        if ratio < OVERFIT_RATIO:
            break
    return ratio


def _indices_of_all_lengths(encoded: EncodedDataset) -> list[int]:
    return np.argsort(encoded.lengths, kind="stable")[:: max(1, len(encoded) // 6)].tolist()


def _output(model_fn: ModelFn, encoded: EncodedDataset, index: int, extra_padding: int = 0) -> np.ndarray:
    """Output of a batch of one example."""
    outputs = np.array(model_fn(make_batch(encoded, [index], extra_padding)[0]))
    return _without_padding(outputs[0], encoded, index)


def _without_padding(output: np.ndarray, encoded: EncodedDataset, index: int) -> np.ndarray:
    """Output of one example, without padding if it has an output for each step."""
    targets = encoded.targets
    steps = targets.lengths[index] if isinstance(targets, Ragged) else encoded.lengths[index]
    return output[: int(steps)] if output.ndim > 1 else output


def _collate(column: Column, rows: np.ndarray, steps: int) -> np.ndarray:
    return column.collate(rows, steps) if isinstance(column, Ragged) else column[rows]


def _is_effective(gradient: np.ndarray) -> bool:
    return bool(np.isfinite(gradient).all() and gradient.any())
