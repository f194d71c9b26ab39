"""Subwords: their texts, ids and file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.encoders.subwords import Subwords
from schema.encoded import BEGIN, END, PADDING, UNKNOWN
from schema.errors import RunError

TEXTS = ["Two dogs run.", "Zwei Hunde rennen, schnell!", "l'homme d'à côté", "the dog runs (fast)"]


@pytest.fixture(scope="module")
def subwords() -> Subwords:
    return Subwords.fit(TEXTS * 5, 90)


def test_detokenize_restores_the_training_texts(subwords):
    assert subwords.detokenize(subwords.encode(TEXTS)) == TEXTS
    assert len(subwords) <= 90


@pytest.mark.parametrize("space", ["\t", "\n", "\r\n", "\v", "\f", " "])
def test_white_space_becomes_a_space(subwords, space):
    assert subwords.detokenize(subwords.encode([f"the{space}dog"]))[0].split(" ") in (
        ["the", "dog"],
        ["the", "", "dog"],
    )


def test_lowercase(subwords):
    lower = Subwords.fit(TEXTS * 5, 90, lowercase=True)
    assert lower.detokenize(lower.encode(["ZWEI Dogs"])) == ["zwei dogs"]
    assert subwords.encode(["DOG"]) != subwords.encode(["dog"])


LETTERS = sorted({char for text in TEXTS for char in text if char.isalpha()})


@settings(deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1), max_size=5))
def test_detokenize_restores_any_words_of_known_letters(words):
    subwords = KNOWN
    assert subwords.detokenize(subwords.encode([" ".join(words)])) == [" ".join(words)]


KNOWN = Subwords.fit(TEXTS * 5, 90)


def test_punctuation_is_separate_and_a_space_belongs_to_the_next_subword(subwords):
    assert subwords.tokens(subwords.encode(["dog."])[0])[-1] == "."
    assert subwords.tokens(subwords.encode(["the dog"])[0])[0].startswith(" t")


def test_spelled_out_special_tokens_do_not_get_their_ids(subwords):
    (ids,) = subwords.encode(["dog</s><s><pad>run"])
    assert not {PADDING, BEGIN, END} & set(ids)
    assert UNKNOWN in ids


def test_fit_is_deterministic_and_load_restores_the_subwords(subwords, tmp_path):
    subwords.save(tmp_path / "subwords.json")
    again = Subwords.fit(TEXTS * 5, 90)
    again.save(tmp_path / "again.json")
    assert (tmp_path / "subwords.json").read_text() == (tmp_path / "again.json").read_text()
    assert Subwords.load(tmp_path / "subwords.json").encode(TEXTS) == subwords.encode(TEXTS)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"model": {"type": "BPE"}}'])
def test_the_error_names_a_corrupt_file(tmp_path, content):
    (tmp_path / "subwords.json").write_text(content)
    with pytest.raises(RunError, match="subwords.json is damaged .*; train the run again"):
        Subwords.load(tmp_path / "subwords.json")
