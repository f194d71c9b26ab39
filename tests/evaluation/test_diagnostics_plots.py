"""Figures of diagnostics are drawn for any number of epochs and for degenerate values."""

import warnings

import numpy as np
import pytest

from evaluation import diagnostics_plots, plots
from schema.scores import ConfusionMatrix


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def width_of(content: bytes) -> int:
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
    return int.from_bytes(content[16:20])


def decay(half_life: float, lags: int = 100) -> np.ndarray:
    return 0.5 ** (np.arange(lags) / half_life)


@pytest.mark.parametrize("epochs", [1, 2, 9, 40])
def test_gradients_are_drawn_for_any_number_of_epochs(epochs):
    figure = diagnostics_plots.gradient_through_time({epoch: decay(2 + epoch) for epoch in range(epochs)})
    assert 800 < width_of(plots.png(figure)) < 1200
    lines = figure.axes[1]
    assert len(lines.lines) == epochs
    assert lines.get_yscale() == "log"
    assert len(lines.get_legend().get_texts()) == min(epochs, diagnostics_plots.MAX_LEGEND_EPOCHS)


def test_the_heat_map_has_a_cell_for_each_lag_and_epoch():
    curves = {0: decay(3, lags=5), 4: decay(30, lags=8)}
    figure = diagnostics_plots.gradient_through_time(curves, "Memory", "distance (steps)")
    cells = figure.axes[0].collections[0].get_array()
    assert cells.shape == (8, 2)
    np.testing.assert_allclose(cells[:5, 0], curves[0])
    np.testing.assert_allclose(cells[:, 1], curves[4])
    assert cells.mask[5:, 0].all()
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "4"]
    assert figure.axes[0].get_ylabel() == figure.axes[1].get_xlabel() == "distance (steps)"


def test_vanished_gradients_do_not_extend_the_scale():
    scale = diagnostics_plots.gradient_through_time({0: decay(1)}).axes[0].collections[0].norm
    assert scale.vmax == 1
    assert scale.vmin == pytest.approx(10.0**-diagnostics_plots.MAX_DECADES)


@pytest.mark.parametrize("high", [1.0, 0.95e-4, 3e-7])
@pytest.mark.parametrize("decades", [0, 0.3, 1, 2.5, 5, 20])
def test_log_axes_have_several_labeled_ticks(high, decades):
    curve = high * 10.0 ** -np.linspace(0, decades, 30)
    figure = diagnostics_plots.gradient_through_time({0: curve, 1: curve})
    plots.png(figure)
    for axis in (figure.axes[1].yaxis, figure.axes[2].yaxis):
        low, top = axis.get_view_interval()
        labels = [
            label.get_text()
            for tick, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
            if low <= tick <= top
        ]
        assert 2 <= len(set(labels)) <= 10


@pytest.mark.parametrize(
    "curve", [np.zeros(5), np.full(5, np.nan), np.ones(5), np.array([1.0, np.nan, 0.0, np.inf]), np.ones(1), np.ones(0)]
)
def test_degenerate_gradients_are_drawn(curve):
    assert width_of(plots.png(diagnostics_plots.gradient_through_time({0: curve, 1: curve})))


@pytest.mark.parametrize("panels", [1, 2, 3, 4, 6])
def test_each_quantity_of_a_cell_has_a_panel(panels):
    diagnostics = {f"forward/gate_{number}": {0: decay(50), 1: decay(9)} for number in range(panels)}
    figure = diagnostics_plots.cell_over_time(diagnostics)
    assert 500 < width_of(plots.png(figure)) < 1200
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == [f"gate {number}, forward" for number in range(panels)]
    assert all(len(axes.lines) == 2 and axes.get_ylim() == pytest.approx((-0.02, 1.02)) for axes in shown)


def test_time_steps_without_texts_are_left_out():
    figure = diagnostics_plots.cell_over_time({"forward/forget_gate": {0: np.array([0.5, np.nan])}})
    assert width_of(plots.png(figure))


def test_empty_data_are_refused():
    with pytest.raises(ValueError, match="no curve"):
        diagnostics_plots.gradient_through_time({})
    with pytest.raises(ValueError, match="nothing"):
        diagnostics_plots.cell_over_time({})


def test_a_confusion_matrix_needs_no_file():
    figure = plots.confusion_figure(ConfusionMatrix(("a", "b"), np.eye(2, dtype=int)))
    assert width_of(plots.png(figure))
