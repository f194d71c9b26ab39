"""Features of images: computed once for an image and a network, and kept in shards."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.encoders import image_features
from data.encoders.image_features import ImageFeatures, Shards, imagenet_encoder
from data.readers.images import read_image
from models import FrozenImageEncoder
from schema.errors import RunError


def random_png(seed: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (30, 20, 3), dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


IMAGES = [random_png(seed) for seed in range(7)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_features, "SHARD_SIZE", 3)
    monkeypatch.setattr(image_features, "BATCH", 2)


@pytest.fixture
def encoder(tiny_image_network: Callable) -> FrozenImageEncoder:
    return FrozenImageEncoder(tiny_image_network())


def test_features_are_those_of_the_network_in_any_batch(tmp_path: Path, encoder: FrozenImageEncoder):
    features = ImageFeatures(encoder, "regions", tmp_path)(IMAGES)
    assert (features.shape, features.dtype) == ((7, 4, 3), np.float16)
    pixels = np.stack([read_image(image) for image in IMAGES]).astype(np.float32)
    expected = np.array(encoder.network(pixels / 127.5 - 1)).reshape(7, 4, 3)
    np.testing.assert_allclose(features[np.arange(7)], expected, atol=2e-3, rtol=2e-3)
    vectors = ImageFeatures(encoder, "vectors", tmp_path)(IMAGES)
    np.testing.assert_allclose(vectors[np.arange(7)], expected.mean(axis=1), atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("kind", ["regions", "vectors"])
def test_features_without_a_cache_are_the_same(
    tmp_path: Path, encoder: FrozenImageEncoder, kind: image_features.FeatureKind
):
    kept, computed = (ImageFeatures(encoder, kind, cache)(IMAGES) for cache in (tmp_path, None))
    np.testing.assert_array_equal(computed[np.arange(7)], kept[np.arange(7)])


def test_features_stay_on_disk(tmp_path: Path, encoder: FrozenImageEncoder):
    features = ImageFeatures(encoder, "regions", tmp_path)
    for shards in (features(IMAGES), features(IMAGES)):
        assert all(isinstance(part, np.memmap) for part in shards.parts)


def test_cached_features_are_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_image_network: Callable
):
    computed: list[int] = []
    compute = ImageFeatures._compute

    def count(self: ImageFeatures, images: Sequence[bytes]) -> dict[str, np.ndarray]:
        computed.append(len(images))
        return compute(self, images)

    monkeypatch.setattr(ImageFeatures, "_compute", count)
    # As after a kill with two of three shards done.
    first = ImageFeatures(FrozenImageEncoder(tiny_image_network()), "regions", tmp_path)
    first(IMAGES[:6])
    again = ImageFeatures(FrozenImageEncoder(tiny_image_network()), "vectors", tmp_path)(IMAGES)
    assert computed == [3, 3, 1]
    np.testing.assert_array_equal(again[np.array([6, 0])], first.vectors(IMAGES)[np.array([6, 0])])
    ImageFeatures(FrozenImageEncoder(tiny_image_network(seed=2)), "regions", tmp_path)(IMAGES[:3])
    assert computed[3:] == [3]


def test_a_corrupt_file_is_computed_again(tmp_path: Path, encoder: FrozenImageEncoder):
    features = ImageFeatures(encoder, "regions", tmp_path)
    before = np.array(features(IMAGES[:3])[np.arange(3)])
    (path,) = tmp_path.glob("image_features/*/regions.npy")
    path.write_bytes(path.read_bytes()[:50])
    np.testing.assert_array_equal(features(IMAGES[:3])[np.arange(3)], before)


def test_rows_are_found_in_any_shard():
    rows = np.arange(14).reshape(7, 2)
    shards = Shards([rows[:3], rows[3:6], rows[6:]])
    assert shards.shape == (7, 2)
    np.testing.assert_array_equal(shards[np.array([6, 0, 3, 3])], rows[[6, 0, 3, 3]])
    assert shards[np.zeros(0, int)].shape == (0, 2)


def test_the_error_without_weights_and_connection_names_the_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_features, "reachable", lambda address: False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(RunError) as error:
        imagenet_encoder()
    assert str(tmp_path / "models") in str(error.value)
    assert "--image-encoder small" in str(error.value)
