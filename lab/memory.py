"""How far back does a recurrent network remember?

python -m lab memory
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Condition, Experiment, Results
from lab.figures import CELL_STYLES, draw_log_mean, draw_mean, grid_of_numbers
from lab.lag_task import WINDOW, LagCondition
from lab.reviews import ReviewCondition, review_condition
from schema.scores import Table

UNIT_INPUTS = 1.0

VARIANTS = (
    LagCondition("SimpleRNN", "simple_rnn", 0),
    LagCondition("SimpleRNN, Glorot kernel", "simple_rnn", 0, recurrent_initializer="glorot_uniform"),
    LagCondition("SimpleRNN, identity, ReLU", "simple_rnn", 0, recurrent_initializer="identity", activation="relu"),
    LagCondition("SimpleRNN, unit inputs", "simple_rnn", 0, embedding_stddev=UNIT_INPUTS),
    LagCondition("LSTM", "lstm", 0),
    LagCondition("LSTM, forget bias 0", "lstm", 0, forget_bias=0.0),
    LagCondition("LSTM, forget bias 3", "lstm", 0, forget_bias=3.0),
    LagCondition("LSTM, chrono biases", "lstm", 0, chrono=True),
    LagCondition("LSTM, unit inputs", "lstm", 0, embedding_stddev=UNIT_INPUTS),
    LagCondition("GRU", "gru", 0),
    LagCondition("GRU, unit inputs", "gru", 0, embedding_stddev=UNIT_INPUTS),
)
"""One factor at a time, from Keras's defaults; the lag is set for each training."""


def lag_conditions(quick: bool) -> list[LagCondition]:
    """All variants at all lags."""
    lags = (5, 10) if quick else (5, 20, 80, 160)
    variants = VARIANTS[::4] if quick else VARIANTS
    return [replace(variant, lag=lag, max_steps=200 if quick else 1500) for variant in variants for lag in lags]


class Memory(Experiment):
    """The lag task under one changed setting at a time, and the cells on film reviews."""

    name = "memory"
    title = "The longest lag that a cell learns"
    known = (
        "Expected to hold with inputs of unit size, which saturate tanh (Hochreiter & Schmidhuber 1997; Bengio et al. "
        "1994), and to fail at Keras's defaults: small inputs and an orthogonal kernel keep SimpleRNN almost linear, "
        "while LSTM's forget gate starts at 0.73 a step and GRU's update gate at 0.5, until the forget bias is raised "
        "(Jozefowicz et al. 2015; Tallec & Ollivier 2018)."
    )
    method = (
        "The first of 8 symbols has to be named after a number of random ones of the same 8, the lag. 64 units, "
        "embeddings of 32, Adam 2e-3, batches of 64, stopped once 98 % of 50 batches are right or after 1,500 steps. "
        "On IMDB: 2,500 reviews, their last 200 words, the class read from the last state."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        return [*lag_conditions(quick), *(review_condition(cell, quick) for cell in CELL_STYLES)]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {
            "memory": _grid(results),
            "gradients": _gradients(results),
        }

    def table(self, results: Results) -> Table:
        conditions = results.select(LagCondition)
        lags = sorted({condition.lag for condition in conditions})
        rows = []
        for name in dict.fromkeys(condition.name for condition in conditions):
            by_lag = {condition.lag: condition for condition in conditions if condition.name == name}
            rows.append((name, *(_steps(results.of(by_lag[lag], "steps")) for lag in lags)))
        return Table("Steps until the lag is learned", ("condition", *(f"lag {lag}" for lag in lags)), tuple(rows))

    def finding(self, results: Results) -> str:
        longest: dict[str, int] = {}
        for condition in results.select(LagCondition):
            if np.isfinite(results.of(condition, "steps")).all():
                longest[condition.name] = max(condition.lag, longest.get(condition.name, 0))
        names = dict.fromkeys(condition.name for condition in results.select(LagCondition))
        lags = ", ".join(f"{name} {longest.get(name, 'none')}" for name in names)
        return f"Longest lag that every seed learned: {lags}."


def _steps(steps: np.ndarray) -> str:
    """Mean over the seeds that learned, and how many did: "350 (2 of 3)"."""
    learned = steps[np.isfinite(steps)]
    if not len(learned):
        return "never"
    return (
        f"{learned.mean():,.0f}"
        if len(learned) == len(steps)
        else f"{learned.mean():,.0f} ({len(learned)} of {len(steps)})"
    )


def _grid(results: Results) -> Figure:
    """Steps until learned, for each condition and lag."""
    conditions = results.select(LagCondition)
    names = list(dict.fromkeys(condition.name for condition in conditions))
    lags = sorted({condition.lag for condition in conditions})
    steps = np.full((len(names), len(lags)), np.nan)
    texts = [[""] * len(lags) for _ in names]
    for condition in conditions:
        row, column = names.index(condition.name), lags.index(condition.lag)
        found = results.of(condition, "steps")
        texts[row][column] = _steps(found)
        # Not learned by most seeds is gray.
        steps[row, column] = np.nanmean(found) if np.isfinite(found).mean() > 0.5 else np.nan
    return grid_of_numbers(
        "Steps until a lag is learned (gray: not by most seeds)",
        names,
        [str(lag) for lag in lags],
        steps,
        texts,
        x_label="lag: steps between the symbol and the answer",
        color_label="training steps",
        limits=(WINDOW, max(condition.max_steps for condition in conditions)),
        log=True,
    )


def _gradients(results: Results) -> Figure:
    """Gradient by lag of the cells on reviews before and after training, and the accuracy with the last words alone."""
    figure = Figure(figsize=(10.5, 3.9), layout="constrained")
    before, after, accuracies = figure.subplots(1, 3)
    after.sharey(before)
    for condition in results.select(ReviewCondition):
        label, style, color = CELL_STYLES[condition.cell]
        draw_log_mean(before, results.of(condition, "gradient_before"), label, style, color)
        draw_log_mean(after, results.of(condition, "gradient_after"), label, style, color)
        draw_mean(accuracies, condition.last, 100 * results.of(condition, "accuracies"), label, style, color)
    before.set(title="before training", ylabel=r"norm of the gradient of the last state")
    after.set(title="after training")
    for axes in (before, after):
        axes.set(yscale="log", xlabel="distance from the last word (words)")
    accuracies.set(title="only the last words are read", xlabel="words", ylabel="accuracy (%)", xscale="log")
    accuracies.set_xticks(condition.last, [str(last) for last in condition.last])
    accuracies.minorticks_off()
    for axes in (before, after, accuracies):
        axes.grid(alpha=0.3)
    before.legend(edgecolor="none")
    figure.suptitle("The three cells on film reviews")
    return figure


EXPERIMENT = Memory()
