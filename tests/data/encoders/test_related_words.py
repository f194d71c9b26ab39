"""Which words are akin, and what is kept of them."""

import pytest

from data.encoders.related_words import MOST_FEATURES, RelatedWords
from schema.errors import RunError

TAGGED = [("walk", "VERB"), ("Walked", "VERB"), ("walking", "NOUN"), ("Wally", "PROPN"), ("at", "ADP")]


@pytest.mark.parametrize(
    ("word", "features"),
    [
        # By the stem "walk" "walks" is the kin of three words, by "wal" of none more: there the endings begin alike.
        ("walks", {"kin s> VERB", "kin s>VERB", "kin s>ed VERB", "kin s>ing NOUN", "kin s>NOUN"}
         | {"kin ks>ly PROPN", "kin ks>PROPN"}),
        ("WALK", {"case X>x VERB", "kin >ed VERB", "kin >VERB", "kin >ing NOUN", "kin >NOUN"}
         | {"kin k>ly PROPN", "kin k>PROPN"}),
        # Two letters are no stem.
        ("as", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_kin_share_letters_or_a_stem(word, features):
    found = list(RelatedWords(TAGGED).features(word))
    assert set(found) == features
    assert len(found) == len(features)


def test_a_word_of_train_is_not_its_own_kin():
    assert not list(RelatedWords([("walk", "VERB")]).features("walk"))
    with_itself, without = RelatedWords(TAGGED), RelatedWords([row for row in TAGGED if row[0] != "walk"])
    assert list(with_itself.features("walk")) == list(without.features("walk"))


def test_the_closest_kin_come_first_and_not_too_many():
    many = RelatedWords([(f"stem{mark}{ending}", "X") for mark in "abcdefghijklmno" for ending in ("a", "bo", "cot")])
    found = list(many.features("stema"))
    assert len(found) == MOST_FEATURES
    assert found[0] == "kin >a X"


def test_what_was_saved_is_the_same(tmp_path):
    kin = RelatedWords([*TAGGED, ("a\tb\nc", "X"), ("שלום", "NOUN")])
    kin.save(tmp_path / "kin.json")
    assert RelatedWords.load(tmp_path / "kin.json").tagged == kin.tagged


@pytest.mark.parametrize("content", ["{", "7", '[["one"]]', "[1]"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "kin.json"
    path.write_text(content)
    with pytest.raises(RunError, match="kin.json is damaged .*; train the run anew"):
        RelatedWords.load(path)
