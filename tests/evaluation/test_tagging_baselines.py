"""Baselines of the tagging tasks: what they learn word by word, by hand."""

import numpy as np
import pytest

from data.encoders.orthography import OrthographicSettings, orthographic_features
from evaluation.tagging_baselines import EntityDictionary, FormGuesser, WordTags, fit_form_baselines, fit_word_tags
from schema.examples import LabelledText, TaggedSentence

STEMS = ("bold", "calm", "cool", "dear", "fair", "fond", "glad", "kind", "loud", "mild")
ADVERBS, VERBS = [stem + "ly" for stem in STEMS], [stem + "ing" for stem in STEMS]


def features(word):
    return orthographic_features(word, OrthographicSettings(max_prefix=2, max_suffix=3))


def sentence(line: str) -> TaggedSentence:
    """From a line such as "the DET dog NOUN"."""
    parts = line.split()
    return TaggedSentence(tuple(parts[::2]), tuple(parts[1::2]))


def tags_of(baseline, *lines: str) -> list[str]:
    answers = baseline.answer([TaggedSentence(tuple(line.split())) for line in lines])
    return [" ".join(answer.tags) for answer in answers]


def test_an_unseen_form_gets_the_tag_of_its_lower_cased_form_or_a_guess():
    tags = WordTags({"may": "AUX", "May": "PROPN", "US": "PROPN"}, lambda words: [f"guess-{word}" for word in words])
    assert tags_of(tags, "may May MAY", "", "us new new") == ["AUX PROPN AUX", "", "guess-us guess-new guess-new"]


def test_only_what_is_unknown_is_guessed():
    def never(words):
        raise AssertionError(words)

    assert tags_of(WordTags({"a": "DET"}, never), "a A", "") == ["DET DET", ""]


def test_each_form_has_its_most_frequent_tag_and_ties_go_to_the_more_frequent_one():
    train = [
        sentence("run VERB run VERB run NOUN"),
        sentence("walk NOUN walk VERB"),
        sentence("the DET cat NOUN dog NOUN"),
    ]
    fitted = fit_word_tags(train, features)
    assert tags_of(fitted["most_frequent_tag"], "run walk the new") == ["VERB NOUN DET NOUN"]
    assert tags_of(fitted["majority"], "run the new") == ["NOUN NOUN NOUN"]


def test_unseen_words_are_guessed_from_their_ending():
    train = [
        sentence(" ".join(f"{word} {tag}" for word in words)) for words, tag in ((ADVERBS, "ADV"), (VERBS, "VERB"))
    ]
    fitted = fit_word_tags([*train, sentence("it PRON " * 30)], features)
    assert tags_of(fitted["suffix_guesser"], "warmly warming it boldly") == ["ADV VERB PRON ADV"]
    assert tags_of(fitted["most_frequent_tag"], "warmly it boldly") == ["PRON PRON ADV"]


def test_where_rare_words_have_one_tag_there_is_nothing_to_guess_with():
    assert set(fit_word_tags([sentence("a X b X")], features)) == {"majority", "most_frequent_tag"}


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
        ("will is new", "O O O"),  # an entity in one place of three
        ("mark", "B-PER"),  # in one of two
        ("jordan New", "B-LOC O"),
        ("york new", "O O"),  # in one place of three: twice it stands within New York
        ("", ""),
    ],
)
def test_the_longest_entity_of_train_is_found_whatever_its_case(line, tags):
    assert tags_of(EntityDictionary.fit(TRAIN), line) == [tags]


def test_without_an_entity_in_train_none_is_found():
    assert tags_of(EntityDictionary.fit([sentence("a O b O")]), "a b") == ["O O"]


def test_an_ending_is_learnt():
    guesser = FormGuesser.fit(ADVERBS + VERBS, ["ADV"] * 10 + ["VERB"] * 10, features, penalty=1.0)
    shares = guesser.probabilities(["warmly", "warming"])
    assert guesser.labels == ("ADV", "VERB")
    assert [guesser.labels[place] for place in shares.argmax(axis=1)] == ["ADV", "VERB"]
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def words(*groups: tuple[list[str], str]) -> list[LabelledText]:
    return [LabelledText(word, label) for group, label in groups for word in group]


def test_single_words_have_a_majority_and_a_regression():
    train, validation = words((ADVERBS[:6], "ADV"), (VERBS[:9], "VERB")), words((ADVERBS[6:], "ADV"), (["new"], "ADJ"))
    fitted = fit_form_baselines(train, validation, {"logistic_regression": features})
    majority, regression = (
        fitted[name]([LabelledText("warmly"), LabelledText("warming")]) for name in ("majority", "logistic_regression")
    )
    assert [answer.label for answer in majority] == ["VERB", "VERB"]
    assert majority[0].probabilities == {"ADV": pytest.approx(6 / 15), "VERB": pytest.approx(9 / 15)}
    assert [answer.label for answer in regression] == ["ADV", "VERB"]
    for answer in (*majority, *regression):
        assert sum(answer.probabilities.values()) == pytest.approx(1)
        assert answer.probability == max(answer.probabilities.values())


def test_without_validation_a_regression_is_fitted_all_the_same():
    fitted = fit_form_baselines(words((ADVERBS, "ADV"), (VERBS, "VERB")), [], {"logistic_regression": features})
    assert [answer.label for answer in fitted["logistic_regression"]([LabelledText("warmly")])] == ["ADV"]
    assert [answer([]) for answer in fitted.values()] == [[], []]


def test_one_class_alone_has_a_majority():
    fitted = fit_form_baselines(words((ADVERBS, "ADV")), words((VERBS, "ADV")), {"logistic_regression": features})
    assert [answer.label for answer in fitted["majority"]([LabelledText("new")])] == ["ADV"]
    assert set(fitted) == {"majority"}
