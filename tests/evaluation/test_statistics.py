"""Means and deviations against values worked out by hand."""

import math

import pytest

from evaluation.statistics import mean_and_deviation
from schema.errors import UserError


def test_the_deviation_is_that_of_a_sample():
    # Squares of -2, 0, 2 sum to 8; divided by n - 1 = 2 gives 4.
    assert mean_and_deviation([1.0, 3.0, 5.0]) == (3.0, 2.0)


def test_one_value_says_nothing_of_the_deviation():
    mean, deviation = mean_and_deviation([0.5])
    assert mean == 0.5
    assert math.isnan(deviation)


def test_no_value_is_a_plain_error():
    with pytest.raises(UserError, match="no value"):
        mean_and_deviation([])
