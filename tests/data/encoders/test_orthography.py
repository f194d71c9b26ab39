"""Orthographic features of words, their ids, and the ids of characters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.encoders.orthography import (
    OrthographicEncoder,
    OrthographicSettings,
    char_ids,
    orthographic_features,
    shape,
)
from data.encoders.vocabulary import Vocabulary
from schema.encoded import UNKNOWN

PLAIN = OrthographicSettings(max_prefix=2, max_suffix=3)
FREQUENT = OrthographicSettings(max_prefix=2, max_suffix=3, min_feature_count=2)
WORDS = ["walked", "talked", "Walking", "talking", "U.S.", "é"]
ANY_WORDS = st.lists(st.text(st.characters(), max_size=30), max_size=8)


def test_affixes_are_lower_cased_and_the_shape_is_not():
    assert list(orthographic_features("Unhappy", PLAIN)) == [
        *("word unhappy", "shape Xx", "length 7"),
        *("prefix u", "prefix un", "suffix y", "suffix py", "suffix ppy"),
    ]


def test_affixes_are_not_longer_than_the_word():
    assert list(orthographic_features("I", PLAIN)) == ["word i", "shape X", "length 1", "prefix i", "suffix i"]
    assert list(orthographic_features("", PLAIN)) == ["word ", "shape ", "length 0"]


def test_very_long_words_share_one_length_feature():
    assert "length 20" in set(orthographic_features("a" * 20, PLAIN)) & set(orthographic_features("a" * 500, PLAIN))


@pytest.mark.parametrize(
    "word, expected",
    [
        ("McDonald's", "XxXx'x"),
        ("CD-ROMs2", "X-Xxd"),
        ("1,234.50", "d,d.d"),
        ("...", "."),
        ("Ünder", "Xx"),
        ("שלום", "x"),
        ("a1" * 20, "xdxdxdxdxd"),
        ("\n\n", "\n"),
        ("", ""),
    ],
)
def test_a_shape_has_one_character_a_run(word, expected):
    assert shape(word) == expected


def test_features_of_too_few_words_are_dropped():
    encoder = OrthographicEncoder.fit(
        ["aid", "aim", "air", "bed"], OrthographicSettings(max_prefix=1, max_suffix=1, min_feature_count=3)
    )
    assert set(encoder.vocabulary.words) == {"shape x", "length 3", "prefix a"}


def test_repeated_words_count_once():
    assert OrthographicEncoder.fit(["walk"] * 9, OrthographicSettings(1, 1, min_feature_count=2)).vocabulary.words == ()


def test_the_order_of_the_words_does_not_matter():
    assert (
        OrthographicEncoder.fit(WORDS, FREQUENT).vocabulary.words
        == OrthographicEncoder.fit(WORDS[::-1], FREQUENT).vocabulary.words
    )


def test_ids_of_known_features_are_padded_with_0():
    encoder = OrthographicEncoder(
        OrthographicSettings(max_prefix=1, max_suffix=2), Vocabulary(["suffix ed", "word red", "length 3"])
    )
    assert encoder.encode(["red", "sofa", "bed"]).tolist() == [
        [3, 4, 2, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [4, 2, 0, 0, 0, 0],
    ]


def test_no_words_give_an_empty_table():
    encoder = OrthographicEncoder.fit(WORDS, FREQUENT)
    assert encoder.encode([]).shape == (0, encoder.width)


@settings(deadline=None)
@given(ANY_WORDS, ANY_WORDS, st.sampled_from([PLAIN, FREQUENT]))
def test_ids_are_in_range_for_any_word(train, inputs, chosen):
    encoder = OrthographicEncoder.fit(train, chosen)
    table = encoder.encode(inputs)
    assert table.shape == (len(inputs), encoder.width)
    assert ((table >= 0) & (table < len(encoder))).all()
    # All padding is at the end of the row.
    assert (np.diff((table == 0).astype(int), axis=1) >= 0).all()


@pytest.mark.parametrize("word", ["\ud800", "a\udfffb"])
def test_lone_surrogates_are_encoded(word):
    encoder = OrthographicEncoder.fit([word, word + "x"], FREQUENT)
    assert encoder.encode([word])[0, 0] > 0


def test_characters_are_padded_and_a_long_word_loses_its_middle():
    char_vocabulary = Vocabulary(["a", "b", "c", "d", "e", "f"])
    table = char_ids(["ab", "abcde", "abcdef", "", "a?"], char_vocabulary, 5)
    assert table.tolist() == [[2, 3, 0, 0, 0], [2, 3, 4, 5, 6], [2, 3, 4, 6, 7], [0] * 5, [2, UNKNOWN, 0, 0, 0]]
    assert char_ids(["abcdef"], char_vocabulary, 4).tolist() == [[2, 3, 6, 7]]
    assert char_ids([], char_vocabulary, 5).shape == (0, 5)
