"""Synthetic entities: the context of a name decides whether it is a person, a location or an organization."""

import re
from collections import Counter, defaultdict

import pytest

from data.synthetic import entities
from data.synthetic.lexicon import SHARED_NAMES

TAGS = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"}


def spans(tags):
    """(start, end, kind) of each name."""
    text = " ".join(tags) + " "
    indices = {len(" ".join(tags[:index]) + " " * bool(index)): index for index in range(len(tags))}
    return {
        (indices[match.start()], indices[match.start()] + len(match[0].split()), match[1])
        for match in re.finditer(r"B-(\w+) (?:I-\1 )*", text)
    }


def test_every_sentence_is_well_formed():
    sentences = entities(2000, seed=4)
    for sentence in sentences:
        assert len(sentence.words) == len(sentence.tags)
        assert re.fullmatch(r"[A-Z][a-z]*( [A-Za-z]+| ,| &)+ \.", " ".join(sentence.words)), sentence.words
        # An I tag continues a name of the same kind.
        assert not re.search(
            r"(?<!B-)(?<!I-)(?:^|O )I-|PER I-(?!PER)|LOC I-(?!LOC)|ORG I-(?!ORG)", " ".join(sentence.tags)
        )
    assert {tag for sentence in sentences for tag in sentence.tags} == TAGS


def test_kinds_are_about_equally_frequent():
    counts = Counter(kind for sentence in entities(3000, seed=3) for _, _, kind in spans(sentence.tags))
    assert set(counts) == {"PER", "LOC", "ORG"}
    assert max(counts.values()) < 2 * min(counts.values())


def test_names_of_several_words_are_common():
    lengths = [end - start for sentence in entities(2000, seed=3) for start, end, _ in spans(sentence.tags)]
    assert 0.25 < sum(length > 1 for length in lengths) / len(lengths) < 0.6


def test_the_vocabulary_is_a_few_hundred_words():
    vocabulary = {word.lower() for sentence in entities(2000, seed=1) for word in sentence.words}
    assert 100 < len(vocabulary) < 400


ASIDE = r"(?:, .* , )?"


@pytest.mark.parametrize(
    "pattern, tag",
    [
        (rf"(\w+) {ASIDE}sings well \.", "B-PER"),
        (rf"(\w+) {ASIDE}has sold his bicycle \.", "B-PER"),
        (rf"(\w+) {ASIDE}has sold its shares \.", "B-ORG"),
        (rf"(\w+) {ASIDE}has hired \w+ .*\.", "B-ORG"),
        (rf"(\w+) {ASIDE}has many streets .*", "B-LOC"),
        (rf"(\w+) {ASIDE}was full of visitors \.", "B-LOC"),
        (r"It rained in (\w+) on .*", "B-LOC"),
        (r"The mayor of (\w+) knows .*", "B-LOC"),
        (r"Shares of (\w+) fell .*", "B-ORG"),
        (r"My \w+ works for (\w+) in .*", "B-ORG"),
        (r"The novel by (\w+) was .*", "B-PER"),
        (r".*, says my \w+ (\w+) ,.*", "B-PER"),
        (r".*, as everybody in (\w+) knows ,.*", "B-LOC"),
    ],
)
def test_a_name_has_the_tag_that_its_context_requires(pattern, tag, many_sentences):
    found = Counter()
    for sentence in many_sentences:
        text = " ".join(sentence.words)
        if match := re.fullmatch(pattern, text):
            index = len(text[: match.start(1)].split())
            found[sentence.words[index] in SHARED_NAMES] += 1
            assert sentence.tags[index] == tag, text
    assert found[True] > found[False] > 0


@pytest.fixture(scope="module")
def many_sentences():
    return entities(5000, seed=5)


def test_a_gazetteer_is_not_enough():
    gazetteer = defaultdict(Counter)
    for sentence in entities(2000, seed=1):
        for start, end, kind in spans(sentence.tags):
            gazetteer[sentence.words[start:end]][kind] += 1
    correct = reference = predicted = 0
    for sentence in entities(1000, seed=2):
        expected, found = spans(sentence.tags), look_up(sentence.words, gazetteer)
        correct, reference, predicted = (
            correct + len(expected & found),
            reference + len(expected),
            predicted + len(found),
        )
    assert 0.3 < 2 * correct / (reference + predicted) < 0.75


def look_up(words, gazetteer):
    """(start, end, most frequent kind) of the longest names of the gazetteer from left to right."""
    found, start = set(), 0
    while start < len(words):
        ends = [end for end in range(len(words), start, -1) if words[start:end] in gazetteer]
        if ends:
            found.add((start, ends[0], gazetteer[words[start : ends[0]]].most_common(1)[0][0]))
        start = ends[0] if ends else start + 1
    return found
