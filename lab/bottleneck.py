"""Is one vector enough for a long source?

python -m lab bottleneck
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

import keras
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import COLORS, draw_mean
from lab.training import training_steps
from models.decoder import DecoderSettings, SmoothedCrossEntropy
from models.seq2seq import Seq2SeqSettings, build_seq2seq
from schema.configs import AttentionName, RecurrentSettings
from schema.encoded import BEGIN, END, IGNORE_INDEX, PADDING, SPECIAL_TOKENS
from schema.scores import Table

DIGITS = 10
FIRST_DIGIT = len(SPECIAL_TOKENS)
TaskName = Literal["reverse", "copy"]
RIGHT = 0.9
Pairs = tuple[Mapping[str, np.ndarray], np.ndarray]
"""Inputs of a sequence-to-sequence model and its targets."""


def digit_pairs(rng: np.random.Generator, task: TaskName, lengths: np.ndarray) -> Pairs:
    """Draw random digits, one row for each of `lengths`, to be copied or reversed.

    Gives `source` (rows, longest), `target` (rows, longest + 1) from the begin on, and what follows each of its steps,
    (rows, longest + 1), up to the end.
    """
    longest = int(lengths.max())
    steps = np.arange(longest)
    valid = steps < lengths[:, None]
    source = np.where(valid, rng.integers(FIRST_DIGIT, FIRST_DIGIT + DIGITS, valid.shape, dtype=np.int32), PADDING)
    mirrored = np.where(valid, lengths[:, None] - 1 - steps, steps)
    output = np.take_along_axis(source, mirrored, axis=1) if task == "reverse" else source
    target = np.pad(output, ((0, 0), (1, 0)), constant_values=BEGIN)
    following = np.pad(np.where(valid, output, IGNORE_INDEX), ((0, 0), (0, 1)), constant_values=IGNORE_INDEX)
    following[np.arange(len(lengths)), lengths] = END
    return {"source": source, "target": target}, following


def exact_match(model: keras.Model, pairs: Pairs) -> float:
    """The share of the sources whose whole target, with its end, a greedy decoder generates.

    It does if and only if each step is right after the right steps before it, which takes no decoding step by step.
    """
    inputs, following = pairs
    right = (np.argmax(model(inputs, training=False), axis=-1) == following) | (following == IGNORE_INDEX)
    return float(np.mean(right.all(axis=1)))


@dataclass(frozen=True)
class DigitsCondition(Condition):
    """An encoder-decoder that copies or reverses digits, trained on lengths up to `longest_trained`."""

    attention: AttentionName
    units: int
    task: TaskName
    longest_trained: int = 20
    lengths: tuple[int, ...] = (5, 10, 15, 20, 25, 30, 35, 40)
    embedding_size: int = 32
    steps: int = 600
    batch: int = 64
    test: int = 200
    learning_rate: float = 5e-3

    @property
    def label(self) -> str:
        return f"{self.name}, {self.task}"

    def build(self, seed: int) -> keras.Model:
        """Make the encoder-decoder of the tasks `translation` and `summary`, without dropout."""
        keras.utils.set_random_seed(seed)
        recurrent = RecurrentSettings("gru", self.units)
        decoder = DecoderSettings(FIRST_DIGIT + DIGITS, recurrent, self.embedding_size, self.attention, 0, 0, 0)
        return build_seq2seq(Seq2SeqSettings(decoder))

    def batches(self, seed: int) -> Iterator[Pairs]:
        """Draw the batches of the training, of mixed lengths, all padded to the longest."""
        rng = np.random.default_rng(seed)
        for _ in range(self.steps):
            lengths = rng.integers(1, self.longest_trained + 1, self.batch)
            # One row of the longest, so that all batches have one shape.
            lengths[0] = self.longest_trained
            yield digit_pairs(rng, self.task, lengths)

    def measure(self, seed: int) -> Values:
        """Exact match by length."""
        model = self.build(seed)
        rate = keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        loss = SmoothedCrossEntropy(0.0, IGNORE_INDEX)
        for _ in training_steps(model, self.batches(seed), learning_rate=rate, loss=loss):
            pass
        predict = tf.function(model, reduce_retracing=True)
        rng = np.random.default_rng(seed + 1000)
        tests = (digit_pairs(rng, self.task, np.full(self.test, length)) for length in self.lengths)
        return {"exact_match": np.array([exact_match(predict, pairs) for pairs in tests])}


def _with_and_without_attention(units: int, task: TaskName) -> list[DigitsCondition]:
    models: tuple[tuple[str, AttentionName], ...] = (("one vector", "none"), ("attention", "multiplicative"))
    return [DigitsCondition(f"{name}, {units} units", attention, units, task) for name, attention in models]


class Bottleneck(Experiment):
    """Copied and reversed digits, through one vector and with attention."""

    name = "bottleneck"
    title = "One vector for a whole source"
    known = (
        "Expected to hold: without attention the last state of the encoder has to carry the whole source, and exact "
        "match falls with its length (Cho et al. 2014; Bahdanau et al. 2015, figure 2); more units help, and attention "
        "helps more. Expected to fail where attention is taken for a way to longer sources than were trained on: the "
        "states that it compares have not learned positions beyond."
    )
    method = (
        "Digits are copied or reversed by the encoder-decoder of the tasks `translation` and `summary`: a GRU that "
        "reads forward, and a decoder of two GRUs, with multiplicative attention or with the encoder's last state at "
        "each step. Embeddings of 32, 600 batches of 64 sources of 1 to 20 digits, Adam 5e-3 with cosine decay. Exact "
        "match of 200 sources of each length, digits and end; lengths above 20 were never trained. The default is 64 "
        "units and reversing."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        if quick:
            tiny = _with_and_without_attention(16, "reverse")
            return [replace(each, longest_trained=4, lengths=(2, 4, 6), steps=60) for each in tiny]
        settings: tuple[tuple[int, TaskName], ...] = ((32, "reverse"), (64, "reverse"), (128, "reverse"), (64, "copy"))
        return [each for units, task in settings for each in _with_and_without_attention(units, task)]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        tasks = list(dict.fromkeys(condition.task for condition in results.select(DigitsCondition)))
        figure = Figure(figsize=(1.5 + 4.2 * len(tasks), 4.2), layout="constrained")
        for axes, task in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks, strict=True):
            _draw(axes, results, task)
        figure.axes[0].set(ylabel="exact match (%)")
        figure.suptitle("Digits through one vector, and with attention")
        return {"bottleneck": figure}

    def table(self, results: Results) -> Table:
        conditions = results.select(DigitsCondition)
        rows = [
            (
                condition.task,
                condition.name,
                *(mean_and_deviation(column, factor=100) for column in results.of(condition, "exact_match").T),
            )
            for condition in conditions
        ]
        trained = conditions[0].longest_trained
        lengths = (f"{length}{'' if length <= trained else ' (unseen)'}" for length in conditions[0].lengths)
        return Table("Exact match by length (%)", ("task", "model", *lengths), tuple(rows))

    def finding(self, results: Results) -> str:
        conditions = results.select(DigitsCondition)
        reaches = (f"{condition.label} {_reach(condition, results) or 'none'}" for condition in conditions)
        return (
            f"Length up to which at least {RIGHT:.0%} of the sources come out right, when lengths up to "
            f"{conditions[0].longest_trained} were trained: {'; '.join(reaches)}."
        )


def _reach(condition: DigitsCondition, results: Results) -> int:
    """The longest of the lengths up to which the mean exact match is at least `RIGHT`; 0 for none."""
    means = results.of(condition, "exact_match").mean(axis=0)
    right = takewhile(lambda pair: pair[1] >= RIGHT, zip(condition.lengths, means, strict=True))
    return max((length for length, _ in right), default=0)


def _draw(axes: Axes, results: Results, task: TaskName) -> None:
    conditions = [condition for condition in results.select(DigitsCondition) if condition.task == task]
    sizes = sorted({condition.units for condition in results.select(DigitsCondition)})
    for condition in conditions:
        size = sizes.index(condition.units)
        style = "osD"[size] + (":" if condition.attention == "none" else "-")
        color = COLORS[0 if condition.attention == "none" else 1]
        draw_mean(axes, condition.lengths, 100 * results.of(condition, "exact_match"), condition.name, style, color)
    trained = conditions[0].longest_trained
    axes.axvspan(trained, max(conditions[0].lengths), color="#dddddd", zorder=0, label="never trained")
    axes.set(title=task, xlabel="length of the source (digits)", ylim=(-3, 103))
    axes.grid(alpha=0.3)
    axes.legend(edgecolor="none", fontsize="small", loc="center right")


EXPERIMENT = Bottleneck()
