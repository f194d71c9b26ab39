"""How far a number can be trusted: over the examples of one run, and over several runs of one setting."""

import math
import warnings
from collections.abc import Callable, Sequence
from statistics import fmean, stdev

import numpy as np

from schema.errors import UserError

CONFIDENCE = 0.95
RESAMPLES = 1000
_RESAMPLES_AT_ONCE = 50


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (divided by n - 1); one value says nothing of the deviation, which is NaN.

    Raises UserError where there is no value.
    """
    if not values:
        raise UserError("There is no value to take the mean of; record at least one run.")
    return fmean(values), stdev(values) if len(values) > 1 else math.nan


def bootstrap_interval(values: np.ndarray, statistic: Callable[..., np.ndarray]) -> tuple[float, float]:
    """Where a score would lie on other examples of the same kind, with `CONFIDENCE`: percentile bootstrap (Efron 1979).

    values: one for each example, (examples,)
    statistic: called with resampled values (..., examples) and axis=-1; gives the score of each resample, (...)
    The same examples give the same interval. A single example, or a score that is no number, gives NaN.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap

    if len(values) < 2 or not np.isfinite(statistic(values, axis=-1)):
        return math.nan, math.nan
    with warnings.catch_warnings():
        # A score that is the same whatever is drawn has an interval of no width, and that is right.
        warnings.simplefilter("ignore", DegenerateDataWarning)
        found = bootstrap(
            (values,),
            statistic,
            n_resamples=RESAMPLES,
            batch=_RESAMPLES_AT_ONCE,
            vectorized=True,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(0),
        )
    # A resample may have nothing to take a share of, an entity type that was not drawn for example.
    low, high = np.nanquantile(found.bootstrap_distribution, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def bootstrap_of_sums(counts: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
    """The same for a score of sums over the examples, which are drawn whole: the words of a sentence are no strangers.

    counts: what each example adds to each sum, (examples, sums)
    score: sums (..., sums) -> scores (...)
    """

    def of_drawn(places: np.ndarray, axis: int = -1) -> np.ndarray:
        drawn = places.reshape(-1, places.shape[-1])
        times = np.stack([np.bincount(row, minlength=len(counts)) for row in drawn])
        return score(times @ counts).reshape(places.shape[:-1])

    return bootstrap_interval(np.arange(len(counts)), of_drawn)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean over all seeds lies, with `CONFIDENCE`, by Student's t; NaN for a single value."""
    from scipy.stats import t

    mean, deviation = mean_and_deviation(values)
    half = (
        t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * deviation / math.sqrt(len(values))
        if len(values) > 1
        else math.nan
    )
    return mean - half, mean + half
