"""Training recipes that are timed in turn on one machine, so that what slows the machine slows all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench.measurement import ResultTable
from bench.recipes import Recipe
from console.progress import Progress

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Schedule:
    """How long to measure: rounds of each recipe, and steps of a round before and within the timing."""

    rounds: int = 5
    warm_up_steps: int = 3
    timed_steps: int = 20


QUICK_SCHEDULE = Schedule(rounds=2, warm_up_steps=1, timed_steps=3)


@dataclass(frozen=True)
class Timing:
    """Speed of a round: real words per second, seconds per step, and the fraction of time steps that are padding."""

    words_per_second: float
    seconds_per_step: float
    padding: float


def time_in_rounds(recipes: Mapping[str, Recipe], schedule: Schedule, description: str) -> dict[str, list[Timing]]:
    """Train the recipes in turn, round by round. The preparations of `fit` before its first steps are not timed."""
    timings: dict[str, list[Timing]] = {name: [] for name in recipes}
    steps = slice(schedule.warm_up_steps, None)
    with Progress(description, schedule.rounds * len(recipes), "rounds") as progress:
        for number in range(schedule.rounds):
            for name, recipe in recipes.items():
                data = recipe.make_round(number, schedule.warm_up_steps + schedule.timed_steps)
                seconds = _fit_seconds(recipe.model, data.fit_arguments, schedule.warm_up_steps)
                real, padded = data.real_steps[steps].sum(), data.padded_steps[steps].sum()
                timings[name].append(Timing(real / seconds, seconds / schedule.timed_steps, 1 - real / padded))
                progress.advance()
    return timings


def _fit_seconds(model: "keras.Model", fit_arguments: Mapping[str, Any], warm_up_steps: int) -> float:
    """Seconds from the end of the last warm-up step to the end of the last step."""
    import keras

    ends: list[float] = []
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: ends.append(perf_counter()))
    model.fit(**fit_arguments, shuffle=False, verbose=0, callbacks=[callback])
    return ends[-1] - ends[warm_up_steps - 1]


def speed_ratios(timings: Mapping[str, Sequence[Timing]], name: str, baseline: str) -> list[float]:
    """Words per second of the recipe `name` relative to `baseline`, for each round."""
    pairs = zip(timings[name], timings[baseline], strict=True)
    return [timing.words_per_second / other.words_per_second for timing, other in pairs]


def rounds_table(
    title: str, recipes: Mapping[str, Recipe], timings: Mapping[str, Sequence[Timing]], schedule: Schedule
) -> ResultTable:
    """One row for each recipe, compared with the first one."""
    first = next(iter(recipes))
    header = ("recipe", "examples/batch", "padding %", "real words/s", f"{first} / this recipe", "min", "max")
    rows = []
    for name, recipe in recipes.items():
        speed = median(timing.words_per_second for timing in timings[name])
        padding = 100 * median(timing.padding for timing in timings[name])
        ratios = speed_ratios(timings, first, name)
        rows.append((name, round(recipe.batch_size), padding, round(speed), median(ratios), min(ratios), max(ratios)))
    return ResultTable(f"{title}, medians of {schedule.rounds} rounds of {schedule.timed_steps} steps", header, rows)
