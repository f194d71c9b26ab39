"""Baselines for captioning predict captions of other images."""

import numpy as np
import pytest

from evaluation import caption_baselines
from evaluation.caption_baselines import (
    NearestImages,
    fit_caption_baselines,
    fit_most_frequent_caption,
    fit_neighbor_consensus,
)
from schema.examples import CaptionedImage
from schema.predictions import TextPrediction

# Images are compared by two numbers.
VECTORS = {b"a": (1, 0), b"b": (0.9, 0.1), b"c": (0.8, 0.2), b"z": (0, 1), b"?": (1, 0.05)}
CAPTIONS = {
    b"a": ("a red boat", "boat on a lake"),
    b"b": ("a dog runs fast", "the dog runs"),
    b"c": ("a dog runs", "a dog runs home"),
    b"z": ("snow", "white snow"),
}
TRAIN = [CaptionedImage(image, (caption,)) for image, captions in CAPTIONS.items() for caption in captions]


def vectors(examples):
    return np.array([VECTORS[example.image] for example in examples], float)


def test_neighbors_are_distinct_images():
    neighbors = NearestImages(TRAIN, vectors)
    assert [neighbors.captions[index][0] for index in neighbors.search([CaptionedImage(b"?")], 9)[0]] == [
        "a red boat",
        "a dog runs fast",
        "a dog runs",
        "snow",
    ]


def test_baselines_predict_captions_of_other_images():
    queries = [CaptionedImage(b"?", ("a dog runs",))]
    baselines = fit_caption_baselines(TRAIN, queries, vectors)
    predicted = {name: predict(queries)[0].text for name, predict in baselines.items()}
    assert predicted["nearest_image"] == "a red boat"
    # "a dog runs" has most in common with the other seven captions.
    assert predicted["neighbor_consensus"] == "a dog runs"
    assert predicted["most_frequent_caption"] == "a dog runs"


# The first is the consensus of one neighbor, the second of three.
@pytest.mark.parametrize("wanted", ["boat on a lake", "a dog runs"])
def test_validation_chooses_the_number_of_neighbors(wanted, monkeypatch):
    monkeypatch.setattr(caption_baselines, "NUM_NEIGHBORS", (1, 3))
    queries = [CaptionedImage(b"?", (wanted,))]
    neighbors = NearestImages(TRAIN, vectors)
    consensus = fit_neighbor_consensus(neighbors, queries, lambda predictions: float(predictions[0].text == wanted))
    assert consensus(queries)[0].text == wanted


def test_the_most_frequent_caption_is_counted_without_case_and_punctuation():
    train = [CaptionedImage(b"", (caption,)) for caption in ("A dog .", "a cat", "a dog", "two cats")]
    predict = fit_most_frequent_caption(train)
    assert predict([CaptionedImage(b""), CaptionedImage(b"")]) == [TextPrediction("a dog")] * 2


@pytest.mark.parametrize("captions", [("one", "two two"), ("!", "?")])
def test_captions_with_one_word_or_none_are_accepted(captions):
    train = [CaptionedImage(b"a", (caption,)) for caption in captions]
    queries = [CaptionedImage(b"?", captions)]
    for predict in fit_caption_baselines(train, queries, vectors).values():
        assert len(predict(queries)) == 1
