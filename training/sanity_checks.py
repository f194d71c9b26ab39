"""Whether a task, its data and its model keep the promises that scores rest on: a line each, in under a minute.

What goes wrong here goes wrong silently elsewhere: a text padded further gets another answer, a weight never moves,
a copy of a validation text stands in train.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from console.quiet import start_tensorflow
from schema.configs import TrainingConfig
from schema.encoded import Column, EncodedDataset, Ragged, round_up
from schema.examples import Splits
from tasks.task import Encoder, Task

if TYPE_CHECKING:
    import keras

EXAMPLES = 300
"""Training examples that are looked at; the splits are compared whole."""
SAME = 1e-4
"""Outputs that differ by less are the same: sums in another order."""
STEPS_BY_HEART = 300
LOSS_BY_HEART = 0.1
DROPOUT_FLAGS = (
    "dropout",
    "word_dropout",
    "rare_word_dropout",
    "orthographic_dropout",
    "embedding_dropout",
    "memory_dropout",
)
"""Flags that make training differ from run to run."""
_SMALL = {"units": 16, "layers": 1, "label_smoothing": 0.0, **dict.fromkeys(DROPOUT_FLAGS, 0.0)}
_KNOWS_NOTHING = {"word_vectors": False, "freeze_embeddings": False, "unlabelled": False, "test": False}


@dataclass(frozen=True)
class CheckResult:
    """What one check found; `advice` says what to do about a FAIL."""

    verdict: Literal["PASS", "FAIL", "NOTE"]
    what: str
    advice: str = ""


def check(task: Task[Any, Any], config: TrainingConfig) -> Iterator[CheckResult]:
    """All checks, one after another; a small model on some of the examples."""
    splits = task.splits(config)
    yield from check_splits(splits)
    config = with_flags(config, {**_SMALL, **_KNOWS_NOTHING})
    some = replace(splits, train=splits.train[:: max(1, len(splits.train) // EXAMPLES)], unlabelled=list)
    start_tensorflow()
    import keras

    fitted = task.fit_encoder(some, config)
    encoded, loss = fitted.encoded, task.loss(config)
    yield _finding(bool((encoded.lengths > 0).all()), "no example is empty", "leave empty texts out of the data")
    keras.utils.set_random_seed(config.seed)
    model = task.build_model(fitted, config)
    said = compiled(model)
    yield _finding(
        padding_effect(said, encoded) < SAME,
        "a prediction does not depend on padding",
        "hand the mask of the ids to every layer that reads over time",
    )
    yield _finding(
        neighbour_effect(said, encoded) < SAME,
        "a prediction does not depend on its neighbours in the batch",
        "look for a layer that mixes the rows of a batch, such as batch normalisation",
    )
    yield _finding(
        weight_effect(said, loss, encoded) < SAME,
        "what has no weight does not count in the loss",
        "let the loss divide by the sum of the weights",
    )
    examples = some.train[:8]
    yield _finding(
        batching_effect(task, model, fitted.encoder, examples) < SAME,
        "scores do not depend on how examples are put into batches",
        "sum and count over answers instead of taking means of batches",
    )
    idle = weights_without_gradient(model, loss, encoded)
    yield _finding(
        not idle,
        "every weight gets a gradient",
        f"{', '.join(idle)}: not used, cut off from the loss, or fed with zeros alone, as by very few examples",
    )
    ratio = overfit_one_batch(model, loss, encoded)
    yield _finding(
        ratio < LOSS_BY_HEART,
        f"eight examples are learnt by heart (the loss falls to {100 * ratio:.0f} %)",
        "equal texts with different labels? else look at the loss, the labels and the learning rate",
    )


def check_splits(splits: Splits[Any]) -> Iterator[CheckResult]:
    """What is shared by validation and train is a fault of ours; by official splits it is worth knowing."""
    if splits.held_out:
        shared = splits.validation_in_train()
        yield _finding(
            shared == 0,
            f"validation shares {shared} examples with train",
            "keep copies of an example on one side when holding out",
        )
    for what, count in splits.overlaps().items():
        yield CheckResult("NOTE", f"{splits.dataset}: {what}: {count:,}")


def _finding(passed: bool, what: str, advice: str) -> CheckResult:
    return CheckResult("PASS", what) if passed else CheckResult("FAIL", what, advice)


def with_flags(config: TrainingConfig, flags: Mapping[str, Any]) -> TrainingConfig:
    """`config` with those of `flags` that it has."""
    known = {field.name for field in fields(config)}
    return replace(config, **{name: value for name, value in flags.items() if name in known})


def batch_of(encoded: EncodedDataset, places: Sequence[int], more: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Examples as a batch, padded as little as may be, or by `more` times what long sequences are a multiple of."""
    at = np.array(places)
    multiple = encoded.pad_to_multiple_of
    steps = int(round_up(encoded.lengths[at].max() + more * multiple, multiple))
    inputs = {name: _rows_of(column, at, steps) for name, column in encoded.inputs.items()}
    return inputs, _rows_of(encoded.targets, at, steps)


ModelFn = Callable[[Mapping[str, np.ndarray]], Any]
"""From inputs by name to what a model says."""


def compiled(model: "keras.Model") -> ModelFn:
    """The same model, traced once for all shapes: run layer by layer, long sequences take many times as long."""
    import tensorflow as tf

    return tf.function(lambda inputs: model(inputs), reduce_retracing=True)


def padding_effect(said: ModelFn, encoded: EncodedDataset) -> float:
    """Largest change of an output when examples of several lengths are padded further."""
    return max(
        np.abs(_alone(said, encoded, place, more=3) - _alone(said, encoded, place)).max()
        for place in _of_all_lengths(encoded)
    )


def neighbour_effect(said: ModelFn, encoded: EncodedDataset) -> float:
    """Largest change of an output when examples of several lengths are answered together."""
    places = _of_all_lengths(encoded)
    together = np.array(said(batch_of(encoded, places)[0]))
    return max(
        np.abs(_real_part(row, encoded, place) - _alone(said, encoded, place)).max()
        for row, place in zip(together, places, strict=True)
    )


def weight_effect(said: ModelFn, loss: "keras.losses.Loss", encoded: EncodedDataset) -> float:
    """How far the loss of a batch whose second half weighs nothing is from the loss of the first half."""
    inputs, targets = batch_of(encoded, range(min(40, len(encoded))))
    outputs, half = np.array(said(inputs)), len(targets) // 2
    weights = (np.arange(len(targets)) < half).astype(np.float32).reshape(-1, *[1] * (targets.ndim - 1))
    return abs(float(loss(targets, outputs, weights)) - float(loss(targets[:half], outputs[:half])))


def batching_effect(
    task: Task[Any, Any], model: "keras.Model", encoder: Encoder[Any], examples: Sequence[Any]
) -> float:
    """Largest difference of a score when examples are answered one by one and together."""

    def answers(to: Sequence[Any]) -> list[Any]:
        return task.predict(model, encoder, encoder.encode(to), task.decoding_config_class())

    together = task.score(encoder, examples, answers(examples)).values
    single = task.score(encoder, examples, [answers([example])[0] for example in examples]).values
    return max(abs(together[name] - single[name]) for name in together)


def weights_without_gradient(model: "keras.Model", loss: "keras.losses.Loss", encoded: EncodedDataset) -> list[str]:
    """Paths of the trainable weights that no gradient, or none but zeros or NaN, reaches.

    Where no example has a second step, what a recurrent layer multiplies with its last state is left out: that state is
    zero, and so is the gradient of its kernel.
    """
    import tensorflow as tf

    inputs, targets = batch_of(encoded, range(min(40, len(encoded))))
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
        if gradient is None or not _moves(np.array(tf.convert_to_tensor(gradient)))
    ]


def overfit_one_batch(model: "keras.Model", loss: "keras.losses.Loss", encoded: EncodedDataset) -> float:
    """Share of the first loss that is left when eight short examples were trained on for a while; ends early."""
    import keras

    inputs, targets = batch_of(encoded, np.argsort(encoded.lengths, kind="stable")[:8].tolist())
    model.compile(keras.optimizers.Adam(0.02, global_clipnorm=1.0), loss)
    first = float(model.train_on_batch(inputs, targets))
    ratio = 1.0
    for _ in range(STEPS_BY_HEART):
        ratio = min(ratio, float(model.train_on_batch(inputs, targets)) / first)
        if ratio < LOSS_BY_HEART:
            break
    return ratio


def _of_all_lengths(encoded: EncodedDataset) -> list[int]:
    return np.argsort(encoded.lengths, kind="stable")[:: max(1, len(encoded) // 6)].tolist()


def _alone(said: ModelFn, encoded: EncodedDataset, place: int, more: int = 0) -> np.ndarray:
    return _real_part(np.array(said(batch_of(encoded, [place], more)[0]))[0], encoded, place)


def _real_part(output: np.ndarray, encoded: EncodedDataset, place: int) -> np.ndarray:
    """What a model says of one example, padding left out where it speaks of each step."""
    targets = encoded.targets
    steps = targets.lengths[place] if isinstance(targets, Ragged) else encoded.lengths[place]
    return output[: int(steps)] if output.ndim > 1 else output


def _rows_of(column: Column, places: np.ndarray, steps: int) -> np.ndarray:
    return column.collate(places, steps) if isinstance(column, Ragged) else column[places]


def _moves(gradient: np.ndarray) -> bool:
    return bool(np.isfinite(gradient).all() and gradient.any())
