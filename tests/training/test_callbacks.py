"""What happens during a training: the course of the learning rate, and weights that are judged as their average."""

import keras
import numpy as np
import pytest

from training.callbacks import CosineSchedule, TrainerState, averaged_weights, rate_at


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    # A twentieth of the way up, then half a cosine: at its middle half, at its thirds three and one quarters.
    assert rate_at(0.025) == pytest.approx(0.5)
    assert rate_at(0.05) == pytest.approx(1)
    assert rate_at(0.05 + 0.95 / 3) == pytest.approx(0.75)
    assert rate_at(0.525) == pytest.approx(0.5)
    assert rate_at(1) == pytest.approx(0)
    # A budget may be overdrawn by a step.
    assert rate_at(1.5) == pytest.approx(0)


def test_the_first_step_is_not_lost() -> None:
    assert 0 < rate_at(0) < 0.05


def test_a_budget_that_is_spent_in_two_sittings_has_one_course_of_the_rate() -> None:
    # Of a budget of 1000 s, 200 s went into learning before the first step and 400 s into an earlier sitting: half of
    # the 800 s of training are over, though this process has just begun.
    course = TrainerState(learnt=200.0, spent=600.0)
    model = one_weight()
    schedule = CosineSchedule(peak=1.0, steps=1_000_000, course=course, budget=1000.0)
    schedule.set_model(model)
    schedule.on_train_batch_begin(0)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate_at(0.5), abs=0.05)


def one_weight(**ema_decay: object) -> keras.Model:
    """A model of one weight w that starts at 1, trained two steps to lower w^2: its gradient is 2w, of which a quarter
    is taken off, so that w is 0.5 and then 0.25."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.25, **ema_decay), "mse", run_eagerly=True)
    for _ in range(2):
        model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    return model


def weight(model: keras.Model) -> float:
    return float(model.get_weights()[0][0, 0])


def test_within_the_weights_are_their_average_and_afterwards_as_before() -> None:
    model = one_weight(use_ema=True, ema_momentum=0.75)
    assert weight(model) == pytest.approx(0.25)
    with pytest.raises(RuntimeError), averaged_weights(model):
        # Keras starts the average with the weights after the first step: 0.75 x 0.5 + 0.25 x 0.25.
        assert weight(model) == pytest.approx(0.4375)
        raise RuntimeError("even then")
    assert weight(model) == pytest.approx(0.25)


def test_without_an_average_the_weights_stay() -> None:
    model = one_weight()
    with averaged_weights(model):
        assert weight(model) == pytest.approx(0.25)
