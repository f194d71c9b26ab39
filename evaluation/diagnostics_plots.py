"""Figures of gradients and gate activations of a recurrent network during training.

figure = gradient_through_time({0: curve, 1: curve}, "Norm of dh_T/dx_t by lag", "distance from the last state (steps)")
content = plots.png(figure)
"""

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

COLORS = "viridis"
"""Perceptually uniform, so readable for color-blind people and in gray; lines do not use its bright end."""
MAX_DECADES = 12
"""Powers of ten below the largest gradient that are shown; smaller gradients count as vanished."""
MAX_LEGEND_EPOCHS = 7
"""With more epochs the legend names some of them only."""


def gradient_through_time(
    curves: Mapping[int, np.ndarray], title: str = "Gradient through time", lag_label: str = "lag (steps)"
) -> Figure:
    """Gradient norm by lag: a heat map of lag x epoch next to a curve for each epoch, both on a log scale.

    curves: epoch -> mean norm of the gradient by lag, (lags,), of any length; NaN and zeros are left blank
    Raises ValueError if there are no curves.
    """
    if not curves:
        raise ValueError("there is no curve to draw")
    norms = np.full((max(map(len, curves.values())), len(curves)), np.nan)
    for column, curve in enumerate(curves.values()):
        norms[: len(curve), column] = curve
    low, high = _range(norms)
    # Margins are fixed: a layout engine would draw everything once more, after each epoch of a training.
    figure = Figure(figsize=(8.5, 3.9))
    figure.subplots_adjust(left=0.075, right=0.985, bottom=0.13, top=0.89, wspace=0.3)
    heat_map, lines = figure.subplots(1, 2, width_ratios=(1.15, 1))
    figure.suptitle(title, fontsize="large")
    _draw_heat_map(figure, heat_map, norms, list(curves), low, high)
    heat_map.set_ylabel(lag_label)
    _draw_epochs(lines, {epoch: np.where(curve > 0, curve, np.nan) for epoch, curve in curves.items()})
    lines.set(
        yscale="log", ylim=(low / 1.5, high * 1.5), xlabel=lag_label, ylabel="mean gradient norm (height and color)"
    )
    lines.legend(edgecolor="none", fontsize="small", labelspacing=0.2)
    _log_ticks(lines.yaxis)
    return figure


def cell_over_time(
    diagnostics: Mapping[str, Mapping[int, np.ndarray]], title: str = "Mean gate activation by time step"
) -> Figure:
    """A panel for each quantity of a cell, with a curve for each epoch over the time steps.

    diagnostics: DIRECTION/NAME -> epoch -> mean over the texts, (time,), from 0 to 1
    Raises ValueError if there are no panels.
    """
    if not diagnostics:
        raise ValueError("there is nothing to draw")
    columns = min(3, len(diagnostics))
    rows = -(-len(diagnostics) // columns)
    width, height = (8.5 if columns > 1 else 5), 1.4 + 2.2 * rows
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(
        left=0.7 / width, right=1 - 0.15 / width, bottom=0.55 / height, top=1 - 0.95 / height, wspace=0.08, hspace=0.25
    )
    figure.suptitle(title, fontsize="large", y=1 - 0.08 / height, va="top")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (name, curves) in zip(grid.flat, diagnostics.items(), strict=False):
        _draw_epochs(axes, curves)
        axes.set_title(_title(name), fontsize="medium")
        axes.set_ylim(-0.02, 1.02)
    for axes in grid.flat[len(diagnostics) :]:
        axes.set_visible(False)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper center",
        bbox_to_anchor=(0.5, 1 - 0.3 / height),
        ncols=7 if columns > 1 else 4,
        frameon=False,
        fontsize="small",
        columnspacing=1.2,
    )
    figure.supxlabel("time step of the text, or of its chunk", fontsize="medium", y=0.08 / height, va="bottom")
    figure.supylabel("mean over units and texts (0 to 1)", fontsize="medium", x=0.08 / width, ha="left")
    return figure


def _range(norms: np.ndarray) -> tuple[float, float]:
    """Bounds of a log scale for the finite, positive values of `norms`."""
    drawable = norms[np.isfinite(norms) & (norms > 0)]
    if not len(drawable):
        return 0.1, 1.0
    high = drawable.max()
    low = max(drawable.min(), high * 10.0**-MAX_DECADES)
    # A scale needs some width, even if all values are equal.
    return float(min(low, high / 10)), float(high)


def _draw_heat_map(figure: Figure, axes: Axes, norms: np.ndarray, epochs: list[int], low: float, high: float) -> None:
    """norms: (lags, epochs); values below `low` have its color."""
    shown = np.ma.masked_invalid(np.where(norms > 0, np.maximum(norms, low), np.nan))
    borders = np.arange(len(epochs) + 1) - 0.5, np.arange(len(norms) + 1) - 0.5
    image = axes.pcolormesh(*borders, shown, norm=LogNorm(low, high))
    image.set_cmap(COLORS)
    _log_ticks(figure.colorbar(image, ax=axes, pad=0.03).ax.yaxis)
    step = -(-len(epochs) // 10)
    axes.set_xticks(range(0, len(epochs), step), [str(epoch) for epoch in epochs[::step]])
    axes.set_xlabel("epoch")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _log_ticks(axis: Axis) -> None:
    """Few ticks, but more than one, in plain text: formulas take most of the drawing time."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1,) if high / low >= 1000 else (1, 2, 5), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if 1e-3 <= value < 1e4 else f"{value:.0e}"))
    axis.set_minor_locator(NullLocator())


def _draw_epochs(axes: Axes, curves: Mapping[int, np.ndarray]) -> None:
    """A line for each epoch, from dark to bright; the last one is thick."""
    shades = colormaps[COLORS](np.linspace(0, 0.88, len(curves)))
    in_legend = set(np.linspace(0, len(curves) - 1, min(MAX_LEGEND_EPOCHS, len(curves))).round().astype(int).tolist())
    for index, ((epoch, curve), shade) in enumerate(zip(curves.items(), shades, strict=True)):
        shown = np.where(np.isfinite(curve), curve, np.nan)
        label = f"epoch {epoch}" if index in in_legend else None
        is_last = index == len(curves) - 1
        # A single step is a dot.
        axes.plot(shown, "o-" if len(shown) == 1 else "-", color=shade, label=label, linewidth=2.4 if is_last else 1.3)
    axes.grid(alpha=0.3)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _title(name: str) -> str:
    direction, _, quantity = name.replace("_", " ").rpartition("/")
    return f"{quantity}, {direction}" if direction else quantity
