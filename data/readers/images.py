"""From the content of a picture's file to pixels: JPEG or PNG of any size and mode, and one clear line for all else."""

import io
import struct
import warnings
import zlib
from contextlib import suppress

import numpy as np

from schema.errors import UserError

SIDE = 224
"""Pixels to which a picture is squashed, in height and width: what the networks for photographs were trained on."""
MOST_PIXELS = 100_000_000
"""A picture that says of itself to be larger is not unpacked."""
FORMATS = ("JPEG", "PNG", "GIF")
_HIGHEST_16_BIT = 65_535
# What Pillow's parsers raise over bytes that are not as they should be.
_STUMBLED = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, zlib.error)


class BadImage(UserError):
    """What a file holds is no picture that can be read; the message says why."""


def read_image(content: bytes, side: int = SIDE) -> np.ndarray:
    """Red, green and blue of each pixel, uint8 (side, side, 3), the first frame of what moves. Raises BadImage."""
    from PIL import Image

    # Pillow wonders at profiles, resolutions and sizes. Set for good: what is set for a while is not safe in threads.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _refuse_bomb(picture.width, picture.height)
            # Of a large JPEG only as much is decoded as is needed.
            picture.draft("RGB", (side, side))
            picture.load()
            colours = _rgb(_upright(picture))
            return np.asarray(colours.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=3.0))
    except BadImage:
        raise
    except Image.DecompressionBombError as error:
        raise BadImage(f"more than {MOST_PIXELS // 1_000_000} million pixels") from error
    except _STUMBLED as error:
        raise BadImage("no JPEG or PNG, or one that was cut short") from error


def _refuse_bomb(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise BadImage(f"{width:,} x {height:,} pixels; at most {MOST_PIXELS // 1_000_000} million are read")


def _upright(picture):
    """Cameras lay pictures on their side and say so; what they say may be damaged, and is left alone then."""
    from PIL import ImageOps

    with suppress(*_STUMBLED):
        return ImageOps.exif_transpose(picture)
    return picture


def _rgb(picture):
    """The picture in three colours; what is transparent is white."""
    from PIL import Image

    if picture.mode.startswith("I"):
        # Pillow would cut 16-bit greys off at 255.
        grey = np.asarray(picture, np.float32) * (255 / _HIGHEST_16_BIT)
        return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return picture.convert("RGB")
