"""Heat maps of units and words."""

import numpy as np
import pytest

from evaluation.plots import png
from evaluation.state_plots import half_lives, unit_heat_maps, unit_order


def test_a_gate_of_one_half_has_a_half_life_of_one_step():
    gates = np.array([[0.5, 0.25, 1.0], [0.5, 1.0, 1.0]])
    # 0.25 * 1 is 0.5 a step on average; a gate that is always open keeps its state (almost) for ever.
    np.testing.assert_allclose(half_lives(gates), [1, 1, 1e4], rtol=1e-6)


def test_units_are_ordered_by_half_life():
    states = {"forget_gate": np.array([[0.5, 0.9, 0.1]]), "output": np.zeros((1, 3))}
    assert list(unit_order(states)) == [1, 0, 2]


def test_units_of_a_cell_without_gates_are_ordered_by_their_change():
    assert list(unit_order({"output": np.array([[0.0, 0.5, 0.0], [0.9, 0.5, -0.1]])})) == [1, 2, 0]


def test_each_panel_has_a_title_a_color_bar_and_the_words():
    states = {"forget_gate": np.full((3, 2), 0.5), "cell_state": np.array([[0.0, 2.5]] * 3), "output": np.zeros((3, 2))}
    figure = unit_heat_maps(states, ["not", "$bad", "film"], "one text", borders=[2])
    figure.draw_without_rendering()
    panels, bars = figure.axes[:3], figure.axes[3:]
    assert [axes.get_title() for axes in panels] == ["forget gate: 1 keeps the cell state", "cell state c", "output h"]
    assert [label.get_text() for label in panels[-1].get_xticklabels()] == ["not", r"\$bad", "film"]
    assert panels[1].images[0].get_clim() == (-2.5, 2.5) and len(bars) == 3
    assert png(figure).startswith(b"\x89PNG")


def test_words_must_be_those_of_the_steps():
    with pytest.raises(ValueError, match="2 words"):
        unit_heat_maps({"output": np.zeros((3, 2))}, ["a", "b"], "one text")
