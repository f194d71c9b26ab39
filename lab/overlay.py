"""Gradients through time of several runs in one figure.

    python -m lab overlay runs/sentiment/rnn runs/sentiment/lstm runs/sentiment/gru

Draws the gradient of the last state with respect to the inputs, by lag, of the trained networks on validation examples;
and beside it for LSTM that of the cell state, which is what its gates protect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from commands.command_line import parse
from console.messages import say
from evaluation.plots import png
from lab.figures import COLORS, MARKERS
from lab.gradients import cell_state_gradient_by_lag
from models.cells import directions
from models.inspection import FIXED_LAGS, GradientRecorder, state_gradient
from schema.errors import UserError
from training.fixed_sample import make_fixed_sample
from training.saved_run import SavedRun, open_run

MIN_FRACTION = 0.5
"""Minimum fraction of the validation examples that must reach a lag, for the mean at this lag to be shown."""


@dataclass(frozen=True)
class OverlayFlags:
    """Draw the gradients through time of several runs: python -m lab overlay RUN RUN ..."""

    runs: Path = Path("runs")
    """Folder of all runs."""
    output: Path | None = None
    """File of the figure. Default: RUNS/lab/overlay.png."""


def main(argv: Sequence[str]) -> int:
    """Run the command and return the exit status."""
    names = [word for word in argv if not word.startswith("-")]
    flags = parse(OverlayFlags, [word for word in argv if word.startswith("-")], "python -m lab overlay RUN")
    if not names:
        raise UserError("python -m lab overlay needs the names of one or more runs; write flags as --output=FILE")
    output = flags.output or flags.runs / "lab" / "overlay.png"
    curves = {name: state_curves(open_run(name, flags.runs)) for name in names}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(png(overlay_figure(curves)))
    say(f"wrote {output}")
    return 0


@dataclass(frozen=True)
class RunCurves:
    """Mean gradients by lag of the forward direction of a run's first recurrent layer.

    state: of the last output with respect to the inputs; cell_state: of an LSTM's last cell state with respect to the
        earlier ones
    """

    cell: str
    state: np.ndarray
    cell_state: np.ndarray | None


def state_curves(run: SavedRun) -> RunCurves:
    """Measure the gradients of a run on its longest validation examples."""
    model, encoder = run.load()
    sample = make_fixed_sample(encoder.encode(run.task.splits(run.config).validation))
    recorder = GradientRecorder(model)
    layer = directions(recorder.layer)["forward"]
    cell_state = None
    if run.config.cell == "lstm":
        cell_state = cell_state_gradient_by_lag(layer, whole_rows(recorder, sample.inputs))
    return RunCurves(
        run.config.cell, state_gradient(recorder, sample.inputs)["forward"].curve(MIN_FRACTION), cell_state
    )


def whole_rows(recorder: GradientRecorder, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Inputs of the recorded layer, (rows, time, features), without padding.

    Time is the median length of the rows: shorter rows are left out, of longer ones the last steps are taken.
    """
    steps, mask = (np.asarray(each) for each in recorder.to_layer(recorder.tensors(inputs), training=False)[:2])
    time = int(np.median(mask.sum(axis=1)))
    return np.stack([row[valid][-time:] for row, valid in zip(steps, mask, strict=True) if valid.sum() >= time])


def overlay_figure(curves: Mapping[str, RunCurves]) -> Figure:
    """The gradients of all runs by lag, relative to lag 0, on a log scale."""
    cells = {name: each.cell_state for name, each in curves.items() if each.cell_state is not None}
    panels = {"last output h_T": {name: each.state for name, each in curves.items()}}
    if cells:
        panels["last cell state c_T of LSTM"] = cells
    figure = Figure(figsize=(5.5 * len(panels), 4.2), layout="constrained")
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    styles = dict(zip(curves, cycle(zip(COLORS, MARKERS, strict=True)), strict=False))
    for axes, (title, drawn) in zip(grid, panels.items(), strict=True):
        for name, curve in drawn.items():
            color, marker = styles[name]
            axes.plot(curve / curve[0], f"{marker}-", color=color, label=name, markevery=list(_shown_lags(curve)))
        axes.set(title=f"Gradient of the {title}", xlabel="lag (steps)", yscale="log")
        axes.grid(alpha=0.3)
    grid[0].set_ylabel("mean norm, relative to lag 0")
    grid[0].legend(edgecolor="none")
    figure.suptitle("How far back the trained networks depend on their input")
    return figure


def _shown_lags(curve: np.ndarray) -> list[int]:
    """Lags with a marker."""
    return [0, *(lag for lag in FIXED_LAGS if lag < len(curve))]
