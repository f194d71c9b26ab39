"""Tasks that write: target pieces a second in training, sentences a second in decoding, and memory.

Tutorials pad all pairs to the longest of the corpus, or of a batch of pairs at random, and decode a sentence at a time
with one `model.predict` a piece. The layers are the same for all. The model that decodes is the one that has just been
trained in turn with the others: its answers are as long as answers are.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from bench.decoding import BEAM, Speeds, measure_decoding, one_predict_a_piece
from bench.measurement import START_TENSORFLOW, BenchFlags, Measurement, Report, fresh_folder, run_child
from bench.rounds import Recipe, Round, Schedule, bucketed, in_rounds, rounds_table, times_as_fast
from data.batches import Batches
from schema.encoded import Column, EncodedDataset, Ragged
from tasks.generation import GenerationDecodingConfig
from tasks.task import FittedEncoder
from tasks.translation import TASK, TranslationConfig

if TYPE_CHECKING:
    import keras

LEAST_GAIN, LEAST_GREEDY, MOST_BEAM, MOST_MB = 1.8, 50, 6, 3000
TUTORIAL_BATCH = 64


def measure(flags: BenchFlags) -> Report:
    """Training on Multi30k, decoding its test split, and the memory of whole runs of both tasks."""
    from console.quiet import start_tensorflow

    # Before this process is filled: on Linux a child begins its peak memory with that of its parent.
    memory = _memory(flags)
    start_tensorflow()
    config, pace = TranslationConfig(dataset=flags.dataset("multi30k"), limit=flags.examples), Schedule(steps=80)
    if flags.quick:
        small = {"cell": "simple_rnn", "units": 4, "embedding_size": 4, "vocab_size": 300, "batch_tokens": 200}
        config, pace = replace(config, **small), Schedule(turns=2, untimed=1, steps=3)
    splits = TASK.splits(config)
    fitted = TASK.fit_encoder(splits, config)
    recipes = _recipes(fitted, config)
    timed = in_rounds(recipes, pace, "training")
    corpus, batch = (median(times_as_fast(timed, "ours", name)) for name in list(recipes)[1:])
    table = rounds_table(recipes, timed, "ours", "training, target pieces", pace)
    sentences, one_by_one = (splits.test[:20], 1) if flags.quick else (splits.test, 20)
    speeds = _decode(recipes["ours"].model, fitted, sentences, one_by_one)
    gain = speeds.greedy.rate / speeds.one_by_one.rate
    figures = [
        Measurement("target pieces/s in training, ours / longest of the corpus", corpus, "x", LEAST_GAIN, False),
        Measurement("sentences/s, greedy / one predict a piece", gain, "x", LEAST_GREEDY, False),
        Measurement(f"time of beam {BEAM} / greedy", speeds.greedy.rate / speeds.beam_size.rate, "x", MOST_BEAM, True),
        Measurement("peak memory of a run", max(memory.values()), "MB", MOST_MB, True),
    ]
    rows = [(program, round(peak)) for program, peak in memory.items()]
    return Report([table, speeds.table("sentences"), ("memory", ("program", "peak MB"), rows)], figures)


def _recipes(fitted: FittedEncoder[Any], config: TranslationConfig) -> dict[str, Recipe]:
    encoded = fitted.encoded
    batches = Batches(encoded, config.batch_tokens or 1, config.seed)
    wanted = encoded.inputs["target"].lengths

    def recipe(pairs: float, turn: Callable[[int, int], Round]) -> Recipe:
        import keras

        model = TASK.build_model(fitted, config)
        model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm), TASK.loss(config))
        return Recipe(model, pairs, turn)

    def ours(number: int, count: int) -> Round:
        turn, plan = bucketed(batches, number, count), batches.plan()
        places = [plan[place % len(plan)][1] for place in range(count)]
        longest = [wanted[each].max() * len(each) for each in places]
        return replace(turn, real=np.array([wanted[each].sum() for each in places]), padded=np.array(longest))

    return {
        "ours": recipe(len(encoded) / len(batches), ours),
        "longest of the corpus": recipe(TUTORIAL_BATCH, partial(_at_random, encoded, _corpus_padded(encoded))),
        "longest of the batch": recipe(TUTORIAL_BATCH, partial(_at_random, encoded, _batch_padded(encoded))),
    }


Pad = Callable[[np.ndarray], tuple[dict[str, np.ndarray], np.ndarray]]


def _corpus_padded(encoded: EncodedDataset) -> Pad:
    def rows(column: Column, places: np.ndarray) -> np.ndarray:
        assert isinstance(column, Ragged)
        return column.collate(places, int(column.lengths.max()))

    return lambda places: (
        {name: rows(column, places) for name, column in encoded.inputs.items()},
        rows(encoded.targets, places),
    )


def _batch_padded(encoded: EncodedDataset) -> Pad:
    return lambda places: encoded.collate(places, int(encoded.lengths[places].max()))


def _at_random(encoded: EncodedDataset, pad: Pad, number: int, count: int) -> Round:
    """Pairs at random, `TUTORIAL_BATCH` together."""
    import tensorflow as tf

    order = np.resize(np.random.default_rng(number).permutation(len(encoded)), (count, TUTORIAL_BATCH))
    batches = [pad(places) for places in order]
    # Keras would take a length that the first two batches share for that of all.
    shapes = tf.nest.map_structure(lambda values: tf.TensorSpec((None,) * values.ndim, values.dtype), batches[0])
    data = tf.data.Dataset.from_generator(lambda: batches, output_signature=shapes)
    return Round(
        data={"x": data.apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)},
        real=np.array([(targets != encoded.targets.padding_value).sum() for _, targets in batches]),
        padded=np.array([targets.size for _, targets in batches]),
    )


def _decode(model: "keras.Model", fitted: FittedEncoder[Any], sentences: Sequence[Any], one_by_one: int) -> Speeds:
    """Encoding included; one_by_one: so many sentences are decoded as tutorials do."""
    from data.encoders.subwords import BEGIN, END

    encoder = fitted.encoder
    say = one_predict_a_piece(models.incremental_seq2seq(model), BEGIN, END, lambda source: 2 * len(source))

    def answer(beam: int) -> list[str]:
        answers = TASK.predict(model, encoder, encoder.encode(sentences), GenerationDecodingConfig(beam_size=beam))
        return [answer.text for answer in answers]

    some = list(encoder.encode(sentences[:one_by_one]).inputs["source"])
    return measure_decoding(answer, lambda source: TASK.detokenize(encoder, [say(source)])[0], some)


def _memory(flags: BenchFlags) -> dict[str, float]:
    """Peak of TensorFlow alone and of a run of each task that writes, in MB, each in a process of its own.

    One epoch is enough: every batch shape occurs in it. Scoring the test split is part of the run.
    """
    found = {"TensorFlow started, nothing else": run_child(*START_TENSORFLOW).peak_mb}
    for name, dataset in (("translation", "multi30k"), ("summary", "aeslc"))[: 1 if flags.quick else 2]:
        words = ["train.py", name, "--dataset", flags.dataset(dataset), "--epochs", "1"]
        if flags.examples:
            words += ["--limit", str(flags.examples)]
        if flags.quick:
            words += ["--cell", "simple_rnn", "--units", "4", "--embedding-size", "4", "--no-diagnostics"]
        with fresh_folder() as folder:
            words += ["--runs", str(folder / "runs"), "--cache", str(folder / "cache")]
            found[f"train.py {name}, one epoch"] = run_child(*words).peak_mb
    return found
