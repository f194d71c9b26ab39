"""Callbacks: the learning rate schedule and the moving average of the weights."""

import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from console.signals import Interruption
from schema.records import EpochRecord
from training.callbacks import CosineSchedule, StopConditions, averaged_weights, learning_rate_factor
from training.trainer_state import TrainerState


def test_learning_rate_rises_to_its_peak_and_decays_to_zero() -> None:
    # The peak is at a twentieth, then half a cosine: 1/2 at its middle, 3/4 at a third.
    assert learning_rate_factor(0.025) == pytest.approx(0.5)
    assert learning_rate_factor(0.05) == pytest.approx(1)
    assert learning_rate_factor(0.05 + 0.95 / 3) == pytest.approx(0.75)
    assert learning_rate_factor(0.525) == pytest.approx(0.5)
    assert learning_rate_factor(1) == pytest.approx(0)
    # A time budget may be exceeded by a step.
    assert learning_rate_factor(1.5) == pytest.approx(0)


def test_learning_rate_of_the_first_step_is_above_zero() -> None:
    assert 0 < learning_rate_factor(0) < 0.05


def test_resumed_run_continues_the_schedule_of_its_time_budget() -> None:
    # 200 s of a budget of 1000 s were spent on the encoder and 400 s by an earlier process: half of the 800 s of
    # training are over, although this process has just started.
    state = TrainerState(encoder_seconds=200.0, previous_seconds=600.0)
    model = make_one_weight_model()
    schedule = CosineSchedule(peak=1.0, steps=1_000_000, state=state, budget=1000.0)
    schedule.set_model(model)
    schedule.on_train_batch_begin(0)
    assert float(model.optimizer.learning_rate) == pytest.approx(learning_rate_factor(0.5), abs=0.05)


@pytest.mark.parametrize(("spent", "stops"), [(80.0, False), (86.0, True)])
def test_time_for_the_last_validation_is_part_of_the_budget(spent: float, stops: bool) -> None:
    # The validation before took 15 s.
    state = TrainerState(previous_seconds=spent, reserved_seconds=15.0)
    conditions = StopConditions(state, budget=100.0, interruption=Interruption("interrupted"))
    conditions.set_model(SimpleNamespace(stop_training=False))
    conditions.on_train_batch_end(0, {"loss": 1.0})
    assert (conditions.model.stop_training, state.stop_reason == "time budget") == (stops, stops)


def test_the_clock_of_a_training_can_be_stopped() -> None:
    state = TrainerState(previous_seconds=60.0)
    assert state.seconds < state.seconds
    state.stop_clock()
    assert state.seconds == state.seconds >= 60


def make_one_weight_model(**ema: object) -> keras.Model:
    """A model with one weight w, trained for two steps on the loss w^2.

    w is 1 at first. Its gradient is 2w and the learning rate a quarter, so that w is halved in each step.
    """
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.25, **ema), "mse", run_eagerly=True)
    for _ in range(2):
        model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    return model


def weight(model: keras.Model) -> float:
    return float(model.get_weights()[0][0, 0])


def test_weights_are_averaged_inside_the_context_only() -> None:
    model = make_one_weight_model(use_ema=True, ema_momentum=0.75)
    assert weight(model) == pytest.approx(0.25)
    with pytest.raises(RuntimeError), averaged_weights(model):
        # Keras initializes the average with the weights after the first step: 0.75 x 0.5 + 0.25 x 0.25.
        assert weight(model) == pytest.approx(0.4375)
        raise RuntimeError("the weights are restored after an error, too")
    assert weight(model) == pytest.approx(0.25)


def test_weights_do_not_change_without_an_average() -> None:
    model = make_one_weight_model()
    with averaged_weights(model):
        assert weight(model) == pytest.approx(0.25)


def epoch(score: float, tie_breaker: float = math.nan, loss: float = 1.0) -> EpochRecord:
    return EpochRecord(1, loss, math.nan, score, 0.0, 1e-3, 1.0, 1.0, 0.0, tie_breaker)


def test_ties_between_epochs_are_broken_by_the_second_score_then_by_the_loss() -> None:
    better_first = [epoch(2.0, 0.0), epoch(1.0, 9.0, 0.4), epoch(1.0, 9.0, 0.5), epoch(1.0, 8.0, 0.1), epoch(0.0, 9.9)]
    assert sorted(better_first, key=lambda record: record.rank, reverse=True) == better_first


def test_without_a_second_score_the_loss_decides_only_between_scores_of_zero() -> None:
    assert epoch(0.0, loss=0.5).rank > epoch(0.0, loss=0.6).rank
    assert epoch(0.9, loss=0.5).rank == epoch(0.9, loss=0.6).rank
