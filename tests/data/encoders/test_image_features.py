"""Features are computed once for a picture and a network, and survive a kill half-way."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.encoders import image_features
from data.encoders.image_features import Chunks, ImageFeatures, imagenet_encoder
from models.captioner import extract_regions
from schema.errors import RunError


def picture(number: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (30, 20, 3), dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


PICTURES = [picture(number) for number in range(7)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_features, "CHUNK", 3)
    monkeypatch.setattr(image_features, "BATCH", 2)


def test_features_are_those_of_the_network_whatever_the_batch(tmp_path: Path, tiny_image_network: Callable):
    from data.readers.images import read_image

    net = tiny_image_network()
    found = ImageFeatures(net, tmp_path, "regions")(PICTURES)
    assert (found.shape, found.dtype) == ((7, 4, 3), np.float16)
    pixels = np.stack([read_image(each) for each in PICTURES]).astype(np.float32)
    expected = np.array(net(pixels / 127.5 - 1)).reshape(7, 4, 3)
    # A saved model looks at new pictures so.
    np.testing.assert_allclose(extract_regions(net, pixels), expected, atol=1e-5)
    np.testing.assert_allclose(found[np.arange(7)], expected, atol=2e-3, rtol=2e-3)
    vectors = ImageFeatures(net, tmp_path, "vectors")(PICTURES)
    np.testing.assert_allclose(vectors[np.arange(7)], expected.mean(axis=1), atol=2e-3, rtol=2e-3)


def test_features_are_left_on_disk(tmp_path: Path, tiny_image_network: Callable):
    features = ImageFeatures(tiny_image_network(), tmp_path, "regions")
    for found in (features(PICTURES), features(PICTURES)):
        assert all(isinstance(part, np.memmap) for part in found.parts)


def test_what_is_kept_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_image_network: Callable
):
    looked: list[int] = []
    look = ImageFeatures._look

    def watched(self, pictures):
        looked.append(len(pictures))
        return look(self, pictures)

    monkeypatch.setattr(ImageFeatures, "_look", watched)
    # A kill after two of three chunks leaves these.
    first = ImageFeatures(tiny_image_network(), tmp_path, "regions")
    first(PICTURES[:6])
    again = ImageFeatures(tiny_image_network(), tmp_path, "vectors")(PICTURES)
    assert looked == [3, 3, 1]
    np.testing.assert_array_equal(again[np.array([6, 0])], first.vectors(PICTURES)[np.array([6, 0])])
    ImageFeatures(tiny_image_network(seed=2), tmp_path, "regions")(PICTURES[:3])
    assert looked[3:] == [3]


def test_a_damaged_file_is_computed_anew(tmp_path: Path, tiny_image_network: Callable):
    features = ImageFeatures(tiny_image_network(), tmp_path, "regions")
    before = np.array(features(PICTURES[:3])[np.arange(3)])
    (kept,) = tmp_path.glob("picture_features/*/regions.npy")
    kept.write_bytes(kept.read_bytes()[:50])
    np.testing.assert_array_equal(features(PICTURES[:3])[np.arange(3)], before)


def test_rows_are_found_in_whatever_chunk_they_lie():
    rows = np.arange(14).reshape(7, 2)
    chunks = Chunks([rows[:3], rows[3:6], rows[6:]])
    assert chunks.shape == (7, 2)
    np.testing.assert_array_equal(chunks[np.array([6, 0, 3, 3])], rows[[6, 0, 3, 3]])
    assert chunks[np.zeros(0, int)].shape == (0, 2)


def test_without_weights_and_network_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_features, "reachable", lambda address: False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(RunError) as error:
        imagenet_encoder()
    assert str(tmp_path / "models") in str(error.value)
    assert "--image-encoder small" in str(error.value)
