"""Parts of figures that several experiments draw."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from evaluation.plots import BLUE, GRAY, GREEN, ORANGE
from schema.configs import CellName

COLORS: Sequence[str] = (ORANGE, BLUE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", GRAY, "#000000")
"""Distinguishable for color-blind people (Okabe & Ito 2008)."""
MARKERS = "os^Dv*xP"
VANISHED = 1e-20
"""Gradient that counts as vanished in figures; single precision soon has none below."""
CELL_STYLES: Mapping[CellName, tuple[str, str, str]] = {
    "simple_rnn": ("SimpleRNN", "o--", ORANGE),
    "lstm": ("LSTM", "s-", BLUE),
    "gru": ("GRU", "^-.", GREEN),
}
"""Cell -> its name, line and color, the same in all figures."""


def draw_mean(
    axes: Axes, x: Sequence[float] | np.ndarray, values: np.ndarray, label: str, style: str, color: str
) -> None:
    """Draw the mean over the seeds of values (seeds, points), with a band of one standard deviation."""
    mean = values.mean(axis=0)
    axes.plot(x, mean, style, color=color, label=label, markersize=4.5)
    if len(values) > 1:
        deviation = values.std(axis=0, ddof=1)
        axes.fill_between(x, mean - deviation, mean + deviation, color=color, alpha=0.18, linewidth=0)


def draw_log_mean(axes: Axes, values: np.ndarray, label: str, style: str, color: str) -> None:
    """Draw the geometric mean over the seeds of values (seeds, lags) on a log scale, and their range.

    Values below `VANISHED` are drawn there.
    """
    positive = np.maximum(values, VANISHED)
    axes.plot(np.exp(np.log(positive).mean(axis=0)), style.strip("os^"), color=color, label=label)
    axes.fill_between(
        range(values.shape[1]), positive.min(axis=0), positive.max(axis=0), color=color, alpha=0.18, linewidth=0
    )


def grid_of_numbers(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    texts: Sequence[Sequence[str]],
    *,
    x_label: str,
    color_label: str,
    limits: tuple[float, float] | None = None,
    log: bool = False,
) -> Figure:
    """A heat map of values (rows, columns) with a text in each cell; NaN is gray.

    limits: values at the ends of the color scale; log: whether the scale is logarithmic
    """
    figure = Figure(figsize=(2.6 + 1.25 * len(columns), 1.5 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    low, high = limits or (float(np.nanmin(values)), float(np.nanmax(values)))
    norm = LogNorm(low, high) if log else Normalize(low, high)
    colors = _color_map()
    image = axes.imshow(np.ma.masked_invalid(values), norm=norm, cmap=colors, aspect="auto")
    for row, cells in enumerate(texts):
        for column, text in enumerate(cells):
            value = values[row, column]
            dark = np.isfinite(value) and norm(value) < 0.55
            axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize="small")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), columns)
    axes.set(title=title, xlabel=x_label)
    bar = figure.colorbar(image, ax=axes, label=color_label, format=FuncFormatter(lambda value, _: f"{value:,g}"))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    return figure


def _color_map() -> Colormap:
    colors = colormaps["viridis"].copy()
    colors.set_bad("#dddddd")
    return colors
