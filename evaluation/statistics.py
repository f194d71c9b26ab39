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
    if len(values) < 2 or not np.isfinite(statistic(values, axis=-1)):
        return math.nan, math.nan
    scores = _scores_of_resamples(values, statistic)
    # The score of a resample may be undefined, for example the recall of an entity type that was not drawn.
    low, high = np.nanquantile(scores, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _scores_of_resamples(values: np.ndarray, statistic: Callable[..., np.ndarray]) -> np.ndarray:
    """The statistic of each resample, (resamples,). For one number of values, all calls draw the same resamples."""
    from scipy.stats import DegenerateDataWarning, bootstrap

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
    return result.bootstrap_distribution


def bootstrap_of_sums(counts: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
    """The same for a score of sums over examples, which are resampled whole: words of a sentence are not independent.

    counts: contribution of each example to each sum, (examples, sums)
    score: sums (..., sums) -> scores (...)
    """
    return bootstrap_interval(np.arange(len(counts)), _score_of_indices(counts, score))


def _score_of_indices(counts: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Function from the indices of the drawn examples, (..., examples), to the score of each resample, (...)."""

    def score_of_resamples(indices: np.ndarray, axis: int = -1) -> np.ndarray:
        rows = indices.reshape(-1, indices.shape[-1])
        times_drawn = np.stack([np.bincount(row, minlength=len(counts)) for row in rows])
        return score(times_drawn @ counts).reshape(indices.shape[:-1])

    return score_of_resamples


def paired_bootstrap(one: np.ndarray, other: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> float:
    """Two-sided p-value of the difference of two systems on the same examples (Koehn 2004).

    one, other: contributions of each example, as for `bootstrap_of_sums`; both systems are scored on the same resamples
    The p-value is twice the share of the resamples in which the difference is zero or has the rarer sign. It is 1 for a
    single example, which says nothing of others.
    """
    if len(one) < 2:
        return 1.0
    scores = (_scores_of_resamples(np.arange(len(one)), _score_of_indices(sums, score)) for sums in (one, other))
    differences = np.subtract(*scores)
    differences = differences[np.isfinite(differences)]
    extreme = min((differences <= 0).sum(), (differences >= 0).sum())
    # As if the observed sample were one more resample: a p-value of 0 would claim too much.
    return min(1.0, 2 * (int(extreme) + 1) / (len(differences) + 1))


def mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Two-sided p-value of McNemar's exact test; one, other: whether each example is correct, (examples,)."""
    from scipy.stats import binomtest

    only_one, only_other = int((one > other).sum()), int((one < other).sum())
    return float(binomtest(only_one, only_one + only_other).pvalue) if only_one + only_other else 1.0


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
