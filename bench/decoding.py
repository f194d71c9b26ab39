"""How fast answers are written: our decoder beside the way of tutorials, one `model.predict` for each piece."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

import models

if TYPE_CHECKING:
    import tensorflow as tf


PASSES = 3
BEAM = 5


@dataclass(frozen=True)
class Speed:
    """Answers a second, and the words of an answer on average: who says less is done sooner."""

    rate: float
    words: float


@dataclass(frozen=True)
class Speeds:
    """How fast the same answers are written in different ways."""

    greedy: Speed
    beam: Speed
    one_by_one: Speed

    def table(self, what: str) -> tuple[str, Sequence[str], Sequence[Sequence[str | int | float]]]:
        """For people; what: is answered."""
        ways = {
            "greedy": self.greedy,
            f"beam {BEAM}": self.beam,
            "one predict a piece, greedy": self.one_by_one,
        }
        rows = [(name, speed.rate, round(speed.words, 1)) for name, speed in ways.items()]
        return f"decoding, medians of {PASSES} passes", ("way", f"{what}/s", "words an answer"), rows


def measure_decoding(
    answer: Callable[[int], Sequence[str]], tutorial: Callable[[np.ndarray], str], some: Sequence[np.ndarray]
) -> Speeds:
    """The first pass of each way, which traces it, is not timed.

    answer: writes all answers with a beam of so many; tutorial: writes the answer to one of `some`
    """
    return Speeds(
        greedy=_speed_of(lambda: answer(1), PASSES),
        beam_size=_speed_of(lambda: answer(BEAM), PASSES),
        one_by_one=_speed_of(lambda: [tutorial(row) for row in some], 1),
    )


def _speed_of(work: Callable[[], Sequence[str]], passes: int) -> Speed:
    """Median over passes, after one that does not count."""
    answers = work()
    took = []
    for _ in range(passes):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    words = sum(len(answer.split()) for answer in answers)
    return Speed(len(answers) / median(took), words / len(answers))


def one_predict_a_piece(
    stepper: "models.IncrementalDecoder", begin: int, end: int, longest: Callable[[np.ndarray], int]
) -> Callable[[np.ndarray], list[int]]:
    """The way of tutorials: a model of the source, a model of one step, and `predict` for each piece.

    max_length: pieces of the answer to a source, at most, its end not counted
    """
    import keras

    class Start(keras.Model):
        def call(self, source: "tf.Tensor") -> list["tf.Tensor"]:
            return stepper.start(source)

    class Step(keras.Model):
        def call(self, inputs: Sequence["tf.Tensor"]) -> list["tf.Tensor"]:
            logs, state, _ = stepper.step(inputs[0], inputs[1:])
            return [logs, *state]

    start, step = Start(), Step()

    def answer(source: np.ndarray) -> list[int]:
        state = start.predict(source[None], verbose=0)
        said: list[int] = []
        last = begin
        while last != end and len(said) < longest(source):
            logs, *state = step.predict([np.array([last], np.int32), *state], verbose=0)
            last = int(logs[0].argmax())
            said.append(last)
        return said

    return answer
