"""Useful words a second in training: batches of texts of similar length against padding all to one length.

Most tutorials pad and cut every text to one length (`keras.utils.pad_sequences`) and call `model.fit` on the arrays,
32 texts a batch. The layers are the same for all: our words-only classifier, which reads a text in one go. Padding is
work that teaches nothing, so only real words count. Batches of 32 are also slower for being small, which is no merit
of ours; therefore the plain recipe runs once more with as many texts a batch as ours has on average.

The recipes train in turn, each its own model; what `fit` prepares before the first steps of a turn is not timed. A
last row shows what reading in windows, our default, adds: other layers, so it stands outside of the comparison.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.measurement import BenchFlags, Figure, Report
from console.progress import Progress
from data.batches import Batches, fitting_batch_tokens
from data.text_encoder import TextSettings, learn_text_encoder
from schema.encoded import Encoded
from schema.examples import LabelledText, Splits
from tasks.sentiment import TASK, SentimentConfig
from tasks.task import Fitted

if TYPE_CHECKING:
    import keras

TARGETS = {400: 1.5, 1000: 2.0}
"""Longest text in words -> how many times as fast as the plain recipe ours should be."""

TUTORIAL_BATCH = 32


@dataclass(frozen=True)
class Pace:
    """How much is measured: turns of each recipe, steps of a turn that are not timed, and that are."""

    turns: int = 5
    untimed: int = 3
    steps: int = 20


@dataclass(frozen=True)
class Turn:
    """What one turn trains on: words for `fit`, and the steps of each of its batches, real and with padding."""

    data: Mapping[str, Any]
    real: np.ndarray
    padded: np.ndarray


@dataclass(frozen=True)
class Recipe:
    """A way to train: its model, its texts a batch (on average), and what turn `number` of `count` batches has."""

    model: "keras.Model"
    texts: float
    turn: Callable[[int, int], Turn]


@dataclass(frozen=True)
class Timed:
    """A turn that is over: real words a second, and the share of its steps that was padding."""

    words_per_second: float
    padding: float


def measure(flags: BenchFlags) -> Report:
    """All recipes, at each length."""
    from console.quiet import start_tensorflow

    start_tensorflow()
    config = SentimentConfig(dataset=flags.dataset, limit=flags.examples, ngram_evidence=False, word_vectors=False)
    targets, pace = TARGETS, Pace()
    if flags.quick:
        # A text of the small world has some twenty words: windows and batches shrink with it.
        config = replace(config, units=4, embedding=4, bidirectional=False, window=5, batch_tokens=200)
        targets, pace = {20: TARGETS[400]}, Pace(turns=2, untimed=1, steps=3)
    splits = TASK.splits(config)
    tables, figures = [], []
    for length, target in targets.items():
        recipes, windows = _recipes(splits, config, length)
        timed = _in_turn({**recipes, **windows}, pace, f"training at {length} words")
        tables.append(_table({**recipes, **windows}, timed, length, pace))
        figures += [
            Figure(
                f"words/s at {length} words, ours / {name}", median(_ratios(timed, name)), "x", target, at_most=False
            )
            for name in list(recipes)[1:]
        ]
    return Report(tables, figures)


def _recipes(
    splits: Splits[LabelledText], config: SentimentConfig, length: int
) -> tuple[dict[str, Recipe], dict[str, Recipe]]:
    """By name: the recipes with the same layers, ours first, and ours with windows. All read the first words."""
    # A window that no text is longer than is none at all: padding to its multiples never comes up.
    settings = TextSettings(TASK.tokenizer, first_words=length, last_words=0, window=length)
    encoder, encoded, _ = learn_text_encoder(splits.train, settings, config.vocabulary, evidence=None)

    def model(window: int) -> "keras.Model":
        import keras

        model = TASK.build_model(Fitted(encoder, encoded), replace(config, window=window))
        model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm), TASK.loss(config))
        return model

    def ours(window: int) -> Recipe:
        batch_tokens = config.batch_tokens or fitting_batch_tokens(encoded)
        batches = Batches(replace(encoded, multiple=window), batch_tokens, config.seed)
        return Recipe(model(window), len(encoded) / len(batches), partial(_bucketed, batches))

    recipes = {"ours": ours(window=length)}
    for texts in (TUTORIAL_BATCH, round(recipes["ours"].texts)):
        recipes[f"padded, batches of {texts}"] = Recipe(model(length), texts, _padded(encoded, length, texts))
    return recipes, {f"ours, windows of {config.window}": ours(config.window)}


def _bucketed(batches: Batches, number: int, count: int) -> Turn:
    """The first batches of pass `number`."""
    batches.epoch = number
    plan = list(islice(cycle(batches.plan()), count))
    return Turn(
        data={"x": batches.dataset().repeat().take(count)},
        real=np.array([batches.encoded.lengths[places].sum() for _, places in plan]),
        padded=np.array([steps * len(places) for steps, places in plan]),
    )


def _padded(encoded: Encoded, length: int, texts: int) -> Callable[[int, int], Turn]:
    """All texts as one array, as tutorials have them; a turn takes texts from it at random."""
    import keras

    words = encoded.inputs["words"]
    rows = [words[place] for place in range(len(words))]
    array = keras.utils.pad_sequences(rows, maxlen=length, padding="post", truncating="post")

    def turn(number: int, count: int) -> Turn:
        places = np.resize(np.random.default_rng(number).permutation(len(array)), count * texts)
        return Turn(
            data={"x": {"words": array[places]}, "y": encoded.targets[places], "batch_size": texts},
            real=encoded.lengths[places].reshape(count, texts).sum(axis=1),
            padded=np.full(count, length * texts),
        )

    return turn


def _in_turn(recipes: Mapping[str, Recipe], pace: Pace, what: str) -> dict[str, list[Timed]]:
    """Let the recipes train one after another, again and again: what slows the machine slows all of them."""
    timed: dict[str, list[Timed]] = {name: [] for name in recipes}
    with Progress(what, pace.turns * len(recipes), "turns") as progress:
        for number in range(pace.turns):
            for name, recipe in recipes.items():
                turn = recipe.turn(number, pace.untimed + pace.steps)
                seconds = _seconds(recipe.model, turn.data, pace.untimed)
                real, padded = turn.real[pace.untimed :].sum(), turn.padded[pace.untimed :].sum()
                timed[name].append(Timed(real / seconds, 1 - real / padded))
                progress.advance()
    return timed


def _seconds(model: "keras.Model", data: Mapping[str, Any], untimed: int) -> float:
    """Seconds from the end of the first `untimed` steps to the end of the last."""
    import keras

    ends: list[float] = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: ends.append(perf_counter()))
    model.fit(**data, shuffle=False, verbose=0, callbacks=[note])
    return ends[-1] - ends[untimed - 1]


def _ratios(timed: Mapping[str, Sequence[Timed]], name: str) -> list[float]:
    """How many times as fast as the recipe `name` ours was, turn by turn."""
    ours, other = timed["ours"], timed[name]
    return [mine.words_per_second / its.words_per_second for mine, its in zip(ours, other, strict=True)]


def _table(
    recipes: Mapping[str, Recipe], timed: Mapping[str, Sequence[Timed]], length: int, pace: Pace
) -> tuple[str, Sequence[str], Sequence[Sequence[str | int | float]]]:
    title = f"throughput: texts of at most {length} words, medians of {pace.turns} turns of {pace.steps} steps"
    header = ("recipe", "texts a batch", "padding %", "real words/s", "ours / it", "lowest", "highest")
    rows = []
    for name, recipe in recipes.items():
        speed = median(turn.words_per_second for turn in timed[name])
        padding = 100 * median(turn.padding for turn in timed[name])
        ratios = _ratios(timed, name)
        rows.append((name, round(recipe.texts), padding, round(speed), median(ratios), min(ratios), max(ratios)))
    return title, header, rows
