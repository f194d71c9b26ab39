"""Means, deviations and intervals against values worked out by hand."""

import math

import numpy as np
import pytest

from evaluation.statistics import (
    bootstrap_interval,
    bootstrap_of_sums,
    mean_and_deviation,
    mean_interval,
    paired_bootstrap,
)
from schema.errors import UserError


def test_the_deviation_is_that_of_a_sample():
    # Squares of -2, 0, 2 sum to 8; divided by n - 1 = 2 gives 4.
    assert mean_and_deviation([1.0, 3.0, 5.0]) == (3.0, 2.0)


def test_one_value_has_no_deviation():
    mean, deviation = mean_and_deviation([0.5])
    assert mean == 0.5
    assert math.isnan(deviation)


def test_no_value_is_an_error():
    with pytest.raises(UserError, match="no value"):
        mean_and_deviation([])


def test_the_bootstrap_interval_of_a_rate_is_that_of_the_normal_distribution():
    # 1.96 x sqrt(0.8 x 0.2 / 1600) = 0.0196
    correct = np.repeat([1.0, 0.0], [1280, 320])
    low, high = bootstrap_interval(correct, np.mean)
    assert low == pytest.approx(0.8 - 0.0196, abs=0.003)
    assert high == pytest.approx(0.8 + 0.0196, abs=0.003)
    assert bootstrap_interval(correct, np.mean) == (low, high)


def test_constant_values_have_an_interval_without_width():
    assert bootstrap_interval(np.ones(10), np.mean) == (1.0, 1.0)


@pytest.mark.parametrize("values", [[0.5], [0.5, math.nan]])
def test_values_that_cannot_be_resampled_have_no_interval(values):
    assert all(math.isnan(end) for end in bootstrap_interval(np.array(values), np.mean))


def test_the_interval_of_a_mean_over_seeds_is_student_s():
    # Mean 3, deviation 2, t(0.975, 2 degrees of freedom) = 4.3027: 4.3027 x 2 / sqrt(3) = 4.9683
    assert mean_interval([1.0, 3.0, 5.0]) == pytest.approx((3 - 4.9683, 3 + 4.9683), abs=1e-3)
    assert all(math.isnan(end) for end in mean_interval([1.0]))


def rate(sums):
    return sums[..., 0] / sums[..., 1]


CORRECT = np.random.default_rng(1).random(200) < 0.7


def test_sentences_of_one_word_have_the_interval_of_their_words():
    counts = np.stack([CORRECT, np.ones(200)], axis=-1)
    assert bootstrap_of_sums(counts, rate) == pytest.approx(bootstrap_interval(CORRECT.astype(float), np.mean))


def test_sentences_are_resampled_as_a_whole():
    # Ten words that are correct or wrong together carry the information of one.
    counts = 10 * np.stack([CORRECT, np.ones(200)], axis=-1)
    assert bootstrap_of_sums(counts, rate) == pytest.approx(bootstrap_interval(CORRECT.astype(float), np.mean))


def test_resamples_without_a_denominator_are_left_out():
    # Only one of three sentences counts at all, and one draw in three or so lacks it.
    counts = np.array([[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    with np.errstate(invalid="ignore"):
        assert bootstrap_of_sums(counts, rate) == (0.5, 0.5)


def test_one_sentence_alone_has_no_interval():
    assert all(math.isnan(end) for end in bootstrap_of_sums(np.array([[3.0, 4.0]]), rate))


def test_a_single_example_distinguishes_nothing():
    sums = np.array([[1.0, 1.0]])
    assert paired_bootstrap(sums, 0 * sums, lambda totals: totals[..., 0]) == 1.0
