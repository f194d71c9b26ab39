"""Sanity checks of data, model and loss: one line each, in under a minute.

They find errors that would otherwise go unnoticed: a prediction that depends on padding, a weight that is never
trained, a validation example that also occurs in train.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from console.quiet import start_tensorflow
from schema.configs import TrainingConfig
from schema.examples import ExampleT, Splits
from tasks.task import AnyTask, ConfigT
from training.data_notes import reachable_note

MAX_EXAMPLES = 300
"""Number of training examples for the checks of the model; the splits are compared in full."""
TOLERANCE = 1e-4
"""Outputs that differ by less are equal but for the order of summation."""
DROPOUT_FLAGS = (
    "dropout",
    "word_dropout",
    "rare_word_dropout",
    "orthographic_dropout",
    "embedding_dropout",
    "memory_dropout",
)
"""Flags of random noise in training."""
_SMALL_MODEL = {"units": 16, "layers": 1, "label_smoothing": 0.0, **dict.fromkeys(DROPOUT_FLAGS, 0.0)}
_NOTHING_PRETRAINED = {"word_vectors": False, "freeze_embeddings": False, "unlabelled": False, "test": False}


@dataclass(frozen=True)
class CheckResult:
    """Result of one check; advice: what to do about a FAIL."""

    status: Literal["PASS", "FAIL", "NOTE"]
    message: str
    advice: str = ""


def run_checks(task: AnyTask, config: TrainingConfig) -> Iterator[CheckResult]:
    """Check the splits, then a small model on some of the examples."""
    splits = task.splits(config)
    yield from check_splits(splits)
    config = with_flags(config, {**_SMALL_MODEL, **_NOTHING_PRETRAINED})
    sample = splits.train[:: max(1, len(splits.train) // MAX_EXAMPLES)]
    yield from check_model(task, replace(splits, train=sample, unlabelled=list), config)


def check_splits(splits: Splits[ExampleT]) -> Iterator[CheckResult]:
    """Check for duplicates between splits: an error for a held-out validation split, a note for official splits."""
    if splits.held_out:
        duplicates = splits.validation_in_train()
        yield _result(
            duplicates == 0,
            f"{duplicates} validation examples also occur in train",
            "keep duplicates on one side when holding out",
        )
    for name, count in splits.overlaps().items():
        yield CheckResult("NOTE", f"{splits.dataset}: {name}: {count:,}")


def check_model(task: AnyTask, splits: Splits[ExampleT], config: TrainingConfig) -> Iterator[CheckResult]:
    """Check a new model, its loss and its predictions on the training examples."""
    start_tensorflow()
    import keras

    from training import model_checks

    fitted = task.fit_encoder(splits, config)
    if splits.validation and (note := reachable_note(task, splits.validation, fitted.seen)):
        yield CheckResult("NOTE", note)
    encoded, loss = fitted.encoded, task.loss(config)
    yield _result(bool((encoded.lengths > 0).all()), "no example is empty", "remove empty texts from the data")
    keras.utils.set_random_seed(config.seed)
    model = task.build_model(fitted, config)
    model_fn = model_checks.compile_model(model)
    yield _result(
        model_checks.padding_effect(model_fn, encoded) < TOLERANCE,
        "predictions do not depend on padding",
        "pass the mask of the ids to every layer that reads the sequence",
    )
    yield _result(
        model_checks.neighbor_effect(model_fn, encoded) < TOLERANCE,
        "predictions do not depend on the other examples of the batch",
        "look for a layer that mixes the rows of a batch, such as batch normalization",
    )
    yield _result(
        model_checks.weight_effect(model_fn, loss, encoded) < TOLERANCE,
        "examples of weight 0 do not contribute to the loss",
        "divide the loss by the sum of the weights",
    )
    yield _result(
        model_checks.batching_effect(task, model, fitted, splits.train[:8]) < TOLERANCE,
        "scores do not depend on how examples are batched",
        "sum and count over predictions instead of averaging over batches",
    )
    untrained = model_checks.weights_without_gradient(model, loss, encoded)
    yield _result(
        not untrained,
        "every weight gets a gradient",
        f"{', '.join(untrained)}: unused, not connected to the loss, or with only zeros as input, as with very few "
        "examples",
    )
    ratio = model_checks.overfit_one_batch(model, loss, encoded)
    yield _result(
        ratio < model_checks.OVERFIT_RATIO,
        f"the model overfits one batch of eight examples (the loss falls to {100 * ratio:.0f} %)",
        "equal texts with different labels? otherwise check the loss, the labels and the learning rate",
    )


def with_flags(config: ConfigT, flags: Mapping[str, Any]) -> ConfigT:
    """Replace those fields of `config` that it has among `flags`."""
    names = {field.name for field in fields(config)}
    return replace(config, **{name: value for name, value in flags.items() if name in names})


def _result(passed: bool, message: str, advice: str) -> CheckResult:
    return CheckResult("PASS", message) if passed else CheckResult("FAIL", message, advice)
