"""Reader of JPEG, PNG and GIF images of any size and mode."""

import io
import struct
import warnings
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from schema.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

SIDE = 224
"""Height and width in pixels to which images are resized: the input size of the ImageNet networks."""
MAX_PIXELS = 100_000_000
"""Images whose header states more pixels are not decompressed."""
FORMATS = ("JPEG", "PNG", "GIF")
_MAX_16_BIT = 65_535
# Exceptions that Pillow raises for invalid bytes.
_PILLOW_ERRORS = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, zlib.error)


class BadImage(UserError):
    """An image that cannot be read; the message has the reason."""


def read_image(content: bytes, side: int = SIDE) -> np.ndarray:
    """RGB pixels of an image file, uint8 (side, side, 3); of an animation, the first frame. Raises BadImage."""
    from PIL import Image

    # Pillow warns about profiles, resolutions and sizes. Set permanently: `catch_warnings` is not safe in threads.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_size(image.width, image.height)
            # Decodes a large JPEG at a reduced resolution.
            image.draft("RGB", (side, side))
            image.load()
            rgb = _rgb(_upright(image))
            return np.asarray(rgb.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=3.0))
    except BadImage:
        raise
    except Image.DecompressionBombError as error:
        raise BadImage(f"more than {MAX_PIXELS // 1_000_000} million pixels") from error
    except _PILLOW_ERRORS as error:
        raise BadImage("not a JPEG or PNG file, or a truncated one") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadImage(f"{width:,} x {height:,} pixels; at most {MAX_PIXELS // 1_000_000} million are allowed")


def _upright(image: "Image.Image") -> "Image.Image":
    """Rotate an image by the orientation that the camera has stored; invalid metadata are ignored."""
    from PIL import ImageOps

    with suppress(*_PILLOW_ERRORS):
        return ImageOps.exif_transpose(image)
    return image


def _rgb(image: "Image.Image") -> "Image.Image":
    """Convert an image to RGB, on a white background if it is transparent."""
    from PIL import Image

    if image.mode.startswith("I"):
        # Pillow would clip 16-bit gray values at 255.
        gray = np.asarray(image, np.float32) * (255 / _MAX_16_BIT)
        return Image.fromarray(gray.clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")
