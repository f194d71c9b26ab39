"""Small images of one or two colored things, with five captions each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from random import Random

from data.synthetic.generate import generate_examples, punctuate, with_article
from schema.examples import CaptionedImage

SIDE = 64
"""Height and width of an image in pixels."""

Polygon = tuple[tuple[float, float], ...]

# With few corners, so that all versions of Pillow draw the same outline.
_DISC: Polygon = tuple(
    (0.5 + 0.5 * math.cos(math.pi * corner / 8), 0.5 + 0.5 * math.sin(math.pi * corner / 8)) for corner in range(16)
)

OUTLINES: Mapping[str, tuple[Polygon, ...]] = {
    "ball": (_DISC,),
    "box": (((0, 0), (1, 0), (1, 1), (0, 1)),),
    "tent": (((0.5, 0), (1, 1), (0, 1)),),
    "kite": (((0.5, 0), (0.9, 0.35), (0.5, 1), (0.1, 0.35)),),
    "boat": (((0, 0.6), (1, 0.6), (0.8, 1), (0.2, 1)), ((0.45, 0), (0.45, 0.5), (0.95, 0.5))),
    "table": (
        ((0, 0.2), (1, 0.2), (1, 0.4), (0, 0.4)),
        ((0.1, 0.4), (0.28, 0.4), (0.28, 1), (0.1, 1)),
        ((0.72, 0.4), (0.9, 0.4), (0.9, 1), (0.72, 1)),
    ),
    "lamp": (
        ((0.3, 0), (0.7, 0), (1, 0.45), (0, 0.45)),
        ((0.42, 0.45), (0.58, 0.45), (0.58, 0.85), (0.42, 0.85)),
        ((0.15, 0.85), (0.85, 0.85), (0.85, 1), (0.15, 1)),
    ),
    "umbrella": (
        ((0, 0.5), (0.2, 0.12), (0.5, 0), (0.8, 0.12), (1, 0.5)),
        ((0.45, 0.5), (0.58, 0.5), (0.58, 1), (0.45, 1)),
    ),
}
"""Thing -> polygons in the unit square, with the origin at the top left."""

PLURALS: Mapping[str, str] = {"box": "boxes"}
"""Irregular plurals."""

COLORS: Mapping[str, tuple[int, int, int]] = {
    "red": (210, 30, 40),
    "blue": (35, 60, 200),
    "green": (30, 140, 60),
    "yellow": (245, 210, 30),
    "white": (255, 255, 255),
    "black": (15, 15, 15),
}
BACKGROUNDS = ((205, 205, 210), (180, 205, 220), (220, 200, 175))
"""Colors that the captions do not mention."""

SIZES: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "large": (24, ("large", "big")),
    "small": (12, ("small", "little")),
}
"""Size -> pixels, and its words."""

JITTER = 2
"""Maximum random shift of a thing in pixels. Even large things neither overlap nor leave the image."""

CAPTIONS: Mapping[str, tuple[str, ...]] = {
    "beside": (
        "{one} to the left of {other}",
        "{other} to the right of {one}",
        "{one} on the left and {other} on the right",
        "there is {one}, and {other} stands to its right",
        "on the right we see {other}, on the left {one}",
        "{other} with {one} on its left",
    ),
    "above": (
        "{one} above {other}",
        "{other} below {one}",
        "{one} at the top and {other} at the bottom",
        "there is {one}, and {other} lies under it",
        "at the bottom we see {other}, at the top {one}",
        "{other} with {one} over it",
    ),
    "two beside": (
        "two {many} side by side",
        "there are two {many}, one beside the other",
        "a pair of {many} next to each other",
        "one {thing} on the left and one more on the right",
        "we see two {many} in a row",
        "{one} next to another {thing}",
    ),
    "two above": (
        "two {many}, one above the other",
        "there are two {many}, one under the other",
        "a pair of {many}, one at the top and one at the bottom",
        "one {thing} at the top and one more below",
        "we see two {many} in a column",
        "{one} over another {thing}",
    ),
    "left": ("{one} on the left", "there is {one} at the left side", "on the left we see {one}")
    + ("a picture with {one} on its left side", "{one} and nothing to the right of it"),
    "right": ("{one} on the right", "there is {one} at the right side", "on the right we see {one}")
    + ("a picture with {one} on its right side", "{one} and nothing to the left of it"),
    "top": ("{one} at the top", "there is {one} in the upper half", "at the top we see {one}")
    + ("a picture with {one} at its top", "{one} and nothing below it"),
    "bottom": ("{one} at the bottom", "there is {one} in the lower half", "at the bottom we see {one}")
    + ("a picture with {one} at its bottom", "{one} and nothing above it"),
}
"""Arrangement -> templates of its captions; {one} is the thing on the left or at the top."""

NEAR, MIDDLE, FAR = 16, 32, 47
CENTERS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "beside": ((NEAR, MIDDLE), (FAR, MIDDLE)),
    "above": ((MIDDLE, NEAR), (MIDDLE, FAR)),
    "two beside": ((NEAR, MIDDLE), (FAR, MIDDLE)),
    "two above": ((MIDDLE, NEAR), (MIDDLE, FAR)),
    "left": ((NEAR, MIDDLE),),
    "right": ((FAR, MIDDLE),),
    "top": ((MIDDLE, NEAR),),
    "bottom": ((MIDDLE, FAR),),
}
"""Arrangement -> centers of the things, in pixels from the left and from the top."""

ARRANGEMENT_WEIGHTS = (4, 4, 2, 2, 1, 1, 1, 1)
CAPTIONS_PER_IMAGE = 5


def images(examples: int, seed: int) -> list[CaptionedImage]:
    """Images as PNG files, with five captions of one sentence each.

    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples.
    """
    found = generate_examples("pictures", examples, seed, _captioned_image)
    return [replace(image, name=f"synthetic-{seed}-{number:04}.png") for number, image in enumerate(found, 1)]


@dataclass(frozen=True)
class _Thing:
    name: str
    color: str
    size: str


def _captioned_image(rng: Random) -> CaptionedImage:
    arrangement = rng.choices(list(CAPTIONS), weights=ARRANGEMENT_WEIGHTS)[0]
    one = _thing(rng)
    other = one if arrangement.startswith("two") else _other_thing(rng, one)
    templates = rng.sample(CAPTIONS[arrangement], CAPTIONS_PER_IMAGE)
    captions = tuple(punctuate([_caption(rng, template, one, other)]) for template in templates)
    # Arrangements with one center leave the other thing out.
    things = [(thing, _shifted(rng, center)) for thing, center in zip((one, other), CENTERS[arrangement], strict=False)]
    return CaptionedImage(_draw(things, rng.choice(BACKGROUNDS)), captions)


def _shifted(rng: Random, center: tuple[int, int]) -> tuple[int, int]:
    x, y = center
    return x + rng.randint(-JITTER, JITTER), y + rng.randint(-JITTER, JITTER)


def _thing(rng: Random) -> _Thing:
    return _Thing(rng.choice(list(OUTLINES)), rng.choice(list(COLORS)), rng.choice(list(SIZES)))


def _other_thing(rng: Random, one: _Thing) -> _Thing:
    while (other := _thing(rng)) == one:
        pass
    return other


def _caption(rng: Random, template: str, one: _Thing, other: _Thing) -> str:
    thing = _described(rng, one)
    plural = PLURALS.get(one.name, f"{one.name}s")
    return template.format(
        one=with_article(thing),
        other=with_article(_described(rng, other)),
        thing=thing,
        many=thing.removesuffix(one.name) + plural,
    )


def _described(rng: Random, thing: _Thing) -> str:
    return f"{rng.choice(SIZES[thing.size][1])} {thing.color} {thing.name}"


def _draw(things: list[tuple[_Thing, tuple[int, int]]], background: tuple[int, int, int]) -> bytes:
    """The content of a PNG file with the things at their centers."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), background)
    canvas = ImageDraw.Draw(image)
    for thing, (x, y) in things:
        size = SIZES[thing.size][0]
        for outline in OUTLINES[thing.name]:
            corners = [(round(x + (right - 0.5) * size), round(y + (down - 0.5) * size)) for right, down in outline]
            canvas.polygon(corners, fill=COLORS[thing.color])
    file = BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()
