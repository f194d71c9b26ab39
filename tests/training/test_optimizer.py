"""The optimizer measures the gradient, and moves the weights exactly as Keras's own Adam does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.optimizer import AdamWithGradientNorm, auto_ema_decay

OPTIONS = {"learning_rate": 0.01, "global_clipnorm": 0.5, "use_ema": True, "ema_momentum": 0.9}
random = np.random.default_rng(3)
IDS = random.integers(0, 7, (40, 5))
TARGETS = random.integers(0, 2, 40)


def trained(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    keras.utils.set_random_seed(4)
    layers = [keras.Input((5,), dtype="int32"), keras.layers.Embedding(7, 3), keras.layers.SimpleRNN(4)]
    model = keras.Sequential([*layers, keras.layers.Dense(2)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(IDS, TARGETS, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model


def test_it_moves_the_weights_bit_for_bit_as_adam_does() -> None:
    plain, measured = trained(keras.optimizers.Adam(**OPTIONS)), trained(AdamWithGradientNorm(**OPTIONS))
    assert len(plain.optimizer.variables) == len(measured.optimizer.variables)
    for expected, value in zip(
        plain.weights + plain.optimizer.variables, measured.weights + measured.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(value, expected)
    assert float(measured.optimizer.gradient_norm) > 0


def test_the_norm_is_that_of_all_gradients_together_before_clipping() -> None:
    weights = [keras.Variable(np.zeros(2)), keras.Variable(np.zeros((1, 1)))]
    optimizer = AdamWithGradientNorm(global_clipnorm=1.0)
    optimizer.build(weights)
    assert float(optimizer.gradient_norm) == 0
    optimizer.apply([tf.constant([3.0, 4.0]), tf.constant([[12.0]])], weights)
    assert float(optimizer.gradient_norm) == pytest.approx(13)


def test_rows_that_occur_twice_are_added_up() -> None:
    table = keras.Variable(np.zeros((3, 1)))
    optimizer = AdamWithGradientNorm()
    optimizer.build([table])
    twice = tf.IndexedSlices(tf.constant([[3.0], [4.0]]), tf.constant([1, 1]), tf.constant([3, 1]))
    optimizer.apply([twice], [table])
    assert float(optimizer.gradient_norm) == pytest.approx(7)


def test_it_survives_a_file(tmp_path) -> None:
    model = trained(AdamWithGradientNorm(**OPTIONS))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.optimizer, AdamWithGradientNorm)
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for value, expected in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(("steps", "momentum"), [(10_000, 0.99), (500, 0.99), (100, 0.95), (5, 0.0), (1, 0.0)])
def test_an_average_reaches_back_over_a_fifth_of_the_training_at_most(steps, momentum):
    assert auto_ema_decay(0.99, steps) == pytest.approx(momentum)
    assert auto_ema_decay(0.0, steps) == 0
