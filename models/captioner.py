"""One to many: an image captioner.

    image -> frozen network, whose features are precomputed and normalized, or a small trained network
          -> regions -> memory of the decoder (models/decoder.py) -> caption

With attention the decoder attends to the regions of the image (Xu et al. 2015, "soft"). Without, the mean of the
regions is its context at every step and makes its initial state (Vinyals et al. 2015).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor, ops

from models.decoder import DecoderSettings, Memory, decoder_logits, target_embedding
from models.incremental import IncrementalDecoder

MIN_STDDEV = 0.1
"""Lower bound of a feature's standard deviation; the smallest of MobileNetV2 over thousands of images is twice that."""


@dataclass(frozen=True)
class CaptionerSettings:
    """Settings of the decoder, and the shape of an image without the batch.

    shape: (side, side, 3) for pixels, uint8; for features of a frozen network, float16, (regions, features), or
        (features,) for a single vector
    """

    decoder: DecoderSettings
    shape: tuple[int, ...]


def build_captioner(
    settings: CaptionerSettings, image_encoder: Callable[[KerasTensor], KerasTensor] | None = None
) -> keras.Model:
    """Build a model from `image` (batch, ...) and `target` (batch, steps) to logits (batch, steps, vocabulary).

    The target begins with the id of the beginning, and the logits are those of the token after each of its steps. The
    mask of the target is made from its ids; regions have no padding.

    image_encoder: the FrozenImageEncoder that computes the features; None for pixels, which a small network encodes. It
        is trained with the model.
    """
    image = keras.Input(settings.shape, dtype="float16" if image_encoder else "uint8", name="image")
    target = keras.Input((None,), dtype="int32", name="target")
    if image_encoder is None:
        features = _small_network(image)
    else:
        features = image_encoder(image)
        # Without it, features that vary little between images would have no effect beside those that are always large.
        features = keras.layers.Normalization(name="normalization")(features)
    if len(settings.shape) == 1:
        features = keras.layers.Reshape((1, settings.shape[0]), name="one_region")(features)
    features = keras.layers.Dropout(settings.decoder.memory_dropout, name="image_dropout")(features)
    regions = keras.layers.Dense(settings.decoder.recurrent.units, activation="tanh", name="regions")(features)
    mean = keras.layers.GlobalAveragePooling1D(name="mean_of_regions")(regions)
    memory = Memory(regions, FullMask(name="full_mask")(regions), mean)
    logits = decoder_logits(target, target_embedding(settings.decoder), memory, settings.decoder)
    return keras.Model({"image": image, "target": target}, logits, name="captioner")


def fit_normalization(model: keras.Model, features: Iterable[np.ndarray]) -> None:
    """Set the mean and standard deviation of each feature of a model with a frozen network, before its first use.

    features: of the training images, in batches (images, ..., features). In few or similar images a feature may hardly
        vary; `MIN_STDDEV` prevents that a small difference in another image becomes huge.
    """
    layer = model.get_layer("normalization")
    layer.adapt(batch.astype(np.float32) for batch in features)
    layer.adapt_variance.assign(ops.maximum(layer.adapt_variance, MIN_STDDEV**2))
    layer.finalize_state()


def _small_network(image: KerasTensor) -> KerasTensor:
    """Encode small images: pixels (batch, 64, 64, 3) -> 8 x 8 regions, (batch, 64, features)."""
    features = keras.layers.Rescaling(1 / 127.5, -1)(image)
    for filters in (32, 64, 64):
        features = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(features)
    return keras.layers.Reshape((-1, features.shape[-1]))(features)


@keras.saving.register_keras_serializable("unrolled")
class FrozenImageEncoder(keras.layers.Layer):
    """A pretrained network for images that is not trained, as a layer that passes its precomputed features on.

    The layer saves the network with the model, so that a saved model can compute the features of new images.
    """

    def __init__(self, network: keras.Model, **options: Any) -> None:
        super().__init__(**options)
        self.network = network
        self.network.trainable = False

    def call(self, features: KerasTensor) -> KerasTensor:
        return ops.cast(features, self.compute_dtype)

    def regions(self, pixels: np.ndarray) -> np.ndarray:
        """Compute features of each region, float32 (images, regions, features).

        pixels: uint8 (images, side, side, 3)
        """
        return self._compiled_regions(pixels).numpy()

    @cached_property
    def _compiled_regions(self) -> tf.types.experimental.PolymorphicFunction:
        return tf.function(self._regions)

    def _regions(self, pixels: tf.Tensor) -> tf.Tensor:
        # Values from -1 to 1, as in the training of MobileNetV2 (Sandler et al. 2018), and fixed batch normalization.
        features = self.network(tf.cast(pixels, tf.float32) / 127.5 - 1, training=False)
        return tf.reshape(features, (tf.shape(features)[0], -1, features.shape[-1]))

    def compute_output_shape(self, features_shape: Any) -> Any:
        return features_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FrozenImageEncoder":
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})


@keras.saving.register_keras_serializable("unrolled")
class FullMask(keras.layers.Layer):
    """Mask of regions (batch, regions, features), True everywhere: an image has no padding."""

    def __init__(self, name: str | None = None, **options: object) -> None:
        super().__init__(name=name, **options)

    def call(self, regions: KerasTensor) -> KerasTensor:
        return ops.ones(ops.shape(regions)[:2], "bool")

    def compute_output_spec(self, regions: KerasTensor) -> KerasTensor:
        return keras.KerasTensor(regions.shape[:2], "bool")


def incremental_captioner(model: keras.Model) -> IncrementalDecoder:
    """Decode with a model of `build_captioner` one step at a time, from images as the model takes them."""
    outputs = [model.get_layer(name).output for name in ("regions", "mean_of_regions")]
    encoder = keras.Model(model.input["image"], outputs)

    def encode(images: tf.Tensor) -> Memory:
        regions, mean = encoder(images, training=False)
        return Memory(regions, tf.ones(tf.shape(regions)[:2], tf.bool), mean)

    return IncrementalDecoder(model, encode)


def image_spec(model: keras.Model) -> tf.TensorSpec:
    """Shape and dtype of the images that a model of `build_captioner` takes."""
    return tf.TensorSpec(model.input["image"].shape, model.input["image"].dtype)
