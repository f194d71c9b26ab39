"""Features of images by a frozen network, computed once, cached on disk, and read from there in batches."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from console.progress import Progress
from console.quiet import keras_home, start_tensorflow
from data.cache import cached, digest
from data.readers.images import SIDE, read_image
from data.readers.tfds import reachable
from schema.errors import RunError

if TYPE_CHECKING:
    import keras

FeatureKind = Literal["regions", "vectors"]

SHARD_SIZE = 250
"""Number of images in a file of the cache: what a kill can lose."""
BATCH = 50
_WEIGHTS = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{SIDE}_no_top.h5"
_HOST = "https://storage.googleapis.com"


def imagenet_encoder() -> "keras.Model":
    """MobileNetV2 (Sandler et al. 2018) without its classifier, pretrained on ImageNet, from Keras's weights file.

    Raises RunError if the file is neither in KERAS_HOME nor downloadable.
    """
    start_tensorflow()
    import keras

    path = weights_file()
    if not path.exists() and not reachable(_HOST):
        raise RunError(
            f"the weights of MobileNetV2 are not on this machine and {_HOST} does not answer; connect to a network,\n"
            f"or put {_WEIGHTS} into {path.parent}, or use --image-encoder small"
        )
    return keras.applications.MobileNetV2(include_top=False, input_shape=(SIDE, SIDE, 3), weights="imagenet")


def weights_file() -> Path:
    """Path of Keras's weights file of MobileNetV2."""
    return keras_home() / "models" / _WEIGHTS


class RegionEncoder(Protocol):
    """A frozen network that computes the features of images; see `models.FrozenImageEncoder`."""

    def __call__(self, features: Any) -> Any:
        """Pass the features on, as the layer of a model that keeps the network."""

    def regions(self, pixels: np.ndarray) -> np.ndarray:
        """Features of each region, float32 (images, regions, features); pixels: uint8 (images, side, side, 3)."""

    def get_weights(self) -> list[np.ndarray]:
        """The weights, which identify the network in the cache."""


@dataclass(frozen=True)
class Shards:
    """Rows in several files, (rows, ...), the same number in all but the last; only requested rows are read."""

    parts: Sequence[np.ndarray]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all rows together."""
        return (sum(map(len, self.parts)), *self.parts[0].shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """Data type of the rows."""
        return self.parts[0].dtype

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        size = len(self.parts[0])
        rows = [self.parts[index // size][index % size] for index in indices]
        return np.stack(rows) if rows else np.zeros((0, *self.shape[1:]), self.dtype)


@dataclass(frozen=True)
class ImageFeatures:
    """Features of images, float16, by a frozen image encoder.

    kind: "regions" (images, regions, features), or "vectors" (images, features), their mean over the regions
    cache: folder in which features are kept, by the network and the images; None to compute them without a cache
    A kill loses at most one shard of images.
    """

    image_encoder: RegionEncoder
    kind: FeatureKind
    cache: Path | None = None

    def __call__(self, images: Sequence[bytes]) -> Shards:
        """Features of this kind, one row for each image."""
        return self._features(images, self.kind)

    def vectors(self, images: Sequence[bytes]) -> Shards:
        """Feature vectors, one row for each image, whatever the kind."""
        return self._features(images, "vectors")

    @cached_property
    def _weights_digest(self) -> str:
        content = hashlib.sha256()
        for weight in self.image_encoder.get_weights():
            content.update(weight.tobytes())
        return content.hexdigest()

    def _features(self, images: Sequence[bytes], kind: FeatureKind) -> Shards:
        parts = []
        with Progress("computing image features", len(images), "images") as progress:
            for start in range(0, len(images), SHARD_SIZE):
                shard = images[start : start + SHARD_SIZE]
                parts.append(self._shard(shard, kind))
                progress.advance(len(shard))
        return Shards(parts)

    def _shard(self, images: Sequence[bytes], kind: FeatureKind) -> np.ndarray:
        if self.cache is None:
            return self._compute(images)[kind]
        key = digest(self._weights_digest, [hashlib.sha256(image).hexdigest() for image in images])

        def save(features: dict[str, np.ndarray], folder: Path) -> None:
            for name, values in features.items():
                np.save(folder / f"{name}.npy", values)

        def load(folder: Path) -> dict[str, np.ndarray]:
            return {kind: np.load(folder / f"{kind}.npy", mmap_mode="r", allow_pickle=False)}

        compute = partial(self._compute, images)
        return cached(self.cache, "image_features", key, save, load, compute, reread=True)[kind]

    def _compute(self, images: Sequence[bytes]) -> dict[str, np.ndarray]:
        regions = np.concatenate(list(self._batches(images)))
        return {"regions": regions, "vectors": regions.astype(np.float32).mean(axis=1).astype(np.float16)}

    def _batches(self, images: Sequence[bytes]) -> Iterator[np.ndarray]:
        # The next images are decoded while the network computes.
        with ThreadPoolExecutor(2) as pool:
            pixels = pool.map(read_image, images)
            for start in range(0, len(images), BATCH):
                count = min(BATCH, len(images) - start)
                batch = np.stack([next(pixels) for _ in range(count)])
                yield self.image_encoder.regions(batch).astype(np.float16)
