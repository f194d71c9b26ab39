"""Drawings of unrolled networks: boxes for inputs, states and outputs, with words and numbers in them, and arrows.

All coordinates are inches from the lower left corner of the axes, so that text of a given size fits its box.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INPUT_COLOR, STATE_COLOR, OUTPUT_COLOR = "#e9eef2", "#fdf1d8", "#dcefe6"
"""Colors of the boxes; black text is readable on each."""
GRADIENT_COLOR = "#A63A00"
"""Of gradients and of the arrows along which they flow, which are dashed as well."""
SHIFT = 0.1
"""Distance of an arrow from the line between two boxes, if a gradient flows back beside it."""


@dataclass(frozen=True)
class Node:
    """A box at (x, y), its center.

    text: black; gradient: below it, in the color of gradients; image: (height, width, 3), instead of the text
    """

    x: float
    y: float
    text: str
    color: str
    width: float = 0.9
    height: float = 0.34
    gradient: str = ""
    image: np.ndarray | None = None


@dataclass(frozen=True)
class Arrow:
    """An arrow from one box to another. gradient: whether a dashed arrow leads back beside it."""

    start: str
    end: str
    text: str = ""
    gradient: bool = False


def inch_axes(figure: Figure, width: float, height: float, left: float = 0.0, bottom: float = 0.0) -> Axes:
    """Add empty axes of a size and at a place in inches, whose coordinates are inches."""
    total_width, total_height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / total_width, bottom / total_height, width / total_width, height / total_height),
        xlim=(0, width),
        ylim=(0, height),
    )
    axes.set_axis_off()
    return axes


def draw_graph(axes: Axes, nodes: Mapping[str, Node], arrows: Iterable[Arrow], font_size: float = 9) -> None:
    """Draw the boxes, by name, and the arrows between them on axes of `inch_axes`."""
    boxes = {name: _draw_box(axes, node, font_size) for name, node in nodes.items()}
    for arrow in arrows:
        start, end = nodes[arrow.start], nodes[arrow.end]
        _draw_arrow(axes, (start, boxes[arrow.start]), (end, boxes[arrow.end]), SHIFT if arrow.gradient else 0, "black")
        if arrow.gradient:
            _draw_arrow(axes, (end, boxes[arrow.end]), (start, boxes[arrow.start]), SHIFT, GRADIENT_COLOR, "--")
        if arrow.text:
            _label(axes, start, end, arrow.text, font_size)


def _draw_box(axes: Axes, node: Node, font_size: float) -> FancyBboxPatch:
    corner = (node.x - node.width / 2, node.y - node.height / 2)
    box = FancyBboxPatch(
        corner, node.width, node.height, boxstyle="round,pad=0,rounding_size=0.06", facecolor=node.color, linewidth=0.8
    )
    axes.add_patch(box)
    if node.image is not None:
        limits = axes.axis()
        left, bottom = corner
        axes.imshow(node.image, extent=(left, left + node.width, bottom, bottom + node.height), aspect="auto", zorder=3)
        # imshow sets the limits to those of the image.
        axes.axis(limits)
        return box
    shift = 0.24 * node.height if node.gradient else 0
    for y, text, color in ((node.y + shift, node.text, "black"), (node.y - shift, node.gradient, GRADIENT_COLOR)):
        axes.text(node.x, y, text, ha="center", va="center", fontsize=font_size, color=color)
    return box


def _draw_arrow(
    axes: Axes,
    start: tuple[Node, FancyBboxPatch],
    end: tuple[Node, FancyBboxPatch],
    shift: float,
    color: str,
    line: str = "-",
) -> None:
    """Draw an arrow, moved by `shift` to the left of its direction."""
    (one, one_box), (other, other_box) = start, end
    right, up = other.x - one.x, other.y - one.y
    length = float(np.hypot(right, up))
    offset = np.array([-up, right]) * shift / length
    arrow = FancyArrowPatch(
        tuple(np.array([one.x, one.y]) + offset),
        tuple(np.array([other.x, other.y]) + offset),
        arrowstyle="-|>",
        mutation_scale=9,
        linestyle=line,
        color=color,
        patchA=one_box,
        patchB=other_box,
        shrinkA=0,
        shrinkB=1,
    )
    axes.add_patch(arrow)


def _label(axes: Axes, start: Node, end: Node, text: str, font_size: float) -> None:
    level = abs(end.x - start.x) > abs(end.y - start.y)
    x, y = (start.x + end.x) / 2, (start.y + end.y) / 2
    shift = (0, SHIFT + 0.12) if level else (-SHIFT - 0.08, 0)
    axes.text(x + shift[0], y + shift[1], text, ha="center" if level else "right", va="center", fontsize=font_size)
