"""Encoding of captioned images, with each distinct image once, and the files of the encoder."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.encoders.caption import CaptionEncoder, CaptionSettings
from schema.encoded import BEGIN, END, IGNORE_INDEX
from schema.errors import UserError
from schema.examples import CaptionedImage


def png(red: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 4), (red, 0, 0)).save(content, "PNG")
    return content.getvalue()


CAPTIONS = ["a dog runs", "a dog sits </s>", "a cat sits </s>"]
SETTINGS = CaptionSettings("small", "regions", max_target_length=4)


@pytest.fixture
def encoder() -> CaptionEncoder:
    return CaptionEncoder.fit(CAPTIONS, SETTINGS, min_count=2)


def test_rare_words_are_unknown_and_special_tokens_are_not_words(encoder: CaptionEncoder):
    assert encoder.vocabulary.words == ("<s>", "</s>", "a", "dog", "sits")
    encoded = encoder.encode([CaptionedImage(png(1), ("a cat </s> sits", "second")), CaptionedImage(png(1), ("a",))])
    np.testing.assert_array_equal(encoded.inputs["target"][0], [BEGIN, 4, 1, 6])
    np.testing.assert_array_equal(encoded.targets[0], [4, 1, 6, END])
    _, targets = encoded.collate(np.array([0, 1]), 4)
    np.testing.assert_array_equal(targets, [[4, 1, 6, END], [4, END, IGNORE_INDEX, IGNORE_INDEX]])
    assert encoder.detokenize([BEGIN, 4, 5, END, 0, 0]) == "a dog"


def test_captions_without_frequent_words_are_an_error():
    with pytest.raises(UserError, match="^no word occurs 5 times in the training captions; use --min-count 1$"):
        CaptionEncoder.fit(["a red bus", "two cats"], SETTINGS, min_count=5)


def test_long_captions_are_truncated(encoder: CaptionEncoder):
    encoded = encoder.encode([CaptionedImage(png(1), ("a a a a a a",))])
    np.testing.assert_array_equal(encoded.targets[0], [4, 4, 4, 4, END])


def test_examples_share_the_row_of_their_image(encoder: CaptionEncoder):
    examples = [CaptionedImage(png(red), ("a dog",)) for red in (10, 200, 10, 10)]
    column = encoder.encode(examples).inputs["image"]
    assert column.values.shape == (2, 64, 64, 3)
    assert column.shape == (4, 64, 64, 3)
    assert [int(row[0, 0, 0]) for row in column[np.array([3, 1])]] == [10, 200]
    taken = encoder.encode(examples).take(np.array([1, 2])).inputs["image"]
    assert [int(row[0, 0, 0]) for row in taken[np.arange(2)]] == [200, 10]


def test_an_image_without_caption_has_no_target(encoder: CaptionEncoder):
    encoded = encoder.encode([CaptionedImage(png(1))])
    assert encoded.targets is None
    assert encoded.inputs.keys() == {"image"}


def test_save_and_load_restore_the_encoder(encoder: CaptionEncoder, tmp_path: Path):
    encoder.save(tmp_path)
    loaded = CaptionEncoder.load(tmp_path)
    assert (loaded.settings, loaded.vocabulary.words) == (encoder.settings, encoder.vocabulary.words)
