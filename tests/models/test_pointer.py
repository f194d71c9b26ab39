"""Copying from the source and the coverage loss, worked out by hand."""

import keras
import numpy as np
import pytest

from models.pointer import CoverageLoss, Pointer, copy_probabilities

SOURCE = np.array([[4, 5, 4, 0], [3, 0, 0, 0]], np.int32)
WEIGHTS = np.array([[[0.5, 0.2, 0.3, 0.0], [0.1, 0.8, 0.1, 0.0]], [[1.0, 0, 0, 0], [1.0, 0, 0, 0]]], np.float32)


def test_a_repeated_token_gets_the_sum_of_its_weights():
    output = np.array(copy_probabilities(WEIGHTS, SOURCE, 6))
    np.testing.assert_allclose(output[0], [[0, 0, 0, 0, 0.8, 0.2], [0, 0, 0, 0, 0.2, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(output[1], [[0, 0, 0, 1, 0, 0]] * 2)


def test_the_mixture_of_generating_and_copying():
    logits = np.log(np.array([[[0.1, 0.1, 0.1, 0.1, 0.1, 0.5]] * 2] * 2, np.float32))
    features = np.array([[[1.0], [0.0]]] * 2, np.float32)
    layer = Pointer()
    layer.build(logits.shape, WEIGHTS.shape, SOURCE.shape, features.shape)
    layer.kernel.assign([[np.log(3.0)]])
    output = np.exp(np.array(layer(logits, WEIGHTS, SOURCE, features)))
    # The probability to generate is 3/4 at the first step, 1/2 at the second.
    np.testing.assert_allclose(output[0, 0], [0.075, 0.075, 0.075, 0.075, 0.075 + 0.2, 0.375 + 0.05], rtol=1e-5)
    np.testing.assert_allclose(output[0, 1], [0.05, 0.05, 0.05, 0.05, 0.05 + 0.1, 0.25 + 0.4], rtol=1e-5)
    np.testing.assert_allclose(output.sum(axis=-1), 1, rtol=1e-5)


def test_special_ids_are_not_copied_and_the_other_weights_are_normalized():
    layer = Pointer(special_ids=(0, 5))
    logits = np.full((2, 2, 6), -1e9, np.float32)
    logits[..., 1] = 0
    features = np.full((2, 2, 1), -30.0, np.float32)
    layer.build(logits.shape, WEIGHTS.shape, SOURCE.shape, features.shape)
    layer.kernel.assign([[1.0]])
    # The probability to copy is nearly 1; id 5 had weights 0.2 and 0.8.
    output = np.exp(np.array(layer(logits, WEIGHTS, SOURCE, features)))
    np.testing.assert_allclose(output[0, :, 4], [1, 1], rtol=1e-5)
    np.testing.assert_allclose(output[0, :, 5], [0, 0], atol=1e-6)
    np.testing.assert_allclose(output[1, :, 3], [1, 1], rtol=1e-5)


def test_a_source_of_special_ids_only_is_not_copied():
    layer = Pointer(special_ids=(3, 4, 5))
    logits, features = np.zeros((2, 2, 6), np.float32), np.zeros((2, 2, 1), np.float32)
    layer.build(logits.shape, WEIGHTS.shape, SOURCE.shape, features.shape)
    output = np.array(layer(logits, WEIGHTS, SOURCE, features))
    np.testing.assert_allclose(output, np.log(0.5 / 6), rtol=1e-5)


def test_the_coverage_loss_counts_repeated_attention():
    layer = CoverageLoss(2.0)
    output = layer(WEIGHTS, np.array([[True, True], [True, False]]))
    np.testing.assert_array_equal(output, WEIGHTS)
    # Weights 0.1 + 0.2 + 0.1 are repeated, in three valid steps.
    assert float(layer.losses[0]) == pytest.approx(2 * 0.4 / 3, rel=1e-5)


def test_both_layers_save_their_settings():
    assert CoverageLoss.from_config(CoverageLoss(0.5).get_config()).rate == 0.5
    pointer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Pointer(special_ids=(1, 3))))
    assert pointer.special_ids == (1, 3)
