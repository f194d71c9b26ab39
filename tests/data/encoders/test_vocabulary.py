"""Words and their ids, and the file that keeps them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.encoders.vocabulary import PADDING, UNKNOWN, Vocabulary
from schema.errors import RunError

ODD_ENDS = ["next\u0085line", "line\u2028line", "vertical\x0btab", "form\x0cfeed", "carriage\rreturn", "unit\x1fend"]


def test_the_frequent_come_first_and_ties_by_the_alphabet():
    texts = [["b", "a", "c"], ["c", "b", "a"], ["c", "é", "d"]]
    assert Vocabulary.fit(texts, size=4).words == ("c", "a", "b", "d")


def test_the_order_of_the_texts_does_not_matter():
    texts = [["b", "a"], ["c"], ["d", "a"]]
    assert Vocabulary.fit(texts, 3).words == Vocabulary.fit(texts[::-1], 3).words == ("a", "b", "c")


def test_rare_words_are_left_out():
    assert Vocabulary.fit([["a", "a", "b", "b", "c"]], size=10, min_count=2).words == ("a", "b")


def test_ids_leave_room_for_padding_and_unknown():
    vocabulary = Vocabulary(["the", "film"])
    assert vocabulary.encode(["film", "the", "flim", "film"]).tolist() == [3, 2, UNKNOWN, 3]
    assert len(vocabulary) == 4
    assert PADDING not in vocabulary.encode(["flim"])


@pytest.mark.parametrize("words", [[], ["the"]])
def test_a_text_without_words_reads_as_one_unknown_word(words):
    assert Vocabulary(words).encode([]).tolist() == [UNKNOWN]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1), unique=True))
def test_any_words_survive_the_file(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("vocabulary") / "words.txt"
    Vocabulary(words).save(path)
    assert Vocabulary.load(path).words == tuple(words)


def test_odd_line_ends_within_words_survive_the_file(tmp_path):
    Vocabulary(ODD_ENDS).save(tmp_path / "words.txt")
    assert Vocabulary.load(tmp_path / "words.txt").words == tuple(ODD_ENDS)


@pytest.mark.parametrize("content, reason", [(b"good\nb\xff", "byte 6"), (b"good\nbad\ngood", "twice")])
def test_a_damaged_file_is_refused(tmp_path, content, reason):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(RunError, match=reason):
        Vocabulary.load(tmp_path / "words.txt")
