"""Do small gradients stop a training early, as if the optimum were reached?

python -m lab plateau
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.plots import GRAY
from lab.experiment import Condition, Experiment, Results, Values
from lab.figures import CELL_STYLES, draw_mean
from lab.training import training_steps
from models.cells import recurrent_layer
from schema.configs import CellName
from schema.scores import Table

VARIANCE = 1 / 6
"""Loss of the constant answer 1: the variance of the sum of two numbers between 0 and 1."""
SOLVED = 0.02
PATIENCES = (3, 10, 30)
BATCH = 64
LENGTHS = (50, 100, 200)


def adding_batch(rng: np.random.Generator, length: int, batch: int = BATCH) -> tuple[np.ndarray, np.ndarray]:
    """Draw the adding problem (Hochreiter & Schmidhuber 1997): (batch, length, 2) and sums (batch, 1).

    The first feature is a number from 0 to 1, the second is 1 at two steps, one in each half: those to be added.
    """
    numbers = rng.random((batch, length), np.float32)
    marks = np.zeros_like(numbers)
    rows = np.arange(batch)
    marks[rows, rng.integers(0, length // 2, batch)] = 1
    marks[rows, rng.integers(length // 2, length, batch)] = 1
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1, keepdims=True)


def stopping_point(losses: np.ndarray, patience: int) -> int | None:
    """Index of the evaluation at which early stopping ends: the `patience`-th in a row that is no new best."""
    best, since = np.inf, 0
    for index, loss in enumerate(losses):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since == patience:
            return index
    return None


@dataclass(frozen=True)
class AddingCondition(Condition):
    """A cell on the adding problem, evaluated on 500 fixed examples at regular steps."""

    cell: CellName
    length: int
    steps: int = 2000
    steps_between: int = 20
    units: int = 64

    @property
    def label(self) -> str:
        return f"{self.name}, length {self.length}"

    def measure(self, seed: int) -> Values:
        """Loss at each evaluation; a training that has solved the problem ends, and keeps its last loss."""
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((self.length, 2))
        outputs = keras.layers.Dense(1)(recurrent_layer(self.cell, self.units)(inputs)[1])
        model = keras.Model(inputs, outputs)
        numbers, sums = adding_batch(np.random.default_rng(seed + 1000), self.length, 500)
        loss = keras.losses.MeanSquaredError()
        losses: list[float] = []
        for number, _ in enumerate(training_steps(model, self._batches(seed), loss=loss), 1):
            if number % self.steps_between == 0:
                losses.append(float(loss(sums, model(numbers, training=False))))
                if losses[-1] < SOLVED / 10:
                    break
        total = self.steps // self.steps_between
        return {"losses": np.pad(losses, (0, total - len(losses)), mode="edge")}

    def _batches(self, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(seed)
        return (adding_batch(rng, self.length) for _ in range(self.steps))


class Plateau(Experiment):
    """The loss of the adding problem, and where early stopping would have ended the training."""

    name = "plateau"
    title = "A plateau that looks like the end"
    known = (
        "Expected to hold: the loss stays at the variance of the sum, as if nothing more could be learned, and falls "
        "later; a patience shorter than the plateau ends the training on it. SimpleRNN may never leave it "
        "(Hochreiter & Schmidhuber 1997; Le et al. 2015)."
    )
    method = (
        "The adding problem: the sum of two marked numbers among 50 to 200. 64 units, Adam 2e-3, 2,000 batches of 64, "
        "mean squared error on 500 fixed examples every 20 steps. Patience counts evaluations without a new best."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        lengths, steps = ((10,), 200) if quick else (LENGTHS, 2000)
        return [
            AddingCondition(style[0], cell, length, steps) for length in lengths for cell, style in CELL_STYLES.items()
        ]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        conditions = results.select(AddingCondition)
        lengths = sorted({condition.length for condition in conditions})
        figure = Figure(figsize=(3.6 * len(lengths) + 0.6, 3.9), layout="constrained")
        grid = figure.subplots(1, len(lengths), sharey=True, squeeze=False)[0]
        for axes, length in zip(grid, lengths, strict=True):
            axes.axhline(VARIANCE, color=GRAY, linestyle=":", label="variance of the sum")
            for condition in (each for each in conditions if each.length == length):
                self._draw(axes, condition, results.of(condition, "losses"))
            axes.set(title=f"{length} steps", xlabel="training step", yscale="log")
            axes.grid(alpha=0.3)
        grid[0].set_ylabel("mean squared error")
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        figure.suptitle("Adding problem: where patience 3, 10 and 30 would have stopped (numbers: first seed)")
        return {"plateau": figure}

    def _draw(self, axes: Axes, condition: AddingCondition, losses: np.ndarray) -> None:
        label, style, color = CELL_STYLES[condition.cell]
        steps = condition.steps_between * np.arange(1, losses.shape[1] + 1)
        draw_mean(axes, steps, losses, label, style.strip("os^"), color)
        for patience in PATIENCES:
            stop = stopping_point(losses[0], patience)
            if stop is not None:
                axes.text(steps[stop], losses[0][stop], str(patience), color=color, fontweight="bold", ha="center")

    def table(self, results: Results) -> Table:
        rows = []
        for condition in results.select(AddingCondition):
            losses = results.of(condition, "losses")
            solved = [np.flatnonzero(row < SOLVED) for row in losses]
            first = [condition.steps_between * (found[0] + 1) for found in solved if len(found)]
            rows.append(
                (
                    condition.label,
                    f"{np.mean(first):,.0f} ({len(first)} of {len(losses)})" if first else "never",
                    *(_stopped_on_plateau(losses, patience) for patience in PATIENCES),
                )
            )
        header = ("cell", f"step at loss {SOLVED:g}", *(f"ended before by patience {each}" for each in PATIENCES))
        return Table(
            "Seeds whose training early stopping would have ended before the problem was solved", header, tuple(rows)
        )

    def finding(self, results: Results) -> str:
        every = np.concatenate([results.of(condition, "losses") for condition in results.select(AddingCondition)])
        solved = every[(every < SOLVED).any(axis=1)]
        lost = [sum(_ends_too_early(losses, patience) for losses in solved) for patience in PATIENCES]
        ended = ", ".join(f"{count} by patience {patience}" for count, patience in zip(lost, PATIENCES, strict=True))
        return (
            f"{len(solved)} of {len(every)} trainings solved the problem. Of these early stopping would have ended, "
            f"before they did: {ended}."
        )


def _ends_too_early(losses: np.ndarray, patience: int) -> bool:
    """Whether early stopping ends a training before its loss is `SOLVED`."""
    stop = stopping_point(losses, patience)
    return stop is not None and bool((losses[: stop + 1] >= SOLVED).all())


def _stopped_on_plateau(losses: np.ndarray, patience: int) -> str:
    return f"{sum(_ends_too_early(row, patience) for row in losses)} of {len(losses)}"


EXPERIMENT = Plateau()
