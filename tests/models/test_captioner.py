"""One step at a time a captioner says what it says of whole captions; the network in it is saved and stands still."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.captioner import (
    CaptionerSettings,
    build_captioner,
    extract_regions,
    incremental_captioner,
    picture_spec,
    standardise,
)
from models.cells import CELLS
from models.decoder import DecoderSettings, SmoothedCrossEntropy
from models.incremental import attention_weights
from models.inspection import GradientRecorder, loss_gradient, mean_gate_activations, state_gradient
from schema.configs import RecurrentSettings

TARGET = np.array([[2, 9, 10], [2, 11, 4]], np.int32)
random = np.random.default_rng(0)
GIVEN = {
    "pixels": random.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8),
    "regions": random.normal(size=(2, 4, 7)).astype(np.float16),
    "vector": random.normal(size=(2, 7)).astype(np.float16),
}


def network() -> keras.Model:
    """In place of MobileNetV2: 16 x 16 pixels to 2 x 2 regions of 7 features, with batch normalisation."""
    pixels = keras.Input((16, 16, 3))
    seen = keras.layers.BatchNormalization()(keras.layers.Conv2D(7, 8, strides=8)(pixels))
    return keras.Model(pixels, seen)


def model_of(given: str, cell: str = "lstm", attention: str = "additive") -> keras.Model:
    keras.utils.set_random_seed(3)
    recurrent = RecurrentSettings(cell, units=6, dropout=0.5)
    decoder = DecoderSettings(12, recurrent, 5, attention, word_dropout=0.2, embedding_dropout=0.3, memory_dropout=0.3)
    settings = CaptionerSettings(decoder, GIVEN[given].shape[1:])
    return build_captioner(settings, None if given == "pixels" else network())


@pytest.mark.parametrize(("given", "attention"), [("pixels", "additive"), ("regions", "additive"), ("vector", "none")])
@pytest.mark.parametrize("cell", CELLS)
def test_step_by_step_is_as_in_training_after_loading(cell, given, attention, tmp_path):
    model, picture = model_of(given, cell, attention), GIVEN[given]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    stepper = incremental_captioner(loaded)
    assert picture_spec(loaded).is_compatible_with(tf.TensorSpec(picture.shape, picture.dtype))
    whole = tf.nn.log_softmax(model({"picture": picture, "target": TARGET})).numpy()
    state = stepper.initial_state(tf.constant(picture))
    for place, said in enumerate(TARGET.T):
        logs, state, _ = stepper.step(tf.constant(said), state)
        np.testing.assert_allclose(logs, whole[:, place], atol=1e-4)


def test_neither_padding_nor_neighbours_change_a_caption():
    model, picture = model_of("regions"), GIVEN["regions"]
    whole = np.array(model({"picture": picture, "target": TARGET}))
    padded = np.array(model({"picture": picture, "target": np.pad(TARGET, ((0, 0), (0, 2)))}))
    np.testing.assert_allclose(padded[:, :3], whole, atol=1e-5)
    alone = np.array(model({"picture": picture[1:], "target": TARGET[1:]}))
    np.testing.assert_allclose(alone[0], whole[1], atol=1e-5)


def test_another_picture_gets_another_caption():
    for given in GIVEN:
        model = model_of(given, attention="none" if given == "vector" else "additive")
        said = np.array(model({"picture": GIVEN[given], "target": np.repeat(TARGET[:1], 2, axis=0)}))
        assert np.abs(said[0] - said[1]).max() > 1e-4


def test_the_network_is_kept_with_its_weights_and_never_trained(tmp_path):
    model = model_of("regions")
    held = model.get_layer("network").network
    assert not any("conv" in weight.path for weight in model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    pixels = random.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    read = loaded.get_layer("network").read(pixels)
    assert read.shape == (2, 4, 7)
    np.testing.assert_allclose(read, extract_regions(held, pixels), atol=1e-5)


@pytest.mark.parametrize(("given", "attention"), [("regions", "additive"), ("vector", "none")])
def test_how_large_a_feature_is_does_not_matter(given, attention, tmp_path):
    scaled = (GIVEN[given].astype(np.float32) * np.arange(1, 8) + 5).astype(np.float16)
    said = []
    for pictures in (GIVEN[given], scaled):
        model = model_of(given, attention=attention)
        # One by one, as of a set that is too large to be held whole.
        standardise(model, (pictures[place : place + 1] for place in range(2)))
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
        said.append(np.array(loaded({"picture": pictures, "target": TARGET})))
    np.testing.assert_allclose(said[1], said[0], atol=0.02)
    assert (
        np.abs(np.array(model_of(given, attention=attention)({"picture": scaled, "target": TARGET})) - said[0]).max()
        > 0.1
    )


def test_what_is_alike_in_few_pictures_does_not_drown_a_new_one():
    model, pictures = model_of("regions"), GIVEN["regions"].copy()
    pictures[..., 0] = 2
    standardise(model, [pictures])
    seen = keras.Model(model.input["picture"], model.get_layer("standardised").output)
    assert np.abs(np.array(seen(pictures + np.float16(0.5)))).max() < 10


def test_every_region_can_be_looked_at():
    weights = attention_weights(incremental_captioner(model_of("pixels")), GIVEN["pixels"], TARGET)
    assert weights.shape == (2, 3, 64)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


def test_one_can_look_inside_of_what_writes():
    inside = GradientRecorder(model_of("regions"))
    inputs = {"picture": GIVEN["regions"], "target": TARGET}
    loss = loss_gradient(inside, inputs, np.array([[9, 10, 3], [11, -1, -1]]), SmoothedCrossEntropy(0.0, -1))
    assert loss.norms.shape == (2, 3) and (loss.norms[0] > 0).all()
    # Nothing is asked after the first step of the second caption.
    np.testing.assert_allclose(loss.norms[1, 1:], 0, atol=1e-9)
    memory = state_gradient(inside, inputs)["forward"]
    assert (memory.norms > 0).all()
    gates = mean_gate_activations(inside, inputs)
    assert gates.keys() == {"forward/forget_gate", "forward/input_gate", "forward/output_gate"}


def test_gates_start_from_the_picture():
    model, picture = model_of("regions"), GIVEN["regions"]
    with_picture = mean_gate_activations(GradientRecorder(model), {"picture": picture, "target": TARGET})[
        "forward/forget_gate"
    ]
    another = mean_gate_activations(GradientRecorder(model), {"picture": 3 * picture, "target": TARGET})[
        "forward/forget_gate"
    ]
    assert abs(with_picture[0] - another[0]) > 1e-5
