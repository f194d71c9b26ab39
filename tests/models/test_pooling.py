"""Pooling compared with NumPy, with padding, gaps and rows without valid steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.pooling import POOLINGS, MaskedPooling

random = np.random.default_rng(3)
SEQUENCE = random.normal(size=(6, 5, 4)).astype(np.float32)
LAST = random.normal(size=(6, 4)).astype(np.float32)
VALID = random.random((6, 5)) < 0.6
VALID[0], VALID[1], VALID[2] = True, False, [True, False, False, False, False]


def softmax(scores: np.ndarray) -> np.ndarray:
    return np.exp(scores) / np.exp(scores).sum()


def expected(kind: str, layer: MaskedPooling, row: int) -> np.ndarray:
    """Pool one text over its valid steps, by the definition."""
    steps = SEQUENCE[row][VALID[row]]
    if not len(steps):
        return np.zeros(4)
    if kind == "attention":
        projection, context = layer.projection.numpy(), layer.context.numpy()
        return softmax(np.tanh(steps @ projection) @ context) @ steps
    return {"last": LAST[row], "mean": steps.mean(axis=0), "max": steps.max(axis=0)}[kind]


@pytest.mark.parametrize("kind", POOLINGS)
def test_each_kind_pools_the_valid_steps(kind):
    layer = MaskedPooling([kind])
    pooled = layer(SEQUENCE, LAST, VALID)
    np.testing.assert_allclose(pooled, [expected(kind, layer, row) for row in range(len(VALID))], atol=1e-6)


def test_several_kinds_are_concatenated():
    layer = MaskedPooling(POOLINGS)
    pooled = layer(SEQUENCE, LAST, VALID)
    rows = [np.concatenate([expected(kind, layer, row) for kind in POOLINGS]) for row in range(len(VALID))]
    np.testing.assert_allclose(pooled, rows, atol=1e-6)


@pytest.mark.parametrize("kind", POOLINGS)
def test_values_at_invalid_steps_have_no_effect(kind):
    layer = MaskedPooling([kind])
    garbage = np.where(VALID[..., None], SEQUENCE, np.float32(1e4))
    np.testing.assert_allclose(layer(garbage, LAST, VALID), layer(SEQUENCE, LAST, VALID), atol=1e-6)


@pytest.mark.parametrize("kind", POOLINGS)
def test_gradients_are_finite_and_none_reaches_padding(kind):
    layer = MaskedPooling([kind])
    sequence, last = tf.constant(SEQUENCE), tf.constant(LAST)
    with tf.GradientTape() as tape:
        tape.watch([sequence, last])
        loss = tf.reduce_sum(layer(sequence, last, VALID) ** 2)
    gradients = tape.gradient(loss, [sequence, last, *layer.trainable_variables])
    gradients = [np.array(gradient) for gradient in gradients if gradient is not None]
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)
    if kind != "last":
        assert not gradients[0][~VALID].any()


def test_an_unknown_kind_raises_an_error():
    with pytest.raises(ValueError, match="median"):
        MaskedPooling(["mean", "median"])


def test_it_is_saved_with_its_kinds():
    layer = MaskedPooling(["mean", "attention"], name="pooling")
    loaded = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert loaded.kinds == ("mean", "attention")
