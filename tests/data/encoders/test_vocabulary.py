"""Ids of words, and the file of a vocabulary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.encoders.vocabulary import Vocabulary
from schema.encoded import PADDING, UNKNOWN
from schema.errors import RunError

LINE_BREAKS = ["next\u0085line", "line\u2028line", "vertical\x0btab", "form\x0cfeed", "carriage\rreturn", "unit\x1fend"]


def test_frequent_words_come_first_and_ties_are_alphabetical():
    texts = [["b", "a", "c"], ["c", "b", "a"], ["c", "é", "d"]]
    assert Vocabulary.fit(texts, size=4).words == ("c", "a", "b", "d")


def test_the_order_of_texts_does_not_matter():
    texts = [["b", "a"], ["c"], ["d", "a"]]
    assert Vocabulary.fit(texts, 3).words == Vocabulary.fit(texts[::-1], 3).words == ("a", "b", "c")


def test_rare_words_are_dropped():
    assert Vocabulary.fit([["a", "a", "b", "b", "c"]], size=10, min_count=2).words == ("a", "b")


def test_ids_start_after_padding_and_unknown():
    vocabulary = Vocabulary(["the", "film"])
    assert vocabulary.encode(["film", "the", "flim", "film"]).tolist() == [3, 2, UNKNOWN, 3]
    assert len(vocabulary) == 4
    assert PADDING not in vocabulary.encode(["flim"])


@pytest.mark.parametrize("words", [[], ["the"]])
def test_an_empty_text_becomes_one_unknown_word(words):
    assert Vocabulary(words).encode([]).tolist() == [UNKNOWN]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1), unique=True))
def test_save_and_load_restore_any_words(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("vocabulary") / "words.txt"
    Vocabulary(words).save(path)
    assert Vocabulary.load(path).words == tuple(words)


def test_save_and_load_restore_line_breaks_within_words(tmp_path):
    Vocabulary(LINE_BREAKS).save(tmp_path / "words.txt")
    assert Vocabulary.load(tmp_path / "words.txt").words == tuple(LINE_BREAKS)


@pytest.mark.parametrize("content, reason", [(b"good\nb\xff", "position 6"), (b"good\nbad\ngood", "twice")])
def test_the_error_names_the_defect_of_a_corrupt_file(tmp_path, content, reason):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(RunError, match=reason):
        Vocabulary.load(tmp_path / "words.txt")
