"""Build the model of a training job and fit it."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

import keras
import numpy as np

from console.count import counted
from console.messages import warn
from console.progress import phase
from console.signals import Interruption
from data.batches import Batches, auto_batch_tokens, auto_epochs
from schema.configs import TrainingConfig, parse_duration
from schema.encoded import EncodedDataset
from schema.examples import ExampleT
from tasks.task import Encoder, FittedEncoder
from training.callbacks import (
    CheckpointCallback,
    CosineSchedule,
    EpochOrder,
    EpochProgress,
    StopConditions,
    ValidationCallback,
)
from training.checkpoint import restore_variables
from training.data_notes import reachable_note, unknown_note
from training.fixed_sample import FixedSample, ShownExample, make_fixed_sample, make_shown_example
from training.job import TrainingJob
from training.optimizer import AdamWithGradientNorm, auto_ema_decay
from training.tensorboard import TensorBoardLog
from training.trainer_state import TrainerState, ValidationResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_EXAMPLES = 4
"""Number of validation examples whose predictions are plotted after each epoch."""
SCORED_TRAIN_EXAMPLES = 1000
"""Number of training examples that are scored after each epoch, for the training curve beside that of validation."""


def fit_model(
    job: TrainingJob[ExampleT],
    fitted: FittedEncoder[Encoder[ExampleT]],
    state: TrainerState,
    interruption: Interruption,
) -> None:
    """Fit a new model, from the newest checkpoint if `state` has a finished epoch.

    The best model, the checkpoints and the TensorBoard log are written to the run folder.
    """
    config = job.config
    keras.utils.set_random_seed(config.seed)
    with phase("building the network"):
        model = job.task.build_model(fitted, config)
        batches = Batches(fitted.encoded, config.batch_tokens or auto_batch_tokens(fitted.encoded), config.seed)
        epochs = config.epochs or auto_epochs(len(batches), config.min_epochs)
        _compile(model, job, epochs * len(batches))
        if state.epoch:
            restore_variables(job.folder, model)
        elif note := reachable_note(job.task, job.splits.validation, fitted.seen):
            warn(f"note: {note}")
        callbacks = _make_callbacks(job, fitted, state, interruption, batches, epochs)
    size = f"{counted(model.count_params(), 'parameters')}, {epochs:,} x {counted(len(batches), 'steps')}"
    with phase(f"training {size}"), interruption.defer():
        model.fit(
            batches.dataset(),
            epochs=epochs,
            initial_epoch=state.epoch,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )


def _compile(model: keras.Model, job: TrainingJob[ExampleT], steps: int) -> None:
    config = job.config
    ema_decay = auto_ema_decay(config.ema_decay, steps)
    optimizer = AdamWithGradientNorm(
        config.learning_rate,
        global_clipnorm=config.clip_norm,
        use_ema=ema_decay > 0,
        ema_momentum=ema_decay,
    )
    model.compile(optimizer, job.task.loss(config))
    # Otherwise TensorFlow creates the optimizer's variables in the first training step, and traces the step twice.
    optimizer.build(model.trainable_variables)


def _make_callbacks(
    job: TrainingJob[ExampleT],
    fitted: FittedEncoder[Encoder[ExampleT]],
    state: TrainerState,
    interruption: Interruption,
    batches: Batches,
    epochs: int,
) -> list[keras.callbacks.Callback]:
    """Callbacks in the order in which Keras calls them; the log shows the result of the validation."""
    task, config, budget = job.task, job.config, parse_duration(job.config.time_budget or "")
    # Encoded on first use, so that the first step does not wait for it.
    validation = cache(lambda: _encode_validation(job, fitted))
    validate = ValidationCallback(
        state,
        job.folder,
        batches,
        _validator(job, fitted, validation),
        task.primary_metric,
        task.tie_breaker,
        fitted_patience(config, epochs),
    )
    log = TensorBoardLog(
        job.folder.path,
        state,
        task.primary_metric,
        lambda: _fixed_samples(fitted.encoded, validation()),
        task.loss(config),
        lambda: _shown_example(job, fitted, validation()),
        lambda: validate.last_result,
        figures=partial(_figures, job, fitted),
        diagnostics=config.diagnostics,
    )
    return [
        EpochOrder(batches),
        CosineSchedule(config.learning_rate, epochs * len(batches), state, budget),
        EpochProgress(epochs, len(batches)),
        StopConditions(state, budget, interruption),
        validate,
        log,
        CheckpointCallback(state, job.folder),
    ]


def fitted_patience(config: TrainingConfig, epochs: int) -> int:
    """The patience in epochs, which are short where small data get more of them than the task's default."""
    return config.patience if config.epochs else config.patience * (epochs // config.min_epochs)


def _encode_validation(job: TrainingJob[ExampleT], fitted: FittedEncoder[Encoder[ExampleT]]) -> EncodedDataset:
    encoded = fitted.encoder.encode(job.splits.validation)
    if note := unknown_note(encoded, "validation"):
        warn(f"note: {note}")
    return encoded


def _figures(
    job: TrainingJob[ExampleT], fitted: FittedEncoder[Encoder[ExampleT]], model: keras.Model
) -> "Mapping[str, Figure]":
    """Plot the predictions for some validation examples."""
    examples, task, encoder = list(job.splits.validation[:FIGURE_EXAMPLES]), job.task, fitted.encoder
    predictions = task.predict(model, encoder, encoder.encode(examples), task.predict_config_class().for_figures())
    return task.figures(model, encoder, examples, predictions)


def _validator(
    job: TrainingJob[ExampleT], fitted: FittedEncoder[Encoder[ExampleT]], validation: Callable[[], EncodedDataset]
) -> Callable[[keras.Model], ValidationResult]:
    """Function that scores a model on validation, and on some training examples as encoded for training."""
    task, encoder, config = job.task, fitted.encoder, job.task.predict_config_class().for_validation()
    examples, train = job.splits.validation, job.splits.train
    indices = np.linspace(0, len(train) - 1, min(SCORED_TRAIN_EXAMPLES, len(train)), dtype=int)
    train_sample = task.with_all_references([train[index] for index in indices], train)
    encoded_train_sample = fitted.encoded.take(indices)

    def validate(model: keras.Model) -> ValidationResult:
        predictions = task.predict(model, encoder, validation(), config)
        train_predictions = task.predict(model, encoder, encoded_train_sample, config)
        return ValidationResult(
            scores=task.scores(examples, predictions, fitted.seen),
            scored_examples=[task.to_scored_example(*pair) for pair in zip(examples, predictions, strict=True)],
            train_score=task.scores(train_sample, train_predictions, fitted.seen).values[task.primary_metric],
        )

    return validate


def _shown_example(
    job: TrainingJob[ExampleT], fitted: FittedEncoder[Encoder[ExampleT]], validation: EncodedDataset
) -> ShownExample | None:
    """A short validation example; none if its reference cannot be encoded, which the model may read."""
    if validation.targets is None:
        return None
    return make_shown_example(fitted.encoder, job.splits.validation, validation)


def _fixed_samples(train: EncodedDataset, validation: EncodedDataset) -> Mapping[str, FixedSample]:
    """Long examples of train and validation; without validation if one of its references cannot be encoded."""
    parts = {"train": train, "validation": validation}
    return {part: make_fixed_sample(encoded) for part, encoded in parts.items() if encoded.targets is not None}
