"""The unrolled graph of each type of use, with words at its inputs and outputs."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lab.graph import INPUT_COLOR, OUTPUT_COLOR, STATE_COLOR, Arrow, Node, draw_graph

COLUMN, ROW = 1.0, 0.62
"""Inches from one step to the next, and from inputs to states to outputs."""
MAX_STEPS = 7
"""Longer sequences are drawn without their middle."""
Graph = tuple[dict[str, Node], list[Arrow]]


def unrolled(rnn_type: str, inputs: Sequence[str], outputs: Sequence[str], image: np.ndarray | None = None) -> Graph:
    """Boxes and arrows of a type of use, from left to right in time.

    inputs, outputs: words; image: drawn in the place of the first input. Where outputs are generated, each is the
    next input. Raises KeyError for an unknown type.
    """
    # (first step with an input, number of inputs), and the same of the outputs.
    read, written = shortened(inputs), shortened(outputs)
    first_output = {
        "one to one": 0,
        "one to many": 0,
        "many to one": len(read) - 1,
        "many to many, synchronous": 0,
        "many to many, asynchronous": len(read),
    }[rnn_type]
    steps = max(len(read), first_output + len(written))
    nodes = {f"h{step}": _node(step, 1, "", STATE_COLOR) for step in range(steps)}
    nodes |= {f"x{step}": _node(step, 0, word, INPUT_COLOR, None if step else image) for step, word in enumerate(read)}
    nodes |= {f"y{step}": _node(step, 2, word, OUTPUT_COLOR) for step, word in enumerate(written, first_output)}
    arrows = [Arrow(f"h{step}", f"h{step + 1}") for step in range(steps - 1)]
    arrows += [Arrow(f"x{step}", f"h{step}") for step in range(len(read))]
    arrows += [Arrow(f"h{step}", f"y{step}") for step in range(first_output, first_output + len(written))]
    if rnn_type in ("one to many", "many to many, asynchronous"):
        arrows += [Arrow(f"y{step}", f"h{step + 1}") for step in range(first_output, steps - 1)]
    return nodes, arrows


def draw_unrolled(axes: Axes, graph: Graph, title: str) -> None:
    """Draw a graph on axes of `inch_axes`, with its title at the left."""
    draw_graph(axes, *graph, font_size=8)
    axes.text(0.1, 2 * ROW + 0.62, title, fontsize=10, va="center")


def shortened(words: Sequence[str]) -> list[str]:
    """The words, with an ellipsis in the place of the middle of more than `MAX_STEPS`."""
    if len(words) <= MAX_STEPS:
        return list(words)
    return [*words[: MAX_STEPS - 3], "…", *words[-2:]]


def _node(step: int, row: int, text: str, color: str, image: np.ndarray | None = None) -> Node:
    # Dollar signs would start a formula.
    text = text.replace("$", r"\$")
    width, height = (0.86, 0.26) if image is None else (0.42, 0.42)
    return Node(0.6 + COLUMN * step, 0.3 + ROW * row, text, color, width, height, image=image)
