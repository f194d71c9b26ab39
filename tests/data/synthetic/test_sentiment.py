"""The synthetic data's reviews: repeatable, balanced, and decided by the order of their words."""

import hashlib
import re
from collections import Counter

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from data.synthetic import sentiment
from schema.errors import UserError

GOOD = {"good", "lovely", "wonderful", "excellent", "splendid", "perfect"}
BAD = {"bad", "awful", "terrible", "mediocre", "dreadful", "horrible"}
OPPOSITE = {"neg": "pos", "pos": "neg"}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_the_same_call_tells_the_same_on_every_machine():
    told = "\n".join(f"{review.label} {review.text}" for review in sentiment(200, seed=7))
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    # Recorded with Python 3.11, 3.12 and 3.13. A change here makes every recorded score on the synthetic data another one.
    assert fingerprint == "fedf9fae6e439e70e403dac08f498978e7d4f3d2562adc8a5a78576d62477dd1"


@pytest.mark.parametrize("examples", [0, 1, 2, 7, 100, 1001])
def test_any_number_of_reviews_is_balanced(examples):
    reviews = sentiment(examples, seed=3)
    counts = Counter(review.label for review in reviews)
    assert len(reviews) == examples
    assert abs(counts["neg"] - counts["pos"]) <= 1
    assert set(counts) <= {"neg", "pos"}


def test_a_longer_list_begins_with_the_shorter_one():
    assert sentiment(100, seed=3)[:31] == sentiment(31, seed=3)


@pytest.mark.parametrize("one, other", [(1, 2), (0, 1), (-1, 1)])
def test_seeds_tell_different_reviews(one, other):
    known = {review.text for review in sentiment(2000, seed=one)}
    shared = [review for review in sentiment(500, seed=other) if review.text in known]
    assert len(shared) < 0.03 * 500


@pytest.mark.parametrize("examples, distance", [(-1, 3), (10, -1)])
def test_negative_sizes_are_refused(examples, distance):
    with pytest.raises(UserError, match="below 0"):
        sentiment(examples, seed=1, distance=distance)


def test_a_third_of_the_neighbours_differ_in_order_alone():
    reviews = sentiment(1000, seed=1)
    pairs = list(zip(reviews[::2], reviews[1::2], strict=True))
    same_words = [pair for pair in pairs if sorted(words(pair[0].text)) == sorted(words(pair[1].text))]
    assert all(first.label == OPPOSITE[second.label] for first, second in pairs)
    assert len(same_words) > len(pairs) / 3


@pytest.mark.parametrize(
    "form, flips",
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
def test_the_verdict_is_the_one_a_reader_would_give(form, flips, reviews_side_by_side):
    found = 0
    for review in reviews_side_by_side:
        match = re.fullmatch(form, review.text)
        if match and match[1] in GOOD | BAD:
            found += 1
            sounds = "pos" if match[1] in GOOD else "neg"
            assert review.label == (OPPOSITE[sounds] if flips else sounds), review.text
    assert found > 0


@pytest.fixture(scope="module")
def reviews_side_by_side():
    """Many reviews, without a word between what depends on each other."""
    return sentiment(20_000, seed=5, distance=0)


@pytest.mark.parametrize("distance", [1, 2, 3, 5, 6, 12, 30])
def test_distance_is_the_number_of_words_before_what_is_governed(distance):
    governor = r"\b(?:never|far from|anything but|not think|nobody found|, but|although|however|rather than), ([^,.]*),"
    texts = " ".join(review.text.lower() for review in sentiment(400, seed=2, distance=distance))
    between = [len(aside.split()) for aside in re.findall(governor, texts)]
    assert len(between) > 50
    assert set(between) == {distance}


def test_distance_leaves_opinions_and_verdicts_as_they_are(reviews_side_by_side):
    def opinions(text: str) -> list[str]:
        return [word for word in words(text) if word in GOOD | BAD]

    near, far = reviews_side_by_side[:300], sentiment(300, seed=5, distance=8)
    assert [(opinions(review.text), review.label) for review in near] == [
        (opinions(review.text), review.label) for review in far
    ]


def test_reviews_are_one_to_three_written_sentences():
    for review in sentiment(500, seed=4):
        sentences = review.text.removesuffix(".").split(". ")
        assert review.text.endswith(".")
        assert 1 <= len(sentences) <= 3
        assert all(re.fullmatch(r"[A-Z][A-Za-z]*(?:,? [A-Za-z]+)+", sentence) for sentence in sentences), review.text


def test_the_vocabulary_is_a_few_hundred_words():
    vocabulary = {word for review in sentiment(4000, seed=1, distance=8) for word in words(review.text)}
    assert 150 < len(vocabulary) < 400


def test_counting_words_does_not_solve_it():
    train, test = sentiment(2000, seed=1), sentiment(1000, seed=2)
    counter = CountVectorizer()
    counts = counter.fit_transform([review.text for review in train])
    model = LogisticRegression(max_iter=1000).fit(counts, [review.label for review in train])
    accuracy = model.score(counter.transform([review.text for review in test]), [review.label for review in test])
    assert 0.5 < accuracy < 0.8
