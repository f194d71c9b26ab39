"""One to many: a picture in, a sentence out.

    picture -> network (frozen, its features computed beforehand and standardised, or small and trained along)
            -> regions -> memory of the decoder (`models/decoder.py`), which writes the caption

With attention the decoder looks at the regions of the picture (Xu et al. 2015, "soft"); without, it has their mean at
every step and starts from it (Vinyals et al. 2015).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor, ops

from models.decoder import DecoderSettings, Memory, decoder_logits, target_embedding
from models.incremental import IncrementalDecoder

LEAST_DEVIATION = 0.1
"""What a feature is divided by, at least; of MobileNetV2's, over thousands of pictures, the least has twice that."""


@dataclass(frozen=True)
class CaptionerSettings:
    """shape: of what is given for a picture, without the batch: (side, side, 3) for pixels, uint8; for features of a
    frozen network (regions, features), or (features,) where they are one vector, float16"""

    decoder: DecoderSettings
    shape: tuple[int, ...]


def build_captioner(settings: CaptionerSettings, network: keras.Model | None = None) -> keras.Model:
    """Model from `picture` (batch, ...) and `target` (batch, steps), which starts with a mark of the beginning.

    Gives logits (batch, steps, vocabulary) of what comes next after each step of the target.
    network: gave the features and is kept in the model, so that it can be asked about pictures; None for pixels, which
        a small network reads that is trained along
    """
    pixels = network is None
    picture = keras.Input(settings.shape, dtype="uint8" if pixels else "float16", name="picture")
    target = keras.Input((None,), dtype="int32", name="target")
    if network is None:
        seen = _small_network(picture)
    else:
        # Features that differ little from picture to picture would else go under in those that are always large.
        seen = keras.layers.Normalization(name="standardised")(FrozenImageEncoder(network, name="network")(picture))
    if len(settings.shape) == 1:
        seen = keras.layers.Reshape((1, settings.shape[0]), name="one_region")(seen)
    seen = keras.layers.Dropout(settings.decoder.memory_dropout, name="picture_dropout")(seen)
    regions = keras.layers.Dense(settings.decoder.recurrent.units, activation="tanh", name="regions")(seen)
    whole = keras.layers.GlobalAveragePooling1D(name="whole")(regions)
    memory = Memory(regions, FullMask(name="everywhere")(regions), whole)
    logits = decoder_logits(target, target_embedding(settings.decoder), memory, settings.decoder)
    return keras.Model({"picture": picture, "target": target}, logits, name="captioner")


def standardise(model: keras.Model, features: Iterable[np.ndarray]) -> None:
    """Tell a model with a frozen network the mean and the deviation of each feature, before anything is asked of it.

    features: of pictures of train, (pictures, ..., features) each; where they are few or alike some feature hardly
        differs, which is not to make any difference at all in another picture huge
    """
    layer = model.get_layer("standardised")
    layer.adapt(part.astype(np.float32) for part in features)
    layer.adapt_variance.assign(ops.maximum(layer.adapt_variance, LEAST_DEVIATION**2))
    layer.finalize_state()


def _small_network(picture: KerasTensor) -> KerasTensor:
    """For small drawings: (batch, 64, 64, 3) -> 8 x 8 regions, (batch, 64, features)."""
    seen = keras.layers.Rescaling(1 / 127.5, -1)(picture)
    for filters in (32, 64, 64):
        seen = keras.layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(seen)
    return keras.layers.Reshape((-1, seen.shape[-1]))(seen)


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
    """True at each step of (batch, time, features): a picture has no padding."""

    def __init__(self, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name, **options)

    def call(self, regions: KerasTensor) -> KerasTensor:
        return ops.ones(ops.shape(regions)[:2], "bool")

    def compute_output_spec(self, regions: KerasTensor) -> KerasTensor:
        return keras.KerasTensor(regions.shape[:2], "bool")


def incremental_captioner(model: keras.Model) -> IncrementalDecoder:
    """A model of `build_captioner` one step at a time, from what it is given for a picture."""
    reader = keras.Model(model.input["picture"], [model.get_layer("regions").output, model.get_layer("whole").output])

    def read(picture: tf.Tensor) -> Memory:
        regions, whole = reader(picture, training=False)
        return Memory(regions, tf.ones(tf.shape(regions)[:2], tf.bool), whole)

    return IncrementalDecoder(model, read)


def picture_spec(model: keras.Model) -> tf.TensorSpec:
    """What a model is given for a picture."""
    picture: Sequence[int | None] = model.input["picture"].shape
    return tf.TensorSpec(picture, model.input["picture"].dtype)
