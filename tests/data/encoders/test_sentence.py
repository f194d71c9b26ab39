"""Sentences as numbers, worked out by hand, and the files that keep what was learnt."""

import json

import numpy as np
import pytest

from data.encoders.related_words import RelatedWords
from data.encoders.sentence import SentenceEncoder, SentenceSettings, fit_sentence_encoder
from data.encoders.vocabulary import Vocabulary
from schema.encoded import Ragged
from schema.errors import RunError
from schema.examples import TaggedSentence

SETTINGS = SentenceSettings(max_word_length=2, max_prefix=1, max_suffix=1)
# "ab" occurs twice, "ba" and "c" once; only the shape stands in three different words.
TRAIN = [TaggedSentence(("ab", "ba", "ab"), ("X", "Y", "X")), TaggedSentence(("c",), ("Y",)), TaggedSentence(())]
ASKED = [TaggedSentence(("c", "new", "AB")), TaggedSentence(()), TaggedSentence(("ab",))]


@pytest.fixture
def encoder():
    return fit_sentence_encoder(TRAIN, SETTINGS, ["PER b", "LOC a", "PER b"])


def test_a_sentence_worked_out_by_hand(encoder):
    encoded = encoder.encode(TRAIN)
    assert set(encoded.inputs) == {"words", "characters", "forms"}
    assert all(column.lengths.tolist() == [3, 1, 0] for column in (*encoded.inputs.values(), encoded.targets))
    assert encoded.inputs["words"].values.tolist() == [2, 3, 2, 4]
    assert encoded.inputs["characters"].values.tolist() == [[2, 3], [3, 2], [2, 3], [1, 0]]
    assert encoded.inputs["forms"].values.tolist() == [[2, 0, 0, 0, 0]] * 4
    assert encoded.targets.collate(np.arange(3), 3).tolist() == [[0, 1, 0], [1, -1, -1], [-1, -1, -1]]
    assert encoder.tags == ("X", "Y")


def test_words_seen_once_have_the_last_ids(encoder):
    assert encoder.words.words == ("ab", "ba", "c")
    assert encoder.rare_from == 3
    every_word_twice = fit_sentence_encoder(TRAIN * 2, SETTINGS)
    assert every_word_twice.rare_from == len(every_word_twice.words)


def test_unknown_words_and_sentences_without_words(encoder):
    encoded = encoder.encode(ASKED)
    assert [row.tolist() for row in encoded.inputs["words"]] == [[4, 1, 1], [], [2]]
    nothing = encoder.encode([TaggedSentence(())] * 2)
    assert nothing.lengths.tolist() == [0, 0]
    assert nothing.inputs["characters"].collate(np.arange(2), 1).tolist() == [[[0, 0]]] * 2


def test_a_word_without_a_vector_gets_that_of_the_same_word_written_otherwise():
    vector_words = Vocabulary(["paris", "Rome", "b"])
    encoder = fit_sentence_encoder(TRAIN, SETTINGS, vector_words=vector_words)
    asked = TaggedSentence(("b", "PARIS", "rome", "ROME", "Oslo"))
    assert encoder.encode([asked, TaggedSentence(())]).inputs["vectors"].values.tolist() == [4, 2, 3, 3, 1]


@pytest.mark.parametrize("tags", [("X", "Z"), (), ("X",)], ids=["unknown", "none", "too few"])
def test_without_a_known_tag_for_every_word_there_are_no_targets(encoder, tags):
    assert encoder.encode([*TRAIN, TaggedSentence(("ab", "c"), tags)]).targets is None


def test_what_is_not_wanted_is_not_encoded():
    bare = fit_sentence_encoder(TRAIN, SentenceSettings(max_word_length=0, max_prefix=0, max_suffix=0))
    assert set(bare.encode(TRAIN).inputs) == {"words"}


def test_the_order_of_the_sentences_does_not_matter(encoder):
    other = fit_sentence_encoder(TRAIN[::-1], SETTINGS)
    assert (other.tags, other.words.words, other.rare_from) == (encoder.tags, encoder.words.words, encoder.rare_from)


def test_each_entity_is_kept_once(encoder):
    assert encoder.seen_entities == {"LOC a", "PER b"}
    assert encoder.entities == ("LOC a", "PER b")


def same(one: Ragged, other: Ragged) -> None:
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.lengths, other.lengths)


def test_what_was_saved_encodes_alike(tmp_path):
    odd = TaggedSentence(("😀", "next\u0085line", "Zoë", "\u2028", "שלום"), ("X", "é", "X", "Y", "O"))
    vector_words = Vocabulary(["Zoë", "next\u0085line"])
    encoder = fit_sentence_encoder(
        [*TRAIN, odd], SentenceSettings(7, 2, 3), ["PER Zoë Lee"], vector_words, RelatedWords([("nexus", "X")])
    )
    encoder.save(tmp_path / "encoder")
    loaded = SentenceEncoder.load(tmp_path / "encoder")
    examples = [*TRAIN, odd]
    first, second = encoder.encode(examples), loaded.encode(examples)
    assert first.inputs.keys() == second.inputs.keys() == {"words", "vectors", "characters", "forms"}
    for name in first.inputs:
        same(first.inputs[name], second.inputs[name])
    same(first.targets, second.targets)
    assert (loaded.tags, loaded.rare_from, loaded.seen_entities) == (encoder.tags, encoder.rare_from, {"PER Zoë Lee"})
    assert loaded.settings == encoder.settings


@pytest.mark.parametrize(
    "name", ["encoder.json", "words.txt", "characters.txt", "forms.txt", "entities.txt", "vector_words.txt"]
)
def test_a_missing_or_damaged_file_is_named(encoder, tmp_path, name):
    encoder.save(tmp_path)
    (tmp_path / name).write_bytes(b"\xff\n\xff")
    with pytest.raises(RunError, match=rf"{name} is damaged .*; train the run anew"):
        SentenceEncoder.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RunError, match=f"{name} is missing; .* train it anew"):
        SentenceEncoder.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [lambda _: [], lambda _: 7, lambda said: said | {"more": 1}, lambda said: said | {"rare_from": None}]
    + [lambda said: said | {"tags": None}]
    + [lambda said, gone=gone: {name: said[name] for name in said if name != gone} for gone in ("tags", "max_suffix")],
    ids=["a list", "a number", "one more", "no number", "tags that are none", "no tags", "no suffixes"],
)
def test_a_description_of_something_else_is_refused(encoder, tmp_path, change):
    encoder.save(tmp_path)
    path = tmp_path / "encoder.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(RunError, match="encoder.json is damaged"):
        SentenceEncoder.load(tmp_path)
