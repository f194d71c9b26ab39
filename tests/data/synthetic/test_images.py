"""Synthetic images: they show what their captions describe."""

import math
import re
from collections import Counter
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from data.synthetic import images
from data.synthetic.images import BACKGROUNDS, CAPTIONS, COLORS, OUTLINES, SIDE

THING = r"an? (large|big|small|little) (\w+) (\w+)"


def pixels(example) -> np.ndarray:
    """int[rows, columns, 3]"""
    return np.asarray(Image.open(BytesIO(example.image)).convert("RGB")).astype(int)


def pixels_of(example, color: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels of a color."""
    return np.nonzero((pixels(example) == COLORS[color]).all(axis=-1))


def test_every_example_is_well_formed(many_images):
    for example in many_images:
        assert pixels(example).shape == (SIDE, SIDE, 3)
        assert len(set(example.captions)) == 5
        assert all(re.fullmatch(r"[A-Z][a-z]*(?:,? [a-z]+)+\.", caption) for caption in example.captions)
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", " ".join(example.captions).lower())


def test_no_thing_touches_the_edges(many_images):
    backgrounds = {tuple(color) for color in BACKGROUNDS}
    for example in many_images:
        image = pixels(example)
        assert {tuple(corner) for corner in image[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()} <= backgrounds
        edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        assert (edges == image[0, 0]).all()


def test_the_vocabulary_is_small(many_images):
    vocabulary = {word for example in many_images for word in re.findall(r"\w+", " ".join(example.captions).lower())}
    assert 50 < len(vocabulary) < 150
    assert vocabulary > {"large", "small", *COLORS, *OUTLINES}


def test_each_arrangement_has_at_least_five_captions():
    assert all(len(templates) >= 5 for templates in CAPTIONS.values())


@pytest.mark.parametrize(
    "pattern, axis",
    [
        (rf"{THING} to the left of {THING}\.", 1),
        (rf"{THING} on the left and {THING} on the right\.", 1),
        (rf"there is {THING}, and {THING} stands to its right\.", 1),
        (rf"{THING} above {THING}\.", 0),
        (rf"{THING} at the top and {THING} at the bottom\.", 0),
        (rf"there is {THING}, and {THING} lies under it\.", 0),
    ],
)
def test_two_things_have_the_positions_of_the_caption(pattern, axis, many_images):
    found = 0
    for example, one, other in matching(pattern, many_images):
        if one[1] != other[1]:
            found += 1
            first, second = pixels_of(example, one[1])[axis], pixels_of(example, other[1])[axis]
            assert first.max() < second.min(), example.captions
    assert found > 20


@pytest.mark.parametrize(
    "pattern, axis, side",
    [
        (rf"{THING} on the left()()()\.", 1, -1),
        (rf"{THING} on the right()()()\.", 1, 1),
        (rf"{THING} at the top()()()\.", 0, -1),
        (rf"{THING} at the bottom()()()\.", 0, 1),
    ],
)
def test_a_single_thing_has_the_position_of_the_caption(pattern, axis, side, many_images):
    found = 0
    for example, one, _ in matching(pattern, many_images):
        found += 1
        middle = pixels_of(example, one[1])[axis].mean() - SIDE / 2
        assert middle * side > 5, example.captions
    assert found > 5


def test_things_have_the_size_of_the_caption(many_images):
    found = {"large": 0, "small": 0}
    for example, (size, color, _), _ in matching(rf"{THING} (?:on|at) the \w+()()()\.", many_images):
        name = {"big": "large", "little": "small"}.get(size, size)
        found[name] += 1
        rows, columns = pixels_of(example, color)
        extent = max(np.ptp(rows), np.ptp(columns)) + 1
        assert abs(extent - {"large": 25, "small": 13}[name]) <= 2, example.captions
    assert min(found.values()) > 10


def test_a_caption_about_two_equal_things_has_an_image_of_two(many_images):
    found = 0
    for example in many_images:
        if match := re.search(r"Two \w+ (\w+) \w+,? (side by side|one above the other)\.", " ".join(example.captions)):
            found += 1
            axis = 1 if match[2] == "side by side" else 0
            occupied = np.unique(pixels_of(example, match[1])[axis])
            assert (np.diff(occupied) > 2).sum() == 1, example.captions
    assert found > 20


def matching(pattern, examples):
    """Each example with a matching caption, and the groups of the first and of the second thing."""
    for example in examples:
        for caption in example.captions:
            if match := re.fullmatch(pattern, caption[0].lower() + caption[1:]):
                yield example, match.groups()[:3], match.groups()[3:]


@pytest.fixture(scope="module")
def many_images():
    return images(800, seed=5)


def test_a_constant_caption_scores_well_below_a_true_one(many_images):
    references_of = [[bigrams(caption) for caption in example.captions] for example in many_images[:300]]
    seen = Counter(pair for captions in references_of for pair in set().union(*captions))

    def score(caption, references):
        """Fraction of the bigrams of a caption that occur in a reference, weighted by their rarity."""
        weights = {pair: math.log(len(references_of) / max(1, seen[pair])) for pair in caption}
        return sum(weights[pair] for pair in caption & set().union(*references)) / sum(weights.values())

    constant = max(
        sum(score(caption, each) for each in references_of) for captions in references_of[:20] for caption in captions
    )
    true = sum(score(captions[0], captions[1:]) for captions in references_of)
    assert 0.05 < constant / len(references_of) < 0.3
    assert true / len(references_of) > 0.5


def bigrams(caption):
    words = re.findall(r"\w+", caption.lower())
    return set(zip(words, words[1:], strict=False))
