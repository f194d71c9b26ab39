"""Encoding of sentences, compared with ids computed by hand, and the files of the encoder."""

import numpy as np
import pytest

from data.encoders.related_words import RelatedWords
from data.encoders.sentence import SentenceEncoder, SentenceSettings
from data.encoders.vocabulary import Vocabulary
from schema.encoded import Ragged
from schema.examples import TaggedSentence

SETTINGS = SentenceSettings(max_word_length=2, max_prefix=1, max_suffix=1)
# "ab" occurs twice, "ba" and "c" once; only the shape is a feature of three distinct words.
TRAIN = [TaggedSentence(("ab", "ba", "ab"), ("X", "Y", "X")), TaggedSentence(("c",), ("Y",)), TaggedSentence(())]
INPUTS = [TaggedSentence(("c", "new", "AB")), TaggedSentence(()), TaggedSentence(("ab",))]


@pytest.fixture
def encoder():
    return SentenceEncoder.fit(TRAIN, SETTINGS)


def test_ids_computed_by_hand(encoder):
    encoded = encoder.encode(TRAIN)
    assert set(encoded.inputs) == {"words", "chars", "orthographic"}
    assert all(column.lengths.tolist() == [3, 1, 0] for column in (*encoded.inputs.values(), encoded.targets))
    assert encoded.inputs["words"].values.tolist() == [2, 3, 2, 4]
    assert encoded.inputs["chars"].values.tolist() == [[2, 3], [3, 2], [2, 3], [1, 0]]
    assert encoded.inputs["orthographic"].values.tolist() == [[2, 0, 0, 0, 0]] * 4
    assert encoded.targets.collate(np.arange(3), 3).tolist() == [[0, 1, 0], [1, -1, -1], [-1, -1, -1]]
    assert encoder.tags == ("X", "Y")


def test_words_that_occur_once_have_the_last_ids(encoder):
    assert encoder.words.words == ("ab", "ba", "c")
    assert encoder.rare_from == 3
    every_word_twice = SentenceEncoder.fit(TRAIN * 2, SETTINGS)
    assert every_word_twice.rare_from == len(every_word_twice.words)


def test_unknown_words_and_sentences_without_words(encoder):
    encoded = encoder.encode(INPUTS)
    assert [row.tolist() for row in encoded.inputs["words"]] == [[4, 1, 1], [], [2]]
    empty = encoder.encode([TaggedSentence(())] * 2)
    assert empty.lengths.tolist() == [0, 0]
    assert empty.inputs["chars"].collate(np.arange(2), 1).tolist() == [[[0, 0]]] * 2


def test_a_word_without_a_vector_gets_the_vector_of_another_spelling():
    vector_words = Vocabulary(["paris", "Rome", "b"])
    encoder = SentenceEncoder.fit(TRAIN, SETTINGS, vector_words)
    sentence = TaggedSentence(("b", "PARIS", "rome", "ROME", "Oslo"))
    assert encoder.encode([sentence, TaggedSentence(())]).inputs["vectors"].values.tolist() == [4, 2, 3, 3, 1]


@pytest.mark.parametrize("tags", [("X", "Z"), (), ("X",)], ids=["unknown", "none", "too few"])
def test_a_missing_or_unknown_tag_gives_no_targets(encoder, tags):
    assert encoder.encode([*TRAIN, TaggedSentence(("ab", "c"), tags)]).targets is None


def test_disabled_features_are_not_encoded():
    words_only = SentenceEncoder.fit(TRAIN, SentenceSettings(max_word_length=0, max_prefix=0, max_suffix=0))
    assert set(words_only.encode(TRAIN).inputs) == {"words"}


def test_the_order_of_sentences_does_not_matter(encoder):
    other = SentenceEncoder.fit(TRAIN[::-1], SETTINGS)
    assert (other.tags, other.words.words, other.rare_from) == (encoder.tags, encoder.words.words, encoder.rare_from)


def assert_equal(one: Ragged, other: Ragged) -> None:
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.lengths, other.lengths)


def test_save_and_load_restore_the_encoder(tmp_path):
    odd = TaggedSentence(("😀", "next\u0085line", "Zoë", "\u2028", "שלום"), ("X", "é", "X", "Y", "O"))
    vector_words = Vocabulary(["Zoë", "next\u0085line"])
    related_words = RelatedWords([("nexus", "X")])
    encoder = SentenceEncoder.fit([*TRAIN, odd], SentenceSettings(7, 2, 3), vector_words, related_words)
    encoder.save(tmp_path / "encoder")
    loaded = SentenceEncoder.load(tmp_path / "encoder")
    examples = [*TRAIN, odd]
    first, second = encoder.encode(examples), loaded.encode(examples)
    assert first.inputs.keys() == second.inputs.keys() == {"words", "vectors", "chars", "orthographic"}
    for name in first.inputs:
        assert_equal(first.inputs[name], second.inputs[name])
    assert_equal(first.targets, second.targets)
    assert (loaded.tags, loaded.rare_from) == (encoder.tags, encoder.rare_from)
    assert loaded.settings == encoder.settings


def test_accents_and_apostrophes_of_files_and_of_questions_are_the_same():
    train = [TaggedSentence(("cafe\u0301", "don’t"), ("NOUN", "VERB"))] * 2
    encoder = SentenceEncoder.fit(train, SentenceSettings(5, 2, 2, 1))
    decomposed, composed = (encoder.encode([TaggedSentence(words)]) for words in (train[0].words, ("café", "don't")))
    assert decomposed.inputs.keys() == composed.inputs.keys()
    for name in composed.inputs:
        assert_equal(decomposed.ragged(name), composed.ragged(name))
    assert (encoder.words.encode(["café", "don't"]) >= 2).all()
