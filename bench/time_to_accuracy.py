"""Time until `train.py sentiment` reaches the best accuracy of a popular tutorial, and its own best accuracy.

The tutorial is keras.io/examples/nlp/bidirectional_lstm_imdb: the 20,000 most frequent words, the last 200 words of a
text (Keras cuts at the start), an embedding of size 128, two bidirectional LSTMs of 64 units, Adam, batches of 32,
2 epochs. Both use the same training and validation texts and the same tokenization, each in its own process. The time
starts with the process and includes, for ours, fitting the encoder. The tutorial is evaluated four times per epoch, so
that its best accuracy is not missed, and its evaluations are not timed; ours are. Ours runs first, so that it is the
one to read the data from a cold disk.
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

import numpy as np

from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import ProcessUsage, run_child, sentiment_arguments, temporary_folder
from bench.recipes import unpadded_rows
from console.progress import Progress
from console.quiet import start_tensorflow
from data.encoders.text import TextEncoder, TextSettings
from schema.encoded import EncodedDataset
from tasks.sentiment import TASK, SentimentConfig

if TYPE_CHECKING:
    import keras

Arrays = tuple[np.ndarray, np.ndarray]

MAX_TIME_RATIO = 0.5
MIN_POINTS = 3

WORDS, LENGTH, EMBEDDING_SIZE, UNITS, BATCH_SIZE, EPOCHS, EVALUATIONS_PER_EPOCH = 20_000, 200, 128, 64, 32, 2, 4


@dataclass(frozen=True)
class Point:
    """Validation accuracy (from 0 to 1) after some epochs, and the seconds since the start."""

    epoch: float
    seconds: float
    cpu_seconds: float
    accuracy: float


def measure(flags: BenchFlags) -> Report:
    """Measure ours, then the tutorial."""
    tutorial_arguments = [flags.dataset("imdb"), str(flags.examples or "")]
    with temporary_folder() as folder:
        runs = {
            "train.py sentiment": _run(folder / "ours", "ours", sentiment_arguments(flags, folder)),
            "the tutorial": _run(folder / "tutorial", "tutorial", tutorial_arguments),
        }
    rows = [
        (name, point.epoch, round(point.seconds), round(point.cpu_seconds), 100 * point.accuracy)
        for name, (points, _) in runs.items()
        for point in points
    ]
    header = ("recipe", "epoch", "seconds", "CPU seconds", "validation accuracy")
    peaks = [(name, round(usage.peak_mb)) for name, (_, usage) in runs.items()]
    (ours, _), (tutorial, _) = runs.values()
    tables = [
        ResultTable("accuracy over time, one run each", header, rows),
        ResultTable("memory of these runs", ("recipe", "peak MB"), peaks),
    ]
    return Report(tables, compare(ours, tutorial))


def compare(ours: Sequence[Point], tutorial: Sequence[Point]) -> list[Measurement]:
    """Compare the times to the tutorial's best accuracy, and the best accuracies."""
    goal = max(tutorial, key=lambda point: point.accuracy)
    reached = next((point for point in ours if point.accuracy >= goal.accuracy), None)
    time_ratio = None if reached is None else reached.seconds / goal.seconds
    cpu_ratio = None if reached is None else reached.cpu_seconds / goal.cpu_seconds
    points = 100 * (max(point.accuracy for point in ours) - goal.accuracy)
    to_goal = "to the tutorial's best accuracy, ours / tutorial"
    return [
        Measurement(f"seconds {to_goal}", time_ratio, "x", MAX_TIME_RATIO, at_most=True),
        Measurement(f"CPU seconds {to_goal}", cpu_ratio, "x", MAX_TIME_RATIO, at_most=True),
        Measurement("our best accuracy minus the tutorial's", points, "points", MIN_POINTS),
    ]


def _run(folder: Path, recipe: str, arguments: Sequence[str]) -> tuple[list[Point], ProcessUsage]:
    """Run a recipe in a child process, which writes its points to a file."""
    folder.mkdir()
    path = folder / "points.jsonl"
    usage = run_child("-m", "bench.time_to_accuracy", recipe, str(time()), str(path), *arguments)
    return [Point(**json.loads(line)) for line in path.read_text().splitlines()], usage


def _ours(start: float, path: Path, *arguments: str) -> None:
    """In the child process: run `train.py` as a user would, while a thread records each epoch."""
    runs = Path(arguments[arguments.index("--runs") + 1])
    threading.Thread(target=_record_epochs, args=(start, path, runs), daemon=True).start()
    sys.argv = list(arguments)
    runpy.run_path(arguments[0], run_name="__main__")


def _record_epochs(start: float, path: Path, runs: Path) -> None:
    recorded = 0
    while True:
        sleep(0.05)
        now = time() - start, process_time()
        for history in runs.glob("*/*/history.csv"):
            with history.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            for row in rows[recorded:]:
                _write_point(path, Point(float(row["epoch"]), *now, float(row["validation_score"])))
            recorded = len(rows)


def _tutorial(start: float, path: Path, dataset: str, limit: str) -> None:
    """In the child process: train the tutorial's model on our splits."""
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    (texts, targets), validation = _arrays(dataset, int(limit) if limit else None)
    model = _tutorial_model()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    steps = -(-len(texts) // BATCH_SIZE)
    with Progress("the tutorial", EPOCHS * steps, "steps") as progress:
        evaluation = _Evaluation(model, validation, steps, start, path, progress)
        callback = keras.callbacks.LambdaCallback(on_train_batch_end=evaluation)
        model.fit(texts, targets, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0, callbacks=[callback])


def _arrays(dataset: str, limit: int | None) -> tuple[Arrays, Arrays]:
    """Training and validation data: ids (texts, LENGTH), left-padded, and classes (texts,)."""
    import keras

    splits = TASK.splits(SentimentConfig(dataset=dataset, limit=limit))
    settings = TextSettings(TASK.tokenizer, head_tokens=0, tail_tokens=LENGTH)
    encoder, train, _ = TextEncoder.fit(splits.train, settings, WORDS)

    def padded(encoded: EncodedDataset) -> Arrays:
        classes = np.array(unpadded_rows(encoded.targets))
        return keras.utils.pad_sequences(unpadded_rows(encoded.inputs["words"]), maxlen=LENGTH), classes

    return padded(train), padded(encoder.encode(splits.validation))


def _tutorial_model() -> "keras.Model":
    import keras

    inputs = keras.Input((None,), dtype="int32")
    # Two more ids, for padding and unknown words.
    features = keras.layers.Embedding(WORDS + 2, EMBEDDING_SIZE)(inputs)
    features = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))(features)
    features = keras.layers.Bidirectional(keras.layers.LSTM(UNITS))(features)
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(features))


class _Evaluation:
    """Callback that evaluates the model `EVALUATIONS_PER_EPOCH` times per epoch, with stopped clocks."""

    def __init__(
        self, model: "keras.Model", validation: Arrays, steps: int, start: float, path: Path, progress: Progress
    ) -> None:
        self.model, self.validation, self.steps, self.path, self.progress = model, validation, steps, path, progress
        evaluations = range(1, EPOCHS * EVALUATIONS_PER_EPOCH + 1)
        self.evaluated_after = {round(steps * number / EVALUATIONS_PER_EPOCH) for number in evaluations}
        self.done = 0
        self.start, self.cpu_start = start, 0.0

    def __call__(self, step: int, logs: object) -> None:
        self.done += 1
        self.progress.advance()
        if self.done in self.evaluated_after:
            self._evaluate()

    def _evaluate(self) -> None:
        now, cpu_now = time(), process_time()
        texts, targets = self.validation
        predictions = self.model.predict(texts, batch_size=256, verbose=0)[:, 0] > 0.5
        accuracy = float((predictions == targets).mean())
        _write_point(self.path, Point(self.done / self.steps, now - self.start, cpu_now - self.cpu_start, accuracy))
        self.start += time() - now
        self.cpu_start += process_time() - cpu_now


def _write_point(path: Path, point: Point) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(point)) + "\n")


if __name__ == "__main__":
    recipe, start, path, *arguments = sys.argv[1:]
    if recipe == "ours":
        _ours(float(start), Path(path), *arguments)
    else:
        _tutorial(float(start), Path(path), *arguments)
