"""Features of related words, and their file."""

import pytest

from data.encoders.related_words import MAX_FEATURES, RelatedWords
from schema.errors import RunError

TAGGED = [("walk", "VERB"), ("Walked", "VERB"), ("walking", "NOUN"), ("Wally", "PROPN"), ("at", "ADP")]


@pytest.mark.parametrize(
    ("word", "features"),
    [
        # The stem "walk" relates "walks" to three words, the stem "wal" to no more: there the endings start alike.
        ("walks", {"ending s> VERB", "ending s>VERB", "ending s>ed VERB", "ending s>ing NOUN", "ending s>NOUN"}
         | {"ending ks>ly PROPN", "ending ks>PROPN"}),
        ("WALK", {"case X>x VERB", "ending >ed VERB", "ending >VERB", "ending >ing NOUN", "ending >NOUN"}
         | {"ending k>ly PROPN", "ending k>PROPN"}),
        # A stem has at least three letters.
        ("as", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_related_words_share_letters_or_a_stem(word, features):
    found = list(RelatedWords(TAGGED).features(word))
    assert set(found) == features
    assert len(found) == len(features)


def test_a_training_word_is_not_related_to_itself():
    assert not list(RelatedWords([("walk", "VERB")]).features("walk"))
    with_itself, without = RelatedWords(TAGGED), RelatedWords([row for row in TAGGED if row[0] != "walk"])
    assert list(with_itself.features("walk")) == list(without.features("walk"))


def test_features_of_the_closest_words_come_first_and_are_limited():
    many = RelatedWords(
        [(f"stem{letter}{ending}", "X") for letter in "abcdefghijklmno" for ending in ("a", "bo", "cot")]
    )
    found = list(many.features("stema"))
    assert len(found) == MAX_FEATURES
    assert found[0] == "ending >a X"


def test_save_and_load_restore_the_words(tmp_path):
    words = RelatedWords([*TAGGED, ("a\tb\nc", "X"), ("שלום", "NOUN")])
    words.save(tmp_path / "related_words.json")
    assert RelatedWords.load(tmp_path / "related_words.json").tagged == words.tagged


@pytest.mark.parametrize("content", ["{", "7", '[["one"]]', "[1]"])
def test_the_error_names_a_corrupt_file(tmp_path, content):
    path = tmp_path / "related_words.json"
    path.write_text(content)
    with pytest.raises(RunError, match="related_words.json is damaged .*; train the run again"):
        RelatedWords.load(path)
