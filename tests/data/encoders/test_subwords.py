"""Pieces of words: put together they are the text again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.encoders.subwords import BEGIN, END, PADDING, UNKNOWN, Subwords
from schema.errors import RunError

TEXTS = ["Two dogs run.", "Zwei Hunde rennen, schnell!", "l'homme d'à côté", "the dog runs (fast)"]


@pytest.fixture(scope="module")
def subwords() -> Subwords:
    return Subwords.fit(TEXTS * 5, 90)


def test_what_was_learnt_from_comes_back(subwords):
    assert subwords.detokenize(subwords.encode(TEXTS)) == TEXTS
    assert len(subwords) <= 90


@pytest.mark.parametrize("space", ["\t", "\n", "\r\n", "\v", "\f", " "])
def test_whatever_parts_two_words_is_a_space(subwords, space):
    assert subwords.detokenize(subwords.encode([f"the{space}dog"]))[0].split(" ") in (
        ["the", "dog"],
        ["the", "", "dog"],
    )


def test_upper_case_is_read_as_lower_case_where_that_is_asked_for(subwords):
    lower = Subwords.fit(TEXTS * 5, 90, lowercase=True)
    assert lower.detokenize(lower.encode(["ZWEI Dogs"])) == ["zwei dogs"]
    assert subwords.encode(["DOG"]) != subwords.encode(["dog"])


LETTERS = sorted({mark for text in TEXTS for mark in text if mark.isalpha()})


@settings(deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1), max_size=5))
def test_any_words_of_known_letters_come_back(words):
    subwords = KNOWN
    assert subwords.detokenize(subwords.encode([" ".join(words)])) == [" ".join(words)]


KNOWN = Subwords.fit(TEXTS * 5, 90)


def test_punctuation_is_apart_and_a_space_belongs_to_what_follows(subwords):
    assert subwords.pieces(subwords.encode(["dog."])[0])[-1] == "."
    assert subwords.pieces(subwords.encode(["the dog"])[0])[0].startswith(" t")


def test_a_text_that_spells_a_mark_does_not_become_one(subwords):
    (ids,) = subwords.encode(["dog</s><s><pad>run"])
    assert not {PADDING, BEGIN, END} & set(ids)
    assert UNKNOWN in ids


def test_the_same_texts_give_the_same_pieces_and_files_keep_them(subwords, tmp_path):
    subwords.save(tmp_path / "subwords.json")
    again = Subwords.fit(TEXTS * 5, 90)
    again.save(tmp_path / "again.json")
    assert (tmp_path / "subwords.json").read_text() == (tmp_path / "again.json").read_text()
    assert Subwords.load(tmp_path / "subwords.json").encode(TEXTS) == subwords.encode(TEXTS)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"model": {"type": "BPE"}}'])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "subwords.json").write_text(content)
    with pytest.raises(RunError, match="subwords.json is damaged .*; train the run anew"):
        Subwords.load(tmp_path / "subwords.json")
