"""Copying from the source, worked out by hand."""

import keras
import numpy as np
import pytest

from models.pointer import CoverageLoss, Pointer, copy_probabilities

SOURCE = np.array([[4, 5, 4, 0], [3, 0, 0, 0]], np.int32)
WEIGHTS = np.array([[[0.5, 0.2, 0.3, 0.0], [0.1, 0.8, 0.1, 0.0]], [[1.0, 0, 0, 0], [1.0, 0, 0, 0]]], np.float32)


def test_a_word_that_stands_twice_gets_both_weights():
    found = np.array(copy_probabilities(WEIGHTS, SOURCE, 6))
    np.testing.assert_allclose(found[0], [[0, 0, 0, 0, 0.8, 0.2], [0, 0, 0, 0, 0.2, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(found[1], [[0, 0, 0, 1, 0, 0]] * 2)


def test_the_mixture_worked_out_by_hand():
    logits = np.log(np.array([[[0.1, 0.1, 0.1, 0.1, 0.1, 0.5]] * 2] * 2, np.float32))
    features = np.array([[[1.0], [0.0]]] * 2, np.float32)
    layer = Pointer()
    layer.build(logits.shape, WEIGHTS.shape, SOURCE.shape, features.shape)
    layer.kernel.assign([[np.log(3.0)]])
    found = np.exp(np.array(layer(logits, WEIGHTS, SOURCE, features)))
    # Three quarters are said at the first step, half of the second.
    np.testing.assert_allclose(found[0, 0], [0.075, 0.075, 0.075, 0.075, 0.075 + 0.2, 0.375 + 0.05], rtol=1e-5)
    np.testing.assert_allclose(found[0, 1], [0.05, 0.05, 0.05, 0.05, 0.05 + 0.1, 0.25 + 0.4], rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-5)


def test_marks_are_not_copied_and_leave_their_share_to_the_words():
    layer = Pointer(marks=(0, 5))
    nothing = np.full((2, 2, 6), -1e9, np.float32)
    nothing[..., 1] = 0
    features = np.full((2, 2, 1), -30.0, np.float32)
    layer.build(nothing.shape, WEIGHTS.shape, SOURCE.shape, features.shape)
    layer.kernel.assign([[1.0]])
    # Nearly all is copied; 5 had 0.2 and 0.8 of the weights.
    found = np.exp(np.array(layer(nothing, WEIGHTS, SOURCE, features)))
    np.testing.assert_allclose(found[0, :, 4], [1, 1], rtol=1e-5)
    np.testing.assert_allclose(found[0, :, 5], [0, 0], atol=1e-6)
    np.testing.assert_allclose(found[1, :, 3], [1, 1], rtol=1e-5)


def test_a_source_of_nothing_but_marks_is_not_copied():
    layer = Pointer(marks=(3, 4, 5))
    logits, features = np.zeros((2, 2, 6), np.float32), np.zeros((2, 2, 1), np.float32)
    layer.build(logits.shape, WEIGHTS.shape, SOURCE.shape, features.shape)
    found = np.array(layer(logits, WEIGHTS, SOURCE, features))
    np.testing.assert_allclose(found, np.log(0.5 / 6), rtol=1e-5)


def test_looking_twice_costs_what_is_looked_at_again():
    layer = CoverageLoss(2.0)
    found = layer(WEIGHTS, np.array([[True, True], [True, False]]))
    np.testing.assert_array_equal(found, WEIGHTS)
    # 0.1 + 0.2 + 0.1 are looked at again, in three real steps.
    assert float(layer.losses[0]) == pytest.approx(2 * 0.4 / 3, rel=1e-5)


def test_both_are_saved_with_what_they_were_told():
    assert CoverageLoss.from_config(CoverageLoss(0.5).get_config()).share == 0.5
    pointer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Pointer(marks=(1, 3))))
    assert pointer.marks == (1, 3)
