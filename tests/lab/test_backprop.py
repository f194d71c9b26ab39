"""The equations of the worked example against numbers by hand, and the comparison with Keras and differences."""

import re
from typing import get_args

import numpy as np
import pytest

from lab.backprop import (
    COMPARED,
    EXPERIMENT,
    LIMITS,
    Comparison,
    WorkedExample,
    worked_example,
)
from lab.experiment import Result, Results
from lab.gradient_check import Problem, finite_differences, numpy_gradients
from schema.configs import CellName

CELL_NAMES = get_args(CellName)


def test_gradients_of_one_unit_are_those_by_hand() -> None:
    w, u, b, v, target = 0.5, -0.8, 0.1, 2.0, 1.0
    x_1, x_2 = 1.0, 3.0
    weights = {"kernel": np.array([[w]]), "recurrent_kernel": np.array([[u]]), "bias": np.array([b])}
    problem = Problem("simple_rnn", weights, np.array([[x_1], [x_2]]), np.array([v]), target)

    h_1 = np.tanh(w * x_1 + b)
    h_2 = np.tanh(w * x_2 + u * h_1 + b)
    d_h2 = (v * h_2 - target) * v
    d_a2 = d_h2 * (1 - h_2**2)
    d_h1 = d_a2 * u
    d_a1 = d_h1 * (1 - h_1**2)

    gradients = numpy_gradients(problem)
    assert gradients["h"].ravel() == pytest.approx([d_h1, d_h2])
    assert gradients["parts_kernel"].ravel() == pytest.approx([d_a1 * x_1, d_a2 * x_2])
    assert gradients["parts_recurrent_kernel"].ravel() == pytest.approx([0, d_a2 * h_1])
    assert gradients["bias"] == pytest.approx([d_a1 + d_a2])
    assert gradients["inputs"].ravel() == pytest.approx([d_a1 * w, d_a2 * w])


@pytest.mark.parametrize("cell", CELL_NAMES)
@pytest.mark.parametrize("dtype", LIMITS)
def test_by_hand_keras_and_differences_agree(cell: CellName, dtype: str) -> None:
    measured = Comparison("", cell, dtype, steps=3).measure(seed=1)
    assert set(measured) == set(COMPARED)
    assert max(float(value) for value in measured.values()) < LIMITS[dtype]


def test_a_wrong_gradient_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(problem: Problem) -> dict[str, np.ndarray]:
        gradients = dict(numpy_gradients(problem))
        # Of the last step alone.
        gradients["recurrent_kernel"] = gradients["parts_recurrent_kernel"][-1]
        return gradients

    monkeypatch.setattr("lab.backprop.numpy_gradients", wrong)
    measured = Comparison("", "gru", "float64", steps=3).measure(seed=1)
    assert measured["hand_keras"] > LIMITS["float64"]
    assert measured["hand_differences"] > LIMITS["float64"]


def test_finite_differences_leave_the_problem_as_it_was() -> None:
    problem, other = worked_example("lstm"), worked_example("lstm")
    finite_differences(problem)
    assert all(np.array_equal(problem.weights[name], other.weights[name]) for name in other.weights)
    assert np.array_equal(problem.inputs, other.inputs)


@pytest.fixture(scope="module")
def examples() -> list[Result]:
    conditions = [each for each in EXPERIMENT.conditions(quick=True) if isinstance(each, WorkedExample)]
    return [Result(condition, 1, condition.measure(1)) for condition in conditions]


def test_the_printed_parts_add_up_to_the_sum_and_to_keras(examples: list[Result]) -> None:
    text = EXPERIMENT.text(Results(examples))
    rows = re.findall(r"^dL/d[WUb]\[[\d,]+\](.*)$", text, re.MULTILINE)
    assert len(rows) == 4 + 4 + 2
    for row in rows:
        *parts, total, keras = map(float, row.split())
        assert sum(parts) == pytest.approx(total, abs=2e-4)
        assert total == keras


def test_the_drawn_graph_has_the_numbers(examples: list[Result]) -> None:
    figures = EXPERIMENT.figures(Results(examples))
    assert list(figures) == ["backprop", "backprop_lstm", "backprop_gru"]
    drawn = [text.get_text() for text in figures["backprop"].axes[0].texts]
    h_1 = examples[0].values["state_h"][0]
    assert f"$h_1$ = ({h_1[0]:.3f}, {h_1[1]:.3f})" in drawn


@pytest.mark.parametrize(("difference", "verdict"), [(2e-9, "Holds"), (2e-8, "Fails")])
def test_the_finding_follows_from_the_differences(examples: list[Result], difference: float, verdict: str) -> None:
    compared = [each for each in EXPERIMENT.conditions(quick=True) if isinstance(each, Comparison)]
    results = [Result(each, 1, dict.fromkeys(COMPARED, np.array(difference))) for each in compared]
    finding = EXPERIMENT.finding(Results([*examples, *results]))
    assert finding.startswith(verdict)
    assert f"{difference:.1e} in float64" in finding
