"""Synthetic topics: each text names two scenes, and the order of the words decides which is the topic."""

import re
from collections import Counter

import pytest

from data.synthetic import topic
from data.synthetic.lexicon import SCENES

SCENE_OF = {noun: scene for scene, kinds in SCENES.items() for nouns in kinds.values() for noun in nouns}


def test_scenes_are_about_equally_frequent():
    counts = Counter(example.label for example in topic(7000, seed=3))
    assert set(counts) == set(SCENES)
    assert all(abs(count - 1000) < 100 for count in counts.values())


def test_the_texts_of_a_pair_differ_only_in_word_order():
    texts = topic(1000, seed=1)
    for first, second in zip(texts[::2], texts[1::2], strict=True):
        assert first.label != second.label
        assert Counter(re.findall(r"\w+", first.text.lower())) == Counter(re.findall(r"\w+", second.text.lower()))


@pytest.mark.parametrize(
    "pattern",
    [
        r"We spoke of the (\w+), not of .*",
        r"We spoke of the (\w+).* rather than the .*",
        r"This is not about .* but about the (\w+).*",
        r"This is about the (\w+).*, although .*",
        r"Although we had asked for .* was the (\w+).*",
        r"Instead of .* we were shown the (\w+).*",
        r"Nobody mentioned .*\. Everybody talked of the (\w+).*",
        r".* can wait\. The (\w+).* cannot\.",
        r"The (\w+).* came first and .*",
    ],
)
def test_the_label_is_the_topic_of_the_sentence(pattern, texts_without_asides):
    found = [(match[1], example) for example in texts_without_asides if (match := re.fullmatch(pattern, example.text))]
    assert found
    for noun, example in found:
        assert SCENE_OF[noun] == example.label, example.text


@pytest.fixture(scope="module")
def texts_without_asides():
    """Many texts without neutral words between a function word and its scope."""
    return topic(5000, seed=5, distance=0)
