"""Training recipes that are timed in turn on one machine, so that what slows the machine slows all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.measurement import ResultTable
from console.progress import Progress
from data.batches import Batches
from schema.configs import TrainingConfig
from schema.encoded import Column, EncodedDataset

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
class Round:
    """The training data of one round.

    fit_arguments: of `keras.Model.fit`
    real_steps, padded_steps: (batches,), time steps of each batch without and with padding
    """

    fit_arguments: Mapping[str, Any]
    real_steps: np.ndarray
    padded_steps: np.ndarray


MakeRound = Callable[[int, int], Round]
"""Makes the data of a round from its number and the number of batches."""


@dataclass(frozen=True)
class Recipe:
    """A way to train: a compiled model, the mean number of examples in a batch, and the data of its rounds."""

    model: "keras.Model"
    batch_size: float
    make_round: MakeRound


@dataclass(frozen=True)
class Timing:
    """Speed of a round: real words a second, seconds a step, and the fraction of its time steps that are padding."""

    words_per_second: float
    seconds_per_step: float
    padding: float


def compiled(model: "keras.Model", loss: "keras.losses.Loss", config: TrainingConfig) -> "keras.Model":
    """Compile `model` with the optimizer of the tutorials and the learning rate of `config`."""
    import keras

    model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm), loss)
    return model


def bucketed(batches: Batches, number: int, count: int) -> Round:
    """Our batches, texts of similar length together: the first `count` ones of epoch `number`."""
    batches.epoch = number
    plan = list(islice(cycle(batches.plan()), count))
    return Round(
        fit_arguments={"x": batches.dataset().repeat().take(count)},
        real_steps=np.array([batches.encoded.lengths[indices].sum() for _, indices in plan]),
        padded_steps=np.array([steps * len(indices) for steps, indices in plan]),
    )


def padded(encoded: EncodedDataset, length: int, batch_size: int) -> MakeRound:
    """The batches of most tutorials: random examples, all padded to one length."""

    def make_round(number: int, count: int) -> Round:
        indices = random_indices(len(encoded), number, count, batch_size)
        inputs, targets = encoded.collate(indices.ravel(), length)
        return Round(
            fit_arguments={"x": inputs, "y": targets, "batch_size": batch_size},
            real_steps=encoded.lengths[indices].sum(axis=1),
            padded_steps=np.full(count, length * batch_size),
        )

    return make_round


def unpadded_rows(column: Column | None) -> list[np.ndarray]:
    """The rows of a column, sequences without padding."""
    assert column is not None
    alone = EncodedDataset({"column": column})
    return [alone.collate(np.array([index]), int(length))[0]["column"][0] for index, length in enumerate(alone.lengths)]


def random_indices(examples: int, seed: int, count: int, batch_size: int) -> np.ndarray:
    """Indices of the examples of random batches, (count, batch_size); the examples repeat after one epoch."""
    return np.resize(np.random.default_rng(seed).permutation(examples), (count, batch_size))


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
    """Words a second of the recipe `name` relative to `baseline`, for each round."""
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
