"""What TensorBoard itself answers about a training that was logged: every tab has what belongs there."""

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
from training.callbacks import TrainerState, ValidationResult
from training.fixed_sample import FixedSample, choose_fixed_sample, make_fixed_sample
from training.optimizer import AdamWithGradientNorm
from training.tensorboard import (
    HIGHEST_HALF_LIFE,
    TensorBoardLog,
    samples_as_markdown,
    write_outcome,
    write_projector,
)

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
RECURRENT = RecurrentSettings("simple_rnn", units=3, layers=1, bidirectional=False, dropout=0.0)
SETTINGS = ClassifierSettings(
    vocab_size=20,
    classes=2,
    recurrent=RECURRENT,
    embedding_size=4,
    chunk_length=12,
    pooling=("mean",),
    word_dropout=0.1,
    embedding_dropout=0.0,
)
random = np.random.default_rng(2)
SAMPLES = [ScoredExample(f"text {place}", "pos", "neg | <b>", place / 10) for place in range(8)]
SCORES = Scores({"accuracy": 0.5}, 8, confusion=ConfusionMatrix(("neg", "pos"), np.array([[3, 1], [2, 2]])))
WORDS = ["the", "a\tb", "", "été", "c\nd"]
ATTENDED = AttentionWeights(tuple("abcdefghijklmnop"), ("ein", "Hund", "</s>"), np.eye(3, 16))
PATIENCE = 60
"""Seconds after which a server that does not answer as it should is given up."""

Ask = Callable[..., Any]


def encoded_of(lengths: list[int], multiple: int = 12) -> EncodedDataset:
    rows = [random.integers(2, 20, length).astype(np.int32) for length in lengths]
    return EncodedDataset({"words": Ragged.of(rows)}, random.integers(0, 2, len(lengths)), multiple)


@dataclass
class Judged(keras.callbacks.Callback):
    """In place of `ValidationCallback`: a row after the first step and one after each epoch, with made-up scores."""

    course: TrainerState
    epochs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def row(self, epoch: int) -> None:
        self.course.history.append(
            EpochRecord(epoch, 0.7 - epoch / 10, 0.8, 0.5 + epoch / 10, 0.6, 1e-3, 1.0, 50.0, 0.25)
        )

    def on_train_batch_end(self, batch, logs=None) -> None:
        if not self.course.history:
            self.row(0)

    def on_epoch_end(self, epoch, logs=None) -> None:
        self.row(epoch + 1)


def fit(folder: Path, course: TrainerState) -> None:
    """Two epochs of a tiny classifier, logged."""
    keras.utils.set_random_seed(3)
    model = build_classifier(SETTINGS)
    # Traced once for all batches; the averaged weights are what is looked at.
    model.compile(AdamWithGradientNorm(0.01, global_clipnorm=1.0, use_ema=True), LOSS)
    probes = {
        "train": make_fixed_sample(encoded_of([60, 48, 7])),
        "validation": make_fixed_sample(encoded_of([50, 30])),
    }
    log = TensorBoardLog(
        folder,
        course,
        "accuracy",
        lambda: probes,
        LOSS,
        lambda: ValidationResult(SCORES, SAMPLES, 0.5),
        pictures=lambda model: {"attention/1": attention_figure(ATTENDED)},
        share=0,
    )
    batch = probes["train"]
    model.fit(dict(batch.inputs), batch.targets, epochs=2, verbose=0, callbacks=[Judged(course), log])


def metrics_of(cell: str, score: float, **said: object) -> Metrics:
    """What a run ends with; what `write_outcome` does not read is None."""
    known = {
        "task": "sentiment",
        "dataset": "synthetic",
        "cell": cell,
        "primary_metric": PrimaryMetric("accuracy", score, "test"),
        "seconds": {"training_cpu": 3.0},
        "parameters": 99,
        "best_epoch": 2,
    }
    return Metrics(**({entry.name: None for entry in fields(Metrics)} | known | said))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: the first logged as a training does it, the second with nothing but its end."""
    runs = tmp_path_factory.mktemp("runs")
    first, second = runs / "first" / "tensorboard", runs / "second" / "tensorboard"
    fit(first, TrainerState())
    write_outcome(first, asdict(TrainingConfig(cell="lstm", units=3)), metrics_of("lstm", 0.75))
    write_outcome(second, asdict(TrainingConfig(cell="gru", units=8)), metrics_of("gru", 0.875))
    write_projector(first, random.normal(size=(5, 4)), WORDS)
    return runs


@pytest.fixture(scope="module")
def ask(runs: Path) -> Iterator[Ask]:
    """Asks a TensorBoard that was started on `runs`: path, what to send, and when its answer is whole."""
    said = runs.parent / "server.txt"
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={runs}", "--port=0", "--load_fast=false"]
    # To a file, not a pipe, which would be full some time and hold the server up.
    with said.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            address = _poll(lambda: re.search(r"http://localhost:\d+/", said.read_text()))[0]
            yield lambda path, send=None, whole=bool: _poll(lambda: _answer(f"{address}data/{path}", send), whole)
        finally:
            server.terminate()


def _poll(look: Callable[[], Any], whole: Callable[[Any], bool] = bool) -> Any:
    """What is seen as soon as it is `whole`: a server reads its files while it already answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (seen := look()) is not None and whole(seen):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"not there within {PATIENCE} s; the last that was seen: {seen}")


def _answer(address: str, send: Any) -> Any:
    """JSON or bytes; None where the server does not find what it is asked for, or not yet."""
    content = None if send is None else json.dumps(send).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            said = reply.read()
            return json.loads(said) if "json" in reply.headers["Content-Type"] else said
    except urllib.error.HTTPError:
        return None


def at(plugin: str, run: str, tag: str, **more: object) -> str:
    return f"plugin/{plugin}?" + urllib.parse.urlencode({"run": f"first/tensorboard/{run}", "tag": tag, **more})


def scalars(ask: Ask, run: str, tag: str, points: int = 3) -> dict[int, float]:
    """Step -> value of a tag."""
    said = ask(at("scalars/scalars", run, tag), whole=lambda said: len(said) == points)
    return {int(step): value for _, step, value in said}


def test_a_chart_has_a_line_for_train_and_one_for_validation(ask):
    assert scalars(ask, "train", "loss") == pytest.approx({0: 0.7, 1: 0.6, 2: 0.5})
    assert scalars(ask, "validation", "loss") == pytest.approx({0: 0.8, 1: 0.8, 2: 0.8})
    assert scalars(ask, "validation", "accuracy") == pytest.approx({0: 0.5, 1: 0.6, 2: 0.7})
    assert scalars(ask, "train", "padding")[2] == 0.25
    assert scalars(ask, "train", "tokens_per_second")[2] == 50
    assert scalars(ask, "train", "learning_rate")[0] == pytest.approx(1e-3)
    assert all(norm > 0 for norm in scalars(ask, "train", "gradient_norm").values())


@pytest.mark.parametrize("part", ["train", "validation"])
def test_memory_and_gates_are_numbers_of_each_epoch(ask, part):
    assert all(0 < ratio < 5 for ratio in scalars(ask, part, "gradient/gradient_ratio").values())
    # Windows of 12 steps reach lags 10 and 11.
    assert all(0 < steps <= HIGHEST_HALF_LIFE for steps in scalars(ask, part, "gradient/half_life_steps").values())
    assert scalars(ask, part, "cell/forward/saturated_units")[0] == 0


def test_a_number_says_what_it_is(ask):
    tags = ask("plugin/scalars/tags", whole=lambda said: "gradient/half_life_steps" in said["first/tensorboard/train"])
    described = {tag: about["description"] for tag, about in tags["first/tensorboard/train"].items()}
    assert "lag 11 over lag 0" in described["gradient/gradient_ratio"]
    assert "1000 stands for" in described["gradient/half_life_steps"]


@pytest.mark.parametrize(
    "run, tag, steps",
    [
        ("train", "gradient/loss", [2]),
        ("validation", "gradient/memory_forward", [2]),
        ("validation", "cell/over_time", [2]),
        ("validation", "confusion", [0, 1, 2]),
        ("validation", "attention/1", [0, 1, 2]),
    ],
)
def test_pictures_are_there(ask, run, tag, steps):
    images = ask(at("images/images", run, tag, sample=0), whole=lambda said: len(said) == len(steps))
    assert [image["step"] for image in images] == steps
    content = ask(f"plugin/images/individualImage?{images[-1]['query']}")
    assert content.startswith(b"\x89PNG")
    assert 500 < int.from_bytes(content[16:20]) < 1100


def test_weights_are_histograms(ask):
    tag = next(tag for tag in ask("plugin/histograms/tags")["first/tensorboard/train"] if "recurrent_kernel" in tag)
    steps = ask(at("histograms/histograms", "train", tag), whole=lambda said: len(said) == 3)
    assert [int(step[1]) for step in steps] == [0, 1, 2]


def test_samples_are_shown_and_nothing_in_them_is_markup(ask):
    said = ask(at("text/text", "validation", "samples"), whole=lambda said: len(said) == 3)
    shown = said[-1]["text"]
    assert shown.count("<blockquote>") == 9
    assert shown.count("neg | &lt;b&gt;") == 9
    assert "<strong>best</strong>, score 0.700" in shown and "<strong>worst</strong>, score 0.000" in shown


def test_runs_can_be_sorted_and_filtered_by_their_flags_and_final_score(ask):
    whole = {"experimentName": "", "allowedStatuses": ["STATUS_UNKNOWN"], "sliceSize": 10}
    column = {"metric": {"group": "", "tag": "final/test_accuracy"}, "order": "ORDER_DESC"}
    found = ask(
        "plugin/hparams/session_groups",
        {**whole, "colParams": [column]},
        whole=lambda said: said.get("totalSize") == 2 and all(group["metricValues"] for group in said["sessionGroups"]),
    )["sessionGroups"]
    assert [group["hparams"]["cell"] for group in found] == ["gru", "lstm"]
    assert [value["value"] for group in found for value in group["metricValues"] if "acc" in value["name"]["tag"]] == [
        0.875,
        0.75,
    ]
    small = {"hparam": "units", "filterInterval": {"minValue": 1, "maxValue": 4}}
    lstm = {"hparam": "cell", "filterDiscrete": ["lstm"]}
    for column in (small, lstm):
        few = ask(
            "plugin/hparams/session_groups", {**whole, "colParams": [column]}, whole=lambda said: said["totalSize"]
        )
        assert [group["name"] for group in few["sessionGroups"]] == ["sentiment/first"]


def test_words_stand_beside_their_vectors(ask):
    run = "first/tensorboard/words"
    assert run in ask("plugin/projector/runs", whole=lambda said: run in said)
    where = urllib.parse.urlencode({"run": run, "name": "words/.ATTRIBUTES/VARIABLE_VALUE"})
    config = ask("plugin/projector/info?" + urllib.parse.urlencode({"run": run}))
    assert config["embeddings"][0]["tensorShape"] == [5, 4]
    tensor = np.frombuffer(ask(f"plugin/projector/tensor?{where}"), np.float32)
    assert tensor.shape == (20,)
    names = ask(f"plugin/projector/metadata?{where}").decode().splitlines()
    assert names == ["the", "a b", "(blank)", "été", "c d"]


def test_a_resumed_run_goes_on_with_its_pictures(runs, tmp_path):
    folder = shutil.copytree(runs / "first" / "tensorboard", tmp_path / "tensorboard")
    course = TrainerState()
    for epoch in range(3):
        Judged(course).row(epoch)
    log = TensorBoardLog(folder, course, "accuracy", dict, LOSS)
    log.set_model(build_classifier(SETTINGS))
    log.on_train_begin()
    log.curves.add("train", "gradient/loss", 3, np.ones(5))
    curves = log.curves.of("train", "gradient/loss")["gradient/loss"]
    assert list(curves) == [0, 1, 2, 3]
    assert np.isfinite(curves[0]).all() and len(curves[0]) > len(curves[3])
    # The rows that are there were written by the process before.
    log.on_epoch_end(3)
    log.on_train_end()
    assert log.written == 3


@pytest.mark.parametrize("share, epochs", [(0, [3]), (math.inf, [1, 2, 3])])
def test_pictures_are_drawn_when_there_is_time_and_weights_are_left_alone(share, epochs, tmp_path, monkeypatch):
    looked_at, drawn_at = [], []

    def look(log: TensorBoardLog, epoch: int) -> None:
        looked_at.append([epoch, *map(np.array, log.model.get_weights())])

    def draw(log: TensorBoardLog) -> None:
        drawn_at.append(log.course.epoch)
        log.drawn = True

    monkeypatch.setattr(TensorBoardLog, "_look_inside", look)
    monkeypatch.setattr(TensorBoardLog, "_draw", draw)
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    monkeypatch.setattr("training.tensorboard.inspection.GradientRecorder", lambda model: None)
    start = model.get_weights()
    model.compile(AdamWithGradientNorm(0.1), "mse")
    course = TrainerState()
    log = TensorBoardLog(tmp_path, course, "accuracy", dict, LOSS, share=share)
    model.fit(np.ones((4, 3, 1)), np.ones(4), epochs=3, batch_size=2, verbose=0, callbacks=[Judged(course), log])
    assert [epoch for epoch, *_ in looked_at] == [0, 1, 2, 3]
    assert drawn_at == epochs
    np.testing.assert_equal(looked_at[0][1:], start)
    # What the last look saw is what training ended with.
    np.testing.assert_equal(looked_at[-1][1:], model.get_weights())


def test_the_longest_examples_within_the_limit_are_chosen_always_the_same():
    encoded = encoded_of([3, 9, 500, 7, 9, 1, 450])
    assert choose_fixed_sample(encoded, examples=3, steps=400).tolist() == [1, 4, 3]
    assert choose_fixed_sample(encoded, examples=6, steps=400).tolist() == [1, 4, 3, 0, 5, 6]
    assert choose_fixed_sample(encoded, examples=99).tolist() == [1, 4, 3, 0, 5, 6, 2]


@pytest.mark.parametrize("lengths, steps", [([3, 5], 5), ([3, 13], 24), ([24], 24)])
def test_a_probe_is_padded_as_batches_are(lengths, steps):
    encoded = encoded_of(lengths)
    probe = make_fixed_sample(encoded)
    assert isinstance(probe, FixedSample)
    assert probe.inputs["words"].shape == (len(lengths), steps)
    longest = int(np.argmax(lengths))
    np.testing.assert_array_equal(probe.inputs["words"][0, : lengths[longest]], encoded.inputs["words"][longest])
    assert probe.targets[0] == encoded.targets[longest]


def test_a_long_source_does_not_lengthen_the_targets_of_a_probe():
    source, target = Ragged.of([np.arange(1, 9), np.arange(1, 4)]), Ragged.of([np.arange(1, 3), np.arange(1, 4)])
    probe = make_fixed_sample(EncodedDataset({"source": source, "target": target}, target))
    assert probe.inputs["source"].shape == (2, 8)
    assert probe.inputs["target"].shape == probe.targets.shape == (2, 3)


def test_samples_are_cut_and_escaped():
    strange = ScoredExample("a|b *c* `d` \\ <e>\n\ud800" + "x" * 500, "", "[f](g)", 1.0)
    head, text = samples_as_markdown([strange]).split("\n\n")[:2]
    assert head.endswith(r"answer *\[f\](g)*")
    assert text.startswith(r"> input: a\|b \*c\* \`d\` \\ &lt;e> ?xxx")
    assert text.endswith("x…") and len(text) < 500
    assert samples_as_markdown([]) == ""


def test_words_and_vectors_have_to_match(tmp_path):
    with pytest.raises(ValueError, match="3 vectors and 2 words"):
        write_projector(tmp_path, np.zeros((3, 2)), ["a", "b"])


def test_flags_that_are_folders_are_no_hyperparameters(tmp_path):
    write_outcome(tmp_path, asdict(TrainingConfig()), metrics_of("lstm", 0.5, seconds={}))
    assert list((tmp_path / "outcome").glob("*tfevents*"))
