"""Step-by-step decoding agrees with the captioner on whole captions; its image encoder is saved and stays frozen."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.captioner import (
    CaptionerSettings,
    FrozenImageEncoder,
    build_captioner,
    fit_normalization,
    image_spec,
    incremental_captioner,
)
from models.cells import CELLS
from models.decoder import DecoderSettings, SmoothedCrossEntropy
from models.incremental import attention_weights
from models.inspection import GradientRecorder, loss_gradient, mean_gate_activations, state_gradient
from schema.configs import RecurrentSettings

TARGET = np.array([[2, 9, 10], [2, 11, 4]], np.int32)
random = np.random.default_rng(0)
IMAGES = {
    "pixels": random.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8),
    "regions": random.normal(size=(2, 4, 7)).astype(np.float16),
    "vector": random.normal(size=(2, 7)).astype(np.float16),
}


def network() -> keras.Model:
    """Replacement of MobileNetV2: 16 x 16 pixels to 2 x 2 regions of 7 features, with batch normalization."""
    pixels = keras.Input((16, 16, 3))
    features = keras.layers.BatchNormalization()(keras.layers.Conv2D(7, 8, strides=8)(pixels))
    return keras.Model(pixels, features)


def captioner(kind: str, cell: str = "lstm", attention: str = "additive") -> keras.Model:
    keras.utils.set_random_seed(3)
    recurrent = RecurrentSettings(cell, units=6, dropout=0.5)
    decoder = DecoderSettings(12, recurrent, 5, attention, word_dropout=0.2, embedding_dropout=0.3, memory_dropout=0.3)
    settings = CaptionerSettings(decoder, IMAGES[kind].shape[1:])
    return build_captioner(settings, None if kind == "pixels" else FrozenImageEncoder(network(), name="image_encoder"))


@pytest.mark.parametrize(("kind", "attention"), [("pixels", "additive"), ("regions", "additive"), ("vector", "none")])
@pytest.mark.parametrize("cell", CELLS)
def test_incremental_decoding_agrees_with_the_whole_model_after_loading(cell, kind, attention, tmp_path):
    model, images = captioner(kind, cell, attention), IMAGES[kind]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    decoder = incremental_captioner(loaded)
    assert image_spec(loaded).is_compatible_with(tf.TensorSpec(images.shape, images.dtype))
    whole = tf.nn.log_softmax(model({"image": images, "target": TARGET})).numpy()
    state = decoder.initial_state(tf.constant(images))
    for step, tokens in enumerate(TARGET.T):
        logs, state, _ = decoder.step(tf.constant(tokens), state)
        np.testing.assert_allclose(logs, whole[:, step], atol=1e-4)


def test_padding_and_other_rows_change_no_caption():
    model, images = captioner("regions"), IMAGES["regions"]
    whole = np.array(model({"image": images, "target": TARGET}))
    padded = np.array(model({"image": images, "target": np.pad(TARGET, ((0, 0), (0, 2)))}))
    np.testing.assert_allclose(padded[:, :3], whole, atol=1e-5)
    alone = np.array(model({"image": images[1:], "target": TARGET[1:]}))
    np.testing.assert_allclose(alone[0], whole[1], atol=1e-5)


def test_the_logits_depend_on_the_image():
    for kind in IMAGES:
        model = captioner(kind, attention="none" if kind == "vector" else "additive")
        logits = np.array(model({"image": IMAGES[kind], "target": np.repeat(TARGET[:1], 2, axis=0)}))
        assert np.abs(logits[0] - logits[1]).max() > 1e-4


def test_the_image_encoder_is_saved_with_its_weights_and_frozen(tmp_path):
    model = captioner("regions")
    assert not any("conv" in weight.path for weight in model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    pixels = random.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    regions, loaded_regions = (each.get_layer("image_encoder").regions(pixels) for each in (model, loaded))
    assert loaded_regions.shape == (2, 4, 7)
    np.testing.assert_allclose(loaded_regions, regions, atol=1e-5)


def test_the_image_encoder_scales_pixels_to_minus_1_and_1():
    pixels = random.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    encoder = FrozenImageEncoder(network())
    expected = np.array(encoder.network(pixels.astype(np.float32) / 127.5 - 1)).reshape(2, 4, 7)
    np.testing.assert_allclose(encoder.regions(pixels), expected, atol=1e-5)


@pytest.mark.parametrize(("kind", "attention"), [("regions", "additive"), ("vector", "none")])
def test_normalization_removes_the_scale_of_the_features(kind, attention, tmp_path):
    scaled = (IMAGES[kind].astype(np.float32) * np.arange(1, 8) + 5).astype(np.float16)
    logits = []
    for images in (IMAGES[kind], scaled):
        model = captioner(kind, attention=attention)
        # One by one, as for a data set that does not fit in memory.
        fit_normalization(model, (images[row : row + 1] for row in range(2)))
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
        logits.append(np.array(loaded({"image": images, "target": TARGET})))
    np.testing.assert_allclose(logits[1], logits[0], atol=0.02)
    assert (
        np.abs(np.array(captioner(kind, attention=attention)({"image": scaled, "target": TARGET})) - logits[0]).max()
        > 0.1
    )


def test_a_constant_feature_of_few_images_is_not_scaled_to_huge_values():
    model, images = captioner("regions"), IMAGES["regions"].copy()
    images[..., 0] = 2
    fit_normalization(model, [images])
    normalized = keras.Model(model.input["image"], model.get_layer("normalization").output)
    assert np.abs(np.array(normalized(images + np.float16(0.5)))).max() < 10


def test_attention_weights_sum_to_one_over_the_regions():
    weights = attention_weights(incremental_captioner(captioner("pixels")), IMAGES["pixels"], TARGET)
    assert weights.shape == (2, 3, 64)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


def test_gradients_and_gates_of_the_decoder_are_recorded():
    recorder = GradientRecorder(captioner("regions"))
    inputs = {"image": IMAGES["regions"], "target": TARGET}
    loss = loss_gradient(recorder, inputs, np.array([[9, 10, 3], [11, -1, -1]]), SmoothedCrossEntropy(0.0, -1))
    assert loss.norms.shape == (2, 3) and (loss.norms[0] > 0).all()
    # The second caption has a single target.
    np.testing.assert_allclose(loss.norms[1, 1:], 0, atol=1e-9)
    state = state_gradient(recorder, inputs)["forward"]
    assert (state.norms > 0).all()
    gates = mean_gate_activations(recorder, inputs)
    assert gates.keys() == {"forward/forget_gate", "forward/input_gate", "forward/output_gate"}


def test_gate_activations_start_from_the_initial_state_of_the_image():
    model, images = captioner("regions"), IMAGES["regions"]
    first = mean_gate_activations(GradientRecorder(model), {"image": images, "target": TARGET})["forward/forget_gate"]
    second = mean_gate_activations(GradientRecorder(model), {"image": 3 * images, "target": TARGET})[
        "forward/forget_gate"
    ]
    assert abs(first[0] - second[0]) > 1e-5
