"""Gradients through time compared with known values and finite differences."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from models.cells import CELLS, apply_rnn, recurrent_layer
from models.classifier import ClassifierSettings, build_classifier
from models.inspection import (
    GradientRecorder,
    NormsByLag,
    gradient_ratio,
    half_life,
    loss_gradient,
    mean_gate_activations,
    state_gradient,
)
from schema.configs import RecurrentSettings

RECURRENT = RecurrentSettings("lstm", units=3, layers=2, bidirectional=True, dropout=0.5)
SETTINGS = ClassifierSettings(
    vocab_size=12,
    num_classes=3,
    recurrent=RECURRENT,
    embedding_size=4,
    chunk_length=4,
    pooling=("last", "mean", "max"),
    word_dropout=0.5,
    embedding_dropout=0.5,
)
random = np.random.default_rng(5)
LENGTHS = np.array([8, 6, 4, 1])
VALID = np.arange(8) < LENGTHS[:, None]
IDS = np.where(VALID, random.integers(1, 12, VALID.shape), 0).astype(np.int32)
NGRAMS = (random.normal(size=(*VALID.shape, 3)) * VALID[..., None]).astype(np.float32)
TARGETS = np.array([0, 2, 1, 1])
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")

NGRAM_SETTINGS = replace(SETTINGS, ngram_stddevs=(0.5, 2.0), ngram_channels=1, num_classes=2)


@keras.saving.register_keras_serializable("unrolled tests")
class Mask(keras.layers.Layer):
    """Mask of steps (batch, time, 1): True where a step is not zero."""

    def call(self, steps):
        return ops.not_equal(steps[..., 0], 0)


def linear_model(weight: float, bidirectional: bool = False) -> keras.Model:
    """A single linear unit, h_t = x_t + weight h_(t-1), with dh_T/dx_t = weight^(T - t)."""
    inputs = {"steps": keras.Input((None, 1), name="steps")}
    layer = recurrent_layer("simple_rnn", 1, bidirectional, activation="linear", name="recurrent_1")
    copied = keras.layers.Identity()(inputs["steps"])
    output = apply_rnn(layer, copied, Mask()(inputs["steps"]))
    layer.set_weights([np.array(value) for value in ([[1.0]], [[weight]], [0.0])] * (2 if bidirectional else 1))
    return keras.Model(inputs, ops.sum(output.last, axis=-1, keepdims=True))


def ones_of_lengths(*lengths: int, time: int) -> dict[str, np.ndarray]:
    return {"steps": (np.arange(time) < np.array(lengths)[:, None]).astype(np.float32)[..., None]}


def test_the_gradient_of_a_linear_network_falls_by_its_weight():
    gradient = state_gradient(GradientRecorder(linear_model(0.9)), ones_of_lengths(50, 30, time=60))
    assert list(gradient) == ["forward"]
    curve = gradient["forward"].curve()
    # With a single unit the random projection is +1 or -1.
    np.testing.assert_allclose(curve, 0.9 ** np.arange(50), rtol=1e-4)
    assert half_life(curve) == pytest.approx(math.log(2) / -math.log(0.9), rel=1e-4)
    assert gradient_ratio(curve, 49) == pytest.approx(0.9**49, rel=1e-4)
    assert gradient_ratio(curve, 20) == pytest.approx(0.9**20, rel=1e-4)
    # No text is as long: another lag in its place could not be compared between runs.
    assert math.isnan(gradient_ratio(curve, 50))


@pytest.mark.parametrize("weight", [1.0, 1.1])
def test_a_gradient_that_does_not_fall_has_an_infinite_half_life(weight):
    assert (
        half_life(
            state_gradient(GradientRecorder(linear_model(weight)), ones_of_lengths(50, time=50))["forward"].curve()
        )
        == math.inf
    )


def test_lags_count_from_the_end_of_each_direction():
    model = linear_model(0.5, bidirectional=True)
    gradient = state_gradient(GradientRecorder(model), ones_of_lengths(3, 5, time=6))
    np.testing.assert_array_equal(gradient["forward"].lags[0], [2, 1, 0, -1, -1, -1])
    np.testing.assert_array_equal(gradient["backward"].lags[0], [0, 1, 2, -1, -1, -1])
    np.testing.assert_allclose(gradient["forward"].norms[0], [0.25, 0.5, 1, 0, 0, 0])
    np.testing.assert_allclose(gradient["backward"].norms[0], [1, 0.5, 0.25, 0, 0, 0])


def test_the_loss_gradient_of_a_linear_network():
    model = linear_model(0.5)
    gradient = loss_gradient(
        GradientRecorder(model),
        ones_of_lengths(3, 2, time=3),
        np.array([[0.0], [0.0]]),
        keras.losses.MeanSquaredError(),
    )
    # h = 1.75 and 1.5; d mean(h^2)/dx = h weight^lag for two rows.
    np.testing.assert_allclose(gradient.norms, [[1.75 / 4, 1.75 / 2, 1.75], [0.75, 1.5, 0]])
    np.testing.assert_array_equal(gradient.lags, [[2, 1, 0], [1, 0, -1]])


def finite_differences(model: keras.Model, ids: np.ndarray, targets: np.ndarray, delta: float = 1e-2) -> np.ndarray:
    """|dL/dx_t| of each step (batch, time), by moving one number of an embedding at a time; each id occurs once."""
    batch_loss = tf.function(lambda: LOSS(targets, model({"words": tf.constant(ids)}, training=False)))
    table = model.get_layer("embedding").embeddings
    start = np.array(table)
    gradient = np.zeros(start.shape)
    for index in np.ndindex(*start.shape):
        values = []
        for move in (delta, -delta):
            moved = start.copy()
            moved[index] += move
            table.assign(moved)
            values.append(float(batch_loss()))
        gradient[index] = (values[0] - values[1]) / (2 * delta)
    table.assign(start)
    return np.linalg.norm(gradient, axis=-1)[ids]


@pytest.mark.parametrize("frozen", [False, True], ids=["trained embeddings", "frozen embeddings"])
def test_the_loss_gradient_matches_finite_differences(frozen):
    keras.utils.set_random_seed(2)
    settings = replace(
        SETTINGS,
        vocab_size=13,
        embedding_size=2,
        recurrent=replace(RECURRENT, cell="gru", layers=1),
        pooling=("last", "mean"),
    )
    model = build_classifier(replace(settings, freeze_embeddings=frozen), random.normal(size=(13, 2)))
    ids = np.array([[3, 9, 1, 7, 12, 2, 8, 5], [11, 4, 10, 6, 0, 0, 0, 0]], np.int32)
    gradient = loss_gradient(GradientRecorder(model), {"words": ids}, TARGETS[:2], LOSS)
    expected = finite_differences(model, ids, TARGETS[:2])
    norms = gradient.norms.reshape(ids.shape)
    np.testing.assert_allclose(norms[ids > 0], expected[ids > 0], rtol=1e-2, atol=1e-5)
    assert not norms[ids == 0].any() and norms[ids > 0].all()
    # Each text is two chunks of four steps; the second chunk of the second text is padding.
    np.testing.assert_array_equal(gradient.lags, [*[[3, 2, 1, 0]] * 3, [-1] * 4])


def test_padding_changes_nothing():
    keras.utils.set_random_seed(3)
    recorder = GradientRecorder(build_classifier(SETTINGS))
    padded = {"words": np.pad(IDS, [(0, 0), (0, 4)])}
    alone, together = (loss_gradient(recorder, inputs, TARGETS, LOSS) for inputs in ({"words": IDS}, padded))
    pairs = [(together, alone)]
    expected = state_gradient(recorder, {"words": IDS})
    pairs += [(gradient, expected[direction]) for direction, gradient in state_gradient(recorder, padded).items()]
    assert not alone.norms[~VALID.reshape(8, 4)].any()
    for with_padding, without in pairs:
        # Rows are texts x chunks: the third chunk of each text is new, and padding.
        rows = with_padding.norms.reshape(4, 3, 4)
        assert not rows[:, 2].any()
        np.testing.assert_allclose(rows[:, :2].reshape(8, 4), without.norms, rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(with_padding.curve(1.0), without.curve(1.0), rtol=1e-4, atol=1e-9)


def test_the_loss_gradient_of_a_chunk_starts_at_its_own_end():
    keras.utils.set_random_seed(3)
    ids = np.array([[5, 3, 2, 9, 4, 7, 0, 0]], np.int32)
    gradient = loss_gradient(GradientRecorder(build_classifier(SETTINGS)), {"words": ids}, TARGETS[:1], LOSS)
    np.testing.assert_array_equal(gradient.lags, [[3, 2, 1, 0], [1, 0, -1, -1]])


@pytest.mark.parametrize("cell", CELLS)
def test_recording_leaves_the_model_unchanged(cell, tmp_path):
    model = build_classifier(replace(NGRAM_SETTINGS, recurrent=replace(RECURRENT, cell=cell)))
    config = model.get_config()
    inputs = {"words": IDS, "ngram_features": NGRAMS[..., :2], "ngram_totals": NGRAMS[..., 2:]}
    expected = model(inputs)
    gradient = loss_gradient(GradientRecorder(model), inputs, TARGETS % 2, LOSS)
    assert (gradient.norms[VALID.reshape(8, 4)] > 0).all()
    assert model.get_config() == config
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(inputs), expected)


def test_recording_changes_no_weight_and_draws_no_random_number():
    model = build_classifier(SETTINGS)
    before = [np.array(variable) for variable in model.variables]
    recorder = GradientRecorder(model)
    first = loss_gradient(recorder, {"words": IDS}, TARGETS, LOSS).norms
    state_gradient(recorder, {"words": IDS})
    mean_gate_activations(recorder, {"words": IDS})
    np.testing.assert_array_equal(loss_gradient(recorder, {"words": IDS}, TARGETS, LOSS).norms, first)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_new_weights_are_used():
    model = linear_model(0.5)
    recorder = GradientRecorder(model)
    inputs = ones_of_lengths(4, time=4)
    state_gradient(recorder, inputs)
    model.get_layer("recurrent_1").set_weights([np.array(value) for value in ([[1.0]], [[0.8]], [0.0])])
    np.testing.assert_allclose(state_gradient(recorder, inputs)["forward"].curve(), 0.8 ** np.arange(4), rtol=1e-5)


def test_activations_are_means_over_the_rows_that_reach_a_step():
    model = build_classifier(replace(SETTINGS, recurrent=replace(RECURRENT, cell="gru", bidirectional=False)))
    for layer in model.layers:
        if layer.name == "recurrent_1":
            layer.set_weights([np.zeros(weight.shape) for weight in layer.get_weights()])
    activations = mean_gate_activations(GradientRecorder(model), {"words": IDS[3:]})
    # The text has a single step, and gates without input are half open.
    assert set(activations) == {"forward/update_gate", "forward/reset_gate"}
    np.testing.assert_allclose(activations["forward/update_gate"], [0.5, np.nan, np.nan, np.nan])


def test_a_curve_is_the_mean_by_lag():
    gradient = NormsByLag(np.array([[8.0, 4.0, 2.0], [6.0, 9.0, 9.0]]), np.array([[2, 1, 0], [0, -1, -1]]))
    np.testing.assert_array_equal(gradient.curve(), [4.0, 4.0, 8.0])
    with_gap = NormsByLag(np.array([[5.0, 1.0]]), np.array([[2, 0]]))
    np.testing.assert_array_equal(with_gap.curve(), [1.0, np.nan, 5.0])


def test_curves_that_are_too_short_or_empty_give_nan():
    assert math.isnan(half_life(np.ones(5))) and math.isnan(half_life(np.zeros(60)))
    assert math.isnan(gradient_ratio(np.zeros(5), 2)) and math.isnan(gradient_ratio(np.zeros(0), 0))
    assert gradient_ratio(np.array([2.0, 1.0]), 1) == 0.5


def test_lags_that_few_rows_reach_can_be_left_out():
    lags = np.array([[2, 1, 0], [1, 0, -1], [0, -1, -1], [0, -1, -1]])
    gradient = NormsByLag(np.ones((4, 3)), lags)
    assert len(gradient.curve()) == 3
    assert len(gradient.curve(0.5)) == 2
    assert len(gradient.curve(0.6)) == 1
