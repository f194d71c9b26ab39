"""Captions as words, pictures as what is seen in them, the same picture once."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.encoders.caption import BEGIN, END, CaptionEncoder, CaptionSettings
from schema.encoded import IGNORE_INDEX
from schema.errors import RunError, UserError
from schema.examples import CaptionedImage


def picture(colour: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 4), (colour, 0, 0)).save(content, "PNG")
    return content.getvalue()


CAPTIONS = ["a dog runs", "a dog sits </s>", "a cat sits </s>"]
SETTINGS = CaptionSettings(side=8, longest=4)


@pytest.fixture
def encoder() -> CaptionEncoder:
    return CaptionEncoder.fit(SETTINGS, CAPTIONS, min_count=2)


def test_words_that_are_seldom_are_unknown_and_marks_are_no_words(encoder: CaptionEncoder):
    assert encoder.vocabulary.words == ("<s>", "</s>", "a", "dog", "sits")
    encoded = encoder.encode(
        [CaptionedImage(picture(1), ("a cat </s> sits", "second")), CaptionedImage(picture(1), ("a",))]
    )
    np.testing.assert_array_equal(encoded.inputs["target"][0], [BEGIN, 4, 1, 6])
    np.testing.assert_array_equal(encoded.targets[0], [4, 1, 6, END])
    _, targets = encoded.collate(np.array([0, 1]), 4)
    np.testing.assert_array_equal(targets, [[4, 1, 6, END], [4, END, IGNORE_INDEX, IGNORE_INDEX]])
    assert encoder.detokenize([BEGIN, 4, 5, END, 0, 0]) == "a dog"


def test_where_no_word_is_known_there_is_nothing_to_say():
    with pytest.raises(UserError, match="^no word stands 5 times in the captions of train; take --min-count 1$"):
        CaptionEncoder.fit(SETTINGS, ["a red bus", "two cats"], min_count=5)


def test_long_captions_are_cut(encoder: CaptionEncoder):
    encoded = encoder.encode([CaptionedImage(picture(1), ("a a a a a a",))])
    np.testing.assert_array_equal(encoded.targets[0], [4, 4, 4, 4, END])


def test_examples_share_their_picture(encoder: CaptionEncoder):
    examples = [CaptionedImage(picture(colour), ("a dog",)) for colour in (10, 200, 10, 10)]
    column = encoder.encode(examples).inputs["picture"]
    assert column.values.shape == (2, 8, 8, 3)
    assert column.shape == (4, 8, 8, 3)
    assert [int(row[0, 0, 0]) for row in column[np.array([3, 1])]] == [10, 200]
    taken = encoder.encode(examples).take(np.array([1, 2])).inputs["picture"]
    assert [int(row[0, 0, 0]) for row in taken[np.arange(2)]] == [200, 10]


def test_a_picture_without_caption_is_a_question(encoder: CaptionEncoder):
    encoded = encoder.encode([CaptionedImage(picture(1))])
    assert encoded.targets is None
    assert encoded.inputs.keys() == {"picture"}


def test_what_was_saved_is_loaded(encoder: CaptionEncoder, tmp_path: Path):
    encoder.save(tmp_path)
    loaded = CaptionEncoder.load(tmp_path)
    assert (loaded.settings, loaded.vocabulary.words) == (encoder.settings, encoder.vocabulary.words)
    (tmp_path / "encoder.json").write_text('{"side": 8}')
    with pytest.raises(RunError, match="encoder.json is damaged"):
        CaptionEncoder.load(tmp_path)
