"""Ways to train that take turns on one machine, so that what slows it slows all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from console.progress import Progress
from data.batches import Batches
from schema.encoded import EncodedDataset

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Schedule:
    """How much is measured: turns of each recipe, steps of a turn that are not timed, and that are."""

    turns: int = 5
    untimed: int = 3
    steps: int = 20


@dataclass(frozen=True)
class Round:
    """What one turn trains on: words for `fit`, and the steps of each of its batches, real and with padding."""

    data: Mapping[str, Any]
    real: np.ndarray
    padded: np.ndarray


@dataclass(frozen=True)
class Recipe:
    """A way to train: its model, its texts a batch (on average), and what turn `number` of `count` batches has."""

    model: "keras.Model"
    texts: float
    turn: Callable[[int, int], Round]


@dataclass(frozen=True)
class Timing:
    """A turn that is over: real words a second, seconds a step, and the share of its steps that was padding."""

    words_per_second: float
    seconds_per_step: float
    padding: float


def bucketed(batches: Batches, number: int, count: int) -> Round:
    """Our way, texts of similar length together: the first batches of pass `number`."""
    batches.epoch = number
    plan = list(islice(cycle(batches.plan()), count))
    return Round(
        data={"x": batches.dataset().repeat().take(count)},
        real=np.array([batches.encoded.lengths[places].sum() for _, places in plan]),
        padded=np.array([steps * len(places) for steps, places in plan]),
    )


def padded(encoded: EncodedDataset, length: int, texts: int) -> Callable[[int, int], Round]:
    """The way of most tutorials: arrays of one length, `texts` rows a batch; a turn takes rows at random."""

    def turn(number: int, count: int) -> Round:
        places = np.resize(np.random.default_rng(number).permutation(len(encoded)), count * texts)
        inputs, targets = encoded.collate(places, length)
        return Round(
            data={"x": inputs, "y": targets, "batch_size": texts},
            real=encoded.lengths[places].reshape(count, texts).sum(axis=1),
            padded=np.full(count, length * texts),
        )

    return turn


def in_rounds(recipes: Mapping[str, Recipe], pace: Schedule, what: str) -> dict[str, list[Timing]]:
    """Let the recipes train one after another, again and again; what `fit` prepares for a turn is not timed."""
    timed: dict[str, list[Timing]] = {name: [] for name in recipes}
    with Progress(what, pace.turns * len(recipes), "turns") as progress:
        for number in range(pace.turns):
            for name, recipe in recipes.items():
                turn = recipe.turn(number, pace.untimed + pace.steps)
                seconds = _seconds(recipe.model, turn.data, pace.untimed)
                real, steps = turn.real[pace.untimed :].sum(), turn.padded[pace.untimed :].sum()
                timed[name].append(Timing(real / seconds, seconds / pace.steps, 1 - real / steps))
                progress.advance()
    return timed


def _seconds(model: "keras.Model", data: Mapping[str, Any], untimed: int) -> float:
    """Seconds from the end of the first `untimed` steps to the end of the last."""
    import keras

    ends: list[float] = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: ends.append(perf_counter()))
    model.fit(**data, shuffle=False, verbose=0, callbacks=[note])
    return ends[-1] - ends[untimed - 1]


def times_as_fast(timed: Mapping[str, Sequence[Timing]], one: str, other: str) -> list[float]:
    """How many times as many words a second the recipe `one` reads, turn by turn."""
    return [mine.words_per_second / its.words_per_second for mine, its in zip(timed[one], timed[other], strict=True)]


def rounds_table(
    recipes: Mapping[str, Recipe], timed: Mapping[str, Sequence[Timing]], first: str, what: str, pace: Schedule
) -> tuple[str, Sequence[str], Sequence[Sequence[str | int | float]]]:
    """Title, header and a row for each recipe, held against that named `first`."""
    title = f"{what}, medians of {pace.turns} turns of {pace.steps} steps"
    header = ("recipe", "texts a batch", "padding %", "real words/s", f"{first} / it", "lowest", "highest")
    rows = []
    for name, recipe in recipes.items():
        speed = median(turn.words_per_second for turn in timed[name])
        padding = 100 * median(turn.padding for turn in timed[name])
        ratios = times_as_fast(timed, first, name)
        rows.append((name, round(recipe.texts), padding, round(speed), median(ratios), min(ratios), max(ratios)))
    return title, header, rows
