"""One to many: an image captioner.

    image -> frozen network, whose features are precomputed and normalized, or a small trained network
          -> regions -> memory of the decoder (models/decoder.py) -> caption

With attention the decoder attends to the regions of the image (Xu et al. 2015, "soft"). Without, the mean of the
regions is its context at every step and makes its initial state (Vinyals et al. 2015).
"""

from collections.abc import Iterable
from dataclasses import dataclass
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


def build_captioner(settings: CaptionerSettings, network: keras.Model | None = None) -> keras.Model:
    """Build a model from `picture` (batch, ...) and `target` (batch, steps) to logits (batch, steps, vocabulary).

    The target begins with the id of the beginning, and the logits are those of the token after each of its steps. The
    mask of the target is made from its ids; regions have no padding.

    network: the frozen network that computes the features, saved with the model for predictions from new images; None
        for pixels, which a small network encodes that is trained with the model
    """
    pixels = network is None
    picture = keras.Input(settings.shape, dtype="uint8" if pixels else "float16", name="picture")
    target = keras.Input((None,), dtype="int32", name="target")
    if network is None:
        features = _small_network(picture)
    else:
        features = FrozenImageEncoder(network, name="network")(picture)
        # Without it, features that vary little between images would have no effect beside those that are always large.
        features = keras.layers.Normalization(name="normalization")(features)
    if len(settings.shape) == 1:
        features = keras.layers.Reshape((1, settings.shape[0]), name="one_region")(features)
    features = keras.layers.Dropout(settings.decoder.memory_dropout, name="image_dropout")(features)
    regions = keras.layers.Dense(settings.decoder.recurrent.units, activation="tanh", name="regions")(features)
    mean = keras.layers.GlobalAveragePooling1D(name="mean_of_regions")(regions)
    memory = Memory(regions, FullMask(name="full_mask")(regions), mean)
    logits = decoder_logits(target, target_embedding(settings.decoder), memory, settings.decoder)
    return keras.Model({"picture": picture, "target": target}, logits, name="captioner")


def fit_normalization(model: keras.Model, features: Iterable[np.ndarray]) -> None:
    """Set the mean and standard deviation of each feature of a model with a frozen network, before its first use.

    features: of the training images, in batches (images, ..., features). In few or similar images a feature may hardly
        vary; `MIN_STDDEV` prevents that a small difference in another image becomes huge.
    """
    layer = model.get_layer("normalization")
    layer.adapt(batch.astype(np.float32) for batch in features)
    layer.adapt_variance.assign(ops.maximum(layer.adapt_variance, MIN_STDDEV**2))
    layer.finalize_state()


def _small_network(picture: KerasTensor) -> KerasTensor:
    """Encode small images: pixels (batch, 64, 64, 3) -> 8 x 8 regions, (batch, 64, features)."""
    features = keras.layers.Rescaling(1 / 127.5, -1)(picture)
    for filters in (32, 64, 64):
        features = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(features)
    return keras.layers.Reshape((-1, features.shape[-1]))(features)


@keras.saving.register_keras_serializable("unrolled")
class FrozenImageEncoder(keras.layers.Layer):
    """Holds the network that features come from, which is never trained; in training they are handed on as they are.

    read: from pixels, uint8 (pictures, side, side, 3), to the features of each region, (pictures, regions, features)
    """

    def __init__(self, network: keras.Model, **options: Any) -> None:
        super().__init__(**options)
        self.network = network
        self.network.trainable = False

    def call(self, features: KerasTensor) -> KerasTensor:
        return ops.cast(features, self.compute_dtype)

    def read(self, pixels: tf.Tensor) -> tf.Tensor:
        return extract_regions(self.network, pixels)

    def compute_output_shape(self, features_shape: Any) -> Any:
        return features_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FrozenImageEncoder":
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})


def extract_regions(network: keras.Model, pixels: KerasTensor) -> KerasTensor:
    """What a network for photographs makes of pixels from 0 to 255: (pictures, regions, features).

    Its batch normalisation stands still; values go from -1 to 1, as MobileNetV2 was trained (Sandler et al. 2018).
    """
    seen = network(ops.cast(pixels, "float32") / 127.5 - 1, training=False)
    return ops.reshape(seen, (ops.shape(seen)[0], -1, seen.shape[-1]))


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
    encoder = keras.Model(model.input["picture"], outputs)

    def encode(images: tf.Tensor) -> Memory:
        regions, mean = encoder(images, training=False)
        return Memory(regions, tf.ones(tf.shape(regions)[:2], tf.bool), mean)

    return IncrementalDecoder(model, encode)


def image_spec(model: keras.Model) -> tf.TensorSpec:
    """Shape and dtype of the images that a model of `build_captioner` takes."""
    return tf.TensorSpec(model.input["picture"].shape, model.input["picture"].dtype)
