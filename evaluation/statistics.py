"""Statistics of scores: uncertainty over the examples of one run, and over several runs with different seeds."""

import math
import warnings
from collections.abc import Callable, Sequence
from statistics import fmean, stdev

import numpy as np

from schema.errors import UserError

CONFIDENCE = 0.95
NUM_RESAMPLES = 1000
_RESAMPLES_PER_BATCH = 50


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (divided by n - 1); the deviation of a single value is NaN.

    Raises UserError if there are no values.
    """
    if not values:
        raise UserError("There is no value to take the mean of; record at least one run.")
    return fmean(values), stdev(values) if len(values) > 1 else math.nan


def bootstrap_interval(values: np.ndarray, statistic: Callable[..., np.ndarray]) -> tuple[float, float]:
    """Confidence interval of a score over examples: percentile bootstrap (Efron 1979).

    values: one for each example, (examples,)
    statistic: called with resampled values (..., examples) and axis=-1; returns the score of each resample, (...)
    The interval is deterministic. It is NaN for a single example, and for a score that is not finite.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap

    if len(values) < 2 or not np.isfinite(statistic(values, axis=-1)):
        return math.nan, math.nan
    with warnings.catch_warnings():
        # A score that is the same for all resamples has an interval of width 0, which is correct.
        warnings.simplefilter("ignore", DegenerateDataWarning)
        result = bootstrap(
            (values,),
            statistic,
            n_resamples=NUM_RESAMPLES,
            batch=_RESAMPLES_PER_BATCH,
            vectorized=True,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(0),
        )
    # The score of a resample may be undefined, for example the recall of an entity type that was not drawn.
    low, high = np.nanquantile(result.bootstrap_distribution, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def bootstrap_of_sums(counts: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
    """The same for a score of sums over examples, which are resampled whole: words of a sentence are not independent.

    counts: contribution of each example to each sum, (examples, sums)
    score: sums (..., sums) -> scores (...)
    """

    def score_of_resamples(indices: np.ndarray, axis: int = -1) -> np.ndarray:
        rows = indices.reshape(-1, indices.shape[-1])
        times_drawn = np.stack([np.bincount(row, minlength=len(counts)) for row in rows])
        return score(times_drawn @ counts).reshape(indices.shape[:-1])

    return bootstrap_interval(np.arange(len(counts)), score_of_resamples)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Confidence interval of the mean over all seeds, by Student's t; NaN for a single value."""
    from scipy.stats import t

    mean, deviation = mean_and_deviation(values)
    half_width = (
        t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * deviation / math.sqrt(len(values))
        if len(values) > 1
        else math.nan
    )
    return mean - half_width, mean + half_width
