"""Numbers about several runs of one setting."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from schema.errors import UserError


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (divided by n - 1); one value says nothing of the deviation, which is NaN.

    Raises UserError where there is no value.
    """
    if not values:
        raise UserError("There is no value to take the mean of; record at least one run.")
    return fmean(values), stdev(values) if len(values) > 1 else math.nan
