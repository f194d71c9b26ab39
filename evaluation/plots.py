"""Figures of a run, each with one message and readable at the width of a README.

Only `Figure` objects are used, never `pyplot`, so that there is no global state and no display is needed.
Colors are distinguishable for color-blind people (Okabe & Ito 2008); lines also differ in their markers.
"""

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from console.files import atomic_write
from evaluation.scores import display_factor
from schema.predictions import AttentionWeights
from schema.records import EpochRecord
from schema.scores import ConfusionMatrix, Table

BLUE, ORANGE, GREEN, GRAY = "#0072B2", "#D55E00", "#009E73", "#666666"
CELL_LINES = {"simple_rnn": ("o-", BLUE), "lstm": ("s--", ORANGE), "gru": ("^-.", GREEN)}
DOTS_PER_INCH = 120
MAX_PANEL_COLUMNS = 2
MAX_CLASSES_WITH_NUMBERS = 12
"""With more classes the cells are too small for numbers."""
MIN_RELIABLE_EXAMPLES = 30
"""A score of fewer examples has a hollow marker: it varies by many points by chance."""
MAX_LABEL_LENGTH = 22
TEXT_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}


def save_learning_curves(history: Sequence[EpochRecord], score_name: str, path: Path) -> None:
    """Plot training and validation loss, and next to them the scores in percent; the best epoch is marked.

    Raises ValueError if `history` is empty.
    """
    if not history:
        raise ValueError("there is no epoch to draw")
    epochs, factor = [record.epoch for record in history], display_factor(score_name)
    figure = Figure(figsize=(8.5, 3.8), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    losses.plot(
        epochs, [record.loss for record in history], "o-", color=BLUE, label="training (running mean over the epoch)"
    )
    losses.plot(epochs, [record.validation_loss for record in history], "s--", color=ORANGE, label="validation")
    losses.set(title="Loss", xlabel="epoch", ylabel="mean loss (nats)")
    scores.plot(epochs, [factor * record.train_score for record in history], "o-", color=BLUE, label="training")
    validation = [factor * record.validation_score for record in history]
    scores.plot(epochs, validation, "s--", color=ORANGE, label="validation")
    scores.set(title=_words(score_name), xlabel="epoch", ylabel=f"{_words(score_name)} (%)")
    for axes in (losses, scores):
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
    _mark_best(losses, scores, history, factor)
    losses.legend(edgecolor="none")
    scores.legend(edgecolor="none")
    _save(figure, path)


@dataclass(frozen=True)
class VariantCurves:
    """Learning curves of one variant of a task's settings, for a panel of `save_results_by_epoch`.

    cells: cell -> for each seed, epoch -> validation score
    baselines: name -> validation score
    """

    name: str
    cells: Mapping[str, Sequence[Mapping[int, float]]]
    baselines: Mapping[str, float]


def save_results_by_epoch(variants: Sequence[VariantCurves], title: str, score_name: str, path: Path) -> None:
    """Save the `results_figure`. Raises ValueError if there is no variant."""
    _save(results_figure(variants, title, score_name), path)


def results_figure(variants: Sequence[VariantCurves], title: str, score_name: str) -> Figure:
    """Plot the validation score of each cell after each epoch, in a panel for each variant, in percent.

    Several seeds are their mean, up to the last epoch that all of them reached, in a band from the lowest to the
    highest. The y-axis begins at the weakest baseline, or at 0 if a curve is below it, so that differences keep their
    proportion to what is learned. Raises ValueError if there is no variant.
    """
    if not variants:
        raise ValueError("there is no variant to draw")
    columns = min(MAX_PANEL_COLUMNS, len(variants))
    rows = -(-len(variants) // columns)
    figure = Figure(figsize=(7 if columns == 1 else 9.2, 0.9 + 3.1 * rows), layout="constrained")
    figure.suptitle(title)
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, variant in zip(grid.flat, variants, strict=False):
        _draw_variant(axes, variant, score_name)
    for axes in grid.flat[len(variants) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel(f"validation {_words(score_name)} (%)")
    grid[0, 0].set_ylim(bottom=display_factor(score_name) * _lowest_shown(variants))
    if any(len(seeds) > 1 for variant in variants for seeds in variant.cells.values()):
        figure.supxlabel("several seeds: mean, and band from the lowest to the highest", fontsize="small")
    return figure


def _lowest_shown(variants: Sequence[VariantCurves]) -> float:
    curves = [curve for variant in variants for seeds in variant.cells.values() for curve in seeds]
    lowest = min((score for curve in curves for score in curve.values()), default=0.0)
    weakest = min((score for variant in variants for score in variant.baselines.values()), default=0.0)
    return weakest if weakest <= lowest else 0.0


def _draw_variant(axes: Axes, variant: VariantCurves, score_name: str) -> None:
    factor = display_factor(score_name)
    for cell, seeds in variant.cells.items():
        marker, color = CELL_LINES.get(cell, ("d-", GRAY))
        epochs = sorted(set.intersection(*map(set, seeds)))
        scores = factor * np.array([[seed[epoch] for epoch in epochs] for seed in seeds])
        label = f"{cell} ({len(seeds)} seeds)" if len(seeds) > 1 else cell
        axes.plot(epochs, scores.mean(axis=0), marker, color=color, label=label, markersize=4)
        axes.fill_between(epochs, scores.min(axis=0), scores.max(axis=0), color=color, alpha=0.2, linewidth=0)
    ranked = sorted(variant.baselines, key=variant.baselines.__getitem__)
    for name, what, style in zip(ranked[-1:] + ranked[:-1], ("best", "weakest"), (":", (0, (1, 4))), strict=False):
        label = f"{what} baseline: {_words(name)}"
        axes.axhline(factor * variant.baselines[name], color=GRAY, linestyle=style, label=label)
    axes.set(title=variant.name, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(alpha=0.3)
    axes.legend(edgecolor="none", fontsize="small")


def save_confusion_matrix(confusion: ConfusionMatrix, path: Path) -> None:
    """Save the `confusion_figure`. Raises ValueError if there are no classes."""
    _save(confusion_figure(confusion), path)


def confusion_figure(confusion: ConfusionMatrix) -> Figure:
    """Confusion matrix, normalized over the rows; with few classes the cells have counts and percentages.

    Raises ValueError if there are no classes.
    """
    size = len(confusion.labels)
    if not size:
        raise ValueError("there is no class to draw")
    totals = confusion.counts.sum(axis=1, keepdims=True)
    fractions = np.divide(confusion.counts, totals, out=np.zeros(confusion.counts.shape), where=totals > 0)
    figure, axes = _square_figure(size)
    image = axes.imshow(fractions, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, format=PercentFormatter(1), shrink=0.7, aspect=30, label="fraction of the true class")
    names = [shortened_label(label) for label in confusion.labels]
    rows = [f"{name} ({total:,})" for name, total in zip(names, totals[:, 0], strict=True)]
    font = max(6.5, 11 - size / 10)
    axes.set_xticks(range(size), names, rotation=90 if size > 3 else 0, fontsize=font)
    axes.set_yticks(range(size), rows, fontsize=font)
    axes.set(xlabel="predicted class", ylabel="true class (examples)", title="Confusion matrix (rows sum to 100 %)")
    _draw_cell_borders(axes, size)
    if size <= MAX_CLASSES_WITH_NUMBERS:
        _annotate_cells(axes, confusion.counts, fractions)
    return figure


def transitions_figure(scores: np.ndarray, tags: Sequence[str]) -> Figure:
    """Transition scores of a CRF, (tags + 1, tags): from the previous tag, or last the start of a sentence, to a tag.

    Forbidden transitions, -inf, are white.
    """
    max_magnitude = np.abs(scores[np.isfinite(scores)]).max(initial=0.1)
    figure, axes = _square_figure(len(tags))
    image = axes.imshow(np.ma.masked_invalid(scores), cmap="RdBu", vmin=-max_magnitude, vmax=max_magnitude)
    figure.colorbar(image, shrink=0.7, aspect=30, label="transition score (nats); white: forbidden")
    names = [shortened_label(tag) for tag in tags]
    axes.set_xticks(range(len(tags)), names, rotation=90 if len(tags) > 3 else 0)
    axes.set_yticks(range(len(tags) + 1), [*names, "(start)"])
    axes.set(xlabel="tag", ylabel="previous tag", title="Transition scores of the CRF")
    if len(tags) <= MAX_CLASSES_WITH_NUMBERS:
        for row, column in np.argwhere(np.isfinite(scores)):
            is_dark = abs(scores[row, column]) > 0.6 * max_magnitude
            axes.text(
                column,
                row,
                f"{scores[row, column]:.2f}".replace("-0.00", "0.00"),
                ha="center",
                va="center",
                color="white" if is_dark else "black",
            )
    return figure


def _square_figure(classes: int) -> tuple[Figure, Axes]:
    """A figure for a matrix of that many classes, and its axes."""
    size = (min(4.5 + 0.5 * classes, 9.5), min(3.5 + 0.45 * classes, 9))
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


def save_score_by_length(table: Table, path: Path) -> None:
    """Plot a score in percent by length, from a table of `scores.table_by_length`.

    table: columns length, examples, score (a fraction)
    Raises ValueError if the table is empty.
    """
    if not table.rows:
        raise ValueError("there is no bin to draw")
    positions = range(len(table.rows))
    values = [100 * float(row[2]) for row in table.rows]
    figure = Figure(figsize=(8.5, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(positions, values, "-", color=BLUE)
    for position, value, row in zip(positions, values, table.rows, strict=True):
        face = BLUE if _is_reliable(row) else "white"
        axes.plot(position, value, "o", color=BLUE, markersize=8, markerfacecolor=face)
        axes.annotate(f"{value:.1f}", (position, value), (0, 9), textcoords="offset points", ha="center", bbox=TEXT_BOX)
    axes.set_xticks(positions, [f"{row[0]}\nn = {row[1]:,}" for row in table.rows])
    axes.set_xlim(-0.5, len(table.rows) - 0.5)
    axes.margins(y=0.2)
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in axes.get_yticks() if max(low, 0) <= tick <= min(high, 100)])
    name = _words(table.header[2])
    axes.set(title=f"{name} by length", xlabel=f"{table.header[0]} (n: number of examples)", ylabel=f"{name} (%)")
    if not all(_is_reliable(row) for row in table.rows):
        axes.plot(
            [], [], "o", color=BLUE, markerfacecolor="white", label=f"fewer than {MIN_RELIABLE_EXAMPLES} examples"
        )
        axes.legend(frameon=False)
    axes.grid(axis="y", alpha=0.3)
    _save(figure, path)


def _mark_best(losses: Axes, scores: Axes, history: Sequence[EpochRecord], factor: int) -> None:
    """Mark the epoch with the highest validation score, unless all scores are NaN.

    Epoch 0, the network before training, is never saved and cannot be the best.
    """
    scored = [record for record in history if record.epoch > 0 and not math.isnan(record.validation_score)]
    if not scored:
        return
    best = max(scored, key=lambda record: record.validation_score)
    for axes in (losses, scores):
        axes.axvline(best.epoch, color=GRAY, linestyle=":", zorder=0)
    value = factor * best.validation_score
    label = f"best: {value:.2f}, epoch {best.epoch}"
    scores.plot(best.epoch, value, "*", color=GREEN, markersize=15, label=label)


def _draw_cell_borders(axes: Axes, size: int) -> None:
    """Thin lines between the cells, which lead the eye to the label of a distant one."""
    borders = np.arange(1, size) - 0.5
    axes.set_xticks(borders, minor=True)
    axes.set_yticks(borders, minor=True)
    axes.grid(which="minor", color=GRAY, linewidth=0.3, alpha=0.4)
    axes.tick_params(which="minor", length=0)


def _annotate_cells(axes: Axes, counts: np.ndarray, fractions: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            fraction = float(fractions[row, column])
            color = "white" if fraction > 0.65 else "black"
            text = f"{count:,}\n{100 * fraction:.1f} %"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color=color)


def _is_reliable(row: Sequence[str | int | float]) -> bool:
    return int(row[1]) >= MIN_RELIABLE_EXAMPLES


def _words(name: str) -> str:
    return name.replace("_", " ")


def shortened_label(label: str) -> str:
    """A label that fits beside the axes; the middle is left out, since suffixes often differ."""
    label = " ".join(label.split()) or "(empty)"
    if len(label) > MAX_LABEL_LENGTH:
        half = (MAX_LABEL_LENGTH - 1) // 2
        label = f"{label[:half]}…{label[-half:]}"
    return _literal(label)


def _literal(text: str) -> str:
    """Escape dollar signs: matplotlib parses text between them as a formula."""
    return text.replace("$", r"\$")


def _save(figure: Figure, path: Path) -> None:
    atomic_write(path, lambda new_path: _draw(figure, new_path, crop=True))


MAX_SOURCE_TOKENS = 50
"""Number of source tokens that `attention_figure` shows."""


def attention_figure(attention: AttentionWeights) -> Figure:
    """Attention of each target token (rows) over the source tokens (columns); dark is high.

    Only the tokens with the highest weights of a long source are shown, in their order.
    """
    shown = np.sort(attention.weights.max(axis=0).argsort()[::-1][:MAX_SOURCE_TOKENS])
    source, weights = [attention.source[index] for index in shown], attention.weights[:, shown]
    rows, columns = weights.shape
    figure = Figure(figsize=(1.5 + 0.32 * columns, 1.5 + 0.28 * rows), layout="constrained")
    axes = figure.subplots()
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(columns), [shortened_label(token) for token in source], rotation=60, ha="left")
    axes.set_yticks(range(rows), [shortened_label(token) for token in attention.target])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    total = len(attention.source)
    subset = f" ({columns} of {total} tokens, those with the highest weights)" if columns < total else ""
    axes.set(ylabel="output token", xlabel=f"source{subset}")
    figure.suptitle("Attention of each output token over the source (white 0, dark blue 1)", fontsize="medium")
    return figure


WORDS_PER_ROW = 6
"""Number of panels in a row of `caption_figure`."""


def caption_figure(
    pixels: np.ndarray,
    captions: Sequence[str],
    predicted: str,
    attention: AttentionWeights | None = None,
    name: str = "",
) -> Figure:
    """An image with its predicted and a reference caption, and a panel with the attention of each word; bright is high.

    pixels: (height, width, 3), uint8
    attention: weights (words, regions), with the regions of a square row by row
    name: of the image, above its captions
    """
    words = attention.target if attention else ()
    rows = 2 + -(-len(words) // WORDS_PER_ROW) if words else 2
    figure = Figure(figsize=(1.6 * WORDS_PER_ROW, 1.8 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, WORDS_PER_ROW)
    axes = figure.add_subplot(grid[:2, :])
    axes.imshow(pixels)
    axes.set_title(_literal(f"{name}\npredicted: {predicted or '(empty)'}".strip()))
    axes.set_xlabel(_literal(f"reference: {captions[0]}") if captions else "")
    _remove_ticks(axes)
    for index, (word, weights) in enumerate(zip(words, attention.weights, strict=True) if attention else ()):
        axes = figure.add_subplot(grid[2 + index // WORDS_PER_ROW, index % WORDS_PER_ROW])
        _show_regions(axes, pixels, weights)
        axes.set_title(shortened_label(word), fontsize="small")
        if index == 0:
            axes.set_ylabel("attention\n(bright: high)", fontsize="small")
    return figure


def _show_regions(axes: Axes, pixels: np.ndarray, weights: np.ndarray) -> None:
    side = math.isqrt(len(weights))
    height, width = pixels.shape[:2]
    axes.imshow(pixels)
    # White is four times the uniform weight, or the highest weight, so that uniform attention is dark everywhere.
    white = max(float(weights.max()), 4 / len(weights))
    grid = weights[: side * side].reshape(side, side)
    axes.imshow(
        grid, cmap="gray", vmin=0, vmax=white, alpha=0.75, extent=(0, width, height, 0), interpolation="bilinear"
    )
    _remove_ticks(axes)


def _remove_ticks(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])


def png(figure: Figure) -> bytes:
    """Content of a PNG file of the figure, at its own size: drawn once, while `_save` has to draw twice to crop it."""
    content = io.BytesIO()
    _draw(figure, content)
    return content.getvalue()


def _draw(figure: Figure, target: Path | io.BytesIO, crop: bool = False) -> None:
    with warnings.catch_warnings():
        # Characters without a glyph in the font are drawn as boxes; the tables of the report have them.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(target, dpi=DOTS_PER_INCH, format="png", bbox_inches="tight" if crop else None)
