"""Names of scores, their display and tables by length."""

import math

import pytest

from evaluation.scores import format_score, table_by_length


def test_table_by_length_takes_any_score_of_a_bin():
    by_length = table_by_length([3, 4, 30], "accuracy", lambda members: float(members.max()))
    assert by_length.rows == (("up to 5", 2, 1.0), ("26-50", 1, 2.0))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.9154, "91.54"),
        ("macro_f1", 1.0, "100.00"),
        ("cross_entropy", 0.25, "0.250"),
        ("accuracy", math.nan, "-"),
    ],
)
def test_fractions_are_displayed_in_percent(name, value, text):
    assert format_score(name, value) == text


def test_a_name_outside_the_list_is_refused():
    with pytest.raises(ValueError, match="no score is named 'acuracy'"):
        format_score("acuracy", 0.5)
