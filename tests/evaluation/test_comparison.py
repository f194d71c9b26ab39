"""The comparison with the baselines names the better system and the difference."""

import math

import pytest

from evaluation.comparison import compare_with_baselines


@pytest.mark.parametrize(
    ("value", "baselines", "sentence"),
    [
        (
            0.9189,
            {"majority": 0.5, "nb_bigrams": 0.9154},
            "The network beats the best baseline (nb_bigrams, 91.54) by 0.35 points.",
        ),
        (
            0.8972,
            {"tfidf_logistic_regression": 0.9092, "majority": 0.5},
            "The network is 1.20 points below the best baseline (tfidf_logistic_regression, 90.92).",
        ),
        (0.5, {"majority": 0.5}, "The network and the best baseline (majority, 50.00) are tied."),
        # 0.004 points apart, which the two displayed decimals do not show.
        (0.50004, {"majority": 0.5}, "The network and the best baseline (majority, 50.00) are tied."),
        (0.5, {}, "There is no baseline to compare with."),
        (math.nan, {"majority": 0.5}, "The network has no score to compare."),
        (0.5, {"broken": math.nan}, "There is no baseline to compare with."),
    ],
)
def test_comparison_names_the_better_system(value, baselines, sentence):
    assert compare_with_baselines("accuracy", value, baselines) == sentence
