"""The recurrent layer with shared and with other weights, its cost counted by hand, and the keyword task."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from lab.experiment import Condition, Result, Results
from lab.keyword_task import CLASSES, KEYWORDS, LENGTH, OTHERS, StepRNN, Target, keyword_examples, keyword_model
from lab.shared_weights import EXPERIMENT, Cost, Keyword, multiply_adds

UNITS, FEATURES = 32, KEYWORDS + OTHERS


def inputs(time: int = 5) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, time, 3)).astype(np.float32)


def test_shared_weights_give_the_states_of_simple_rnn() -> None:
    layer, of_keras = StepRNN(4, shared=True), keras.layers.SimpleRNN(4, return_sequences=True)
    states = layer(inputs())
    of_keras.build(inputs().shape)
    of_keras.set_weights([weight[0] for weight in layer.get_weights()])
    assert states.numpy() == pytest.approx(of_keras(inputs()).numpy(), abs=1e-6)


def test_weights_of_each_step_that_are_equal_give_the_states_of_shared_ones() -> None:
    shared, other = StepRNN(4, shared=True), StepRNN(4, shared=False)
    states = shared(inputs())
    other.build(inputs().shape)
    other.set_weights([np.repeat(weight, 5, axis=0) for weight in shared.get_weights()])
    assert other(inputs()).numpy() == pytest.approx(states.numpy(), abs=1e-6)


def test_each_step_has_weights_of_its_own_drawn_as_those_of_keras() -> None:
    layer = StepRNN(4, shared=False)
    layer.build((None, 6, 3))
    kernels, recurrent_kernels, _ = layer.get_weights()
    assert len({kernel.tobytes() for kernel in kernels}) == 6
    assert recurrent_kernels @ recurrent_kernels.transpose(0, 2, 1) == pytest.approx(
        np.tile(np.eye(4), (6, 1, 1)), abs=1e-5
    )


@pytest.mark.parametrize("length", [3, 7])
def test_parameters_and_multiply_adds_by_hand(length: int) -> None:
    of_step, of_answer = FEATURES * UNITS + UNITS * UNITS + UNITS, UNITS * KEYWORDS + KEYWORDS
    shared, other = (keyword_model(each, length, KEYWORDS) for each in (True, False))
    assert shared.count_params() == of_step + of_answer
    assert other.count_params() == length * of_step + of_answer
    expected = length * (FEATURES * UNITS + UNITS * UNITS) + UNITS * KEYWORDS
    assert multiply_adds(shared) == multiply_adds(other) == expected


def test_cost_counts_four_numbers_of_each_parameter() -> None:
    measured = Cost("", shared=True, length=2, timed_steps=2).measure(seed=1)
    assert measured["megabytes"] == pytest.approx(measured["parameters"] * 16 / 1e6)
    assert measured["milliseconds"] > 0


@pytest.mark.parametrize("target", CLASSES)
def test_the_one_keyword_stands_at_its_position(target: Target) -> None:
    positions = np.tile(np.arange(LENGTH), 20)
    symbols, classes = keyword_examples(np.random.default_rng(1), positions, target)
    rows, columns = np.nonzero(symbols < KEYWORDS)
    assert rows.tolist() == list(range(len(positions)))
    assert columns.tolist() == positions.tolist()
    keywords = symbols[rows, columns]
    if target == "keyword and position":
        # At each position another keyword has each class, and the positions differ.
        shifts = (classes - keywords) % KEYWORDS
        by_position = shifts.reshape(20, LENGTH)
        assert (by_position == by_position[0]).all()
        assert len(set(by_position[0])) == KEYWORDS
    else:
        assert classes.tolist() == (keywords if target == "keyword" else positions).tolist()


def test_positions_of_training_and_unseen_positions_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []

    def record(model: keras.Model, batches: Iterable, **options: object) -> Iterator[None]:
        for symbols, _ in batches:
            seen.append(np.nonzero(symbols < KEYWORDS)[1])
            yield None

    monkeypatch.setattr("lab.shared_weights.training_steps", record)
    condition = Keyword("", shared=False, first=1, last=10, examples=200, steps=8)
    accuracies = condition.measure(seed=1)["accuracies"]
    assert set(np.concatenate(seen).tolist()) == set(range(10))
    assert accuracies.shape == (LENGTH,)
    assert len(seen) == 8


def test_weights_of_a_step_learn_nothing_of_a_keyword_that_it_never_saw() -> None:
    model = keyword_model(shared=False, length=LENGTH, classes=KEYWORDS)
    symbols, classes = keyword_examples(np.random.default_rng(1), np.arange(10))
    kernel = next(layer for layer in model.layers if isinstance(layer, StepRNN)).kernel.value
    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(classes, model(symbols))
    gradient = np.abs(tf.convert_to_tensor(tape.gradient(loss, kernel)).numpy()[:, :KEYWORDS]).sum(axis=(1, 2))
    assert (gradient[:10] > 0).all()
    assert (gradient[10:] == 0).all()


def fake_values(condition: Condition) -> dict[str, np.ndarray]:
    """Shared weights always right, others at positions 1 to 10 alone."""
    if isinstance(condition, Cost):
        size = 1 if condition.shared else condition.length
        return {"parameters": np.array(100 * size), "megabytes": np.array(size), "multiply_adds": np.array(7)} | {
            "milliseconds": np.array(2.0 if condition.shared else 3.0)
        }
    return {"accuracies": np.array([1.0] * 10 + [float(condition.shared)] * 10)}


def test_finding_and_table_follow_from_the_results() -> None:
    conditions = EXPERIMENT.conditions(quick=True)
    results = Results([Result(condition, 1, fake_values(condition)) for condition in conditions])
    finding = EXPERIMENT.finding(results)
    assert "At length 10, weights of each step take 10.0 times the parameters" in finding
    assert "1.00 times the multiply-adds and 1.5 times the CPU time" in finding
    assert (
        "by shared weights in 100 % (maximum over the states: 100 %), by weights of each step in 0 % (0 %)" in finding
    )
    rows = {row[0]: row[1:] for row in EXPERIMENT.table(results).rows}
    assert rows["accuracy (%), label: position, 200 examples"] == ("100.0", "50.0")
    assert rows["parameters, length 5"] == ("100", "500")


def test_the_figures_draw_all_results() -> None:
    conditions = EXPERIMENT.conditions(quick=True)
    results = Results([Result(condition, seed, fake_values(condition)) for condition in conditions for seed in (1, 2)])
    figures = EXPERIMENT.figures(results)
    shared, other, _ = figures["shared_weights"].axes
    assert [text.get_text() for text in shared.texts] == ["100"] * 20
    assert [text.get_text() for text in other.texts] == ["100"] * 10 + ["0"] * 10
    bars = figures["shared_weights_cost"].axes[0].patches
    assert [bar.get_height() for bar in bars] == [100, 100, 500, 1000]


def test_each_condition_has_a_name_of_its_own() -> None:
    names = [condition.label for condition in EXPERIMENT.conditions(quick=False)]
    assert len(names) == len(set(names))
    # The two of a pair differ in the weights alone.
    half = len(names) // 2
    for one, other in zip(EXPERIMENT.conditions(False)[:half], EXPERIMENT.conditions(False)[half:], strict=True):
        assert replace(one, shared=False, name=other.name) == other
