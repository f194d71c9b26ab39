"""Synthetic words: balanced, mostly unseen, with classes that depend on their spelling."""

import re
from collections import Counter

import pytest

from data.synthetic import word_class

SMALL = "(one|two|three|four|five|six|seven|eight|nine)"
TENS = "(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
PATTERNS = [
    ("noun", r"[a-z]{3,}(ness|nesses|ments?|ity|ship|hood|ism|ation|age)|1\d\d0s"),
    ("verb", r"[a-z]{3,}(ify|ifies|ises|ised|ising|ate|ates|ated|ating)|[a-z]{2,}[^w]ise"),
    ("adjective", r"[a-z]{3,}(ous|ful|less|able|ive|ish|ic|al)"),
    ("adjective", rf"[A-Z][a-z]{{2,}}(ish|ese|ian)|\d+(st|nd|rd|th)|{TENS}-(first|second|third|[a-z]+th)"),
    ("adverb", r"[a-z]{3,}(ly|wards|wise)"),
    ("name", r"[A-Z][a-z]{2,}(a|o|en|son|ton|ville|berg|ford|ley)"),
    ("number", rf"[\d,.]+|({SMALL}|[a-z]+teen)-(hundred|thousand|million)-and-.*"),
    ("number", rf"{SMALL}|[a-z]+teen|{TENS}-{SMALL}"),
]
"""Patterns of the words of each class."""


@pytest.mark.parametrize("examples", [0, 1, 5, 6, 100, 1001])
def test_classes_are_balanced_for_any_number_of_words(examples):
    words = word_class(examples, seed=3)
    counts = Counter(word.label for word in words)
    assert max(counts.values(), default=0) - min((counts[name] for name, _ in PATTERNS), default=0) <= 1


def test_words_are_distinct_and_mostly_unseen():
    train, test = word_class(6000, seed=1), word_class(1000, seed=2)
    known = {word.text for word in train}
    assert len(known) == len(train)
    assert sum(word.text in known for word in test) < 0.1 * len(test)


def test_each_word_matches_the_pattern_of_its_class_alone():
    for word in word_class(6000, seed=5):
        matching = [name for name, pattern in PATTERNS if re.fullmatch(pattern, word.text)]
        assert matching == [word.label], word


def test_ordinals_have_the_correct_ending():
    ordinals = re.findall(r"\b(\d+)(st|nd|rd|th)\b", " ".join(word.text for word in word_class(6000, seed=5)))
    assert len(ordinals) > 20
    for number, ending in ordinals:
        expected = "th" if number[-2] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
        assert ending == expected, number


def test_the_last_letter_is_not_enough():
    train, test = word_class(2000, seed=1), word_class(500, seed=2)
    last = Counter((word.text[-1], word.label) for word in train)
    predicted = [max(PATTERNS, key=lambda pattern: last[word.text[-1], pattern[0]])[0] for word in test]
    accuracy = sum(label == word.label for label, word in zip(predicted, test, strict=True)) / len(test)
    assert 0.5 < accuracy < 0.75
