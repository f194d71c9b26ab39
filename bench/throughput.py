"""Useful words a second in training: batches of texts of similar length against padding all to one length.

Most tutorials pad and cut every text to one length (`keras.utils.pad_sequences`) and call `model.fit` on the arrays,
32 texts a batch. The layers are the same for all: our words-only classifier, which reads a text in one go. Padding is
work that teaches nothing, so only real words count. Batches of 32 are also slower for being small, which is no merit
of ours; therefore the plain recipe runs once more with as many texts a batch as ours has on average.

The recipes train in turn, each its own model; what `fit` prepares before the first steps of a turn is not timed. A
last row shows what reading in windows, our default, adds: other layers, so it stands outside of the comparison.
"""

from dataclasses import replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from bench.measurement import BenchFlags, Measurement, Report
from bench.rounds import Recipe, Schedule, bucketed, in_rounds, padded, rounds_table, times_as_fast
from data.batches import Batches, auto_batch_tokens
from data.encoders.text import TextEncoder, TextSettings
from schema.examples import LabelledText, Splits
from tasks.sentiment import TASK, SentimentConfig
from tasks.task import FittedEncoder

if TYPE_CHECKING:
    import keras

TARGETS = {400: 1.5, 1000: 2.0}
"""Longest text in words -> how many times as fast as the plain recipe ours should be."""

TUTORIAL_BATCH = 32


def measure(flags: BenchFlags) -> Report:
    """All recipes, at each length."""
    from console.quiet import start_tensorflow

    start_tensorflow()
    config = SentimentConfig(
        dataset=flags.dataset("imdb"), limit=flags.examples, ngram_features=False, word_vectors=False
    )
    targets, pace = TARGETS, Schedule()
    if flags.quick:
        # A text of the synthetic data has some twenty words: windows and batches shrink with it.
        config = replace(config, units=4, embedding_size=4, bidirectional=False, chunk_length=5, batch_tokens=200)
        targets, pace = {20: TARGETS[400]}, Schedule(turns=2, untimed=1, steps=3)
    splits = TASK.splits(config)
    tables, figures = [], []
    for length, target in targets.items():
        recipes, windows = _recipes(splits, config, length)
        shown = {**recipes, **windows}
        timed = in_rounds(shown, pace, f"training at {length} words")
        tables.append(rounds_table(shown, timed, "ours", f"throughput: texts of at most {length} words", pace))
        figures += [
            Measurement(
                f"words/s at {length} words, ours / {name}",
                median(times_as_fast(timed, "ours", name)),
                "x",
                target,
                at_most=False,
            )
            for name in list(recipes)[1:]
        ]
    return Report(tables, figures)


def _recipes(
    splits: Splits[LabelledText], config: SentimentConfig, length: int
) -> tuple[dict[str, Recipe], dict[str, Recipe]]:
    """By name: the recipes with the same layers, ours first, and ours with windows. All read the first words."""
    # A window that no text is longer than is none at all: padding to its multiples never comes up.
    settings = TextSettings(TASK.tokenizer, head_tokens=length, tail_tokens=0, chunk_length=length)
    encoder, encoded, _ = TextEncoder.fit(splits.train, settings, config.vocab_size)

    def model(window: int) -> "keras.Model":
        import keras

        model = TASK.build_model(FittedEncoder(encoder, encoded), replace(config, chunk_length=window))
        model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm), TASK.loss(config))
        return model

    def ours(window: int) -> Recipe:
        batch_tokens = config.batch_tokens or auto_batch_tokens(encoded)
        batches = Batches(replace(encoded, pad_to_multiple_of=window), batch_tokens, config.seed)
        return Recipe(model(window), len(encoded) / len(batches), partial(bucketed, batches))

    recipes = {"ours": ours(window=length)}
    for texts in (TUTORIAL_BATCH, round(recipes["ours"].texts)):
        recipes[f"padded, batches of {texts}"] = Recipe(model(length), texts, padded(encoded, length, texts))
    return recipes, {f"ours, windows of {config.chunk_length}": ours(config.chunk_length)}
