"""Translation and summaries: target tokens per second in training, sentences per second in decoding, and peak memory.

Tutorials pad all pairs to the longest one of the corpus, or of a random batch, and decode one sentence at a time with
one `model.predict` call for each token. All recipes have the same layers. Decoding uses the model that has been trained
in the rounds, so that its translations have a realistic length.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

import models
from bench.decoding import BEAM_SIZE, Speeds, greedy_predict_loop, measure_decoding
from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import START_TENSORFLOW, TENSORFLOW_ALONE, run_child, temporary_folder, train_arguments
from bench.recipes import MakeRound, Recipe, Round, bucketed, compiled, random_indices, unpadded_rows
from bench.rounds import QUICK_SCHEDULE, Schedule, rounds_table, speed_ratios, time_in_rounds
from console.quiet import start_tensorflow
from data.batches import Batches
from data.encoders.pair import PairEncoder
from schema.encoded import BEGIN, END, IGNORE_INDEX, Column, EncodedDataset
from schema.examples import TextPair
from tasks.generation import GenerationPredictConfig
from tasks.task import FittedEncoder
from tasks.translation import TASK, TranslationConfig

if TYPE_CHECKING:
    import keras

MIN_GAIN, MIN_GREEDY_GAIN, MAX_BEAM_COST, MAX_MB = 1.8, 50, 6, 3000
TUTORIAL_BATCH = 64

CollatedBatch = tuple[dict[str, np.ndarray], np.ndarray]


def measure(flags: BenchFlags) -> Report:
    """Measure training on Multi30k, decoding its test split, and the memory of whole runs of both tasks."""
    # Before this process grows: on Linux the peak memory of a child process starts at that of its parent.
    memory = _peak_memory(flags)
    start_tensorflow()
    config, schedule = (
        TranslationConfig(dataset=flags.dataset("multi30k"), limit=flags.examples),
        Schedule(timed_steps=80),
    )
    if flags.quick:
        config = replace(config, cell="simple_rnn", units=4, embedding_size=4, vocab_size=300, batch_tokens=200)
        schedule = QUICK_SCHEDULE
    splits = TASK.splits(config)
    fitted = TASK.fit_encoder(splits, config)
    recipes = _recipes(fitted, config)
    timings = time_in_rounds(recipes, schedule, "training")
    gain = median(speed_ratios(timings, "ours", "longest of the corpus"))
    sources, tutorial_sources = (splits.test[:20], 1) if flags.quick else (splits.test, 20)
    speeds = _measure_decoding(recipes["ours"].model, fitted, sources, tutorial_sources)
    greedy_gain = speeds.greedy.rate / speeds.predict_loop.rate
    beam_cost = speeds.greedy.rate / speeds.beam.rate
    tables = [
        rounds_table("training, target tokens", recipes, timings, schedule),
        speeds.table("sentences"),
        ResultTable("memory", ("program", "peak MB"), [(name, round(peak)) for name, peak in memory.items()]),
    ]
    results = [
        Measurement("target tokens/s in training, ours / longest of the corpus", gain, "x", MIN_GAIN),
        Measurement("sentences/s, greedy / one predict call for each token", greedy_gain, "x", MIN_GREEDY_GAIN),
        Measurement(f"time of a beam of {BEAM_SIZE} / greedy", beam_cost, "x", MAX_BEAM_COST, at_most=True),
        Measurement("peak memory of a run", max(memory.values()), "MB", MAX_MB, at_most=True),
    ]
    return Report(tables, results)


def _recipes(fitted: FittedEncoder[PairEncoder], config: TranslationConfig) -> dict[str, Recipe]:
    """Our batches first, then the random ones of tutorials; the model is the same."""
    encoded = fitted.encoded
    batches = Batches(encoded, config.batch_tokens or 1, config.seed)
    target_lengths = _one_column(encoded.inputs["target"]).lengths

    def ours(number: int, count: int) -> Round:
        data, plan = bucketed(batches, number, count), batches.plan()
        lengths = [target_lengths[plan[index % len(plan)][1]] for index in range(count)]
        return replace(
            data,
            real_steps=np.array([batch.sum() for batch in lengths]),
            padded_steps=np.array([batch.max() * len(batch) for batch in lengths]),
        )

    def recipe(batch_size: float, make_round: MakeRound) -> Recipe:
        return Recipe(compiled(TASK.build_model(fitted, config), TASK.loss(config), config), batch_size, make_round)

    return {
        "ours": recipe(len(encoded) / len(batches), ours),
        "longest of the corpus": recipe(TUTORIAL_BATCH, partial(_random_round, encoded, _pad_to_corpus(encoded))),
        "longest of the batch": recipe(TUTORIAL_BATCH, partial(_random_round, encoded, _pad_to_batch(encoded))),
    }


def _one_column(column: Column | None) -> EncodedDataset:
    """A data set of this column alone: `collate` then pads it to any length."""
    assert column is not None
    return EncodedDataset({"column": column})


def _pad_to_corpus(encoded: EncodedDataset) -> Callable[[np.ndarray], CollatedBatch]:
    """Collate examples, each column padded to its longest row of the corpus."""

    def padded(column: Column | None, indices: np.ndarray) -> np.ndarray:
        alone = _one_column(column)
        return alone.collate(indices, int(alone.lengths.max()))[0]["column"]

    return lambda indices: (
        {name: padded(column, indices) for name, column in encoded.inputs.items()},
        padded(encoded.targets, indices),
    )


def _pad_to_batch(encoded: EncodedDataset) -> Callable[[np.ndarray], CollatedBatch]:
    """Collate examples, padded to the longest one of the batch."""

    def collate(indices: np.ndarray) -> CollatedBatch:
        inputs, targets = encoded.collate(indices, int(encoded.lengths[indices].max()))
        assert targets is not None
        return inputs, targets

    return collate


def _random_round(
    encoded: EncodedDataset, collate: Callable[[np.ndarray], CollatedBatch], number: int, count: int
) -> Round:
    """Random batches of `TUTORIAL_BATCH` pairs."""
    import tensorflow as tf

    batches = [collate(indices) for indices in random_indices(len(encoded), number, count, TUTORIAL_BATCH)]
    # Without a signature Keras takes a length that the first two batches have in common for that of all batches.
    signature = tf.nest.map_structure(lambda values: tf.TensorSpec((None,) * values.ndim, values.dtype), batches[0])
    data = tf.data.Dataset.from_generator(lambda: batches, output_signature=signature)
    return Round(
        fit_arguments={"x": data.apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)},
        real_steps=np.array([np.count_nonzero(targets != IGNORE_INDEX) for _, targets in batches]),
        padded_steps=np.array([targets.size for _, targets in batches]),
    )


def _measure_decoding(
    model: "keras.Model", fitted: FittedEncoder[PairEncoder], sources: Sequence[TextPair], tutorial_sources: int
) -> Speeds:
    """Decode all sources with our search, and the first `tutorial_sources` as tutorials do; encoding included."""
    encoder = fitted.encoder
    generate = greedy_predict_loop(models.incremental_seq2seq(model), BEGIN, END, lambda source: 2 * len(source))

    def beam_search(beam_size: int) -> list[str]:
        encoded = encoder.encode(sources)
        predictions = TASK.predict(model, encoder, encoded, GenerationPredictConfig(beam_size=beam_size))
        return [prediction.text for prediction in predictions]

    some = unpadded_rows(encoder.encode(sources[:tutorial_sources]).inputs["source"])
    return measure_decoding(beam_search, lambda source: TASK.detokenize(encoder, [generate(source)])[0], some)


def _peak_memory(flags: BenchFlags) -> dict[str, float]:
    """Peak memory in MB of TensorFlow alone and of a run of each text generation task, each in its own process.

    One epoch is enough: all batch shapes occur in it. The evaluation on the test split is part of the run.
    """
    peaks = {TENSORFLOW_ALONE: run_child(*START_TENSORFLOW).peak_mb}
    for task, dataset in (("translation", "multi30k"), ("summary", "aeslc"))[: 1 if flags.quick else 2]:
        with temporary_folder() as folder:
            usage = run_child(*train_arguments(flags, folder, task, dataset), "--epochs", "1")
        peaks[f"train.py {task}, one epoch"] = usage.peak_mb
    return peaks
