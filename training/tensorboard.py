"""TensorBoard log of a training: scalars, diagnostics of the model, and its final scores.

    log = TensorBoardLog(folder, state, "accuracy", lambda: {"train": sample, "validation": sample}, loss, last_result)
    model.fit(..., callbacks=[..., ValidationCallback(...), log])
    write_results(folder, config, metrics)
    write_projector(folder, vectors, words)

`folder` is that of the run. Its folders `train` and `validation` have the same tags, so that a chart shows both; they
are the only ones with events, since TensorBoard lists each of them. The newest figures are also files, in `plots/`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, get_args

import keras
import numpy as np
import tensorflow as tf

import evaluation
from console.files import atomic_write
from console.messages import tolerated
from console.progress import phase
from models import inspection
from models.inspection import EXPECTED_AT_START
from schema.configs import CellName
from schema.records import EpochRecord, Metrics
from tasks import TASK_NAMES
from training.callbacks import Logs, averaged_weights
from training.curves import Curves
from training.example_text import examples_as_markdown
from training.fixed_sample import FixedSample, ShownExample
from training.trainer_state import TrainerState, ValidationResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = ("train", "validation")
SPLITS = ("validation", "test")
DRAWING = "drawing for TensorBoard"
DRAWING_FRACTION = 0.05
FIRST_DRAWING = 4.0
"""Expected processor seconds for drawing all figures, before it was measured."""
MAX_HALF_LIFE = 100.0
"""Logged for a longer or infinite half-life: a fit over 30 steps cannot tell those apart."""
MIN_FRACTION = 0.5
"""Minimum fraction of the rows of the fixed sample that must reach a lag, for the mean at this lag to be shown."""
CURVES_FILE = "plots/curves.npz"
"""Values of the figures of gradients and gates, in the run folder."""
HYPERPARAMETERS = ("cell", "units", "layers", "bidirectional", "dropout", "learning_rate", "forget_bias", "seed")
HPARAMS_COLUMNS = ("task", "dataset", "metric", *HYPERPARAMETERS)
"""Columns of the HParams tab before the scores, the most important ones first."""
MAX_WORDS = 10_000
"""Maximum number of words in the projector, which computes in the browser."""


LogT = TypeVar("LogT", bound="TensorBoardLog")
Arguments = ParamSpec("Arguments")


def _until_a_fault(
    method: Callable[Concatenate[LogT, Arguments], None],
) -> Callable[Concatenate[LogT, Arguments], None]:
    """Make a fault in `method` end the log, with one line, instead of the training."""

    @wraps(method)
    def guarded(log: LogT, *arguments: Arguments.args, **keywords: Arguments.kwargs) -> None:
        if log.ended:
            return
        log.ended = True
        with tolerated("the TensorBoard log", "ends here"):
            method(log, *arguments, **keywords)
            log.ended = False

    return guarded


class TensorBoardLog(keras.callbacks.Callback):
    """Logs each new row of the history, and diagnostics of the model at the start and after each epoch.

    It must follow `ValidationCallback` in the list of callbacks. Diagnostics are of the evaluated weights: their moving
    average, if the optimizer keeps one. A resumed run continues the figures of its earlier epochs.

    primary_metric: name of the score in the charts
    fixed_samples: returns, by part, the batch on which gradients and gates are measured; called on first use
    shown_example: returns the validation example whose gates and states are drawn unit by unit; called on first use
    last_result: returns the newest validation result, or None before the first
    figures: returns the task's figures of a model, by name
    diagnostics: whether to log more than scalars
    drawing_fraction: maximum fraction of the processor time spent on drawing. The figures show all epochs, with epoch
        0; they are drawn again after an epoch if time allows, and always after the last
    """

    def __init__(
        self,
        folder: Path,
        state: TrainerState,
        primary_metric: str,
        fixed_samples: Callable[[], Mapping[str, FixedSample]],
        loss: keras.losses.Loss,
        shown_example: Callable[[], ShownExample | None] = lambda: None,
        last_result: Callable[[], ValidationResult | None] = lambda: None,
        figures: "Callable[[keras.Model], Mapping[str, Figure]]" = lambda model: {},
        diagnostics: bool = True,
        drawing_fraction: float = DRAWING_FRACTION,
    ) -> None:
        super().__init__()
        self.folder, self.state, self.primary_metric = folder, state, primary_metric
        self.fixed_samples, self.loss, self.last_result = cache(fixed_samples), loss, last_result
        self.shown_example = cache(shown_example)
        self.figures, self.diagnostics = figures, diagnostics
        self.drawing_fraction, self.seconds_of_last_drawing = drawing_fraction, FIRST_DRAWING
        self.ended = False

    @_until_a_fault
    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.writers = {part: tf.summary.create_file_writer(str(self.folder / part)) for part in PARTS}
        self.gradient_norms: list[float] = []
        self.logged_records = len(self.state.history)
        self.started, self.drawing_seconds, self.drawn = process_time(), 0.0, True
        if not self.diagnostics:
            return
        self.recorder = inspection.GradientRecorder(self.model)
        self.curves = Curves(self.folder / CURVES_FILE)
        self.curves.load()
        # Measured after the first epoch, so that neither the first step nor the time of the epoch includes it.
        self.initial_weights = None if self.logged_records else _trainable_weights(self.model)
        self.first_result: ValidationResult | None = None

    @_until_a_fault
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.gradient_norms.clear()

    @_until_a_fault
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.gradient_norms.append(float(self.model.optimizer.gradient_norm))
        if not self.diagnostics or self.initial_weights is None:
            return
        if self.first_result is None and self.state.history:
            self.first_result = self.last_result()

    @_until_a_fault
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        new = self.state.history[self.logged_records :]
        if not new:
            return
        self._log_scalars(new)
        self.logged_records += len(new)
        if not self.diagnostics:
            return
        # Without them if they fail once: the scalars go on.
        self.diagnostics = False
        with tolerated("the diagnostics in TensorBoard", "end here"), phase(DRAWING, announced=False):
            self._log_epoch_diagnostics()
            self.diagnostics = True

    def _log_epoch_diagnostics(self) -> None:
        if self.initial_weights is not None:
            self._log_validation(self.first_result, 0)
            with _with_weights(self.model, self.initial_weights):
                self._log_diagnostics(0)
            self.initial_weights = None
        self._log_validation(self.last_result(), self.state.epoch)
        with averaged_weights(self.model):
            self._log_diagnostics(self.state.epoch)
        self.drawn = False
        allowed_seconds = self.drawing_fraction * (process_time() - self.started)
        is_last = self.model.stop_training or self.state.epoch == self.params["epochs"]
        # The last one before its checkpoint: a killed training does not come back to it.
        if is_last or self.drawing_seconds + self.seconds_of_last_drawing <= allowed_seconds:
            self._draw()

    @_until_a_fault
    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.diagnostics and not self.drawn:
            with phase(DRAWING, announced=False):
                self._draw()
        for writer in self.writers.values():
            writer.close()

    def _log_scalars(self, records: Sequence[EpochRecord]) -> None:
        for record in records:
            for part, values in self._scalars(record).items():
                with self.writers[part].as_default(step=record.epoch):
                    for name, value in values.items():
                        _scalar(name, value, _DESCRIPTIONS.get(name))

    def _scalars(self, record: EpochRecord) -> dict[str, dict[str, float]]:
        norms = self.gradient_norms[:1] if record.epoch == 0 else self.gradient_norms
        return {
            "train": {
                "loss": record.loss,
                self.primary_metric: record.train_score,
                "learning_rate": record.learning_rate,
                "tokens_per_second": record.tokens_per_second,
                "gradient_norm": float(np.mean(norms)) if norms else np.nan,
                "padding": record.padding,
            },
            "validation": {"loss": record.validation_loss, self.primary_metric: record.validation_score},
        }

    def _log_validation(self, result: ValidationResult | None, epoch: int) -> None:
        """Log examples with their predictions, and the confusion matrix."""
        if result is None:
            return
        with self.writers["validation"].as_default(step=epoch):
            tf.summary.text("examples", examples_as_markdown(result.scored_examples))
            confusion = result.scores.confusion
            if confusion is not None and confusion.labels:
                self._log_figure("confusion_matrix", evaluation.plots.confusion_figure(confusion))
        self.writers["validation"].flush()

    def _log_diagnostics(self, epoch: int) -> None:
        with self.writers["train"].as_default(step=epoch):
            for weight in self.model.trainable_variables:
                tf.summary.histogram(f"weights/{weight.path}", weight)
        with self.writers["validation"].as_default(step=epoch):
            for name, figure in self.figures(self.model).items():
                self._log_figure(name, figure, keep=epoch == self.state.best_epoch)
        for part, sample in self.fixed_samples().items():
            with self.writers[part].as_default(step=epoch):
                self._measure(part, sample, epoch)
            self.writers[part].flush()
        self.curves.save()

    def _measure(self, part: str, sample: FixedSample, epoch: int) -> None:
        """Measure gradients and gate activations on a fixed sample."""
        loss = inspection.loss_gradient(self.recorder, sample.inputs, sample.targets, self.loss)
        self.curves.add(part, "gradient/loss", epoch, loss.curve(MIN_FRACTION))
        for direction, gradient in inspection.state_gradient(self.recorder, sample.inputs).items():
            curve = gradient.curve(MIN_FRACTION)
            self.curves.add(part, f"gradient/state_{direction}", epoch, curve)
            _state_gradient_scalars(curve, "" if direction == "forward" else f"_{direction}")
        for name, curve in inspection.mean_gate_activations(self.recorder, sample.inputs).items():
            self.curves.add(part, f"cell/{name}", epoch, curve)
            if np.isfinite(curve).any():
                _scalar(f"cell/{name}", float(np.nanmean(curve)), "Mean over units, examples and steps, from 0 to 1.")

    def _draw(self) -> None:
        """Draw the figures; a fault costs these alone, and is not repeated before the next epoch."""
        self.drawn = True
        with tolerated("the figures of gradients and gates in TensorBoard", "are incomplete"):
            self._draw_curves()

    def _draw_curves(self) -> None:
        """Draw the curves of all epochs so far, one figure per tag."""
        started = process_time()
        for part in self.fixed_samples():
            keep = part == PARTS[-1] or PARTS[-1] not in self.fixed_samples()
            with self.writers[part].as_default(step=self.state.epoch):
                for tag, curves in self.curves.by_tag(part, "gradient/").items():
                    title, lag = _gradient_labels(tag)
                    title = f"{title} ({part}, fixed sample)"
                    self._log_figure(tag, evaluation.diagnostics_plots.gradient_through_time(curves, title, lag), keep)
                activations = self.curves.by_tag(part, "cell/")
                panels = {tag.removeprefix("cell/"): curves for tag, curves in activations.items()}
                title = f"Mean gate activation by time step ({part}, fixed sample)"
                self._log_figure("cell/over_time", evaluation.diagnostics_plots.cell_over_time(panels, title), keep)
            self.writers[part].flush()
        self._draw_states()
        self.seconds_of_last_drawing = process_time() - started
        self.drawing_seconds += self.seconds_of_last_drawing

    def _draw_states(self) -> None:
        """Draw the gates and states of each unit while the model reads one validation example."""
        shown = self.shown_example()
        if shown is None:
            return
        with averaged_weights(self.model):
            states, borders = inspection.read_states(self.recorder, shown.inputs)
        with self.writers["validation"].as_default(step=self.state.epoch):
            for direction in dict.fromkeys(name.partition("/")[0] for name in states):
                chosen = {
                    name.partition("/")[2]: values for name, values in states.items() if name.startswith(direction)
                }
                title = f"Each unit while one validation example is read, {direction}"
                figure = evaluation.state_plots.unit_heat_maps(chosen, shown.step_names, title, borders)
                self._log_figure(f"states/{direction}", figure, keep=True)
        self.writers["validation"].flush()

    def _log_figure(self, tag: str, figure: "Figure", keep: bool = False) -> None:
        """Log a figure; keep: write it to `plots/` too, where the report finds it."""
        content = evaluation.plots.png(figure)
        description = EXPECTED_AT_START if tag.startswith("gradient/state") else None
        tf.summary.image(tag, tf.io.decode_png(content, channels=3)[None], description=description)
        if keep:
            name = f"{tag.replace('/', '_')}.png"
            atomic_write(self.folder / "plots" / name, lambda path: path.write_bytes(content))


def write_results(folder: Path, config: Mapping[str, object], metrics: Metrics) -> None:
    """Write hyperparameters and final scores, by which TensorBoard's HParams tab sorts and filters runs.

    config: flag -> value, of which `HYPERPARAMETERS` are written: the table of all flags would be too wide to read
    """
    from tensorboard.plugins.hparams import api

    name, score = metrics.primary_metric.name, "best epoch, primary metric of the task"
    flags = {name: config[name] for name in HYPERPARAMETERS if isinstance(config.get(name), bool | int | float | str)}
    flags |= {"task": metrics.task, "dataset": metrics.dataset, "metric": name}
    # Of the filters; without one, any text. All others are numbers.
    domains = {
        "task": api.Discrete(TASK_NAMES),
        "dataset": None,
        "metric": None,
        "cell": api.Discrete(get_args(CellName)),
        "bidirectional": api.Discrete([False, True]),
    }
    number = api.RealInterval(0.0, 1e9)
    # TensorBoard sorts the columns by their keys, and shows only the first ones.
    keys = {column: f"{index:02} {column}" for index, column in enumerate(HPARAMS_COLUMNS, 1)}
    columns = {
        # Each split has its own column: their scores must not be compared.
        **{f"final/{split}_score": (metrics.scores.get(split, {}).get(name, np.nan), score) for split in SPLITS},
        "final/parameters": (metrics.parameters, "number of parameters"),
        "final/training_cpu_seconds": (metrics.seconds.get("training_cpu", np.nan), "CPU time of the training"),
    }
    # Beside the learning curves of validation, of which HParams would make columns too if these were not named.
    with tf.summary.create_file_writer(str(folder / "validation")).as_default(step=metrics.best_epoch) as writer:
        api.hparams_config(
            [api.HParam(key, domains.get(column, number), column) for column, key in keys.items()],
            [api.Metric(tag, display_name=tag.removeprefix("final/").replace("_", " ")) for tag in columns],
        )
        api.hparams({keys[flag]: value for flag, value in flags.items()}, trial_id=f"{metrics.task}/{folder.name}")
        for tag, (value, description) in columns.items():
            _scalar(tag, value, description)
        writer.close()


def write_projector(folder: Path, vectors: np.ndarray, words: Sequence[str]) -> None:
    """Write word vectors for TensorBoard's projector; vectors[i], (size,), belongs to words[i].

    Only the first `MAX_WORDS` are written. Raises ValueError if the numbers of vectors and words differ.
    """
    from tensorboard.plugins import projector

    if len(vectors) != len(words):
        raise ValueError(f"{len(vectors)} vectors and {len(words)} words")
    home = folder / "train"
    home.mkdir(parents=True, exist_ok=True)
    table = tf.Variable(np.asarray(vectors[:MAX_WORDS], np.float32))
    tf.train.Checkpoint(words=table).save(str(home / "vectors.ckpt"))
    # Without tabs and line breaks, which separate columns and words in the file.
    names = [" ".join(word.split()) or "(blank)" for word in words[:MAX_WORDS]]
    (home / "words.tsv").write_text("".join(f"{name}\n" for name in names), encoding="utf-8", errors="replace")
    config = projector.ProjectorConfig()
    entry = config.embeddings.add()
    entry.tensor_name, entry.metadata_path = "words/.ATTRIBUTES/VARIABLE_VALUE", "words.tsv"
    projector.visualize_embeddings(str(home), config)


_DESCRIPTIONS = {
    "loss": "Mean over the examples. train: running mean over the epoch while the weights change; "
    "validation: after the epoch.",
    "tokens_per_second": "Time steps per second, without padding.",
    "gradient_norm": "Norm of the gradient of all weights before clipping, mean over the epoch; "
    "at epoch 0, of the first step.",
    "padding": "Fraction of the time steps that are padding.",
}


def _gradient_labels(tag: str) -> tuple[str, str]:
    """Title of the figure of a gradient, and label of its lag axis."""
    if tag == "gradient/loss":
        return "Gradient of the loss by lag: norm of dL/dx_t", "steps to the end of the text or chunk"
    direction = tag.removeprefix("gradient/state_")
    return f"Gradient of the last state by lag: norm of dh_T/dx_t, {direction}", "steps to the last state"


def _state_gradient_scalars(curve: np.ndarray, suffix: str) -> None:
    """Log how fast the state gradient vanishes (models/inspection.py)."""
    what = "Norm of the gradient of a fixed random projection of the direction's last state"
    for lag in inspection.FIXED_LAGS:
        ratio = inspection.gradient_ratio(curve, lag)
        _scalar(f"gradient/at_lag_{lag}{suffix}", ratio, f"{what}: at lag {lag} over lag 0. {EXPECTED_AT_START}")
    first, last = inspection.HALF_LIFE_LAGS
    description = (
        f"{what}: steps in which it halves, by a log-linear fit on lags {first} to {last}. "
        f"{MAX_HALF_LIFE:g} stands for that and more, and for a gradient that does not decrease."
    )
    _scalar(f"gradient/half_life_steps{suffix}", np.minimum(inspection.half_life(curve), MAX_HALF_LIFE), description)


def _trainable_weights(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables]


@contextmanager
def _with_weights(model: keras.Model, values: Sequence[np.ndarray]) -> Iterator[None]:
    """Context in which the trainable weights of `model` are `values`."""
    current = _trainable_weights(model)
    try:
        _assign(model, values)
        yield
    finally:
        _assign(model, current)


def _assign(model: keras.Model, values: Sequence[np.ndarray]) -> None:
    for weight, value in zip(model.trainable_variables, values, strict=True):
        weight.assign(value)


def _scalar(name: str, value: float, description: str | None = None) -> None:
    # An unknown value is left out, since TensorBoard would draw NaN as a point.
    if not np.isnan(value):
        tf.summary.scalar(name, value, description=description)
