"""Synthetic parts of speech: they depend on the context of a word."""

import re
from collections import Counter, defaultdict

import pytest

from data.synthetic import tagged_sentences

TAGS = {"ADJ", "ADP", "ADV", "AUX", "DET", "NOUN", "NUM", "PART", "PRON", "PUNCT", "SCONJ", "VERB"}


def test_every_sentence_is_well_formed():
    sentences = tagged_sentences(2000, seed=4)
    for sentence in sentences:
        assert len(sentence.words) == len(sentence.tags) >= 3
        assert re.fullmatch(r"[A-Z][a-z]*( [a-z]+)+ [.?]", " ".join(sentence.words)), sentence.words
        assert set(sentence.tags) & {"VERB", "AUX"}, sentence.words
        assert (sentence.tags[-1], sentence.tags.count("PUNCT")) == ("PUNCT", 1)
    assert {tag for sentence in sentences for tag in sentence.tags} == TAGS


def test_the_vocabulary_is_a_few_hundred_words():
    vocabulary = {word.lower() for sentence in tagged_sentences(2000, seed=1) for word in sentence.words}
    assert 100 < len(vocabulary) < 400


@pytest.mark.parametrize(
    "pattern, index, tag",
    [
        (r"the guard \w+s (the|her|that|those) .*", 1, "NOUN"),
        (r"they guard .*", 1, "VERB"),
        (r"the cooks cook .*", 1, "NOUN"),
        (r"the cooks cook .*", 2, "VERB"),
        (r"those guards \w+ (the|her|that|those) .*", 1, "NOUN"),
        (r"that guard .*", 0, "DET"),
        (r"that is .*", 0, "PRON"),
        (r"there (is|are) .*", 0, "PRON"),
        (r"(walk|dance|talk|work|rest|play) there .*", 1, "ADV"),
        (r"they hope that .*", 2, "SCONJ"),
        (r"the \w+ that (is|likes|has|wants|\w+s) .*", 2, "PRON"),
        (r"light the .*", 0, "VERB"),
        (r"they light .*", 1, "VERB"),
        (r"the light (guard|nurse|judge|coach|host)s? .*", 1, "ADJ"),
        (r"that light is .*", 1, "NOUN"),
        (r"they want to \w+ .*", 2, "PART"),
        (r"they (walk|dance|talk|work|rest|play) to the .*", 2, "ADP"),
        (r"they like the .*", 1, "VERB"),
        (r"they (walk|dance|talk|work|rest|play) like the .*", 2, "ADP"),
        (r"the guards can .*", 2, "AUX"),
        (r"that can is .*", 1, "NOUN"),
        (r"can they .*", 0, "AUX"),
        (r"the \w+ has \w+ed .*", 2, "AUX"),
        (r"the \w+ has (the|her|that) .*", 2, "VERB"),
        (r"the late guard .*|two late \w+ .*", 1, "ADJ"),
        (r"they (walk|dance|talk|work|rest|play) late .*", 2, "ADV"),
    ],
)
def test_a_word_has_the_tag_that_its_context_requires(pattern, index, tag, many_sentences):
    found = [sentence for sentence in many_sentences if re.fullmatch(pattern, " ".join(sentence.words).lower())]
    assert found
    for sentence in found:
        assert sentence.tags[index] == tag, sentence


@pytest.mark.parametrize("word", ["before", "after"])
def test_a_word_before_a_clause_is_a_conjunction_and_else_a_preposition(word, many_sentences):
    counts = Counter()
    for sentence in many_sentences:
        if word in sentence.words:
            index = sentence.words.index(word)
            has_a_verb = "VERB" in sentence.tags[index:]
            counts[has_a_verb] += 1
            assert sentence.tags[index] == ("SCONJ" if has_a_verb else "ADP"), sentence
    assert min(counts[True], counts[False]) > 20


@pytest.fixture(scope="module")
def many_sentences():
    return tagged_sentences(9_000, seed=5)


def test_the_most_frequent_tag_of_a_word_is_not_enough():
    tags_of = defaultdict(Counter)
    for sentence in tagged_sentences(4000, seed=1):
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            tags_of[word.lower()][tag] += 1
    test = tagged_sentences(1000, seed=2)
    correct = [
        tags_of[word.lower()].most_common(1)[0][0] == tag
        for sentence in test
        for word, tag in zip(sentence.words, sentence.tags, strict=True)
    ]
    assert 0.75 < sum(correct) / len(correct) < 0.88
