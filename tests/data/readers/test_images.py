"""Images of all sizes and modes, and invalid files."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data.readers.images import MAX_PIXELS, BadImage, read_image

RED = (200, 30, 40)
ORIENTATION = 0x0112


def content_of(image: Image.Image, image_format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def png_of(width: int, height: int, pixels: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file with this size in its header, this content and further chunks."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels)), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def bomb(width: int, height: int) -> bytes:
    """A PNG file with a large size in its header and without pixels."""
    return png_of(width, height, b"")


@pytest.mark.parametrize(
    ("size", "mode", "image_format"),
    [
        ((224, 224), "RGB", "PNG"),
        ((1, 1), "RGB", "PNG"),
        ((500, 333), "RGB", "JPEG"),
        ((5000, 4000), "RGB", "JPEG"),
        ((3, 900), "RGB", "PNG"),
        ((60, 40), "CMYK", "JPEG"),
        ((60, 40), "RGBA", "PNG"),
        ((60, 40), "P", "PNG"),
    ],
)
def test_any_size_and_mode_is_read(size, mode, image_format):
    pixels = read_image(content_of(Image.new("RGB", size, RED).convert(mode), image_format))
    assert (pixels.shape, pixels.dtype) == ((224, 224, 3), np.uint8)
    # CMYK and palettes are not exact.
    np.testing.assert_allclose(pixels.reshape(-1, 3).mean(axis=0), RED, atol=12)


def test_an_image_of_the_target_size_is_unchanged():
    values = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(read_image(content_of(Image.fromarray(values)), 16), values)


def test_16_bit_gray_is_not_clipped():
    values = np.linspace(0, 65_535, 32 * 32).astype(np.uint16).reshape(32, 32)
    pixels = read_image(content_of(Image.fromarray(values)), 32)
    np.testing.assert_allclose(pixels[..., 0], values / 257, atol=1)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_transparent_pixels_are_white():
    assert (read_image(content_of(Image.new("RGBA", (8, 8), (0, 0, 0, 0))), 8) == 255).all()


def test_a_rotated_photograph_is_put_upright():
    rotated = Image.new("RGB", (40, 20), "blue")
    rotated.paste("red", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # rotate by 90 degrees clockwise
    pixels = read_image(content_of(rotated, exif=exif), 4)
    assert pixels[0].mean(axis=0).tolist() == [255, 0, 0]
    assert pixels[-1].mean(axis=0).tolist() == [0, 0, 255]


def test_the_first_frame_of_an_animation_is_read():
    frames = [Image.new("RGB", (20, 20), color) for color in (RED, "blue")]
    content = content_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(read_image(content, 20)[5, 5], RED, atol=12)


JPEG = content_of(Image.new("RGB", (400, 300), RED), "JPEG")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not an image at all", "not a JPEG or PNG file, or a truncated one"),
        (b"", "not a JPEG or PNG file, or a truncated one"),
        (JPEG[: len(JPEG) // 2], "not a JPEG or PNG file, or a truncated one"),
        (png_of(2, 2, bytes(14), (b"iCCP", b"")), "not a JPEG or PNG file, or a truncated one"),
        (bomb(20_000, 20_000), "pixels"),
        (bomb(10_001, 10_000), "10,001 x 10,000 pixels; at most 100 million are allowed"),
        (content_of(Image.new("RGB", (9, 9)), "BMP"), "not a JPEG or PNG file, or a truncated one"),
    ],
)
def test_an_invalid_file_gives_a_message_of_one_line(content, message):
    with pytest.raises(BadImage) as error:
        read_image(content)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert MAX_PIXELS == 100_000_000
