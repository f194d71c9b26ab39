"""Tagging: words per second in training and in prediction, and the cost of a CRF.

Most tutorials pad all sentences to the longest one of the corpus, in batches of 32. All recipes have the same layers.
Only real words count, since padding teaches nothing. The recipes are trained in turn, each with its own model.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter

from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import temporary_folder
from bench.recipes import MakeRound, Recipe, bucketed, compiled, padded
from bench.rounds import QUICK_SCHEDULE, Schedule, rounds_table, speed_ratios, time_in_rounds
from console.quiet import start_tensorflow
from data.batches import Batches
from data.encoders.sentence import SentenceEncoder
from schema.examples import TaggedSentence
from tasks.pos import TASK, PosConfig
from tasks.tagging import TaggingPredictConfig
from tasks.task import FittedEncoder
from training.run_folder import RunFolder

MIN_GAIN, MIN_WORDS_PER_SECOND, MAX_CRF_COST = 3, 5000, 1.5
TUTORIAL_BATCH = 32
PADDED = f"padded, batches of {TUTORIAL_BATCH}"


def measure(flags: BenchFlags) -> Report:
    """Measure training on EWT, then tagging its test split."""
    start_tensorflow()
    # A round needs sentences of all lengths, and each of our batches holds one length.
    config, schedule = PosConfig(dataset=flags.dataset("ewt"), limit=flags.examples), Schedule(timed_steps=80)
    if flags.quick:
        config = replace(config, cell="simple_rnn", units=4, embedding_size=4, batch_tokens=100)
        schedule = QUICK_SCHEDULE
    splits = TASK.splits(config)
    fitted = TASK.fit_encoder(splits, config)
    recipes = _recipes(fitted, config)
    timings = time_in_rounds(recipes, schedule, "training")
    title = f"training on sentences of at most {fitted.encoded.lengths.max()} words"
    gain = median(speed_ratios(timings, "ours", PADDED))
    crf_costs = [
        crf.seconds_per_step / softmax.seconds_per_step
        for crf, softmax in zip(timings["crf"], timings["ours"], strict=True)
    ]
    speeds = _words_per_second(fitted, config, splits.test)
    results = [
        Measurement("words/s in training, ours / padded", gain, "x", MIN_GAIN),
        Measurement("words/s in prediction, with a loaded model", median(speeds), "words/s", MIN_WORDS_PER_SECOND),
        Measurement("time of a step, CRF / softmax", median(crf_costs), "x", MAX_CRF_COST, at_most=True),
    ]
    return Report([rounds_table(title, recipes, timings, schedule), _prediction_table(speeds)], results)


def _recipes(fitted: FittedEncoder[SentenceEncoder], config: PosConfig) -> dict[str, Recipe]:
    """Ours, the padded recipe with the same layers, and ours with a CRF."""
    batches = Batches(fitted.encoded, config.batch_tokens or 1, config.seed)
    ours = partial(bucketed, batches)
    batch_size = len(fitted.encoded) / len(batches)
    max_length = int(fitted.encoded.lengths.max())

    def recipe(config: PosConfig, batch_size: float, make_round: MakeRound) -> Recipe:
        return Recipe(compiled(TASK.build_model(fitted, config), TASK.loss(config), config), batch_size, make_round)

    return {
        "ours": recipe(config, batch_size, ours),
        PADDED: recipe(config, TUTORIAL_BATCH, padded(fitted.encoded, max_length, TUTORIAL_BATCH)),
        "crf": recipe(replace(config, head="crf"), batch_size, ours),
    }


def _words_per_second(
    fitted: FittedEncoder[SentenceEncoder], config: PosConfig, sentences: Sequence[TaggedSentence]
) -> list[float]:
    """Words per second of six passes, encoding included, with a saved and loaded model; its weights do not matter."""
    with temporary_folder() as folder:
        run = RunFolder(folder)
        run.save_fresh_model(TASK.build_model(fitted, config))
        run.commit_model()
        model = run.load_model()
    words = sum(len(sentence.words) for sentence in sentences)
    speeds = []
    for _ in range(6):
        start = perf_counter()
        TASK.predict(model, fitted.encoder, fitted.encoder.encode(sentences), TaggingPredictConfig())
        speeds.append(words / (perf_counter() - start))
    return speeds


def _prediction_table(speeds: Sequence[float]) -> ResultTable:
    first, *others = speeds
    rows = [("first", first, first, first), (f"{len(others)} others", median(others), min(others), max(others))]
    return ResultTable("prediction on the test split", ("pass", "median words/s", "min", "max"), rows)
