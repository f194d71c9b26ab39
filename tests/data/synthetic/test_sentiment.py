"""Synthetic reviews: balanced, with labels that depend on the order of the words."""

import re
from collections import Counter

import pytest

from data.synthetic import sentiment

GOOD = {"good", "lovely", "wonderful", "excellent", "splendid", "perfect"}
BAD = {"bad", "awful", "terrible", "mediocre", "dreadful", "horrible"}
OPPOSITE = {"neg": "pos", "pos": "neg"}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize("examples", [0, 1, 2, 7, 100, 1001])
def test_labels_are_balanced_for_any_number_of_reviews(examples):
    reviews = sentiment(examples, seed=3)
    counts = Counter(review.label for review in reviews)
    assert len(reviews) == examples
    assert abs(counts["neg"] - counts["pos"]) <= 1
    assert set(counts) <= {"neg", "pos"}


def test_more_than_a_third_of_the_pairs_differ_only_in_word_order():
    reviews = sentiment(1000, seed=1)
    pairs = list(zip(reviews[::2], reviews[1::2], strict=True))
    same_words = [pair for pair in pairs if sorted(words(pair[0].text)) == sorted(words(pair[1].text))]
    assert all(first.label == OPPOSITE[second.label] for first, second in pairs)
    assert len(same_words) > len(pairs) / 3


@pytest.mark.parametrize(
    "pattern, negated",
    [
        (r"The \w+ was (\w+)\.", False),
        (r"The \w+ was (?:not|never|far from|anything but) (\w+)\.", True),
        (r"(?:I did not think|Nobody found|Everybody denied) that the \w+ was (\w+)\.", True),
        (r"The \w+ was \w+, but the \w+ was (\w+)\.", False),
        (r"The \w+ was \w+, but the \w+ was (?:not|never|far from|anything but) (\w+)\.", True),
        (r"The \w+ was \w+\. (?:However|Still), the \w+ was (\w+)\.", False),
        (r"The \w+ was \w+\. What counted was that the \w+ was (\w+)\.", False),
        (r"Although the \w+ was \w+, the \w+ was (\w+)\.", False),
        (r"The \w+ was (\w+), although the \w+ was \w+\.", False),
        (r"The \w+ was (\w+), and it hardly mattered that the \w+ was \w+\.", False),
        (r"The \w+ was not \w+ but (\w+)\.", False),
        (r"The \w+ was (\w+)(?:, not| rather than) \w+\.", False),
    ],
)
def test_the_label_is_that_of_the_decisive_opinion(pattern, negated, reviews_without_asides):
    found = 0
    for review in reviews_without_asides:
        match = re.fullmatch(pattern, review.text)
        if match and match[1] in GOOD | BAD:
            found += 1
            opinion = "pos" if match[1] in GOOD else "neg"
            assert review.label == (OPPOSITE[opinion] if negated else opinion), review.text
    assert found > 0


@pytest.fixture(scope="module")
def reviews_without_asides():
    """Many reviews without neutral words between a function word and its scope."""
    return sentiment(20_000, seed=5, distance=0)


@pytest.mark.parametrize("distance", [1, 2, 3, 5, 6, 12, 30])
def test_distance_is_the_number_of_neutral_words_before_the_scope(distance):
    governor = r"\b(?:never|far from|anything but|not think|nobody found|, but|although|however|rather than), ([^,.]*),"
    texts = " ".join(review.text.lower() for review in sentiment(400, seed=2, distance=distance))
    between = [len(aside.split()) for aside in re.findall(governor, texts)]
    assert len(between) > 50
    assert set(between) == {distance}


def test_distance_does_not_change_opinions_and_labels(reviews_without_asides):
    def opinions(text: str) -> list[str]:
        return [word for word in words(text) if word in GOOD | BAD]

    near, far = reviews_without_asides[:300], sentiment(300, seed=5, distance=8)
    assert [(opinions(review.text), review.label) for review in near] == [
        (opinions(review.text), review.label) for review in far
    ]


def test_reviews_have_one_to_three_sentences():
    for review in sentiment(500, seed=4):
        sentences = review.text.removesuffix(".").split(". ")
        assert review.text.endswith(".")
        assert 1 <= len(sentences) <= 3
        assert all(re.fullmatch(r"[A-Z][A-Za-z]*(?:,? [A-Za-z]+)+", sentence) for sentence in sentences), review.text


def test_the_vocabulary_is_a_few_hundred_words():
    vocabulary = {word for review in sentiment(4000, seed=1, distance=8) for word in words(review.text)}
    assert 150 < len(vocabulary) < 400
