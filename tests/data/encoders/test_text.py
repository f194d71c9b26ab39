"""From labelled texts to numbers and, through plain files, to the same numbers again."""

import json

import numpy as np
import pytest

from data.encoders.ngram_features import NgramSettings
from data.encoders.text import TextEncoder, TextSettings, fit_text_encoder
from schema.errors import RunError
from schema.examples import LabelledText

GOOD, BAD = "a very good film with a fine plot and a happy end", "a very bad film with a dull plot and no good end"
EXAMPLES = [LabelledText(text, label) for text, label in [(GOOD, "pos"), (BAD, "neg")] for _ in range(8)]


def learn(head_tokens=400, tail_tokens=0, evidence: NgramSettings | None = None):
    encoder, encoded, _ = fit_text_encoder(EXAMPLES, TextSettings("words", head_tokens, tail_tokens, 4), 100, evidence)
    return encoder, encoded


def words_of(encoder: TextEncoder, ids: np.ndarray) -> list[str]:
    return [encoder.vocabulary.words[place - 2] for place in ids]


@pytest.mark.parametrize(
    "first, last, expected",
    [
        (3, 2, "a very good happy end"),
        (2, 0, "a very"),
        (11, 1, GOOD),
        (12, 0, GOOD),
        (9, 2, "a very good film with a fine plot and happy end"),
        (1, 1, "a end"),
    ],
)
def test_a_long_text_is_read_at_its_beginning_and_its_end(first, last, expected):
    encoder, _ = learn(first, last)
    assert words_of(encoder, encoder.encode([LabelledText(GOOD)]).inputs["words"][0]) == expected.split()


def test_a_short_text_beside_a_long_one_is_not_cut():
    encoder, _ = learn(3, 2)
    encoded = encoder.encode([LabelledText("good film"), LabelledText(GOOD), LabelledText("")])
    assert encoded.inputs["words"].lengths.tolist() == [2, 5, 1]


def test_the_cut_loses_nothing_of_the_linear_score():
    whole, _ = learn(evidence=NgramSettings())
    short, encoded = learn(3, 2, evidence=NgramSettings())
    texts = [
        LabelledText(text) for text in (GOOD, BAD, "good", f"{BAD} {GOOD}", "", "nothing known at all here, my friend")
    ]
    full, cut = whole.encode(texts).inputs, short.encode(texts).inputs
    for place in range(len(texts)):
        assert len(cut["evidence"][place]) == len(cut["words"][place]) <= 5
        assert cut["evidence"][place][:, -1].sum() == pytest.approx(full["evidence"][place][:, -1].sum(), abs=1e-5)
        np.testing.assert_array_equal(cut["evidence"][place][:3, :-1], full["evidence"][place][:3, :-1])
    assert encoded.inputs["evidence"].lengths.tolist() == encoded.inputs["words"].lengths.tolist()


def test_sequences_are_padded_to_whole_windows():
    assert learn()[0].encode(EXAMPLES).pad_to_multiple_of == 4


@pytest.mark.parametrize("evidence", [None, NgramSettings()], ids=["words alone", "with evidence"])
def test_the_files_give_the_same_encoder(tmp_path, evidence):
    encoder, _ = learn(5, 3, evidence)
    encoder.save(tmp_path)
    loaded = TextEncoder.load(tmp_path)
    texts = [*EXAMPLES, LabelledText("unheard-of words, 日本\u0085", "pos")]
    before, after = encoder.encode(texts), loaded.encode(texts)
    assert loaded.labels == encoder.labels == ("neg", "pos")
    assert after.pad_to_multiple_of == before.pad_to_multiple_of
    assert before.inputs.keys() == after.inputs.keys()
    for name, column in before.inputs.items():
        np.testing.assert_array_equal(after.inputs[name].values, column.values)
        np.testing.assert_array_equal(after.inputs[name].lengths, column.lengths)
    np.testing.assert_array_equal(after.targets, before.targets)


def test_targets_are_places_among_the_labels():
    encoder, encoded = learn()
    assert encoded.targets.tolist() == [1] * 8 + [0] * 8
    assert encoder.encode([LabelledText("x", "neg"), LabelledText("y", "pos")]).targets.tolist() == [0, 1]


@pytest.mark.parametrize("label", [None, "mixed", ""])
def test_a_label_that_is_missing_or_unknown_leaves_no_targets(label):
    encoder, _ = learn()
    encoded = encoder.encode([LabelledText("x", "neg"), LabelledText("y", label)])
    assert encoded.targets is None
    assert len(encoded) == 2


def damage_json(folder):
    (folder / "encoder.json").write_text("{")


def lose_a_setting(folder):
    settings = json.loads((folder / "encoder.json").read_text())
    del settings["head_tokens"]
    (folder / "encoder.json").write_text(json.dumps(settings))


def lose_words(folder):
    (folder / "vocabulary.txt").unlink()


def lose_evidence(folder):
    (folder / "ngrams.tsv").unlink()


@pytest.mark.parametrize(
    "damage, said",
    [
        (damage_json, "encoder.json is damaged"),
        (lose_a_setting, "encoder.json is damaged"),
        (lose_words, "vocabulary.txt is missing"),
        (lose_evidence, "ngrams.tsv is missing"),
    ],
)
def test_what_is_missing_or_damaged_is_named(tmp_path, damage, said):
    encoder, _ = learn(evidence=NgramSettings())
    encoder.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(RunError, match=said):
        TextEncoder.load(tmp_path)
