"""Speed of decoding: our beam search compared with the loop of tutorials, one `model.predict` call for each token."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

import models
from bench.measurement import ResultTable

if TYPE_CHECKING:
    import tensorflow as tf

PASSES = 3
BEAM_SIZE = 5


@dataclass(frozen=True)
class Speed:
    """Texts per second, and the mean number of words in a text: shorter texts take less time."""

    rate: float
    words: float


@dataclass(frozen=True)
class Speeds:
    """Speeds of different ways to generate the same texts."""

    greedy: Speed
    beam: Speed
    predict_loop: Speed

    def table(self, texts: str) -> ResultTable:
        """The speeds for people; `texts` names the texts, such as "captions"."""
        ways = {
            "greedy": self.greedy,
            f"beam of {BEAM_SIZE}": self.beam,
            "one predict call for each token, greedy": self.predict_loop,
        }
        rows = [(name, speed.rate, round(speed.words, 1)) for name, speed in ways.items()]
        header = ("decoding", f"{texts}/s", "words in a text")
        return ResultTable(f"decoding, medians of {PASSES} passes", header, rows)


def measure_decoding(
    beam_search: Callable[[int], Sequence[str]],
    predict_loop: Callable[[np.ndarray], str],
    sources: Sequence[np.ndarray],
) -> Speeds:
    """Time each way after one pass that traces its graph.

    beam_search: generates all texts, with the given beam size
    predict_loop: generates the text of one of the `sources`
    """
    return Speeds(
        greedy=_speed(lambda: beam_search(1), PASSES),
        beam=_speed(lambda: beam_search(BEAM_SIZE), PASSES),
        predict_loop=_speed(lambda: [predict_loop(source) for source in sources], 1),
    )


def _speed(generate: Callable[[], Sequence[str]], passes: int) -> Speed:
    """Median over the passes, after one that is not timed."""
    texts = generate()
    seconds = []
    for _ in range(passes):
        start = perf_counter()
        generate()
        seconds.append(perf_counter() - start)
    words = sum(len(text.split()) for text in texts)
    return Speed(len(texts) / median(seconds), words / len(texts))


def greedy_predict_loop(
    decoder: "models.IncrementalDecoder", begin: int, end: int, max_length: Callable[[np.ndarray], int]
) -> Callable[[np.ndarray], list[int]]:
    """The way of tutorials: a model of the source, a model of one step, and `predict` for each token.

    max_length: from a source to the maximum number of tokens, the end not counted
    """
    import keras

    class Start(keras.Model):
        def call(self, source: "tf.Tensor") -> list["tf.Tensor"]:
            return decoder.initial_state(source)

    class Step(keras.Model):
        def call(self, inputs: Sequence["tf.Tensor"]) -> list["tf.Tensor"]:
            logits, state, _ = decoder.step(inputs[0], inputs[1:])
            return [logits, *state]

    start, step = Start(), Step()

    def generate(source: np.ndarray) -> list[int]:
        state = start.predict(source[None], verbose=0)
        tokens: list[int] = []
        last = begin
        while last != end and len(tokens) < max_length(source):
            logits, *state = step.predict([np.array([last], np.int32), *state], verbose=0)
            last = int(logits[0].argmax())
            tokens.append(last)
        return tokens

    return generate
