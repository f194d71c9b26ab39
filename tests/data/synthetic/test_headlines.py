"""Synthetic headlines: they name the main event of a paragraph, which often does not come first."""

import re

from data.synthetic import headlines
from data.synthetic.headlines import OBJECTS, PERSONS


def test_every_pair_is_well_formed():
    for pair in headlines(1000, seed=4):
        sentences = pair.source.removesuffix(".").split(". ")
        assert 4 <= len(sentences) <= 8
        assert all(re.fullmatch(r"[A-Z]\w*(?: \w+)+", sentence) for sentence in sentences), pair.source
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", pair.source.lower()), pair.source
        assert re.fullmatch(r"[A-Z]\w+:?(?: \w+){3,5}", pair.target), pair.target


def test_the_vocabulary_is_a_few_hundred_words():
    vocabulary = {word for pair in headlines(1500, seed=1) for word in re.findall(r"\w+", pair.source.lower())}
    assert 100 < len(vocabulary) < 400


def test_only_the_event_of_the_headline_is_mentioned_again():
    for pair in headlines(1000, seed=5):
        person, thing = entity_texts(pair.target)
        mentioned = [
            set(re.findall(r"\b[Tt]he (\w+)", sentence)) & {*PERSONS, *OBJECTS} for sentence in pair.source.split(". ")
        ]
        main_event = sum(bool(nouns & {person, thing}) for nouns in mentioned)
        other_event = sum(bool(nouns - {person, thing}) for nouns in mentioned)
        assert main_event >= 2 > other_event, pair


def test_one_sentence_has_person_object_and_city_of_the_headline():
    for pair in headlines(1000, seed=5):
        person, thing = entity_texts(pair.target)
        city = re.search(r"Lisbon|Oslo|Vienna|Cairo|Osaka", pair.target)[0]
        matching = [
            sentence
            for sentence in pair.source.split(". ")
            if re.search(rf"\ban? {person}\b", sentence.lower()) and re.search(rf"\ban? {thing}\b", sentence.lower())
        ]
        assert len(matching) == 1 and city in matching[0], pair


def test_about_half_of_the_paragraphs_begin_with_another_event():
    pairs = headlines(1000, seed=5)
    first = [
        set(entity_texts(pair.target)) & set(re.findall(r"\w+", pair.source.split(". ")[0].lower())) for pair in pairs
    ]
    assert 0.3 < sum(map(bool, first)) / len(pairs) < 0.55


def entity_texts(headline: str) -> tuple[str, str]:
    """The person and the object of a headline."""
    nouns = headline.lower().replace(":", "").split()
    return next(noun for noun in nouns if noun in PERSONS), next(noun for noun in nouns if noun in OBJECTS)


def test_the_first_words_are_a_weak_baseline():
    pairs = headlines(1000, seed=2)
    scores = []
    for pair in pairs:
        source, expected = (re.findall(r"\w+", text.lower()) for text in (pair.source, pair.target))
        predicted = source[: len(expected) + 3]
        scores.append(2 * longest_common_subsequence(predicted, expected) / (len(predicted) + len(expected)))
    assert 0.1 < sum(scores) / len(scores) < 0.4


def longest_common_subsequence(one: list[str], other: list[str]) -> int:
    best = [0] * (len(other) + 1)
    for word in one:
        row = [0]
        for index, match in enumerate(other):
            row.append(best[index] + 1 if word == match else max(row[index], best[index + 1]))
        best = row
    return best[-1]
