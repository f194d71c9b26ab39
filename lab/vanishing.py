"""Does the gradient vanish, and is that why long lags are not learned?

python -m lab vanishing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from evaluation.plots import BLUE, ORANGE
from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import draw_log_mean
from lab.gradients import state_gradient_by_lag, state_jacobian
from lab.lag_task import LagCondition, lag_batch, lag_batches
from lab.memory import lag_conditions
from lab.training import training_steps
from models.cells import recurrent_layer
from schema.scores import Table

RADII = (0.5, 0.75, 1.0, 1.25, 1.5)
SMALLEST = 1e-16
"""Smallest ratio that is drawn; smaller ones lie at the border."""


@dataclass(frozen=True)
class RadiusCondition(Condition):
    """A SimpleRNN whose recurrent kernel is orthogonal times `radius`, which is its spectral radius.

    clip_norm: maximum norm of the gradient; 0 for no clipping
    """

    radius: float
    clip_norm: float
    lag: int = 40
    units: int = 64
    embedding_size: int = 32
    max_steps: int = 600

    def measure(self, seed: int) -> Values:
        """Gradient by lag and singular values of dh_t/dh_(t-1) before training; largest gradient and accuracy in it."""
        keras.utils.set_random_seed(seed)
        embedding = keras.layers.Embedding(8, self.embedding_size)
        kernel = keras.initializers.Orthogonal(gain=self.radius, seed=seed)
        layer = recurrent_layer("simple_rnn", self.units, recurrent_initializer=kernel)
        symbols = keras.Input((self.lag + 1,), dtype="int32")
        model = keras.Model(symbols, keras.layers.Dense(8)(layer(embedding(symbols))[1]))
        inputs = embedding(lag_batch(np.random.default_rng(seed + 1000), self.lag)[0])
        gradient = state_gradient_by_lag(layer, inputs)
        sequence = layer(inputs)[0]
        jacobian = state_jacobian(layer, inputs[:, -1], [sequence[:, -2]])
        batches = lag_batches(seed, self.lag, self.max_steps)
        steps = list(training_steps(model, batches, learning_rate=2e-3, clip_norm=self.clip_norm or None))
        return {
            "gradient": gradient,
            "singular_values": np.linalg.svd(jacobian, compute_uv=False).mean(axis=0),
            "largest_gradient": np.max([step.gradient_norm for step in steps]),
            "accuracy": np.mean([step.accuracy for step in steps[-50:]]),
        }


class Vanishing(Experiment):
    """The gradient at the lag, for all trainings of `memory`, beside whether they learned; and spectral radii."""

    name = "vanishing"
    title = "Gradients that vanish, and what is learned"
    reads = ("memory",)
    known = (
        "A relation of rank rather than a law: a gradient that is small at the start may grow in training, and one "
        "that is large may be lost by saturation (Pascanu et al. 2013). With a spectral radius below 1 the gradient of "
        "a tanh network must vanish; above 1 it may explode, which clipping prevents."
    )
    method = (
        "For each training of `memory`: the gradient of the last state with respect to the first input, divided by "
        "that with respect to the last input, before and after training. Beside it a SimpleRNN whose recurrent kernel "
        "is an orthogonal matrix times 0.5 to 1.5, at lag 40, 600 steps, with and without clipping at norm 1."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        radii = RADII[::2] if quick else RADII
        clips = {"clipped": 1.0, "not clipped": 0.0}
        return [
            *lag_conditions(quick),
            *(
                RadiusCondition(f"radius {radius:g}, {name}", radius, clip, max_steps=60 if quick else 600)
                for radius in radii
                for name, clip in clips.items()
            ),
        ]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {"vanishing": _scatter(results), "radius": _radius(results)}

    def table(self, results: Results) -> Table:
        rows = [
            (
                condition.name,
                _power(results.of(condition, "gradient")[:, -1] / results.of(condition, "gradient")[:, 0]),
                mean_and_deviation(results.of(condition, "singular_values").max(axis=1), 2),
                mean_and_deviation(results.of(condition, "largest_gradient"), 2),
                mean_and_deviation(results.of(condition, "accuracy"), factor=100),
            )
            for condition in results.select(RadiusCondition)
        ]
        header = ("SimpleRNN", "gradient ratio", "largest singular value", "largest gradient norm", "accuracy x 100")
        return Table("Spectral radius of the recurrent kernel", header, tuple(rows))

    def finding(self, results: Results) -> str:
        before, after, learned = ratios(results)
        if learned.all() or not learned.any():
            return "All trainings or none learned their lag: no conclusion about the gradients."
        threshold, right = best_threshold(before, learned)
        return (
            f"A training that learned its lag had a larger gradient ratio than one that did not in "
            f"{100 * area_under_curve(before, learned):.0f} % of the pairs before training, and in "
            f"{100 * area_under_curve(after, learned):.0f} % after it (50 % is chance). The best threshold at the "
            f"start, {threshold:.0e}, separates {100 * right:.0f} % of the {len(learned)} trainings."
        )


def ratios(results: Results) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradient ratios before and after training, and whether the lag was learned, of each training of the lag task."""
    values = [each.values for each in results.results if isinstance(each.condition, LagCondition)]
    before, after = (np.array([float(each[name]) for each in values]) for name in ("ratio_before", "ratio_after"))
    return before, after, np.array([bool(np.isfinite(each["steps"])) for each in values])


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    """Fraction of the pairs of positive and negative in which the positive scores higher; ties count half."""
    differences = scores[positive][:, None] - scores[~positive][None, :]
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))


def best_threshold(scores: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """The score from which on "positive" is right most often, and how often it is right."""
    candidates = np.unique(scores)
    right = [np.mean((scores >= candidate) == positive) for candidate in candidates]
    best = int(np.argmax(right))
    return float(candidates[best]), float(right[best])


def _power(ratio: np.ndarray) -> str:
    """Geometric mean over the seeds."""
    return f"{np.exp(np.log(np.maximum(ratio, 1e-300)).mean()):.1e}"


def _scatter(results: Results) -> Figure:
    before, after, learned = ratios(results)
    figure = Figure(figsize=(6.2, 4.8), layout="constrained")
    axes = figure.subplots()
    for chosen, label, marker, color in ((learned, "learned", "o", BLUE), (~learned, "not learned", "x", ORANGE)):
        x, y = np.maximum(before[chosen], SMALLEST), np.maximum(after[chosen], SMALLEST)
        axes.scatter(x, y, marker=marker, color=color, label=label, alpha=0.7, s=28)
    if learned.any() and not learned.all():
        axes.axvline(best_threshold(before, learned)[0], color="#666666", linestyle=":", label="best threshold")
    axes.set(
        xscale="log",
        yscale="log",
        title="Is a long lag learned where its gradient is large?",
        xlabel="gradient at the lag over that at lag 0, before training",
        ylabel="the same, after training",
    )
    axes.grid(alpha=0.3)
    axes.legend(edgecolor="none")
    return figure


def _radius(results: Results) -> Figure:
    figure = Figure(figsize=(9.5, 3.9), layout="constrained")
    curves, values = figure.subplots(1, 2)
    conditions = [condition for condition in results.select(RadiusCondition) if condition.clip_norm]
    colors = colormaps["viridis"](np.linspace(0, 0.88, len(conditions)))
    for condition, color in zip(conditions, colors, strict=True):
        label = f"radius {condition.radius:g}"
        draw_log_mean(curves, results.of(condition, "gradient"), label, "-", color)
        values.plot(results.of(condition, "singular_values").mean(axis=0), color=color, label=label)
    curves.set(yscale="log", xlabel="distance from the last step (steps)", ylabel="norm of the last state's gradient")
    curves.set_title("The spectral radius sets how fast gradients vanish", fontsize="medium")
    values.set(xlabel="singular value, in decreasing order", ylabel="singular value")
    values.set_title("Jacobian of one step", fontsize="medium")
    for axes in (curves, values):
        axes.grid(alpha=0.3)
        axes.legend(edgecolor="none", fontsize="small")
    return figure


EXPERIMENT = Vanishing()
