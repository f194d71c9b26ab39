"""AdamWithGradientNorm updates the weights exactly like Adam of Keras, and measures the gradient norm."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.optimizer import AdamWithGradientNorm, auto_ema_decay

OPTIONS = {"learning_rate": 0.01, "global_clipnorm": 0.5, "use_ema": True, "ema_momentum": 0.9}
random = np.random.default_rng(3)
IDS = random.integers(0, 7, (40, 5))
TARGETS = random.integers(0, 2, 40)


def train_model(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    keras.utils.set_random_seed(4)
    layers = [keras.Input((5,), dtype="int32"), keras.layers.Embedding(7, 3), keras.layers.SimpleRNN(4)]
    model = keras.Sequential([*layers, keras.layers.Dense(2)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(IDS, TARGETS, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model


def test_weights_are_bit_equal_to_those_of_adam() -> None:
    plain, measured = train_model(keras.optimizers.Adam(**OPTIONS)), train_model(AdamWithGradientNorm(**OPTIONS))
    assert len(plain.optimizer.variables) == len(measured.optimizer.variables)
    for expected, value in zip(
        plain.weights + plain.optimizer.variables, measured.weights + measured.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(value, expected)
    assert float(measured.optimizer.gradient_norm) > 0


def test_norm_is_of_all_gradients_before_clipping() -> None:
    weights = [keras.Variable(np.zeros(2)), keras.Variable(np.zeros((1, 1)))]
    optimizer = AdamWithGradientNorm(global_clipnorm=1.0)
    optimizer.build(weights)
    assert float(optimizer.gradient_norm) == 0
    optimizer.apply([tf.constant([3.0, 4.0]), tf.constant([[12.0]])], weights)
    assert float(optimizer.gradient_norm) == pytest.approx(13)


def test_repeated_rows_of_a_gradient_are_summed() -> None:
    table = keras.Variable(np.zeros((3, 1)))
    optimizer = AdamWithGradientNorm()
    optimizer.build([table])
    twice = tf.IndexedSlices(tf.constant([[3.0], [4.0]]), tf.constant([1, 1]), tf.constant([3, 1]))
    optimizer.apply([twice], [table])
    assert float(optimizer.gradient_norm) == pytest.approx(7)


def test_optimizer_is_saved_and_loaded(tmp_path) -> None:
    model = train_model(AdamWithGradientNorm(**OPTIONS))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.optimizer, AdamWithGradientNorm)
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for value, expected in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(("steps", "decay"), [(10_000, 0.99), (500, 0.99), (100, 0.95), (5, 0.0), (1, 0.0)])
def test_average_covers_at_most_a_fifth_of_the_training(steps, decay):
    assert auto_ema_decay(0.99, steps) == pytest.approx(decay)
    assert auto_ema_decay(0.0, steps) == 0
