"""Baselines for tagging, with predictions worked out by hand."""

import pytest

from data.encoders.orthography import OrthographicSettings, orthographic_features
from evaluation.tagging_baselines import EntityDictionary, WordTags, fit_tagging_baselines
from schema.examples import TaggedSentence

STEMS = ("bold", "calm", "cool", "dear", "fair", "fond", "glad", "kind", "loud", "mild")
ADVERBS, VERBS = [stem + "ly" for stem in STEMS], [stem + "ing" for stem in STEMS]


def features(word):
    return orthographic_features(word, OrthographicSettings(max_prefix=2, max_suffix=3))


def sentence(line: str) -> TaggedSentence:
    """From a line such as "the DET dog NOUN"."""
    parts = line.split()
    return TaggedSentence(tuple(parts[::2]), tuple(parts[1::2]))


def tags_of(baseline, *lines: str) -> list[str]:
    predictions = baseline([TaggedSentence(tuple(line.split())) for line in lines])
    return [" ".join(prediction.tags) for prediction in predictions]


def test_an_unseen_word_gets_the_tag_of_its_lower_cased_form_or_a_guess():
    tags = WordTags({"may": "AUX", "May": "PROPN", "US": "PROPN"}, lambda words: [f"guess-{word}" for word in words])
    assert tags_of(tags, "may May MAY", "", "us new new") == ["AUX PROPN AUX", "", "guess-us guess-new guess-new"]


def test_only_unknown_words_are_guessed():
    def never(words):
        raise AssertionError(words)

    assert tags_of(WordTags({"a": "DET"}, never), "a A", "") == ["DET DET", ""]


def test_each_word_has_its_most_frequent_tag_and_ties_go_to_the_more_frequent_tag():
    train = [
        sentence("run VERB run VERB run NOUN"),
        sentence("walk NOUN walk VERB"),
        sentence("the DET cat NOUN dog NOUN"),
    ]
    fitted = fit_tagging_baselines(train, features)
    assert tags_of(fitted["most_frequent_tag"], "run walk the new") == ["VERB NOUN DET NOUN"]
    assert tags_of(fitted["majority"], "run the new") == ["NOUN NOUN NOUN"]


def test_unseen_words_are_guessed_from_their_suffix():
    train = [
        sentence(" ".join(f"{word} {tag}" for word in words)) for words, tag in ((ADVERBS, "ADV"), (VERBS, "VERB"))
    ]
    fitted = fit_tagging_baselines([*train, sentence("it PRON " * 30)], features)
    assert tags_of(fitted["suffix_guesser"], "warmly warming it boldly") == ["ADV VERB PRON ADV"]
    assert tags_of(fitted["most_frequent_tag"], "warmly it boldly") == ["PRON PRON ADV"]


def test_there_is_no_suffix_guesser_if_rare_words_have_one_tag():
    assert set(fit_tagging_baselines([sentence("a X b X")], features)) == {"majority", "most_frequent_tag"}


TRAIN = [
    sentence("New B-LOC York I-LOC is O new O"),
    sentence("York B-ORG beat O New B-LOC York I-LOC City I-LOC"),
    sentence("Will B-PER will O will O"),
    sentence("Mark B-PER my O mark O"),
    sentence("Jordan B-LOC met O Jordan B-PER in O Jordan B-LOC"),
]


@pytest.mark.parametrize(
    "line, tags",
    [
        ("new york city new york", "B-LOC I-LOC I-LOC B-LOC I-LOC"),
        ("in NEW YORK", "O B-LOC I-LOC"),
        ("will is new", "O O O"),  # an entity in one of three occurrences
        ("mark", "B-PER"),  # in one of two
        ("jordan New", "B-LOC O"),
        ("york new", "O O"),  # in one of three: two are within New York
        ("", ""),
    ],
)
def test_the_longest_entity_of_train_is_matched_in_any_case(line, tags):
    assert tags_of(EntityDictionary.fit(TRAIN), line) == [tags]


def test_no_entity_is_found_without_one_in_train():
    assert tags_of(EntityDictionary.fit([sentence("a O b O")]), "a b") == ["O O"]
