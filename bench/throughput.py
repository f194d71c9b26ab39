"""Real words per second in training: batches of texts of similar length, compared with padding to one length.

Most tutorials pad and cut all texts to one length (`keras.utils.pad_sequences`) and call `model.fit` on the arrays, in
batches of 32. All recipes have the same layers: our classifier of words alone, which reads a text in one piece. Only
real words count, since padding teaches nothing. Batches of 32 are also slower because they are small, which is not a
merit of ours. The padded recipe therefore runs once more with our mean number of texts in a batch.

The recipes are trained in turn, each with its own model. The preparations of `fit` before the first steps of a round
are not timed. A last row shows what our default of reading in chunks adds; its layers differ, so it is not compared.
"""

from dataclasses import replace
from functools import partial
from statistics import median

from bench.measurement import BenchFlags, Measurement, Report
from bench.recipes import MakeRound, Recipe, bucketed, compiled, padded
from bench.rounds import QUICK_SCHEDULE, Schedule, rounds_table, speed_ratios, time_in_rounds
from console.quiet import start_tensorflow
from data.batches import Batches, auto_batch_tokens
from data.encoders.text import TextEncoder, TextSettings
from schema.examples import LabelledText, Splits
from schema.scores import SeenInTraining
from tasks.sentiment import TASK, SentimentConfig
from tasks.task import FittedEncoder

TARGETS = {400: 1.5, 1000: 2.0}
"""Maximum length of a text in words -> required speed relative to the padded recipes."""

TUTORIAL_BATCH = 32


def measure(flags: BenchFlags) -> Report:
    """Measure all recipes at each length."""
    start_tensorflow()
    config = SentimentConfig(
        dataset=flags.dataset("imdb"), limit=flags.examples, ngram_features=False, word_vectors=False
    )
    targets, schedule = TARGETS, Schedule()
    if flags.quick:
        # A text of the synthetic data has about twenty words: chunks and batches are smaller accordingly.
        config = replace(config, units=4, embedding_size=4, bidirectional=False, chunk_length=5, batch_tokens=200)
        targets, schedule = {20: TARGETS[400]}, QUICK_SCHEDULE
    splits = TASK.splits(config)
    tables, results = [], []
    for length, target in targets.items():
        recipes, chunked = _recipes(splits, config, length)
        all_recipes = recipes | chunked
        timings = time_in_rounds(all_recipes, schedule, f"training at {length} words")
        tables.append(rounds_table(f"throughput: texts of at most {length} words", all_recipes, timings, schedule))
        for name in list(recipes)[1:]:
            gain = median(speed_ratios(timings, "ours", name))
            results.append(Measurement(f"words/s at {length} words, ours / {name}", gain, "x", target))
    return Report(tables, results)


def _recipes(
    splits: Splits[LabelledText], config: SentimentConfig, length: int
) -> tuple[dict[str, Recipe], dict[str, Recipe]]:
    """The recipes with the same layers, ours first, and ours with chunks. All read the first `length` words."""
    # No text is longer than a chunk of `length`, so there is only one chunk and no padding to a multiple of it.
    settings = TextSettings(TASK.tokenizer, head_tokens=length, tail_tokens=0, chunk_length=length)
    encoder, encoded, _ = TextEncoder.fit(splits.train, settings, config.vocab_size)

    def recipe(chunk_length: int, batch_size: float, make_round: MakeRound) -> Recipe:
        model = TASK.build_model(
            FittedEncoder(encoder, encoded, SeenInTraining()), replace(config, chunk_length=chunk_length)
        )
        return Recipe(compiled(model, TASK.loss(config), config), batch_size, make_round)

    def ours(chunk_length: int) -> Recipe:
        batch_tokens = config.batch_tokens or auto_batch_tokens(encoded)
        batches = Batches(replace(encoded, pad_to_multiple_of=chunk_length), batch_tokens, config.seed)
        return recipe(chunk_length, len(encoded) / len(batches), partial(bucketed, batches))

    recipes = {"ours": ours(length)}
    for batch_size in (TUTORIAL_BATCH, round(recipes["ours"].batch_size)):
        name = f"padded, batches of {batch_size}"
        recipes[name] = recipe(length, batch_size, padded(encoded, length, batch_size))
    return recipes, {f"ours, chunks of {config.chunk_length}": ours(config.chunk_length)}
