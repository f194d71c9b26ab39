"""Pictures of a run, each with one message, readable as wide as a README is shown.

Only `Figure` objects are used, never `pyplot`, so that nothing is kept between pictures and no display is needed.
Colours are told apart by colour-blind people too (Okabe & Ito 2008); lines also differ in their markers.
"""

import io
import math
import warnings
from collections.abc import Mapping, Sequence
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

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
LINES = (("o-", BLUE), ("s--", ORANGE), ("^-.", GREEN))
DOTS_PER_INCH = 120
MOST_CLASSES_WITH_COUNTS = 12
"""With more classes the cells are too small for numbers, and colour alone speaks."""
FEW_EXAMPLES = 30
"""A score of fewer examples is drawn hollow: chance alone moves it by many points."""
LONGEST_LABEL = 22
BEHIND_TEXT = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}


def learning_curves(history: Sequence[EpochRecord], score_name: str, path: Path) -> None:
    """Loss of train and validation beside the validation score (shown x 100); the best epoch is marked.

    Raises ValueError where `history` is empty.
    """
    if not history:
        raise ValueError("there is no epoch to draw")
    epochs, factor = [record.epoch for record in history], display_factor(score_name)
    figure = Figure(figsize=(8.5, 3.8), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    losses.plot(epochs, [record.loss for record in history], "o-", color=BLUE, label="training, as the weights moved")
    losses.plot(epochs, [record.validation_loss for record in history], "s--", color=ORANGE, label="validation")
    losses.set(title="Loss", xlabel="epoch", ylabel="mean loss (nats)")
    scores.plot(epochs, [factor * record.train_score for record in history], "o-", color=BLUE, label="training")
    validation = [factor * record.validation_score for record in history]
    scores.plot(epochs, validation, "s--", color=ORANGE, label="validation")
    scores.set(title=_words(score_name), xlabel="epoch", ylabel=f"{_words(score_name)} x 100")
    for axes in (losses, scores):
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
    _mark_best(losses, scores, history, factor)
    losses.legend(edgecolor="none")
    scores.legend(edgecolor="none")
    _save(figure, path)


def cells_by_epoch(
    curves: Mapping[str, Mapping[int, float]], baselines: Mapping[str, float], score_name: str, path: Path
) -> None:
    """The validation score of each cell (shown x 100) after each epoch, over the best baseline's.

    curves: cell -> epoch -> score after it
    """
    figure, factor = Figure(figsize=(7, 4), layout="constrained"), display_factor(score_name)
    axes = figure.subplots()
    for (cell, curve), style in zip(curves.items(), LINES, strict=False):
        marker, color = style
        axes.plot(list(curve), [factor * score for score in curve.values()], marker, color=color, label=cell)
    if baselines:
        name = max(baselines, key=baselines.__getitem__)
        label = f"best baseline: {_words(name)}"
        axes.axhline(factor * baselines[name], color=GREY, linestyle=":", label=label)
    axes.set(xlabel="epoch", ylabel=f"validation {_words(score_name)} x 100")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(edgecolor="none")
    _save(figure, path)


def confusion_matrix(confusion: ConfusionMatrix, path: Path) -> None:
    """Write what `confusion_figure` draws. Raises ValueError where there is no class."""
    _save(confusion_figure(confusion), path)


def confusion_figure(confusion: ConfusionMatrix) -> Figure:
    """Where the examples of each class go: colour is the share of the row; few classes show counts as well.

    Raises ValueError where there is no class.
    """
    size = len(confusion.labels)
    if not size:
        raise ValueError("there is no class to draw")
    totals = confusion.counts.sum(axis=1, keepdims=True)
    shares = np.divide(confusion.counts, totals, out=np.zeros(confusion.counts.shape), where=totals > 0)
    figure = Figure(figsize=(min(4.5 + 0.5 * size, 9.5), min(3.5 + 0.45 * size, 9)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, format=PercentFormatter(1), shrink=0.7, aspect=30, label="share of the class's examples")
    names = [_shortened(label) for label in confusion.labels]
    rows = [f"{name} ({total:,})" for name, total in zip(names, totals[:, 0], strict=True)]
    font = max(6.5, 11 - size / 10)
    axes.set_xticks(range(size), names, rotation=90 if size > 3 else 0, fontsize=font)
    axes.set_yticks(range(size), rows, fontsize=font)
    axes.set(xlabel="answered class", ylabel="true class (examples)", title="Where the examples of each class go")
    _rule_cells(axes, size)
    if size <= MOST_CLASSES_WITH_COUNTS:
        _write_cells(axes, confusion.counts, shares)
    return figure


def transitions_figure(scores: np.ndarray, tags: Sequence[str]) -> Figure:
    """What a tag adds to the score of a sentence after another tag; the last row of `scores`, (tags + 1, tags), is the
    start of a sentence. What may not stand there, -inf, is left white."""
    strongest = np.abs(scores[np.isfinite(scores)]).max(initial=0.1)
    figure = Figure(figsize=(min(4.5 + 0.5 * len(tags), 9.5), min(3.5 + 0.45 * len(tags), 9)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(np.ma.masked_invalid(scores), cmap="RdBu", vmin=-strongest, vmax=strongest)
    figure.colorbar(image, shrink=0.7, aspect=30, label="added to the score (nats); white: never")
    names = [_shortened(tag) for tag in tags]
    axes.set_xticks(range(len(tags)), names, rotation=90 if len(tags) > 3 else 0)
    axes.set_yticks(range(len(tags) + 1), [*names, "(start)"])
    axes.set(xlabel="tag", ylabel="tag before it", title="Learnt scores of one tag after another")
    if len(tags) <= MOST_CLASSES_WITH_COUNTS:
        for row, column in np.argwhere(np.isfinite(scores)):
            dark = abs(scores[row, column]) > 0.6 * strongest
            axes.text(
                column,
                row,
                f"{scores[row, column]:.2f}".replace("-0.00", "0.00"),
                ha="center",
                va="center",
                color="white" if dark else "black",
            )
    return figure


def score_by_length(table: Table, path: Path) -> None:
    """A score in bins of length, as made by `scores.table_by_length`: columns tokens, examples, score (a share).

    Raises ValueError where the table is empty.
    """
    if not table.rows:
        raise ValueError("there is no bin to draw")
    places = range(len(table.rows))
    values = [100 * float(row[2]) for row in table.rows]
    figure = Figure(figsize=(8.5, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(places, values, "-", color=BLUE)
    for place, value, row in zip(places, values, table.rows, strict=True):
        axes.plot(place, value, "o", color=BLUE, markersize=8, markerfacecolor=BLUE if _enough(row) else "white")
        axes.annotate(f"{value:.1f}", (place, value), (0, 9), textcoords="offset points", ha="center", bbox=BEHIND_TEXT)
    axes.set_xticks(places, [f"{row[0]}\nn = {row[1]:,}" for row in table.rows])
    axes.set_xlim(-0.5, len(table.rows) - 0.5)
    axes.margins(y=0.2)
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in axes.get_yticks() if max(low, 0) <= tick <= min(high, 100)])
    name = _words(table.header[2])
    axes.set(title=f"{name} by length", xlabel=f"{table.header[0]}, and examples n", ylabel=f"{name} x 100")
    if not all(_enough(row) for row in table.rows):
        axes.plot([], [], "o", color=BLUE, markerfacecolor="white", label=f"fewer than {FEW_EXAMPLES} examples")
        axes.legend(frameon=False)
    axes.grid(axis="y", alpha=0.3)
    _save(figure, path)


def _mark_best(losses: Axes, scores: Axes, history: Sequence[EpochRecord], factor: int) -> None:
    """A line at the epoch with the highest validation score; nothing where every score is NaN. Epoch 0, before which
    nothing was learnt, is never kept and cannot be the best."""
    scored = [record for record in history if record.epoch > 0 and not math.isnan(record.validation_score)]
    if not scored:
        return
    best = max(scored, key=lambda record: record.validation_score)
    for axes in (losses, scores):
        axes.axvline(best.epoch, color=GREY, linestyle=":", zorder=0)
    value = factor * best.validation_score
    label = f"best: {value:.2f}, epoch {best.epoch}"
    scores.plot(best.epoch, value, "*", color=GREEN, markersize=15, label=label)


def _rule_cells(axes: Axes, size: int) -> None:
    """Thin lines between the cells, by which the eye finds the label of a far one."""
    between = np.arange(1, size) - 0.5
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.grid(which="minor", color=GREY, linewidth=0.3, alpha=0.4)
    axes.tick_params(which="minor", length=0)


def _write_cells(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            share = shares[row, column]
            text = f"{count:,}\n{100 * share:.1f} %"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color=_ink(share))


def _ink(share: float) -> str:
    return "white" if share > 0.65 else "black"


def _enough(row: Sequence[str | int | float]) -> bool:
    return int(row[1]) >= FEW_EXAMPLES


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shortened(label: str) -> str:
    """A class name that fits beside the picture; the middle gives way, because endings often differ."""
    label = " ".join(label.split()) or "(empty)"
    if len(label) > LONGEST_LABEL:
        half = (LONGEST_LABEL - 1) // 2
        label = f"{label[:half]}…{label[-half:]}"
    return _literal(label)


def _literal(text: str) -> str:
    """matplotlib reads text between dollar signs as a formula."""
    return text.replace("$", r"\$")


def _save(figure: Figure, path: Path) -> None:
    atomic_write(path, lambda fresh: _draw(figure, fresh, bbox_inches="tight"))


MOST_COLUMNS = 50
"""So many pieces of a source are shown in a picture."""


def attention_figure(attended: AttentionWeights) -> Figure:
    """Which pieces of the source (columns) each piece of the answer (rows) was made from, dark for much.

    Of a long source the pieces that matter most are shown, in their order.
    """
    heaviest = np.sort(attended.weights.max(axis=0).argsort()[::-1][:MOST_COLUMNS])
    source, weights = [attended.source[place] for place in heaviest], attended.weights[:, heaviest]
    rows, columns = weights.shape
    figure = Figure(figsize=(1.5 + 0.32 * columns, 1.5 + 0.28 * rows), layout="constrained")
    axes = figure.subplots()
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(columns), [_shortened(piece) for piece in source], rotation=60, ha="left")
    axes.set_yticks(range(rows), [_shortened(piece) for piece in attended.target])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    cut = f", the {columns} of {len(attended.source)} pieces that matter most" if columns < len(attended.source) else ""
    axes.set(ylabel="answer", xlabel=f"source{cut}")
    return figure


WORDS_A_ROW = 6
"""So many words of a caption are shown beside one another."""


def caption_figure(
    pixels: np.ndarray, captions: Sequence[str], said: str, attended: AttentionWeights | None = None
) -> Figure:
    """A picture, what was said of it and a reference; then, word by word, where it was made from, bright for much.

    pixels: (side, side, 3), uint8; attended: weights (words, regions), the regions row by row of a square
    """
    words = attended.target if attended else ()
    rows = 2 + -(-len(words) // WORDS_A_ROW) if words else 2
    figure = Figure(figsize=(1.6 * WORDS_A_ROW, 1.8 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, WORDS_A_ROW)
    axes = figure.add_subplot(grid[:2, :])
    axes.imshow(pixels)
    axes.set_title(_literal(said) or "(nothing)")
    axes.set_xlabel(_literal(f"reference: {captions[0]}") if captions else "")
    _without_ticks(axes)
    for place, word in enumerate(words):
        axes = figure.add_subplot(grid[2 + place // WORDS_A_ROW, place % WORDS_A_ROW])
        _show_regions(axes, pixels, attended.weights[place])
        axes.set_title(_shortened(word), fontsize="small")
    return figure


def _show_regions(axes: Axes, pixels: np.ndarray, weights: np.ndarray) -> None:
    side = math.isqrt(len(weights))
    height, width = pixels.shape[:2]
    axes.imshow(pixels)
    # What has four times its even share is bright, or whatever has most, so that an even look is dark everywhere.
    brightest = max(float(weights.max()), 4 / len(weights))
    shares = weights[: side * side].reshape(side, side)
    axes.imshow(
        shares, cmap="gray", vmin=0, vmax=brightest, alpha=0.75, extent=(0, width, height, 0), interpolation="bilinear"
    )
    _without_ticks(axes)


def _without_ticks(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])


def png(figure: Figure) -> bytes:
    """A picture as the content of a PNG file, at its own size: drawn once, where `_save` has to draw twice."""
    content = io.BytesIO()
    _draw(figure, content)
    return content.getvalue()


def _draw(figure: Figure, target: Path | io.BytesIO, **options: str) -> None:
    with warnings.catch_warnings():
        # A class name in a script that the font lacks is drawn as boxes; the tables still have it.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(target, dpi=DOTS_PER_INCH, format="png", **options)
