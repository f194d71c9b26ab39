"""The TensorBoard log of a training, as served by TensorBoard itself: scalars, images, text, HParams, projector."""

import json
import math
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from evaluation.plots import attention_figure
from models.classifier import ClassifierSettings, build_classifier
from schema.configs import RecurrentSettings, TrainingConfig
from schema.encoded import EncodedDataset, Ragged
from schema.predictions import AttentionWeights
from schema.records import EpochRecord, Metrics, PrimaryMetric
from schema.scores import ConfusionMatrix, ScoredExample, Scores
from training.example_text import examples_as_markdown
from training.fixed_sample import FixedSample, ShownExample, choose_fixed_sample, make_fixed_sample
from training.optimizer import AdamWithGradientNorm
from training.tensorboard import (
    MAX_HALF_LIFE,
    TensorBoardLog,
    write_projector,
    write_results,
)
from training.trainer_state import TrainerState, ValidationResult

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
RECURRENT = RecurrentSettings("simple_rnn", units=3, layers=1, bidirectional=False, dropout=0.0)
SETTINGS = ClassifierSettings(
    vocab_size=20,
    num_classes=2,
    recurrent=RECURRENT,
    embedding_size=4,
    chunk_length=12,
    pooling=("mean",),
    word_dropout=0.1,
    embedding_dropout=0.0,
)
random = np.random.default_rng(2)
EXAMPLES = [ScoredExample(f"text {index}", "pos", "neg | <b>", index / 10) for index in range(8)]
SCORES = Scores({"accuracy": 0.5}, 8, confusion=ConfusionMatrix(("neg", "pos"), np.array([[3, 1], [2, 2]])))
WORDS = ["the", "a\tb", "", "été", "c\nd"]
ATTENTION = AttentionWeights(tuple("abcdefghijklmnop"), ("ein", "Hund", "</s>"), np.eye(3, 16))
PATIENCE = 60
"""Maximum number of seconds to wait for the expected response of the server."""

Query = Callable[..., Any]


def encode(lengths: list[int], multiple: int = 12) -> EncodedDataset:
    rows = [random.integers(2, 20, length).astype(np.int32) for length in lengths]
    return EncodedDataset({"words": Ragged.of(rows)}, random.integers(0, 2, len(lengths)), multiple)


@dataclass
class FakeValidation(keras.callbacks.Callback):
    """Stands for `ValidationCallback`: appends a row after the first step and after each epoch, with fixed scores."""

    state: TrainerState
    epochs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def append(self, epoch: int) -> None:
        self.state.history.append(
            EpochRecord(epoch, 0.7 - epoch / 10, 0.8, 0.5 + epoch / 10, 0.6, 1e-3, 1.0, 50.0, 0.25)
        )

    def on_train_batch_end(self, batch, logs=None) -> None:
        if not self.state.history:
            self.append(0)

    def on_epoch_end(self, epoch, logs=None) -> None:
        self.append(epoch + 1)
        self.state.best_epoch = epoch + 1


def fit(folder: Path, state: TrainerState) -> None:
    """Train a tiny classifier for two epochs with a TensorBoard log."""
    keras.utils.set_random_seed(3)
    model = build_classifier(SETTINGS)
    # With a moving average of the weights, which the diagnostics are of.
    model.compile(AdamWithGradientNorm(0.01, global_clipnorm=1.0, use_ema=True), LOSS)
    samples = {
        "train": make_fixed_sample(encode([60, 48, 7])),
        "validation": make_fixed_sample(encode([50, 30])),
    }
    log = TensorBoardLog(
        folder,
        state,
        "accuracy",
        lambda: samples,
        LOSS,
        lambda: ShownExample(encode([14]).collate(np.array([0]), 24)[0], list("abcdefghijklmn")),
        lambda: ValidationResult(SCORES, EXAMPLES, 0.5),
        figures=lambda model: {"attention/1": attention_figure(ATTENTION)},
        drawing_fraction=0,
    )
    batch = samples["train"]
    model.fit(dict(batch.inputs), batch.targets, epochs=2, verbose=0, callbacks=[FakeValidation(state), log])


def make_metrics(cell: str, score: float, **changes: object) -> Metrics:
    """Metrics in which the fields that `write_results` does not read are None; validation is 0.05 above test."""
    values = {
        "scores": {"test": {"accuracy": score}, "validation": {"accuracy": score + 0.05}},
        "task": "sentiment",
        "dataset": "synthetic",
        "cell": cell,
        "primary_metric": PrimaryMetric("accuracy", score, "test"),
        "seconds": {"training_cpu": 3.0},
        "parameters": 99,
        "best_epoch": 2,
    }
    return Metrics(**({entry.name: None for entry in fields(Metrics)} | values | changes))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of two runs: the first with the log of a training, the second with its results only."""
    runs = tmp_path_factory.mktemp("runs")
    first, second = runs / "sentiment" / "first", runs / "sentiment" / "second"
    fit(first, TrainerState())
    write_results(first, asdict(TrainingConfig(cell="lstm", units=3)), make_metrics("lstm", 0.75))
    write_results(second, asdict(TrainingConfig(cell="gru", units=8)), make_metrics("gru", 0.875))
    write_projector(first, random.normal(size=(5, 4)), WORDS)
    return runs


@pytest.fixture(scope="module")
def query(runs: Path) -> Iterator[Query]:
    """Queries a TensorBoard server for `runs`: path, content to send, and whether a response is complete."""
    log = runs.parent / "server.txt"
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={runs}", "--port=0", "--load_fast=false"]
    # Into a file, since a full pipe would block the server.
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            address = _poll(lambda: re.search(r"http://localhost:\d+/", log.read_text()))[0]
            yield lambda path, send=None, complete=bool: _poll(
                lambda: _request(f"{address}data/{path}", send), complete
            )
        finally:
            server.terminate()


def _poll(read: Callable[[], Any], complete: Callable[[Any], bool] = bool) -> Any:
    """Repeat `read` until its value is complete: the server still reads its files when it sends its first responses."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (value := read()) is not None and complete(value):
            return value
        time.sleep(0.05)
    raise AssertionError(f"not complete within {PATIENCE} s; last value: {value}")


def _request(address: str, send: Any) -> Any:
    """Response as JSON or bytes; None if the server does not find the data, or not yet."""
    content = None if send is None else json.dumps(send).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            content = reply.read()
            return json.loads(content) if "json" in reply.headers["Content-Type"] else content
    except urllib.error.HTTPError:
        return None


def path_of(plugin: str, run: str, tag: str, **parameters: object) -> str:
    return f"plugin/{plugin}?" + urllib.parse.urlencode({"run": f"sentiment/first/{run}", "tag": tag, **parameters})


def scalars(query: Query, run: str, tag: str, points: int = 3) -> dict[int, float]:
    """Step -> value of a tag."""
    rows = query(path_of("scalars/scalars", run, tag), complete=lambda response: len(response) == points)
    return {int(step): value for _, step, value in rows}


def test_scalars_of_train_and_validation_share_their_tags(query):
    assert scalars(query, "train", "loss") == pytest.approx({0: 0.7, 1: 0.6, 2: 0.5})
    assert scalars(query, "validation", "loss") == pytest.approx({0: 0.8, 1: 0.8, 2: 0.8})
    assert scalars(query, "validation", "accuracy") == pytest.approx({0: 0.5, 1: 0.6, 2: 0.7})
    assert scalars(query, "train", "padding")[2] == 0.25
    assert scalars(query, "train", "tokens_per_second")[2] == 50
    assert scalars(query, "train", "learning_rate")[0] == pytest.approx(1e-3)
    assert all(norm > 0 for norm in scalars(query, "train", "gradient_norm").values())


@pytest.mark.parametrize("part", ["train", "validation"])
def test_gradients_and_gate_activations_are_scalars_of_each_epoch(query, part):
    assert all(0 < ratio < 5 for ratio in scalars(query, part, "gradient/at_lag_10").values())
    # Chunks of 12 steps have lags 10 and 11.
    assert all(0 < steps <= MAX_HALF_LIFE for steps in scalars(query, part, "gradient/half_life_steps").values())
    assert scalars(query, part, "cell/forward/saturated_units")[0] == 0


def test_scalars_have_descriptions(query):
    tags = query(
        "plugin/scalars/tags",
        complete=lambda response: "gradient/half_life_steps" in response["sentiment/first/train"],
    )
    descriptions = {tag: metadata["description"] for tag, metadata in tags["sentiment/first/train"].items()}
    assert "lag 10 over lag 0. Before training" in descriptions["gradient/at_lag_10"]
    assert "gradient/at_lag_20" not in descriptions
    assert "100 stands for" in descriptions["gradient/half_life_steps"]


@pytest.mark.parametrize(
    "run, tag, steps",
    [
        ("train", "gradient/loss", [2]),
        ("validation", "gradient/state_forward", [2]),
        ("validation", "cell/over_time", [2]),
        ("validation", "states/forward", [2]),
        ("validation", "confusion_matrix", [0, 1, 2]),
        ("validation", "attention/1", [0, 1, 2]),
    ],
)
def test_figures_are_images(query, run, tag, steps):
    images = query(path_of("images/images", run, tag, sample=0), complete=lambda response: len(response) == len(steps))
    assert [image["step"] for image in images] == steps
    content = query(f"plugin/images/individualImage?{images[-1]['query']}")
    assert content.startswith(b"\x89PNG")
    assert 500 < int.from_bytes(content[16:20]) < 1100


def test_a_training_has_two_rows(query):
    runs = query("runs", complete=lambda response: len(response) >= 3)
    assert sorted(runs) == ["sentiment/first/train", "sentiment/first/validation", "sentiment/second/validation"]


def test_newest_figures_are_files_for_the_report(runs):
    plots = runs / "sentiment" / "first" / "plots"
    assert {path.name for path in plots.glob("*.png")} == {
        "attention_1.png",
        "cell_over_time.png",
        "gradient_loss.png",
        "gradient_state_forward.png",
        "states_forward.png",
    }
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in plots.glob("*.png"))


def test_weights_are_histograms(query):
    tag = next(tag for tag in query("plugin/histograms/tags")["sentiment/first/train"] if "recurrent_kernel" in tag)
    steps = query(path_of("histograms/histograms", "train", tag), complete=lambda response: len(response) == 3)
    assert [int(step[1]) for step in steps] == [0, 1, 2]


def test_examples_are_shown_without_interpreting_markup(query):
    texts = query(path_of("text/text", "validation", "examples"), complete=lambda response: len(response) == 3)
    shown = texts[-1]["text"]
    assert shown.count("<blockquote>") == 9
    assert shown.count("neg | &lt;b&gt;") == 9
    assert "<strong>best</strong>, score 70.0" in shown and "<strong>worst</strong>, score 0.0" in shown


def test_runs_are_sorted_and_filtered_by_hyperparameters_and_final_score(query):
    every = {"experimentName": "", "allowedStatuses": ["STATUS_UNKNOWN"], "sliceSize": 10}
    column = {"metric": {"group": "", "tag": "final/test_score"}, "order": "ORDER_DESC"}
    found = query(
        "plugin/hparams/session_groups",
        {**every, "colParams": [column]},
        complete=lambda response: (
            response.get("totalSize") == 2 and all(group["metricValues"] for group in response["sessionGroups"])
        ),
    )["sessionGroups"]
    assert [group["hparams"]["04 cell"] for group in found] == ["gru", "lstm"]
    scores = [{value["name"]["tag"]: value["value"] for value in group["metricValues"]} for group in found]
    assert [values["final/test_score"] for values in scores] == [0.875, 0.75]
    assert [values["final/validation_score"] for values in scores] == pytest.approx([0.925, 0.8])
    assert all(len(values) == 4 for values in scores)
    assert [group["hparams"]["03 metric"] for group in found] == ["accuracy", "accuracy"]
    small = {"hparam": "05 units", "filterInterval": {"minValue": 1, "maxValue": 4}}
    lstm = {"hparam": "04 cell", "filterDiscrete": ["lstm"]}
    for column in (small, lstm):
        few = query(
            "plugin/hparams/session_groups",
            {**every, "colParams": [column]},
            complete=lambda response: response["totalSize"],
        )
        assert [group["name"] for group in few["sessionGroups"]] == ["sentiment/first"]


def test_projector_has_words_and_their_vectors(query):
    run = "sentiment/first/train"
    assert run in query("plugin/projector/runs", complete=lambda response: run in response)
    parameters = urllib.parse.urlencode({"run": run, "name": "words/.ATTRIBUTES/VARIABLE_VALUE"})
    config = query("plugin/projector/info?" + urllib.parse.urlencode({"run": run}))
    assert config["embeddings"][0]["tensorShape"] == [5, 4]
    tensor = np.frombuffer(query(f"plugin/projector/tensor?{parameters}"), np.float32)
    assert tensor.shape == (20,)
    names = query(f"plugin/projector/metadata?{parameters}").decode().splitlines()
    assert names == ["the", "a b", "(blank)", "été", "c d"]


def test_resumed_run_continues_its_curves(runs, tmp_path):
    folder = shutil.copytree(runs / "sentiment" / "first", tmp_path / "first")
    state = TrainerState()
    for epoch in range(3):
        FakeValidation(state).append(epoch)
    log = TensorBoardLog(folder, state, "accuracy", dict, LOSS)
    log.set_model(build_classifier(SETTINGS))
    log.on_train_begin()
    log.curves.add("train", "gradient/loss", 3, np.ones(5))
    curves = log.curves.by_tag("train", "gradient/loss")["gradient/loss"]
    assert list(curves) == [0, 1, 2, 3]
    assert np.isfinite(curves[0]).all() and len(curves[0]) > len(curves[3])
    # The existing rows were logged by the earlier process.
    log.on_epoch_end(3)
    log.on_train_end()
    assert log.logged_records == 3


@pytest.mark.parametrize("fraction, epochs", [(0, [3]), (math.inf, [1, 2, 3])])
def test_figures_are_drawn_if_time_allows_and_weights_stay_unchanged(fraction, epochs, tmp_path, monkeypatch):
    measured, drawn = [], []

    def measure(log: TensorBoardLog, epoch: int) -> None:
        measured.append([epoch, *map(np.array, log.model.get_weights())])

    def draw(log: TensorBoardLog) -> None:
        drawn.append(log.state.epoch)

    monkeypatch.setattr(TensorBoardLog, "_log_diagnostics", measure)
    monkeypatch.setattr(TensorBoardLog, "_draw_curves", draw)
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    monkeypatch.setattr("training.tensorboard.inspection.GradientRecorder", lambda model: None)
    start = model.get_weights()
    model.compile(AdamWithGradientNorm(0.1), "mse")
    state = TrainerState()
    log = TensorBoardLog(tmp_path, state, "accuracy", dict, LOSS, drawing_fraction=fraction)
    model.fit(np.ones((4, 3, 1)), np.ones(4), epochs=3, batch_size=2, verbose=0, callbacks=[FakeValidation(state), log])
    assert [epoch for epoch, *_ in measured] == [0, 1, 2, 3]
    assert drawn == epochs
    np.testing.assert_equal(measured[0][1:], start)
    # The last diagnostics are of the final weights.
    np.testing.assert_equal(measured[-1][1:], model.get_weights())


def test_fixed_sample_has_the_longest_examples_within_the_limit():
    encoded = encode([3, 9, 500, 7, 9, 1, 450])
    assert choose_fixed_sample(encoded, examples=3, steps=400).tolist() == [1, 4, 3]
    assert choose_fixed_sample(encoded, examples=6, steps=400).tolist() == [1, 4, 3, 0, 5, 6]
    assert choose_fixed_sample(encoded, examples=99).tolist() == [1, 4, 3, 0, 5, 6, 2]


@pytest.mark.parametrize("lengths, steps", [([3, 5], 5), ([3, 13], 24), ([24], 24)])
def test_fixed_sample_is_padded_like_a_batch(lengths, steps):
    encoded = encode(lengths)
    sample = make_fixed_sample(encoded)
    assert isinstance(sample, FixedSample)
    assert sample.inputs["words"].shape == (len(lengths), steps)
    longest = int(np.argmax(lengths))
    np.testing.assert_array_equal(sample.inputs["words"][0, : lengths[longest]], encoded.inputs["words"][longest])
    assert sample.targets[0] == encoded.targets[longest]


def test_long_source_does_not_lengthen_the_targets_of_a_fixed_sample():
    source, target = Ragged.of([np.arange(1, 9), np.arange(1, 4)]), Ragged.of([np.arange(1, 3), np.arange(1, 4)])
    sample = make_fixed_sample(EncodedDataset({"source": source, "target": target}, target))
    assert sample.inputs["source"].shape == (2, 8)
    assert sample.inputs["target"].shape == sample.targets.shape == (2, 3)


def test_examples_are_shortened_and_escaped():
    strange = ScoredExample("a|b *c* `d` \\ <e>\n<br /><br />\ud800" + "x" * 500, "", "[f](g)", 1.0)
    head, text = examples_as_markdown([strange]).split("\n\n")[:2]
    assert head == "**best**, score 100.0"
    shown, reference, prediction = text.split("\n>\n")
    assert shown.startswith(r"> *input*: a\|b \*c\* \`d\` \\ &lt;e> ?xxx")
    assert shown.endswith("x") and "… x" in shown and len(shown) < 500
    assert (reference, prediction) == ("> *reference*: ", r"> *prediction*: \[f\](g)")
    assert examples_as_markdown([]) == ""


def test_number_of_words_and_vectors_must_match(tmp_path):
    with pytest.raises(ValueError, match="3 vectors and 2 words"):
        write_projector(tmp_path, np.zeros((3, 2)), ["a", "b"])


def test_paths_are_no_hyperparameters(tmp_path):
    write_results(tmp_path, asdict(TrainingConfig()), make_metrics("lstm", 0.5, seconds={}))
    assert list((tmp_path / "validation").glob("*tfevents*"))
