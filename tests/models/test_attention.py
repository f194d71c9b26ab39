"""Attention weights worked out by hand, and the effect of the mask."""

import numpy as np
import pytest

from models.attention import Attention

QUERY = np.array([[[1.0, 2.0]]], np.float32)
MEMORY = np.array([[[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]], np.float32)
MASK = np.array([[True, True, False]])


def softmax(values):
    return np.exp(values) / np.exp(values).sum()


def test_multiplicative_attention_worked_out_by_hand():
    layer = Attention("multiplicative", 2)
    layer.build(QUERY.shape, MEMORY.shape)
    layer.memory_kernel.assign([[1.0, 0.0], [0.0, 0.5]])
    # q . (W m): 1 x 1 and 2 x 0.5.
    context, weights = layer(QUERY, MEMORY, mask=MASK)
    np.testing.assert_allclose(context, [[[0.5, 0.5]]], rtol=1e-6)
    np.testing.assert_allclose(weights, [[[0.5, 0.5, 0]]], rtol=1e-6)


def test_additive_attention_worked_out_by_hand():
    layer = Attention("additive", 1)
    layer.build(QUERY.shape, MEMORY.shape)
    layer.memory_kernel.assign([[2.0], [-1.0]])
    layer.query_kernel.assign([[1.0], [0.5]])
    layer.score_kernel.assign([3.0])
    expected = softmax(3 * np.tanh(2 + np.array([2.0, -1.0])))
    np.testing.assert_allclose(layer(QUERY, MEMORY, mask=MASK)[0][0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_weights_sum_to_one_and_padding_has_none(kind):
    random = np.random.default_rng(0)
    query, memory = random.normal(size=(3, 4, 5)), random.normal(size=(3, 6, 7))
    mask = np.arange(6) < np.array([[6], [1], [3]])
    layer = Attention(kind, 5)
    layer.build(query.shape, memory.shape)
    weights = np.array(layer.compute_weights(query, layer.keys(memory), mask))
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert not weights[~np.broadcast_to(mask[:, None], weights.shape)].any()
    context = np.array(layer(query, memory, mask=mask)[0])
    np.testing.assert_allclose(context[1], np.broadcast_to(memory[1, 0], (4, 7)), rtol=1e-5)


def test_queries_of_a_different_size_raise_an_error():
    with pytest.raises(ValueError, match="multiplicative attention needs queries of 3 features, not 2"):
        Attention("multiplicative", 3).build(QUERY.shape, MEMORY.shape)
