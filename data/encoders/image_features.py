"""What a network for photographs sees in pictures: computed once, kept on disk, read from there as it is needed."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from console.progress import Progress
from console.quiet import start_tensorflow
from data.cache import cached, digest
from data.readers.images import SIDE, read_image
from data.readers.tfds import reachable
from schema.errors import RunError

if TYPE_CHECKING:
    import keras

Kind = Literal["regions", "vectors"]

CHUNK = 250
"""Pictures that are kept together: what a kill can lose."""
BATCH = 50
_WEIGHTS = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{SIDE}_no_top.h5"
_HOST = "https://storage.googleapis.com"


def imagenet_encoder() -> "keras.Model":
    """MobileNetV2 (Sandler et al. 2018) as it was trained on ImageNet, without its classes, in Keras's own file.

    Raises RunError where the file is neither in KERAS_HOME nor within reach.
    """
    start_tensorflow()
    import keras

    place = weights_file()
    if not place.exists() and not reachable(_HOST):
        raise RunError(
            f"the weights of MobileNetV2 are not on this machine and {_HOST} does not answer; connect to a network,\n"
            f"or put {_WEIGHTS} into {place.parent}, or take --image-encoder small"
        )
    return keras.applications.MobileNetV2(include_top=False, input_shape=(SIDE, SIDE, 3), weights="imagenet")


def weights_file() -> Path:
    """Where Keras keeps the network's weights."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / _WEIGHTS


@dataclass(frozen=True)
class Chunks:
    """RowSource in several files, (rows, ...), the same number in each but the last; only what is asked for is read."""

    parts: Sequence[np.ndarray]

    @property
    def shape(self) -> tuple[int, ...]:
        return (sum(map(len, self.parts)), *self.parts[0].shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.parts[0].dtype

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        size = len(self.parts[0])
        rows = [self.parts[place // size][place % size] for place in places]
        return np.stack(rows) if rows else np.zeros((0, *self.shape[1:]), self.dtype)


@dataclass(frozen=True)
class ImageFeatures:
    """Features of pictures by a network, kept in a cache that knows the network and the pictures.

    kind: "regions", float16 (pictures, regions, features), or "vectors", their mean over all regions
    A kill loses one chunk of pictures at most.
    """

    network: "keras.Model"
    cache: Path
    kind: Kind

    def __call__(self, pictures: Sequence[bytes]) -> Chunks:
        """Of each picture what `kind` says."""
        return self._of(pictures, self.kind)

    def vectors(self, pictures: Sequence[bytes]) -> Chunks:
        """Of each picture one vector, (pictures, features)."""
        return self._of(pictures, "vectors")

    @cached_property
    def _network_digest(self) -> str:
        weights = hashlib.sha256()
        for weight in self.network.get_weights():
            weights.update(weight.tobytes())
        return weights.hexdigest()

    def _of(self, pictures: Sequence[bytes], kind: Kind) -> Chunks:
        with Progress("looking at pictures", len(pictures), "pictures") as progress:
            parts = []
            for start in range(0, len(pictures), CHUNK):
                chunk = pictures[start : start + CHUNK]
                parts.append(self._chunk(chunk, kind))
                progress.advance(len(chunk))
        return Chunks(parts)

    def _chunk(self, pictures: Sequence[bytes], kind: Kind) -> np.ndarray:
        key = digest(self._network_digest, [hashlib.sha256(picture).hexdigest() for picture in pictures])

        def save(kept: dict[str, np.ndarray], folder: Path) -> None:
            for name, values in kept.items():
                np.save(folder / f"{name}.npy", values)

        def load(folder: Path) -> dict[str, np.ndarray]:
            return {kind: np.load(folder / f"{kind}.npy", mmap_mode="r", allow_pickle=False)}

        def compute() -> dict[str, np.ndarray]:
            regions = np.concatenate(list(self._look(pictures)))
            vectors = regions.astype(np.float32).mean(axis=1).astype(np.float16)
            return {"regions": regions, "vectors": vectors}

        return cached(self.cache, "picture_features", key, save, load, compute, reread=True)[kind]

    def _look(self, pictures: Sequence[bytes]) -> Iterator[np.ndarray]:
        # The next batch is unpacked while the network looks at the last one.
        with ThreadPoolExecutor(2) as pool:
            pixels = pool.map(read_image, pictures)
            for start in range(0, len(pictures), BATCH):
                count = min(BATCH, len(pictures) - start)
                seen = self._see(np.stack([next(pixels) for _ in range(count)]))
                yield np.asarray(seen).reshape(count, -1, seen.shape[-1]).astype(np.float16)

    @cached_property
    def _see(self):
        import tensorflow as tf

        return tf.function(lambda pixels: self.network(tf.cast(pixels, tf.float32) / 127.5 - 1, training=False))
