"""The comparison with the baselines names the better system and the difference."""

import math

import numpy as np
import pytest

from evaluation.comparison import compare_with_baselines, paired_comparison
from evaluation.scores import mean_sums, ratio
from schema.records import Comparison
from schema.scores import ExampleSums


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
            "The network is below the best baseline (tfidf_logistic_regression, 90.92) by 1.20 points.",
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


def test_the_sentence_holds_the_p_value_and_does_not_claim_a_difference_of_chance():
    def sentence(value, p_value):
        comparison = Comparison("majority", p_value, "McNemar's exact test")
        return compare_with_baselines("accuracy", value, {"majority": 0.5}, comparison)

    assert sentence(0.503, 0.21) == (
        "The network is not distinguishable from the best baseline (majority, 50.00): "
        "a difference of +0.30 points (p = 0.210, McNemar's exact test)."
    )
    assert sentence(0.5, 1.0) == (
        "The network is not distinguishable from the best baseline (majority, 50.00): "
        "the same score (p = 1.000, McNemar's exact test)."
    )
    assert sentence(0.56, 0.0123) == (
        "The network beats the best baseline (majority, 50.00) by 6.00 points (p = 0.012, McNemar's exact test)."
    )
    assert sentence(0.44, 0.0000123) == (
        "The network is below the best baseline (majority, 50.00) by 6.00 points (p < 0.001, McNemar's exact test)."
    )


def decisions(*runs: tuple[int, int]) -> ExampleSums:
    """Sums of examples that are correct (1) or not (0): (value, times) ..."""
    return mean_sums(np.concatenate([np.full(times, value, float) for value, times in runs]))


def test_one_decision_per_example_is_tested_by_mcnemar():
    # Alone correct: the network 8 times, the baseline twice. P(at most 2 of 10 heads) = (1 + 10 + 45) / 1024.
    network = decisions((1, 8), (0, 2), (1, 50))
    baseline = decisions((0, 8), (1, 2), (1, 50))
    assert paired_comparison("majority", network, baseline.counts) == Comparison(
        "majority", pytest.approx(2 * 56 / 1024), "McNemar's exact test"
    )


@pytest.mark.parametrize("counts", [[1, 1, 0, 1], [0.5, 0.25, 0.75, 0.5]], ids=["decisions", "values"])
def test_a_system_is_not_distinguishable_from_itself(counts):
    sums = mean_sums(np.array(counts, float))
    assert paired_comparison("same", sums, sums.counts).p_value == 1


def test_sums_are_tested_by_a_paired_bootstrap():
    rng = np.random.default_rng(1)
    words = np.full(100, 10.0)
    correct = rng.integers(3, 8, 100).astype(float)
    network = ExampleSums(np.stack([correct, words], axis=-1), ratio)
    # One word more in every sentence: small beside the spread of the scores, but there in each resample.
    worse = np.stack([correct - 1, words], axis=-1)
    assert paired_comparison("worse", network, worse) == Comparison("worse", 2 / 1001, "paired bootstrap")
    # As often better as worse.
    shuffled = np.stack([correct + np.tile([1, -1], 50), words], axis=-1)
    assert paired_comparison("shuffled", network, shuffled).p_value > 0.5
