"""Comparison of a network with its baselines, in one sentence, with a paired test."""

import math
from collections.abc import Mapping

import numpy as np

from evaluation.scores import format_score
from evaluation.statistics import CONFIDENCE, mcnemar, paired_bootstrap
from schema.records import Comparison
from schema.scores import ExampleSums


def best_baseline(baselines: Mapping[str, float]) -> str | None:
    """Name of the baseline with the highest finite score, if there is one."""
    finite = {name: score for name, score in baselines.items() if math.isfinite(score)}
    return max(finite, key=finite.__getitem__, default=None)


def paired_comparison(baseline: str, network: ExampleSums, counts: np.ndarray) -> Comparison:
    """Test whether network and baseline differ by more than chance on these examples.

    counts: those of the baseline, as in `ExampleSums`
    """
    if _is_decision(network.counts) and _is_decision(counts):
        return Comparison(baseline, mcnemar(network.counts[:, 0], counts[:, 0]), "McNemar's exact test")
    return Comparison(baseline, paired_bootstrap(network.counts, counts, network.score), "paired bootstrap")


def _is_decision(counts: np.ndarray) -> bool:
    """Whether each example is either correct or not, and the score is their share."""
    return counts.shape[1] == 2 and bool((counts[:, 1] == 1).all() and np.isin(counts[:, 0], (0, 1)).all())


def compare_with_baselines(
    metric: str, value: float, baselines: Mapping[str, float], comparison: Comparison | None = None
) -> str:
    """Whether the network beats the best baseline, and by how much.

    metric: name of a score for which higher is better
    value: score of the network
    baselines: name -> score
    comparison: the test against the best baseline, if it was made
    The difference is that of the rounded scores, so that a reader can check it.
    """
    if not math.isfinite(value):
        return "The network has no score to compare."
    name = best_baseline(baselines)
    if name is None:
        return "There is no baseline to compare with."
    best = format_score(metric, baselines[name])
    difference = round(float(format_score(metric, value)) - float(best), 2)
    baseline = f"the best baseline ({name}, {best})"
    test = f" ({_p_value(comparison)}, {comparison.test})" if comparison else ""
    if comparison and comparison.p_value >= 1 - CONFIDENCE:
        by = f"a difference of {difference:+.2f} points" if difference else "the same score"
        return f"The network is not distinguishable from {baseline}: {by}{test}."
    if difference == 0:
        return f"The network and {baseline} are tied{test}."
    if difference > 0:
        return f"The network beats {baseline} by {difference:.2f} points{test}."
    return f"The network is below {baseline} by {-difference:.2f} points{test}."


def _p_value(comparison: Comparison) -> str:
    return "p < 0.001" if comparison.p_value < 0.001 else f"p = {comparison.p_value:.3f}"
