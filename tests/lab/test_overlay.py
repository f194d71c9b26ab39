"""Gradients of several runs in one figure."""

import keras
import numpy as np
import pytest

from lab.__main__ import main
from lab.gradients import cell_state_gradient_by_lag
from lab.overlay import RunCurves, overlay_figure, whole_rows
from models.cells import recurrent_layer
from models.classifier import ClassifierSettings, build_classifier
from models.inspection import GradientRecorder
from schema.configs import RecurrentSettings
from schema.errors import UserError


def test_without_recurrence_the_cell_state_is_multiplied_by_the_forget_gate():
    layer = recurrent_layer("lstm", 3, forget_bias=2.0)
    steps = np.random.default_rng(1).normal(size=(2, 5, 4)).astype("float32")
    layer(steps)
    kernel, recurrent, bias = layer.get_weights()
    layer.set_weights([0 * kernel, 0 * recurrent, bias])
    gate = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(cell_state_gradient_by_lag(layer, steps), gate ** np.arange(5), rtol=1e-4)


def test_the_gradient_of_the_cell_state_agrees_with_finite_differences():
    keras.utils.set_random_seed(2)
    layer = recurrent_layer("lstm", 1)
    steps = np.random.default_rng(1).normal(size=(1, 2, 2)).astype("float32")
    layer(steps)
    layer.set_weights([2 * weight for weight in layer.get_weights()])
    first, cell = (np.asarray(state) for state in layer(steps[:, :1])[1:])

    def last_cell(start: np.ndarray) -> float:
        return float(layer(steps[:, 1:], initial_state=[first, start])[2][0, 0])

    difference = (last_cell(cell + 1e-2) - last_cell(cell - 1e-2)) / 2e-2
    # A single unit's projection is +1 or -1.
    np.testing.assert_allclose(cell_state_gradient_by_lag(layer, steps), [1, abs(difference)], rtol=1e-3)


def test_rows_have_no_padding():
    settings = ClassifierSettings(9, 2, RecurrentSettings("lstm", 3), 4, 8, ("last",), 0.0, 0.0)
    model = build_classifier(settings)
    words = np.array([[2, 3, 4, 0], [2, 0, 0, 0], [5, 6, 7, 8]], np.int32)
    rows = whole_rows(GradientRecorder(model), {"words": words})
    embedding = np.asarray(model.get_layer("embedding").embeddings)
    np.testing.assert_allclose(rows, embedding[[[2, 3, 4], [6, 7, 8]]], rtol=1e-6)


def test_lstm_has_a_second_panel():
    curve = np.array([2.0, 1.0, 0.5])
    figure = overlay_figure({"a": RunCurves("gru", curve, None), "b": RunCurves("lstm", curve, curve)})
    state, cell = figure.axes
    assert [line.get_label() for line in state.lines] == ["a", "b"] and len(cell.lines) == 1
    np.testing.assert_array_equal(state.lines[0].get_ydata(), [1, 0.5, 0.25])
    assert len(overlay_figure({"a": RunCurves("gru", curve, None)}).axes) == 1


def test_runs_are_drawn(small_run, tmp_path):
    output = tmp_path / "overlay.png"
    assert main(["overlay", str(small_run), f"--output={output}"]) == 0
    assert output.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("argv", [[], ["nosuch"]])
def test_wrong_calls_get_one_line(argv, tmp_path):
    with pytest.raises(UserError, match="names of one or more runs|there is no run nosuch"):
        main(["overlay", *argv, f"--runs={tmp_path}"])
