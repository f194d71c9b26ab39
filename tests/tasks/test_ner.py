"""Named entities: normalization of mentions."""

import pytest

from tasks.ner import normalize_mentions


@pytest.mark.parametrize(
    ("words", "tags", "normalized"),
    [
        ("@ ann sings", "O B-PER O", "B-PER B-PER O"),
        ("@ ann sings", "O O O", "O O O"),
        ("@ bbc @ ann", "B-ORG B-ORG O B-PER", "B-ORG B-ORG B-PER B-PER"),
        ("of @ ann lee @", "O O B-PER I-PER O", "O B-PER B-PER I-PER O"),
        ("so @ann", "O B-PER", "O B-PER"),
        ("", "", ""),
    ],
)
def test_the_at_sign_of_a_mention_is_tagged_like_its_name(words, tags, normalized):
    assert normalize_mentions(words.split(), tags.split()) == tuple(normalized.split())
