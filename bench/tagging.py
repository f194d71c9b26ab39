"""Tagging: words a second in training and in answering, and what a CRF costs.

Most tutorials pad all sentences to the longest one of the corpus, 32 a batch. The layers are the same for all; padding
is work that teaches nothing, so only real words count. The recipes train in turn, each its own model.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

from bench.measurement import BenchFlags, Measurement, Report, fresh_folder
from bench.rounds import Recipe, Schedule, bucketed, in_rounds, padded, rounds_table, times_as_fast
from data.batches import Batches
from schema.configs import DecodingConfig
from tasks.pos import TASK, PosConfig
from tasks.task import FittedEncoder
from training.run_folder import RunFolder

LEAST_GAIN, LEAST_WORDS_PER_SECOND, MOST_CRF = 3, 5000, 1.5
TUTORIAL_BATCH = 32


def measure(flags: BenchFlags) -> Report:
    """Training on EWT, then tagging its test split."""
    from console.quiet import start_tensorflow

    start_tensorflow()
    # A turn has to see sentences of all lengths: our batches hold one length each.
    config, pace = PosConfig(dataset=flags.dataset("ewt"), limit=flags.examples), Schedule(steps=80)
    if flags.quick:
        config = replace(config, cell="simple_rnn", units=4, embedding_size=4, batch_tokens=100)
        pace = Schedule(turns=2, untimed=1, steps=3)
    splits = TASK.splits(config)
    fitted = TASK.fit_encoder(splits, config)
    recipes = _recipes(fitted, config)
    timed = in_rounds(recipes, pace, "training")
    title = f"training on sentences of at most {fitted.encoded.lengths.max()} words"
    names = list(recipes)
    crf = [
        one.seconds_per_step / other.seconds_per_step for one, other in zip(timed["crf"], timed["ours"], strict=True)
    ]
    speeds, table = _tag(fitted, config, splits.test)
    figures = [
        Measurement(
            "words/s in training, ours / padded", median(times_as_fast(timed, *names[:2])), "x", LEAST_GAIN, False
        ),
        Measurement(
            "words/s in tagging, from the loaded model", median(speeds), "words/s", LEAST_WORDS_PER_SECOND, False
        ),
        Measurement("time of a step, CRF / softmax", median(crf), "x", MOST_CRF, True),
    ]
    return Report([rounds_table(recipes, timed, "ours", title, pace), table], figures)


def _recipes(fitted: FittedEncoder[Any], config: PosConfig) -> dict[str, Recipe]:
    """Ours, the plain recipe with the same layers, and ours with a CRF."""
    batches = Batches(fitted.encoded, config.batch_tokens or 1, config.seed)
    ours = partial(bucketed, batches)
    texts = len(fitted.encoded) / len(batches)
    longest = int(fitted.encoded.lengths.max())
    plain = padded(fitted.encoded, longest, TUTORIAL_BATCH)

    def recipe(config: PosConfig, texts: float, turn: Any) -> Recipe:
        import keras

        model = TASK.build_model(fitted, config)
        model.compile(keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm), TASK.loss(config))
        return Recipe(model, texts, turn)

    return {
        "ours": recipe(config, texts, ours),
        f"padded, batches of {TUTORIAL_BATCH}": recipe(config, TUTORIAL_BATCH, plain),
        "crf": recipe(replace(config, head="crf"), texts, ours),
    }


def _tag(
    fitted: FittedEncoder[Any], config: PosConfig, sentences: Sequence[Any]
) -> tuple[list[float], tuple[str, Sequence[str], Sequence[Sequence[str | int | float]]]]:
    """Words a second, encoding included, of a model that was saved and loaded; its weights do not matter here."""
    with fresh_folder() as folder:
        run = RunFolder(folder)
        run.save_fresh_model(TASK.build_model(fitted, config))
        run.commit_model()
        model = run.load_model()
    words = sum(len(sentence.words) for sentence in sentences)
    speeds = []
    for _ in range(6):
        began = perf_counter()
        TASK.predict(model, fitted.encoder, fitted.encoder.encode(sentences), DecodingConfig())
        speeds.append(words / (perf_counter() - began))
    rows = [("the first time", speeds[0], speeds[0], speeds[0])]
    rows += [("again, five times", median(speeds[1:]), min(speeds[1:]), max(speeds[1:]))]
    return speeds, (f"tagging {words:,} words", ("pass", "words/s", "lowest", "highest"), rows)
