"""What the experiments on memory measure, on cases whose answers are known."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.activations import unit_fractions
from lab.gradients import state_gradient_by_lag, state_jacobian
from lab.lag_task import LagCondition, lag_batch, set_chrono_biases, steps_until_learned
from lab.lstm_gates import last_outputs, mean_gates
from lab.plateau import VARIANCE, adding_batch, stopping_point
from lab.reviews import ReviewCondition
from lab.training import training_steps
from lab.vanishing import area_under_curve, best_threshold
from models.cells import recurrent_layer

STEPS = np.random.default_rng(5).normal(size=(2, 4, 3)).astype("float32")


def one_unit(weight: float, input_weight: float = 1.0) -> keras.layers.Layer:
    """A SimpleRNN of one unit, of one input, without bias."""
    layer = recurrent_layer("simple_rnn", 1)
    layer(np.zeros((1, 1, 1), "float32"))
    layer.set_weights([np.array([[input_weight]]), np.array([[weight]]), np.zeros(1)])
    return layer


def test_the_answer_is_the_first_symbol():
    symbols, first = lag_batch(np.random.default_rng(1), lag=7, batch=500)
    assert symbols.shape == (500, 8)
    np.testing.assert_array_equal(symbols[:, 0], first)
    # All symbols occur, at all steps alike: no other step tells the answer.
    assert np.abs(np.bincount(symbols.ravel(), minlength=8) / symbols.size - 1 / 8).max() < 0.02


def test_a_lag_is_learned_after_a_whole_window():
    assert steps_until_learned([0.0] * 30 + [1.0] * 60) == 79
    assert steps_until_learned([1.0] * 50) == 50
    assert np.isnan(steps_until_learned([1.0] * 48 + [0.0] * 2 + [0.9] * 200))


def test_the_jacobian_of_one_unit_is_its_weight_times_its_slope():
    layer = one_unit(0.8)
    jacobian = state_jacobian(layer, np.array([[0.3]], "float32"), [np.array([[0.5]], "float32")])
    slope = 1 - np.tanh(0.3 + 0.8 * 0.5) ** 2
    np.testing.assert_allclose(jacobian, [[[0.8 * slope]]], rtol=1e-6)


def test_the_gradient_by_lag_is_a_product_of_jacobians():
    weight, inputs = 0.8, [0.3, -0.2, 0.6]
    layer, state, slopes = one_unit(weight), 0.0, []
    for value in inputs:
        state = np.tanh(value + weight * state)
        slopes.append(1 - state**2)
    curve = state_gradient_by_lag(layer, np.array(inputs, "float32").reshape(1, 3, 1))
    # dh_3/dx_3, dh_3/dx_2, dh_3/dx_1; the projection of one unit has length 1.
    expected = [slopes[2], slopes[2] * weight * slopes[1], slopes[2] * weight * slopes[1] * weight * slopes[0]]
    np.testing.assert_allclose(curve, expected, rtol=1e-5)


def test_chrono_biases_fit_the_lag():
    layer = recurrent_layer("lstm", 500)
    layer(STEPS)
    set_chrono_biases(layer, 100, seed=1)
    write, forget, candidate, output = np.split(np.asarray(layer.cell.bias), 4)
    np.testing.assert_array_equal(write, -forget)
    assert not candidate.any() and not output.any()
    # exp of the bias is uniform from 1 to 100.
    np.testing.assert_allclose(np.quantile(np.exp(forget), [0, 0.5, 1]), [1, 50.5, 100], atol=5)


def test_a_unit_that_never_exceeds_zero_is_dead():
    outputs = np.zeros((2, 3, 2))
    outputs[0, 1, 1] = 4.0
    dead, flat, norm = unit_fractions("relu", outputs)
    # The other unit is flat at five of six steps.
    assert (dead, flat) == (0.5, pytest.approx(0.5 * 5 / 6))
    assert norm == pytest.approx(4 / 6)


def test_slopes_of_the_activations():
    assert unit_fractions("tanh", np.full((1, 1, 1), 0.94))[0] == 0.0
    assert unit_fractions("tanh", np.full((1, 1, 1), 0.96))[0] == 1.0
    assert unit_fractions("sigmoid", np.full((1, 1, 1), 0.5))[0] == 0.0
    assert unit_fractions("sigmoid", np.full((1, 1, 1), 0.95))[0] == 1.0
    assert unit_fractions("leaky_relu", np.full((1, 1, 1), -9.0))[0] == 0.0
    assert unit_fractions("elu", np.full((1, 1, 1), -0.95))[0] == 1.0
    # An exploded unit passes back no gradient that can be used.
    assert unit_fractions("relu", np.full((1, 1, 1), np.nan))[0] == 1.0


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_without_a_fixed_gate_the_loop_is_the_layer(cell):
    layer = recurrent_layer(cell, 4)
    expected = np.asarray(layer(STEPS)[1])
    np.testing.assert_allclose(last_outputs(layer, STEPS, {}), expected, atol=1e-6)


def test_a_closed_output_gate_hides_the_state():
    layer = recurrent_layer("lstm", 4)
    layer(STEPS)
    assert not last_outputs(layer, STEPS, {"output_gate": np.zeros(4)}).any()


def test_an_update_gate_of_one_keeps_the_first_state():
    layer = recurrent_layer("gru", 4)
    layer(STEPS)
    assert not last_outputs(layer, STEPS, {"update_gate": np.ones(4)}).any()


def test_mean_gates_of_a_layer_without_weights_are_its_biases():
    layer = recurrent_layer("lstm", 4, forget_bias=1.0)
    layer(STEPS)
    kernel, recurrent, bias = layer.get_weights()
    layer.set_weights([0 * kernel, 0 * recurrent, bias])
    gates = mean_gates(layer, STEPS)
    np.testing.assert_allclose(gates["forget_gate"], 1 / (1 + np.exp(-1)), rtol=1e-5)
    np.testing.assert_allclose(gates["input_gate"], 0.5, rtol=1e-5)


def test_the_sum_is_of_one_number_in_each_half():
    numbers, sums = adding_batch(np.random.default_rng(1), length=10, batch=2000)
    marks = numbers[:, :, 1]
    np.testing.assert_array_equal(marks[:, :5].sum(axis=1), 1)
    np.testing.assert_array_equal(marks[:, 5:].sum(axis=1), 1)
    np.testing.assert_allclose((numbers[:, :, 0] * marks).sum(axis=1), sums[:, 0], rtol=1e-6)
    assert np.var(sums) == pytest.approx(VARIANCE, abs=0.01)


def test_early_stopping_counts_evaluations_without_a_new_best():
    losses = np.array([5.0, 4.0, 4.5, 4.0, 4.1, 3.0, 9.0])
    assert stopping_point(losses, 1) == 2
    assert stopping_point(losses, 3) == 4
    assert stopping_point(losses, 4) is None


def test_area_under_curve_counts_pairs():
    scores, positive = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, True, False, True])
    # 2 over 1, a tie, 3 over 1, 3 over 2.
    assert area_under_curve(scores, positive) == 3.5 / 4


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=20))
def test_no_threshold_is_better_than_the_best(pairs):
    scores, positive = (np.array(column) for column in zip(*pairs, strict=True))
    threshold, right = best_threshold(scores, positive)
    assert right == np.mean((scores >= threshold) == positive)
    assert all(np.mean((scores >= other) == positive) <= right for other in scores)


def test_a_training_step_counts_before_it_changes_the_weights():
    condition = LagCondition("SimpleRNN", "simple_rnn", lag=2, units=4, embedding_size=4, max_steps=2)
    model, _, _ = condition.build(1)
    inputs, targets = next(condition.batches(1))
    logits = np.asarray(model(inputs))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    step = next(training_steps(model, [(inputs, targets)]))
    assert step.loss == pytest.approx(float(loss(targets, logits)), rel=1e-5)
    assert step.accuracy == pytest.approx(np.mean(logits.argmax(axis=-1) == targets))


def test_the_smallest_lag_is_learned_and_its_gradient_has_one_value_for_each_step():
    condition = LagCondition("SimpleRNN", "simple_rnn", lag=1, units=16, max_steps=400, learning_rate=1e-2)
    values = condition.measure(1)
    assert np.isfinite(values["steps"]) and values["accuracy"] > 0.97
    assert values["gradient_before"].shape == (2,)


def test_reviews_are_read_without_padding_and_scored_by_their_last_words():
    condition = ReviewCondition("GRU", "gru", "synthetic", examples=60, length=8, last=(2, 8), units=4, epochs=1)
    inputs, classes = condition.test(1)
    assert inputs.shape == (len(classes), 8) and inputs.all()
    values = condition.measure(1)
    assert values["accuracies"].shape == (2,) and values["gradient_after"].shape == (8,)
    words = condition.first_text(1)
    np.testing.assert_array_equal(condition.reviews.vocabulary.encode(words), inputs[0])
