"""Which kinds of input and output does one recurrent cell serve?

python -m lab types
"""

import base64
import io
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib import image as images
from matplotlib.figure import Figure

from data.batches import Batches
from data.readers.datasets import SYNTHETIC
from evaluation.scores import display_factor
from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import CELL_STYLES
from lab.graph import inch_axes
from lab.unrolled import COLUMN, ROW, Graph, draw_unrolled, unrolled
from schema.configs import CellName, TrainingConfig
from schema.examples import CaptionedImage, Example, Splits
from schema.predictions import fit_anew
from schema.scores import ScoredExample, Table
from tasks import get_task
from tasks.task import AnyTask, FittedEncoder, score_predictors
from training.callbacks import EpochOrder

Options = tuple[tuple[str, str | int | float | bool], ...]
NO_DROPOUT: Options = (("dropout", 0.0), ("embedding_dropout", 0.0), ("word_dropout", 0.0))


@dataclass(frozen=True)
class TypeOfUse(Condition):
    """A task of this project with one cell, small and on synthetic data.

    options: fields of the task's config; examples: of training; test_examples: of validation and test each
    """

    task: str
    cell: CellName
    options: Options
    examples: int
    batch_tokens: int
    epochs: int
    learning_rate: float = 1e-2
    test_examples: int = 300

    @property
    def rnn_type(self) -> str:
        """Name of the type."""
        return get_task(self.task).rnn_type

    def measure(self, seed: int) -> Values:
        """Score on test, that of the best baseline, and the shortest example of the test with its prediction."""
        task = get_task(self.task)
        # TensorFlow warns about the many models of one process.
        tf.get_logger().setLevel("ERROR")
        # The progress of the experiment is shown by the main process.
        with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):
            config = task.config_class(
                dataset=SYNTHETIC, cell=self.cell, seed=seed, cache=Path(folder), **dict(self.options)
            )
            splits = self._splits(task, config)
            fitted = task.fit_encoder(splits, config)
            model = self._train(task, fitted, config, seed)
            encoded = fitted.encoder.encode(splits.test)
            predictions = task.predict(model, fitted.encoder, encoded, task.predict_config_class().for_validation())
            baselines = task.fit_baselines(splits, fitted.encoder, config, fit_anew)
            of_baselines = score_predictors(task, baselines, {"test": splits.test}, fitted.seen)
        metric, factor = task.primary_metric, display_factor(task.primary_metric)
        score = task.scores(splits.test, predictions, fitted.seen).values[metric]
        best = max(of_baselines, key=lambda name: of_baselines[name]["test"].values[metric])
        scored = [task.to_scored_example(*pair) for pair in zip(splits.test, predictions, strict=True)]
        return {
            "score": np.array(factor * score),
            "baseline": np.array(factor * of_baselines[best]["test"].values[metric]),
            "best_baseline": np.array(best),
            "example": shortest_example(scored, splits.test),
        }

    def _splits(self, task: AnyTask, config: TrainingConfig) -> Splits[Example]:
        splits = task.splits(config)
        return replace(
            splits,
            train=splits.train[: self.examples],
            validation=splits.validation[: self.test_examples],
            test=splits.test[: self.test_examples],
        )

    def _train(self, task: AnyTask, fitted: FittedEncoder, config: TrainingConfig, seed: int) -> keras.Model:
        keras.utils.set_random_seed(seed)
        model = task.build_model(fitted, config)
        batches = Batches(fitted.encoded, self.batch_tokens, seed)
        rate = keras.optimizers.schedules.CosineDecay(self.learning_rate, self.epochs * len(batches))
        model.compile(keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm), task.loss(config))
        order = EpochOrder(batches)
        model.fit(batches.dataset(), epochs=self.epochs, shuffle=False, verbose=0, callbacks=[order])
        return model


def shortest_example(scored: Sequence[ScoredExample], examples: Sequence[Example]) -> np.ndarray:
    """Input, reference and prediction of the first example of the fewest words; an image in base 64."""
    index = min(range(len(scored)), key=lambda index: len(scored[index].input.split()))
    shown, example = scored[index], examples[index]
    is_image = isinstance(example, CaptionedImage)
    source = base64.b64encode(example.image).decode() if isinstance(example, CaptionedImage) else shown.input
    reference = shown.reference.partition(" | ")[0] if is_image else shown.reference
    return np.array([source, reference, shown.prediction])


ONE_WAY: Options = (("bidirectional", False),)
ONE_VECTOR: Options = (("attention", "none"), ("label_smoothing", 0.0))
TYPES = (
    TypeOfUse("", "word_class", "lstm", (("units", 32),), examples=2000, batch_tokens=32, epochs=2),
    TypeOfUse(
        "",
        "caption",
        "lstm",
        (*ONE_VECTOR, *NO_DROPOUT, ("units", 96)),
        examples=4000,
        batch_tokens=800,
        epochs=4,
        learning_rate=5e-3,
    ),
    TypeOfUse(
        "",
        "sentiment",
        "lstm",
        (*ONE_WAY, *NO_DROPOUT, ("units", 32), ("pooling", "last"), ("ngram_features", False)),
        examples=3000,
        batch_tokens=1000,
        epochs=4,
        learning_rate=5e-3,
    ),
    TypeOfUse(
        "",
        "pos",
        "lstm",
        (*ONE_WAY, *NO_DROPOUT, ("units", 32), ("char_units", 0)),
        examples=2000,
        batch_tokens=200,
        epochs=3,
    ),
    TypeOfUse(
        "",
        "translation",
        "lstm",
        (*ONE_WAY, *ONE_VECTOR, *NO_DROPOUT, ("units", 128)),
        examples=6000,
        batch_tokens=800,
        epochs=4,
    ),
)
"""One task of each type; the cell is set for each training."""


class Types(Experiment):
    """The five types of use side by side, with each cell."""

    name = "types"
    title = "Five types of use of one cell"
    known = (
        "It holds: only what is read and written at each step differs (Karpathy 2015, Sutskever et al. 2014). It says "
        "nothing about the scores: with a single step there is nothing to remember, and where one vector has to hold a "
        "long source or an image, retrieval from the training data may score higher."
    )
    method = (
        "A task of this project for each type, on its synthetic data, with small models: one direction, no attention, "
        "no dropout, 2,000 to 6,000 training examples, 300 test examples, greedy decoding. Baselines are fitted on "
        "the same examples. The graphs show the shortest test example with the prediction of the LSTM; the mark of the "
        "beginning, a decoder's first input, is left out, and translation reads subwords rather than words."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        cells: Sequence[CellName] = ("lstm",) if quick else tuple(CELL_STYLES)
        types = [replace(each, examples=200, test_examples=20, epochs=1) for each in TYPES] if quick else TYPES
        return [
            replace(each, name=f"{each.task}, {CELL_STYLES[cell][0]}", cell=cell) for each in types for cell in cells
        ]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {"types": _graphs(results)}

    def table(self, results: Results) -> Table:
        conditions = results.select(TypeOfUse)
        cells = list(dict.fromkeys(each.cell for each in conditions))
        header = ("type", "task", "score", *(CELL_STYLES[cell][0] for cell in cells), "best baseline")
        rows = []
        for name, of_task in _by_task(results).items():
            best = str(results.first(of_task[0])["best_baseline"])
            rows.append(
                (
                    of_task[0].rnn_type,
                    name,
                    get_task(name).primary_metric,
                    *(mean_and_deviation(results.of(each, "score")) for each in of_task),
                    f"{results.of(of_task[0], 'baseline').mean():.1f} ({best})",
                )
            )
        return Table("Scores on test (percent; CIDEr times 100)", header, tuple(rows))

    def finding(self, results: Results) -> str:
        above, parts = 0, []
        for of_task in _by_task(results).values():
            means = [float(results.of(each, "score").mean()) for each in of_task]
            baseline = float(results.of(of_task[0], "baseline").mean())
            above += max(means) > baseline
            by_cell = (f"{CELL_STYLES[each.cell][0]} {mean:.1f}" for each, mean in zip(of_task, means, strict=True))
            parts.append(f"{of_task[0].rnn_type}: {', '.join(by_cell)} (best baseline {baseline:.1f})")
        return (
            f"All {len(parts)} types train with the same cells; in {above} of them the best cell is above the best "
            f"baseline: {'; '.join(parts)}."
        )


def _by_task(results: Results) -> dict[str, list[TypeOfUse]]:
    tasks: dict[str, list[TypeOfUse]] = {}
    for each in results.select(TypeOfUse):
        tasks.setdefault(each.task, []).append(each)
    return tasks


def _graphs(results: Results) -> Figure:
    """The unrolled graph of each type, one below the other."""
    shown = [each for each in results.select(TypeOfUse) if each.cell == "lstm"]
    drawn = [_graph(results, each) for each in shown]
    width = COLUMN * max(len([name for name in nodes if name[0] == "h"]) for nodes, _ in drawn) + 0.2
    height = 2 * ROW + 0.95
    figure = Figure(figsize=(width, len(drawn) * height + 0.4))
    for row, (each, graph) in enumerate(zip(shown, drawn, strict=True)):
        axes = inch_axes(figure, width, height, bottom=(len(drawn) - 1 - row) * height)
        _, reference, _ = results.first(each)["example"]
        draw_unrolled(axes, graph, f"{each.rnn_type} ({each.task}). Right: {reference}")
    figure.suptitle("One cell, five types of use: input (below), state, output of the LSTM (above)", y=0.99)
    return figure


def _graph(results: Results, condition: TypeOfUse) -> Graph:
    source, _, prediction = results.first(condition)["example"]
    outputs = [prediction] if condition.rnn_type in ("one to one", "many to one") else prediction.split()
    if condition.rnn_type != "one to many":
        return unrolled(condition.rnn_type, source.split(), outputs or [""])
    pixels = images.imread(io.BytesIO(base64.b64decode(source)), format="png")
    return unrolled(condition.rnn_type, [""], outputs or [""], pixels)


EXPERIMENT = Types()
