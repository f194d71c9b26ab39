"""Boxes and arrows of drawn graphs stand where their coordinates in inches say."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from lab.graph import STATE_COLOR, Arrow, Node, draw_graph, inch_axes


def test_coordinates_are_inches_and_arrows_end_at_the_boxes() -> None:
    figure = Figure(figsize=(6, 2), dpi=100)
    axes = inch_axes(figure, 5, 1, left=0.5, bottom=0.5)
    nodes = {"a": Node(1, 0.5, "a", STATE_COLOR), "b": Node(4, 0.5, "b", STATE_COLOR, image=np.zeros((2, 2, 3)))}
    draw_graph(axes, nodes, [Arrow("a", "b", "U", gradient=True)])

    assert axes.transData.transform((1, 0.5)) == pytest.approx((150, 100))
    assert [text.get_text() for text in axes.texts] == ["a", "", "U"]
    forward, back = (arrow.get_path() for arrow in axes.patches[2:])
    # A box is 0.9 inches wide. The last point only closes the head.
    assert forward.vertices[:-1, 0].max() == pytest.approx(4 - 0.45, abs=0.03)
    assert back.vertices[:-1, 0].min() == pytest.approx(1 + 0.45, abs=0.03)
    # The way back is beside the way forward.
    assert forward.vertices[0, 1] > back.vertices[0, 1]
