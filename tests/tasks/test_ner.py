"""Named entities: normalization of mentions."""

import json

import pytest

from data.encoders.sentence import SentenceEncoder, SentenceSettings
from schema.examples import TaggedSentence
from schema.scores import SeenInTraining
from tasks.ner import TASK as NER
from tasks.ner import normalize_mentions
from tasks.pos import TASK as POS


@pytest.mark.parametrize(
    ("words", "tags", "normalized"),
    [
        ("@ ann sings", "O B-PER O", "B-PER B-PER O"),
        ("@ ann sings", "O O O", "O O O"),
        ("@ bbc @ ann", "B-ORG B-ORG O B-PER", "B-ORG B-ORG B-PER B-PER"),
        ("of @ ann lee @", "O O B-PER I-PER O", "O B-PER B-PER I-PER O"),
        ("so @ann", "O B-PER", "O B-PER"),
        ("", "", ""),
    ],
)
def test_the_at_sign_of_a_mention_is_tagged_like_its_name(words, tags, normalized):
    assert normalize_mentions(words.split(), tags.split()) == tuple(normalized.split())


TRAIN = [
    TaggedSentence(("Ann", "Lee", "met", "Ann", "Lee"), ("B-PER", "I-PER", "O", "B-PER", "I-PER")),
    TaggedSentence(("In", "Paris"), ("O", "B-LOC")),
]


@pytest.mark.parametrize(
    ("task", "words", "entities"),
    [(NER, set(), {"PER Ann Lee", "LOC Paris"}), (POS, {"Ann", "Lee", "met", "In", "Paris"}, set())],
    ids=["ner", "pos"],
)
def test_scoring_gets_the_words_or_entities_of_train_once(task, words, entities):
    encoder = SentenceEncoder.fit(TRAIN, SentenceSettings(max_word_length=0, max_prefix=0, max_suffix=0))
    seen = task.collect_seen(encoder, TRAIN)
    assert (seen.words, seen.entities) == (words, entities)
    assert seen.labels == encoder.tags
    assert SeenInTraining.from_json(json.loads(json.dumps(seen.to_json()))) == seen
