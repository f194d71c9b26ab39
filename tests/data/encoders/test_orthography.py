"""What is told of a word's form: features, their ids, and its characters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.encoders.orthography import (
    OrthographicEncoder,
    OrthographicSettings,
    character_ids,
    orthographic_features,
    shape,
)
from data.encoders.vocabulary import UNKNOWN, Vocabulary

PLAIN = OrthographicSettings(max_prefix=2, max_suffix=3)
HASHED = OrthographicSettings(max_prefix=2, max_suffix=3, min_feature_count=2, ngrams=4, buckets=50)
WORDS = ["walked", "talked", "Walking", "talking", "U.S.", "é"]
# CRC-32 of "<a", "ab" and "b>".
CHECKSUMS = (144_653_006, 2_659_403_885, 3_614_639_729)
ANY_WORDS = st.lists(st.text(st.characters(), max_size=30), max_size=8)


def test_affixes_are_lower_cased_and_the_shape_is_not():
    assert list(orthographic_features("Unhappy", PLAIN)) == [
        *("word unhappy", "shape Xx", "length 7"),
        *("prefix u", "prefix un", "suffix y", "suffix py", "suffix ppy"),
    ]


def test_a_short_word_has_no_affix_longer_than_itself():
    assert list(orthographic_features("I", PLAIN)) == ["word i", "shape X", "length 1", "prefix i", "suffix i"]
    assert list(orthographic_features("", PLAIN)) == ["word ", "shape ", "length 0"]


def test_all_very_long_words_are_of_one_length():
    assert "length 20" in set(orthographic_features("a" * 20, PLAIN)) & set(orthographic_features("a" * 500, PLAIN))


@pytest.mark.parametrize(
    "word, written",
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
def test_a_shape_has_one_mark_for_each_run(word, written):
    assert shape(word) == written


def test_features_of_too_few_words_are_left_out():
    encoder = OrthographicEncoder.fit(
        ["aid", "aim", "air", "bed"], OrthographicSettings(max_prefix=1, max_suffix=1, min_feature_count=3)
    )
    assert set(encoder.vocabulary.words) == {"shape x", "length 3", "prefix a"}


def test_a_word_counts_once_however_often_it_occurs():
    assert OrthographicEncoder.fit(["walk"] * 9, OrthographicSettings(1, 1, min_feature_count=2)).vocabulary.words == ()


def test_the_order_of_the_words_does_not_matter():
    assert (
        OrthographicEncoder.fit(WORDS, HASHED).vocabulary.words
        == OrthographicEncoder.fit(WORDS[::-1], HASHED).vocabulary.words
    )


def test_known_features_come_first_and_the_rest_of_the_row_is_0():
    encoder = OrthographicEncoder(
        OrthographicSettings(max_prefix=1, max_suffix=2), Vocabulary(["suffix ed", "word red", "length 3"])
    )
    assert encoder.encode(["red", "sofa", "bed"]).tolist() == [
        [3, 4, 2, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [4, 2, 0, 0, 0, 0],
    ]


def test_no_word_has_a_table_of_no_rows():
    encoder = OrthographicEncoder.fit(WORDS, HASHED)
    assert encoder.encode([]).shape == (0, encoder.width)


@settings(deadline=None)
@given(ANY_WORDS, ANY_WORDS, st.sampled_from([PLAIN, HASHED]))
def test_ids_are_in_range_for_any_word(known, asked, chosen):
    encoder = OrthographicEncoder.fit(known, chosen)
    table = encoder.encode(asked)
    assert table.shape == (len(asked), encoder.width)
    assert ((table >= 0) & (table < len(encoder))).all()
    # Nothing stands behind the first 0.
    assert (np.diff((table == 0).astype(int), axis=1) >= 0).all()


def test_hashed_ngrams_are_the_same_in_every_process_and_within_their_buckets():
    encoder = OrthographicEncoder(OrthographicSettings(0, 0, ngrams=2, buckets=1000), Vocabulary(["shape x"]))
    row = encoder.encode(["ab"])[0]
    # Three ids come before those of the buckets.
    assert row[:5].tolist() == [2, *(3 + checksum % 1000 for checksum in CHECKSUMS), 0]


def test_an_ngram_that_stands_twice_counts_once_and_there_are_not_too_many():
    encoder = OrthographicEncoder(OrthographicSettings(0, 0, ngrams=3, buckets=10**6, most_ngrams=5), Vocabulary([]))
    assert np.count_nonzero(encoder.encode(["aaaaaaaa"])) == 5  # <a, aa, a>, <aa, aaa and not aa>
    assert np.count_nonzero(encoder.encode(["aa"])) == 5
    assert np.count_nonzero(encoder.encode(["abcdefghij"])) == 5


@pytest.mark.parametrize("word", ["\ud800", "a\udfffb"])
def test_half_a_character_is_no_trouble(word):
    encoder = OrthographicEncoder.fit([word, word + "x"], HASHED)
    assert encoder.encode([word])[0, 0] > 0


def test_characters_are_padded_and_the_middle_of_a_long_word_is_left_out():
    char_vocabulary = Vocabulary(["a", "b", "c", "d", "e", "f"])
    table = character_ids(["ab", "abcde", "abcdef", "", "a?"], char_vocabulary, 5)
    assert table.tolist() == [[2, 3, 0, 0, 0], [2, 3, 4, 5, 6], [2, 3, 4, 6, 7], [0] * 5, [2, UNKNOWN, 0, 0, 0]]
    assert character_ids(["abcdef"], char_vocabulary, 4).tolist() == [[2, 3, 6, 7]]
    assert character_ids([], char_vocabulary, 5).shape == (0, 5)
