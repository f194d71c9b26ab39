"""What a training shows in TensorBoard: its course, what goes on inside the network, and how it ends.

    log = TensorBoardLog(folder, course, "accuracy", lambda: {"train": probe, "validation": probe}, loss, judged)
    model.fit(..., callbacks=[..., ValidationCallback(...), log])
    write_outcome(folder, config, metrics)
    write_projector(folder, vectors, words)

`folder` is RUN/tensorboard. In it `train` and `validation` hold the same tags, so that a chart has a line of each.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from textwrap import indent
from time import process_time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from console.files import atomic_write
from console.interlinear import interlinear
from models import inspection
from schema.records import EpochRecord, Metrics
from schema.scores import ScoredExample
from training.callbacks import TrainerState, ValidationResult, averaged_weights
from training.fixed_sample import FixedSample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = ("train", "validation")
DRAWING_SHARE = 0.05
FIRST_DRAWING = 4.0
"""Processor seconds that drawing all pictures is expected to take, before it was ever done."""
HIGHEST_HALF_LIFE = 1000.0
"""Written in place of what is longer, or infinite."""
SAMPLES_OF_A_KIND = 3
LONGEST_SAMPLE = 400
"""Characters of an input, a reference or an answer that are shown."""
LEAST_SHARE = 0.5
"""Of the probe's rows that must reach a lag, for its mean to be shown."""
MOST_COLUMNS = 60
"""Words of a sample that are shown with what is said of each."""
HYPERPARAMETERS = ("cell", "units", "layers", "bidirectional", "dropout", "learning_rate", "forget_bias", "seed")
MOST_WORDS = 10_000
"""The projector does its work in the browser, which has to bear it."""


class TensorBoardLog(keras.callbacks.Callback):
    """Writes each new row of the course's history, and looks inside the network at the start and after each epoch.

    It stands after `ValidationCallback` among the callbacks. What is looked at are the weights that are judged: their average, where
    the optimizer keeps one. A run that is resumed goes on with the pictures it had.

    primary_metric: name of the score in the charts
    probes: gives, when they are first wanted, "train" -> a batch that training has seen, "validation" -> one it has not
    judged: gives the last judgement, or None before there is any
    pictures: what the task draws of a model, by name
    inside: whether to look inside at all; without it there are scalars alone
    share: share of the processor time so far that drawing may take. Pictures show all epochs, the start among them, and
        are drawn anew after an epoch where there is time for it, and always after the last
    """

    def __init__(
        self,
        folder: Path,
        course: TrainerState,
        headline: str,
        probes: Callable[[], Mapping[str, FixedSample]],
        loss: keras.losses.Loss,
        judged: Callable[[], ValidationResult | None] = lambda: None,
        pictures: "Callable[[keras.Model], Mapping[str, Figure]]" = lambda model: {},
        inside: bool = True,
        share: float = DRAWING_SHARE,
    ) -> None:
        super().__init__()
        self.folder, self.course, self.primary_metric = folder, course, headline
        self.probes, self.loss, self.judged, self.share = cache(probes), loss, judged, share
        self.pictures = pictures
        self.looking, self.one_drawing = inside, FIRST_DRAWING

    def on_train_begin(self, logs: Any = None) -> None:
        self.writers = {part: tf.summary.create_file_writer(str(self.folder / part)) for part in PARTS}
        self.norms: list[float] = []
        self.written = len(self.course.history)
        self.began, self.drawing, self.drawn = process_time(), 0.0, True
        if not self.looking:
            return
        self.inside = inspection.GradientRecorder(self.model)
        self.curves = Curves(self.folder / "curves.npz")
        self.curves.load()
        # Looked at when the first epoch is over, so that neither the first step nor the epoch's clock waits for it.
        self.start = None if self.written else _values(self.model)
        self.first_judged: ValidationResult | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.norms.clear()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.norms.append(float(self.model.optimizer.gradient_norm))
        if self.looking and self.start is not None and self.first_judged is None and self.course.history:
            self.first_judged = self.judged()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        new = self.course.history[self.written :]
        if not new:
            return
        self._write_scalars(new)
        self.written += len(new)
        if not self.looking:
            return
        if self.start is not None:
            self._show_judged(self.first_judged, 0)
            with _weights(self.model, self.start):
                self._look_inside(0)
            self.start = None
        self._show_judged(self.judged(), self.course.epoch)
        with averaged_weights(self.model):
            self._look_inside(self.course.epoch)
        self.drawn = False
        if self.drawing + self.one_drawing <= self.share * (process_time() - self.began):
            self._draw()

    def on_train_end(self, logs: Any = None) -> None:
        if not self.drawn:
            self._draw()
        for writer in self.writers.values():
            writer.close()

    def _write_scalars(self, records: Sequence[EpochRecord]) -> None:
        for record in records:
            for part, values in self._scalars(record).items():
                with self.writers[part].as_default(step=record.epoch):
                    for name, value in values.items():
                        _scalar(name, value, _DESCRIPTIONS.get(name))

    def _scalars(self, record: EpochRecord) -> dict[str, dict[str, float]]:
        norms = self.norms[:1] if record.epoch == 0 else self.norms
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

    def _show_judged(self, judged: ValidationResult | None, epoch: int) -> None:
        if judged is None:
            return
        from evaluation.plots import confusion_figure

        with self.writers["validation"].as_default(step=epoch):
            tf.summary.text("samples", samples_as_markdown(judged.samples))
            confusion = judged.scores.confusion
            if confusion is not None and confusion.labels:
                _image("confusion", confusion_figure(confusion))
        self.writers["validation"].flush()

    def _look_inside(self, epoch: int) -> None:
        with self.writers["train"].as_default(step=epoch):
            for weight in self.model.trainable_variables:
                tf.summary.histogram(f"weights/{weight.path}", weight)
        with self.writers["validation"].as_default(step=epoch):
            for name, figure in self.pictures(self.model).items():
                _image(name, figure)
        for part, probe in self.probes().items():
            with self.writers[part].as_default(step=epoch):
                self._measure(part, probe, epoch)
            self.writers[part].flush()
        self.curves.save()

    def _measure(self, part: str, probe: FixedSample, epoch: int) -> None:
        loss = inspection.loss_gradient(self.inside, probe.inputs, probe.targets, self.loss)
        self.curves.add(part, "gradient/loss", epoch, loss.curve(LEAST_SHARE))
        for direction, gradient in inspection.state_gradient(self.inside, probe.inputs).items():
            curve = gradient.curve(LEAST_SHARE)
            self.curves.add(part, f"gradient/memory_{direction}", epoch, curve)
            _memory_scalars(curve, "" if direction == "forward" else f"_{direction}")
        for name, curve in inspection.cell_activity(self.inside, probe.inputs).items():
            self.curves.add(part, f"cell/{name}", epoch, curve)
            if np.isfinite(curve).any():
                _scalar(f"cell/{name}", float(np.nanmean(curve)), "Mean over units, texts and steps, from 0 to 1.")

    def _draw(self) -> None:
        """A picture of each view, of all epochs so far."""
        from evaluation import diagnostics_plots

        began = process_time()
        for part in self.probes():
            with self.writers[part].as_default(step=self.course.epoch):
                for tag, curves in self.curves.of(part, "gradient/").items():
                    view, distance = _view(tag)
                    _image(tag, diagnostics_plots.gradient_through_time(curves, f"{view} ({part} probe)", distance))
                panels = {tag.removeprefix("cell/"): curves for tag, curves in self.curves.of(part, "cell/").items()}
                title = f"What the cell does, step by step ({part} probe)"
                _image("cell/over_time", diagnostics_plots.cell_over_time(panels, title))
            self.writers[part].flush()
        self.one_drawing = process_time() - began
        self.drawing += self.one_drawing
        self.drawn = True


def _view(tag: str) -> tuple[str, str]:
    """What a picture of a gradient shows, and what its lag is the distance from."""
    if tag == "gradient/loss":
        return "Gradient of the task's loss by what is read", "distance from the end of the text (steps)"
    direction = tag.removeprefix("gradient/memory_")
    return f"Memory of the {direction} direction: gradient of its last state", "distance from the last state (steps)"


def _values(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables]


@contextmanager
def _weights(model: keras.Model, values: Sequence[np.ndarray]) -> Iterator[None]:
    """Within, the trainable weights of `model` are `values`."""
    now = _values(model)
    try:
        _assign(model, values)
        yield
    finally:
        _assign(model, now)


def _assign(model: keras.Model, values: Sequence[np.ndarray]) -> None:
    for weight, value in zip(model.trainable_variables, values, strict=True):
        weight.assign(value)


class Curves:
    """Curves of all epochs so far, by part and tag, kept in a file so that a resumed run has them too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._curves: dict[tuple[str, str], dict[int, np.ndarray]] = {}

    def add(self, part: str, tag: str, epoch: int, curve: np.ndarray) -> None:
        """Keep one more."""
        self._curves.setdefault((part, tag), {})[epoch] = curve

    def of(self, part: str, prefix: str) -> dict[str, Mapping[int, np.ndarray]]:
        """Tag -> epoch -> curve, for the tags of a part that begin with `prefix`."""
        return {
            tag: curves for (whose, tag), curves in self._curves.items() if whose == part and tag.startswith(prefix)
        }

    def save(self) -> None:
        """Replace the file by all curves so far."""
        named = {
            f"{part}|{tag}|{epoch}": curve
            for (part, tag), curves in self._curves.items()
            for epoch, curve in curves.items()
        }
        atomic_write(self.path, lambda path: np.savez(path, **named))

    def load(self) -> None:
        """Read what `save` wrote; nothing where there is no such file."""
        if self.path.exists():
            with np.load(self.path, allow_pickle=False) as file:
                for name in file.files:
                    part, tag, epoch = name.split("|")
                    self.add(part, tag, int(epoch), file[name])


def samples_as_markdown(samples: Sequence[ScoredExample]) -> str:
    """The best and the worst samples, and the first ones, which can be followed over epochs.

    No table: TensorBoard breaks the words of a narrow column anywhere.
    """
    return "\n\n".join(
        f"**{kind}**, score {sample.score:.3f}{_aligned(sample) if sample.rows else _in_words(sample)}"
        for kind, sample in _chosen(samples)
    )


def _in_words(sample: ScoredExample) -> str:
    return (
        f", reference *{_escaped(sample.reference)}*, answer *{_escaped(sample.prediction)}*\n\n"
        f"> input: {_escaped(sample.input)}"
    )


def _aligned(sample: ScoredExample) -> str:
    """Words, references and answers under one another, each row named, as a block of code."""
    more = ["…"] if len(sample.rows[0]) > MOST_COLUMNS else []
    names = ("words:", "reference:", "answer:") if len(sample.rows) == 3 else ("words:", "answer:")
    rows = [[name, *map(_writable, row[:MOST_COLUMNS]), *more] for name, row in zip(names, sample.rows, strict=True)]
    return "\n\n" + indent(interlinear(rows), "    ")


def _chosen(samples: Sequence[ScoredExample]) -> Iterator[tuple[str, ScoredExample]]:
    best = sorted(samples, key=lambda sample: -sample.score)
    worst = sorted(samples, key=lambda sample: sample.score)
    for kind, ranked in (("best", best), ("worst", worst), ("fixed", samples)):
        yield from ((kind, sample) for sample in ranked[:SAMPLES_OF_A_KIND])


def _escaped(text: str) -> str:
    """Text as it is, in Markdown: no character of it is taken for markup."""
    text = " ".join(text.split())
    if len(text) > LONGEST_SAMPLE:
        text = f"{text[:LONGEST_SAMPLE]}…"
    text = _writable(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]|#" else letter for letter in text)


def _writable(text: str) -> str:
    # A lone surrogate of a damaged text cannot be written.
    return text.encode("utf-8", "replace").decode("utf-8")


def write_outcome(folder: Path, config: Mapping[str, object], metrics: Metrics) -> None:
    """Write the flags of a run and its final scores, by which TensorBoard's HParams tab sorts and filters runs.

    config: flag -> value; those of `HYPERPARAMETERS` are shown: with all of them nobody would find the cell
    """
    from tensorboard.plugins.hparams import api

    flags = {name: config[name] for name in HYPERPARAMETERS if isinstance(config.get(name), bool | int | float | str)}
    flags |= {"task": metrics.task, "dataset": metrics.dataset}
    headline = metrics.primary_metric
    scores = {
        # Scores of different splits are never one column.
        f"final/{headline.split}_{headline.name}": headline.value,
        "final/parameters": metrics.parameters,
        "final/training_cpu_seconds": metrics.seconds.get("training_cpu", np.nan),
    }
    # A folder of its own: HParams takes every scalar of a run's folder for a result.
    with tf.summary.create_file_writer(str(folder / "outcome")).as_default(step=metrics.best_epoch) as writer:
        api.hparams(flags, trial_id=f"{metrics.task}/{folder.parent.name}")
        for name, value in scores.items():
            _scalar(name, value, f"Of the {headline.split} split." if name.endswith(headline.name) else None)
        writer.close()


def write_projector(folder: Path, vectors: np.ndarray, words: Sequence[str]) -> None:
    """Write word vectors for TensorBoard's projector: vectors[i], (size,), is that of words[i].

    The first `MOST_WORDS` are taken. Raises ValueError where there are not as many vectors as words.
    """
    from tensorboard.plugins import projector

    if len(vectors) != len(words):
        raise ValueError(f"{len(vectors)} vectors and {len(words)} words")
    home = folder / "words"
    home.mkdir(parents=True, exist_ok=True)
    table = tf.Variable(np.asarray(vectors[:MOST_WORDS], np.float32))
    tf.train.Checkpoint(words=table).save(str(home / "vectors.ckpt"))
    # A tab or the end of a line would begin a new column or a new word.
    names = [" ".join(word.split()) or "(blank)" for word in words[:MOST_WORDS]]
    (home / "words.tsv").write_text("".join(f"{name}\n" for name in names), encoding="utf-8", errors="replace")
    config = projector.ProjectorConfig()
    entry = config.embeddings.add()
    entry.tensor_name, entry.metadata_path = "words/.ATTRIBUTES/VARIABLE_VALUE", "words.tsv"
    projector.visualize_embeddings(str(home), config)
    # Without an event TensorBoard does not take the folder for a run, and the projector does not look into it.
    with tf.summary.create_file_writer(str(home)).as_default(step=0) as writer:
        tf.summary.text("words", f"Vectors of {len(names):,} words, or pieces of them: see the Projector tab.")
        writer.close()


_DESCRIPTIONS = {
    "loss": "Mean over the examples; of train while the weights moved, of validation after the epoch.",
    "tokens_per_second": "Time steps that are no padding.",
    "gradient_norm": "Norm of the gradient of all weights before clipping, mean over an epoch; at 0 of the first step.",
    "padding": "Share of the time steps that is padding.",
}


def _memory_scalars(curve: np.ndarray, suffix: str) -> None:
    """How far a direction remembers, in two numbers (models/inspection.py)."""
    ratio, lag = inspection.gradient_ratio(curve)
    whose = "Norm of the gradient of a fixed random projection of the direction's last state"
    _scalar(f"gradient/gradient_ratio{suffix}", ratio, f"{whose}: at lag {lag} over lag 0.")
    first, last = inspection.FITTED
    description = (
        f"{whose}: steps in which it halves, by a log-linear fit on lags {first} to {last}. "
        f"{HIGHEST_HALF_LIFE:g} stands for that and more, and for a gradient that does not fall at all."
    )
    _scalar(
        f"gradient/half_life_steps{suffix}", np.minimum(inspection.half_life(curve), HIGHEST_HALF_LIFE), description
    )


def _scalar(name: str, value: float, description: str | None = None) -> None:
    # NaN would be drawn as a point at nothing; what is unknown is left out.
    if not np.isnan(value):
        tf.summary.scalar(name, value, description=description)


def _image(name: str, figure: "Figure") -> None:
    # Here, since matplotlib takes a second that the first step need not wait for.
    from evaluation import plots

    tf.summary.image(name, tf.io.decode_png(plots.png(figure), channels=3)[None])
