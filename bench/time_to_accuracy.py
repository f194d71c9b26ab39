"""How soon `train.py sentiment` is as good as the tutorial most people start from, and how much better it ends.

The tutorial is keras.io/examples/nlp/bidirectional_lstm_imdb: the 20,000 most frequent words, 200 words a text (the
last ones: Keras cuts in front), an embedding of 128, two bidirectional LSTMs of 64, Adam, batches of 32, 2 epochs.
Both read the same training and validation texts, split them into words and count these likewise, each in a process
of its own and from its start, ours with everything that it learns before. The tutorial is judged every quarter of an
epoch, so that its best is not missed, and its judging costs it no time; ours counts. Ours also goes first, so that
it is the one to read from a cold disk.
"""

import csv
import json
import runpy
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time, sleep, time
from typing import TYPE_CHECKING

from bench.measurement import BenchFlags, Measurement, ProcessUsage, Report, fresh_folder, run_child, train_words

if TYPE_CHECKING:
    import keras
    import numpy as np

    from console.progress import Progress

    Arrays = tuple[np.ndarray, np.ndarray]

TARGET_SHARE = 0.5
TARGET_POINTS = 3

WORDS, LENGTH, EMBEDDING, UNITS, BATCH, EPOCHS, PARTS = 20_000, 200, 128, 64, 32, 2, 4


@dataclass(frozen=True)
class Point:
    """How good a model was on validation (share from 0 to 1) after so many epochs and seconds since the start."""

    epoch: float
    seconds: float
    cpu_seconds: float
    accuracy: float


def measure(flags: BenchFlags) -> Report:
    """Ours, then the tutorial."""
    with fresh_folder() as folder:
        courses = {
            "train.py sentiment": _course(folder / "ours", "ours", train_words(flags, folder)),
            "the tutorial": _course(
                folder / "tutorial", "tutorial", [flags.dataset("imdb"), str(flags.examples or "")]
            ),
        }
    points = [
        (name, point.epoch, round(point.seconds), round(point.cpu_seconds), 100 * point.accuracy)
        for name, (points, _) in courses.items()
        for point in points
    ]
    header = ("recipe", "epoch", "seconds", "CPU seconds", "validation accuracy")
    peaks = [(name, round(ended.peak_mb)) for name, (_, ended) in courses.items()]
    (ours, _), (theirs, _) = courses.values()
    tables = [
        ("accuracy against seconds, one run each", header, points),
        ("memory of these runs", ("recipe", "peak MB"), peaks),
    ]
    return Report(tables, compare(ours, theirs))


def compare(ours: Sequence[Point], theirs: Sequence[Point]) -> list[Measurement]:
    """When ours was first as good as the best of theirs, and how much better its own best is."""
    goal = max(theirs, key=lambda point: point.accuracy)
    reached = next((point for point in ours if point.accuracy >= goal.accuracy), None)
    wall = reached and reached.seconds / goal.seconds
    cpu = reached and reached.cpu_seconds / goal.cpu_seconds
    points = 100 * (max(point.accuracy for point in ours) - goal.accuracy)
    return [
        Measurement("seconds to the tutorial's best accuracy, ours / its own", wall, "x", TARGET_SHARE, at_most=True),
        Measurement(
            "CPU seconds to the tutorial's best accuracy, ours / its own", cpu, "x", TARGET_SHARE, at_most=True
        ),
        Measurement("our best accuracy less the tutorial's", points, "points", TARGET_POINTS, at_most=False),
    ]


def _course(folder: Path, recipe: str, words: Sequence[str]) -> tuple[list[Point], ProcessUsage]:
    """Run a recipe in a child process, which writes its points to a file."""
    folder.mkdir()
    path = folder / "points.jsonl"
    ended = run_child("-m", "bench.time_to_accuracy", recipe, str(time()), str(path), *words)
    return [Point(**json.loads(line)) for line in path.read_text().splitlines()], ended


def _ours(began: float, path: Path, *words: str) -> None:
    """In the child: `train.py` as a person runs it, while a thread notes when each epoch is written down."""
    runs = Path(words[words.index("--runs") + 1])
    threading.Thread(target=_note_epochs, args=(began, path, runs), daemon=True).start()
    sys.argv = list(words)
    runpy.run_path(words[0], run_name="__main__")


def _note_epochs(began: float, path: Path, runs: Path) -> None:
    noted = 0
    while True:
        sleep(0.05)
        now = time() - began, process_time()
        for history in runs.glob("*/*/history.csv"):
            with history.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            for row in rows[noted:]:
                _note(path, Point(float(row["epoch"]), *now, float(row["validation_score"])))
            noted = len(rows)


def _tutorial(began: float, path: Path, dataset: str, limit: str) -> None:
    """In the child: the tutorial, on our splits."""
    from console.quiet import start_tensorflow

    start_tensorflow()
    import keras

    from console.progress import Progress

    keras.utils.set_random_seed(1)
    (texts, targets), validation = _arrays(dataset, int(limit) if limit else None)
    model = _tutorial_model()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    steps = -(-len(texts) // BATCH)
    with Progress("the tutorial", EPOCHS * steps, "steps") as progress:
        judge = _Judge(model, validation, steps, began, path, progress)
        watch = keras.callbacks.LambdaCallback(on_train_batch_end=judge)
        model.fit(texts, targets, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[watch])


def _arrays(dataset: str, limit: int | None) -> "tuple[Arrays, Arrays]":
    """Training and validation: ids (texts, LENGTH), padded in front, and classes (texts,)."""
    import keras

    from data.encoders.text import TextEncoder, TextSettings
    from tasks.sentiment import TASK, SentimentConfig

    splits = TASK.splits(SentimentConfig(dataset=dataset, limit=limit))
    settings = TextSettings(TASK.tokenizer, head_tokens=0, tail_tokens=LENGTH)
    encoder, train, _ = TextEncoder.fit(splits.train, settings, WORDS)
    parts = []
    for encoded in (train, encoder.encode(splits.validation)):
        words = encoded.inputs["words"]
        rows = [words[place] for place in range(len(words))]
        parts.append((keras.utils.pad_sequences(rows, maxlen=LENGTH), encoded.targets))
    return parts[0], parts[1]


def _tutorial_model() -> "keras.Model":
    import keras

    inputs = keras.Input((None,), dtype="int32")
    # Two ids more: padding and unknown.
    features = keras.layers.Embedding(WORDS + 2, EMBEDDING)(inputs)
    features = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))(features)
    features = keras.layers.Bidirectional(keras.layers.LSTM(UNITS))(features)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(features))


class _Judge:
    """Called after each step: judges the model `PARTS` times an epoch, with the clock stopped."""

    def __init__(
        self, model: "keras.Model", validation: "Arrays", steps: int, began: float, path: Path, progress: "Progress"
    ) -> None:
        self.model, self.validation, self.steps, self.path, self.progress = model, validation, steps, path, progress
        self.judged_at = {round(steps * part / PARTS) for part in range(1, EPOCHS * PARTS + 1)}
        self.done = 0
        self.clock_began, self.cpu_began = began, 0.0

    def __call__(self, step: int, logs: object) -> None:
        self.done += 1
        self.progress.advance()
        if self.done in self.judged_at:
            self._judge()

    def _judge(self) -> None:
        now, cpu_now = time(), process_time()
        texts, expected = self.validation
        answers = self.model.predict(texts, batch_size=256, verbose=0)[:, 0] > 0.5
        accuracy = float((answers == expected).mean())
        _note(self.path, Point(self.done / self.steps, now - self.clock_began, cpu_now - self.cpu_began, accuracy))
        self.clock_began += time() - now
        self.cpu_began += process_time() - cpu_now


def _note(path: Path, point: Point) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(point)) + "\n")


if __name__ == "__main__":
    recipe, began, path, *words = sys.argv[1:]
    {"ours": _ours, "tutorial": _tutorial}[recipe](float(began), Path(path), *words)
