"""Comparison of a network with its baselines, in one sentence."""

import math
from collections.abc import Mapping

from evaluation.scores import format_score


def compare_with_baselines(metric: str, value: float, baselines: Mapping[str, float]) -> str:
    """Whether the network beats the best baseline, and by how much.

    metric: name of a score for which higher is better
    value: score of the network
    baselines: name -> score
    The difference is that of the rounded scores, so that a reader can check it.
    """
    if not math.isfinite(value):
        return "The network has no score to compare."
    baselines = {name: score for name, score in baselines.items() if math.isfinite(score)}
    if not baselines:
        return "There is no baseline to compare with."
    name = max(baselines, key=baselines.__getitem__)
    best = format_score(metric, baselines[name])
    difference = float(format_score(metric, value)) - float(best)
    if round(difference, 2) == 0:
        return f"The network and the best baseline ({name}, {best}) are tied."
    if difference > 0:
        return f"The network beats the best baseline ({name}, {best}) by {difference:.2f} points."
    return f"The network is {-difference:.2f} points below the best baseline ({name}, {best})."
