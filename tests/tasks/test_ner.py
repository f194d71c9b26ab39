"""What the corpus of tweets has of its own."""

import pytest

from tasks.ner import normalize_mentions


@pytest.mark.parametrize(
    ("words", "tags", "whole"),
    [
        ("@ ann sings", "O B-PER O", "B-PER B-PER O"),
        ("@ ann sings", "O O O", "O O O"),
        ("@ bbc @ ann", "B-ORG B-ORG O B-PER", "B-ORG B-ORG B-PER B-PER"),
        ("of @ ann lee @", "O O B-PER I-PER O", "O B-PER B-PER I-PER O"),
        ("so @ann", "O B-PER", "O B-PER"),
        ("", "", ""),
    ],
)
def test_the_sign_of_a_mention_is_tagged_as_its_name(words, tags, whole):
    assert normalize_mentions(words.split(), tags.split()) == tuple(whole.split())
