"""The contract of tasks/task.py, tested for every task with every cell; no task is named here.

Each pair is trained once, for two small epochs on synthetic data; all tests share that run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import cycle
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from data.batches import Batches
from evaluation.plots import png
from models.inspection import GradientRecorder, read_states
from schema.configs import CellName, TrainingConfig
from tasks import TASK_NAMES, get_task
from tasks.task import FittedEncoder, Task
from training.fixed_sample import make_shown_example
from training.model_checks import (
    ModelFn,
    batching_effect,
    compile_model,
    make_batch,
    neighbor_effect,
    overfit_one_batch,
    padding_effect,
    weight_effect,
    weights_without_gradient,
)
from training.run_folder import RunFolder
from training.sanity_checks import DROPOUT_FLAGS, with_flags
from training.scoring import score_split
from training.trainer import train

ROOT = Path(__file__).parents[1]

# Flags; a task uses those that it has.
TINY: Mapping[str, Any] = {
    "units": 8,
    "embedding_size": 8,
    "vocab_size": 200,
    "char_units": 6,
    "char_embedding": 6,
    "orthographic_embedding": 8,
    "chunk_length": 8,
    "pooling": "mean+max+attention",
    "batch_tokens": 600,
    "limit": 100,
    "epochs": 2,
    "patience": 9,
    "learning_rate": 0.01,
    "diagnostics": False,
}
DETERMINISTIC = {
    **dict.fromkeys(DROPOUT_FLAGS, 0.0),
    "label_smoothing": 0.0,
    "freeze_embeddings": False,
}
"""Flags of a training without dropout, of all weights."""
UNTRAINED = {"word_vectors": False, "ngram_features": False}
"""Flags of a model without pretrained parts."""

PAIRS = [(name, cell) for name in TASK_NAMES for cell in get_args(CellName)]


@dataclass(frozen=True)
class Run:
    """A trained run with its data and its model, which has the weights of the last epoch.

    model_fn: the model, traced once
    orders: epoch -> indices of the examples in each batch
    """

    task: Task
    config: TrainingConfig
    folder: RunFolder
    fitted: FittedEncoder = field(repr=False)
    model: keras.Model = field(repr=False)
    model_fn: ModelFn = field(repr=False)
    orders: Mapping[int, list[list[int]]] = field(repr=False)


def train_and_record(task: Task, config: TrainingConfig) -> Run:
    """Train with the trainer, and keep its model, its encoded data and its order of the examples."""
    kept: dict[str, Any] = {}
    orders: dict[int, list[list[int]]] = {}
    plan = Batches.plan

    class Recording(type(task)):
        def build_model(self, fitted: FittedEncoder, config: TrainingConfig) -> keras.Model:
            model = super().build_model(fitted, config)
            kept.update(fitted=fitted, model=model, model_fn=compile_model(model))
            return model

    def recorded_plan(batches: Batches) -> list[tuple[int, np.ndarray]]:
        planned = plan(batches)
        if batches.seed is not None:
            orders[batches.epoch] = [indices.tolist() for _, indices in planned]
        return planned

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batches, "plan", recorded_plan)
        folder = train(Recording(), config, "a test").folder
    return Run(task, config, folder, orders=orders, **kept)


class Runs:
    """Runs that are trained on first use."""

    def __init__(self, home: Path) -> None:
        self.home, self.made = home, {}

    def of(self, name: str, cell: str, cache: str = "first") -> Run:
        if (name, cell, cache) not in self.made:
            task = get_task(name)
            plain = task.config_class(
                dataset=task.datasets[-1], cell=cell, runs=self.home / cache, cache=self.home / f"cache-{cache}"
            )
            self.made[name, cell, cache] = train_and_record(task, with_flags(plain, {**TINY, "test": cache == "first"}))
        return self.made[name, cell, cache]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def run(request, runs) -> Run:
    return runs.of(*request.param)


def saved_predictions(run: Run) -> list[dict[str, Any]]:
    lines = (run.folder.path / "predictions" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def references_and_predictions(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Reference and prediction of an example, or of each word of a sentence."""
    if "tags" in row["prediction"]:
        return list(zip(row["reference"].split(), row["prediction"]["tags"], strict=True))
    return [(row["reference"], row["prediction"]["label"])]


def close(one: Any, other: Any) -> bool:
    """Whether two nested values are equal up to rounding of their numbers."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(close, one, other))
    return one == pytest.approx(other, abs=1e-5) if isinstance(one, float) else one == other


def new_model(run: Run, **flags: Any) -> tuple[keras.Model, keras.losses.Loss]:
    config = with_flags(run.config, {**DETERMINISTIC, **flags})
    keras.utils.set_random_seed(1)
    return run.task.build_model(run.fitted, config), run.task.loss(config)


def test_a_run_folder_is_complete(run):
    metrics = run.folder.read_json("metrics.json")
    assert (metrics["task"], metrics["cell"], metrics["stop_reason"]) == (run.task.name, run.config.cell, "epochs")
    assert metrics["primary_metric"]["name"] == run.task.primary_metric
    assert metrics["primary_metric"]["value"] == metrics["scores"]["test"][run.task.primary_metric]
    assert metrics["baselines"]
    assert [row["epoch"] for row in run.folder.read_history()] == [0, 1, 2]
    assert len(saved_predictions(run)) == run.config.limit
    for name in ("config.json", "model.keras", "report.md", "encoder/SHA256SUMS"):
        assert (run.folder.path / name).is_file()


def test_a_saved_and_loaded_model_predicts_the_same(run, tmp_path):
    copy = RunFolder(tmp_path)
    copy.save_fresh_model(run.model)
    copy.commit_model()
    inputs, _ = make_batch(run.fitted.encoded, range(20))
    np.testing.assert_allclose(compile_model(copy.load_model())(inputs), run.model_fn(inputs), atol=1e-6)


def test_the_reported_accuracy_is_that_of_single_predictions(run):
    scores = run.folder.read_json("metrics.json")["scores"]["test"]
    if "accuracy" not in scores:
        pytest.skip("the task has no accuracy")
    test = run.fitted.encoder.encode(run.task.splits(run.config).test)
    assert len(Batches(test, 64_000).plan()) > 1 or test.lengths.max() == 1
    correct = [one == other for row in saved_predictions(run) for one, other in references_and_predictions(row)]
    assert scores["accuracy"] == pytest.approx(sum(correct) / len(correct))


def test_the_optimizer_takes_one_step_per_batch(run):
    batches = Batches(run.fitted.encoded, run.config.batch_tokens, run.config.seed)
    assert int(run.model.optimizer.iterations) == run.config.epochs * len(batches)


def test_each_epoch_has_every_example_once_in_an_order_of_its_own(run):
    assert sorted(run.orders) == list(range(run.config.epochs))
    assert run.orders[0] != run.orders[1]
    for order in run.orders.values():
        assert sorted(sum(order, [])) == list(range(len(run.fitted.encoded)))


def test_padding_and_other_examples_change_no_prediction(run):
    lengths = set(run.fitted.encoded.lengths.tolist())
    assert len(lengths) > 3 or lengths == {1}
    assert padding_effect(run.model_fn, run.fitted.encoded) < 1e-5
    assert neighbor_effect(run.model_fn, run.fitted.encoded) < 1e-5
    assert np.array(run.model_fn(make_batch(run.fitted.encoded, range(40))[0])).std() > 1e-2


def test_predictions_do_not_depend_on_the_batch(run):
    task, encoder = run.task, run.fitted.encoder
    examples = task.splits(run.config).test[:8]

    def predict(inputs: Sequence[Any]) -> list[Any]:
        return task.predict(run.model, encoder, encoder.encode(inputs), task.predict_config_class())

    together, single = predict(examples), [predict([example])[0] for example in examples]
    for example, one, other in zip(examples, together, single, strict=True):
        assert close(task.to_json(example, one), task.to_json(example, other))
    assert batching_effect(task, run.model, run.fitted, examples) < 1e-5


def test_evaluation_changes_no_weight(run):
    before = [variable.numpy() for variable in run.model.variables]
    score_split(
        run.task,
        run.model,
        run.fitted.encoder,
        run.fitted.seen,
        run.task.splits(run.config).test[:30],
        run.task.predict_config_class(),
    )
    for variable, value in zip(run.model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)


def test_every_weight_gets_a_gradient(run):
    assert weights_without_gradient(*new_model(run), run.fitted.encoded) == []


def test_a_model_can_overfit_a_few_examples(run):
    assert overfit_one_batch(*new_model(run, units=16), run.fitted.encoded) < 0.1


def test_an_untrained_model_predicts_uniformly(run):
    config = with_flags(run.config, {**DETERMINISTIC, **UNTRAINED})
    splits = run.task.splits(config)
    fitted = run.task.fit_encoder(splits, config)
    keras.utils.set_random_seed(1)
    model, loss = run.task.build_model(fitted, config), run.task.loss(config)
    inputs, targets = make_batch(fitted.encoded, range(40))

    def cross_entropy() -> float:
        scored = score_split(
            run.task,
            model,
            fitted.encoder,
            fitted.seen,
            splits.validation,
            run.task.predict_config_class().for_validation(),
        ).scores
        # Predictions without probabilities have no cross-entropy; the loss replaces it.
        return scored.values.get("cross_entropy", float(loss(targets, model(inputs))))

    before = cross_entropy()
    for weight in model.trainable_variables:
        weight.assign(np.zeros(weight.shape))
    assert before == pytest.approx(cross_entropy(), rel=0.1)


def test_examples_of_weight_zero_do_not_count_in_the_loss(run):
    loss = run.task.loss(run.config)
    assert weight_effect(run.model_fn, loss, run.fitted.encoded) < 1e-4
    # The loss differs between the two halves.
    inputs, targets = make_batch(run.fitted.encoded, range(40))
    outputs = np.array(run.model_fn(inputs))
    assert float(loss(targets[:20], outputs[:20])) != pytest.approx(float(loss(targets[20:], outputs[20:])))


@pytest.mark.parametrize("name", TASK_NAMES)
def test_predict_decodes_like_evaluate_by_default(name):
    task = get_task(name)
    decoding, predicting = asdict(task.decoding_config_class()), asdict(task.predict_config_class())
    assert {field: predicting[field] for field in decoding} == decoding


@pytest.mark.parametrize("name", TASK_NAMES)
def test_figures_and_word_vectors_of_a_run(name, runs):
    task = get_task(name)
    run = runs.of(name, task.config_class().cell)
    examples = task.splits(run.config).validation[:2]
    encoder, config = run.fitted.encoder, task.predict_config_class().for_figures()
    predictions = task.predict(run.model, encoder, encoder.encode(examples), config)
    figures = task.figures(run.model, encoder, examples, predictions)
    assert all(png(figure).startswith(b"\x89PNG") for figure in figures.values())
    if any(field.name == "show_attention" for field in fields(task.predict_config_class)):
        assert len(figures) == len(examples)
    vectors = task.word_vectors(run.model, run.fitted.encoder)
    assert vectors is None or len(vectors[0]) == len(vectors[1]) > 3


def test_the_first_recurrent_layer_reads_the_named_steps(run):
    examples = run.task.splits(run.config).validation
    shown = make_shown_example(run.fitted.encoder, examples, run.fitted.encoder.encode(examples))
    states, borders = read_states(GradientRecorder(run.model), shown.inputs)
    assert all(shown.step_names) and all(len(values) == len(shown.step_names) for values in states.values())
    # The chunks of a text are as long as the flag says.
    chunk_length = getattr(run.config, "chunk_length", len(shown.step_names))
    assert borders == list(range(chunk_length, len(shown.step_names), chunk_length))


@pytest.mark.parametrize("name", TASK_NAMES)
def test_the_same_seed_gives_the_same_order_and_history(name, runs):
    cell = get_task(name).config_class().cell
    # The second run has an empty cache of its own.
    run, again = runs.of(name, cell), runs.of(name, cell, cache="second")
    assert again.orders == run.orders
    for before, after in zip(run.folder.read_history(), again.folder.read_history(), strict=True):
        for timed in ("seconds", "tokens_per_second"):
            del before[timed], after[timed]
        np.testing.assert_equal(after, before)


OPEN_AND_PREDICT = """
import json, sys
from pathlib import Path
from training.saved_run import open_run

predicted = {}
for path in sys.argv[1:]:
    run = open_run(path, Path("nowhere"))
    (model, encoder), examples = run.load(), run.task.splits(run.config).test
    outputs = run.task.predict(model, encoder, encoder.encode(examples), run.task.predict_config_class())
    predicted[path] = [run.task.to_json(*pair) for pair in zip(examples, outputs, strict=True)]
print(json.dumps(predicted))
"""


def test_a_run_opened_in_a_new_process_predicts_the_same(runs):
    # One run of each task, with alternating cells.
    trained = [runs.of(*pair) for pair in zip(TASK_NAMES, cycle(get_args(CellName)), strict=False)]
    every = {str(run.folder.path): run for run in trained}
    child = subprocess.run(
        [sys.executable, "-c", OPEN_AND_PREDICT, *every],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    predicted = json.loads(child.stdout.splitlines()[-1])
    for path, run in every.items():
        assert close([row["prediction"] for row in saved_predictions(run)], predicted[path]), path
