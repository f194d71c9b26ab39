"""Single words as the features of their form."""

import json

import numpy as np
import pytest

from data.encoders.orthography import OrthographicSettings
from data.encoders.related_words import RelatedWords
from data.encoders.word import WordEncoder
from schema.errors import RunError
from schema.examples import LabelledText

SETTINGS = OrthographicSettings(max_prefix=1, max_suffix=1, min_feature_count=2, ngrams=3, buckets=20)
TRAIN = [LabelledText("aid", "VERB"), LabelledText("Ann", "PROPN"), LabelledText("aim", "VERB"), LabelledText("odd")]


KIN = RelatedWords([("aids", "NOUN"), ("aims", "VERB")])


@pytest.fixture
def encoder():
    return WordEncoder.fit(TRAIN, SETTINGS, KIN)


def test_a_word_worked_out_by_hand():
    encoder = WordEncoder.fit(TRAIN, OrthographicSettings(max_prefix=1, max_suffix=1, min_feature_count=2))
    # Of two words at least: "length 3" 2, "prefix a" 3, "shape x" 4, "suffix d" 5.
    encoded = encoder.encode([LabelledText("aid", "VERB"), LabelledText("Bo", "PROPN"), LabelledText("", "VERB")])
    assert encoded.inputs["forms"].tolist() == [[4, 2, 3, 5, 0], [0] * 5, [0] * 5]
    assert encoder.labels == ("PROPN", "VERB")
    assert encoded.targets.tolist() == [1, 0, 1]
    assert encoded.lengths.tolist() == [1, 1, 1]


def test_what_is_known_of_kin_stands_beside_the_form():
    # Two words at least must have a feature: of kin, "aim" and "Aim" have two in common.
    two = WordEncoder.fit(
        [*TRAIN, LabelledText("Aim")], OrthographicSettings(max_prefix=1, max_suffix=1, min_feature_count=2), KIN
    )
    assert {"kin >s VERB", "kin >VERB"} <= set(two.forms.vocabulary.words)
    assert two.encode([LabelledText("Aim")]).inputs["forms"].shape == (1, two.forms.width)


@pytest.mark.parametrize("label", [None, "NOUN"])
def test_without_a_known_label_for_every_word_there_are_no_targets(encoder, label):
    assert encoder.encode([TRAIN[0], LabelledText("walk", label)]).targets is None


def test_what_was_saved_encodes_alike(encoder, tmp_path):
    encoder.save(tmp_path / "encoder")
    loaded = WordEncoder.load(tmp_path / "encoder")
    examples = [*TRAIN[:3], LabelledText("naïve😀", "VERB")]
    np.testing.assert_array_equal(loaded.encode(examples).inputs["forms"], encoder.encode(examples).inputs["forms"])
    np.testing.assert_array_equal(loaded.encode(examples).targets, encoder.encode(examples).targets)
    assert (loaded.labels, loaded.forms.settings) == (encoder.labels, encoder.forms.settings)


@pytest.mark.parametrize("name", ["encoder.json", "forms.txt", "kin.json"])
def test_a_missing_or_damaged_file_is_named(encoder, tmp_path, name):
    encoder.save(tmp_path)
    (tmp_path / name).write_bytes(b"\xff\n\xff")
    with pytest.raises(RunError, match=rf"{name} is damaged .*; train the run anew"):
        WordEncoder.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RunError, match=f"{name} is missing; .* train it anew"):
        WordEncoder.load(tmp_path)


@pytest.mark.parametrize("change", [{"labels": None}, {"more": 1}])
def test_a_description_of_something_else_is_refused(encoder, tmp_path, change):
    encoder.save(tmp_path)
    path = tmp_path / "encoder.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunError, match="encoder.json is damaged"):
        WordEncoder.load(tmp_path)
