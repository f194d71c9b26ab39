"""The synthetic data's topics: two scenes in each text, and the order of the words says which one it is about."""

import hashlib
import re
from collections import Counter

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from data.synthetic import topic
from data.synthetic.lexicon import SCENES
from schema.errors import UserError

SCENE_OF = {noun: scene for scene, kinds in SCENES.items() for nouns in kinds.values() for noun in nouns}


def test_the_same_call_tells_the_same_on_every_machine():
    told = "\n".join(f"{example.label} {example.text}" for example in topic(200, seed=7))
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    # A change here makes every recorded score on the synthetic data another one.
    assert fingerprint == "891d2b327f1168844e9c9d80926a1fdbb8d8f079ed7c47991b079c41d8400321"


@pytest.mark.parametrize("examples", [0, 1, 2, 7, 100, 1001])
def test_any_number_of_texts_and_a_longer_list_begins_with_the_shorter_one(examples):
    assert topic(1200, seed=3)[:examples] == topic(examples, seed=3)


def test_every_scene_is_the_topic_about_as_often():
    counts = Counter(example.label for example in topic(7000, seed=3))
    assert set(counts) == set(SCENES)
    assert all(abs(count - 1000) < 100 for count in counts.values())


def test_negative_sizes_are_refused():
    with pytest.raises(UserError, match="below 0"):
        topic(-1, seed=1)


def test_neighbours_differ_in_order_alone():
    texts = topic(1000, seed=1)
    for first, second in zip(texts[::2], texts[1::2], strict=True):
        assert first.label != second.label
        assert Counter(re.findall(r"\w+", first.text.lower())) == Counter(re.findall(r"\w+", second.text.lower()))


@pytest.mark.parametrize(
    "form",
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
def test_the_topic_is_the_one_a_reader_would_name(form, texts_side_by_side):
    found = [(match[1], example) for example in texts_side_by_side if (match := re.fullmatch(form, example.text))]
    assert found
    for noun, example in found:
        assert SCENE_OF[noun] == example.label, example.text


@pytest.fixture(scope="module")
def texts_side_by_side():
    """Many texts, without a word between what depends on each other."""
    return topic(5000, seed=5, distance=0)


def test_counting_words_does_not_solve_it():
    train, test = topic(4000, seed=1), topic(1000, seed=2)
    counter = CountVectorizer()
    counts = counter.fit_transform([example.text for example in train])
    model = LogisticRegression(max_iter=1000).fit(counts, [example.label for example in train])
    accuracy = model.score(counter.transform([each.text for each in test]), [each.label for each in test])
    assert 0.4 < accuracy < 0.6
