"""Encoding of single words."""

import numpy as np
import pytest

from data.encoders.orthography import OrthographicSettings
from data.encoders.related_words import RelatedWords
from data.encoders.word import WordEncoder
from schema.examples import LabelledText

SETTINGS = OrthographicSettings(max_prefix=1, max_suffix=1, min_feature_count=2)
TRAIN = [LabelledText("aid", "VERB"), LabelledText("Ann", "PROPN"), LabelledText("aim", "VERB"), LabelledText("odd")]

RELATED_WORDS = RelatedWords([("aids", "NOUN"), ("aims", "VERB")])


@pytest.fixture
def encoder():
    return WordEncoder.fit(TRAIN, SETTINGS, RELATED_WORDS)


def test_ids_computed_by_hand():
    encoder = WordEncoder.fit(TRAIN, SETTINGS)
    # Features of at least two words: "length 3" 2, "prefix a" 3, "shape x" 4, "suffix d" 5.
    encoded = encoder.encode([LabelledText("aid", "VERB"), LabelledText("Bo", "PROPN"), LabelledText("", "VERB")])
    assert encoded.inputs["orthographic"].tolist() == [[4, 2, 3, 5, 0], [0] * 5, [0] * 5]
    assert encoder.labels == ("PROPN", "VERB")
    assert encoded.targets.tolist() == [1, 0, 1]
    assert encoded.lengths.tolist() == [1, 1, 1]


def test_features_of_related_words_are_added():
    # A feature needs at least two words: "aim" and "Aim" share two features of related words.
    encoder = WordEncoder.fit([*TRAIN, LabelledText("Aim")], SETTINGS, RELATED_WORDS)
    assert {"ending >s VERB", "ending >VERB"} <= set(encoder.orthography.vocabulary.words)
    assert encoder.encode([LabelledText("Aim")]).inputs["orthographic"].shape == (1, encoder.orthography.width)


@pytest.mark.parametrize("label", [None, "NOUN"])
def test_a_missing_or_unknown_label_gives_no_targets(encoder, label):
    assert encoder.encode([TRAIN[0], LabelledText("walk", label)]).targets is None


def test_save_and_load_restore_the_encoder(encoder, tmp_path):
    encoder.save(tmp_path / "encoder")
    loaded = WordEncoder.load(tmp_path / "encoder")
    examples = [*TRAIN[:3], LabelledText("naïve😀", "VERB")]
    np.testing.assert_array_equal(
        loaded.encode(examples).inputs["orthographic"], encoder.encode(examples).inputs["orthographic"]
    )
    np.testing.assert_array_equal(loaded.encode(examples).targets, encoder.encode(examples).targets)
    assert (loaded.labels, loaded.orthography.settings) == (encoder.labels, encoder.orthography.settings)
