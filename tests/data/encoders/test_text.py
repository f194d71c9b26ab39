"""Encoding of labelled texts, before and after the encoder is saved and loaded."""

import numpy as np
import pytest

from data.encoders.ngram_features import NgramSettings
from data.encoders.text import TextEncoder, TextSettings
from schema.examples import LabelledText

GOOD, BAD = "a very good film with a fine plot and a happy end", "a very bad film with a dull plot and no good end"
EXAMPLES = [LabelledText(text, label) for text, label in [(GOOD, "pos"), (BAD, "neg")] for _ in range(8)]


def fit(head_tokens=400, tail_tokens=0, ngrams: NgramSettings | None = None):
    encoder, encoded, _ = TextEncoder.fit(EXAMPLES, TextSettings("words", head_tokens, tail_tokens, 4), 100, ngrams)
    return encoder, encoded


def words_of(encoder: TextEncoder, ids: np.ndarray) -> list[str]:
    return [encoder.vocabulary.words[token - 2] for token in ids]


@pytest.mark.parametrize(
    "head, tail, expected",
    [
        (3, 2, "a very good happy end"),
        (2, 0, "a very"),
        (11, 1, GOOD),
        (12, 0, GOOD),
        (9, 2, "a very good film with a fine plot and happy end"),
        (1, 1, "a end"),
    ],
)
def test_a_long_text_is_cut_to_its_head_and_its_tail(head, tail, expected):
    encoder, _ = fit(head, tail)
    assert words_of(encoder, encoder.encode([LabelledText(GOOD)]).inputs["words"][0]) == expected.split()


def test_a_short_text_beside_a_long_one_is_not_cut():
    encoder, _ = fit(3, 2)
    encoded = encoder.encode([LabelledText("good film"), LabelledText(GOOD), LabelledText("")])
    assert encoded.inputs["words"].lengths.tolist() == [2, 5, 1]


def test_the_cut_keeps_the_linear_score():
    whole, _ = fit(ngrams=NgramSettings())
    short, encoded = fit(3, 2, ngrams=NgramSettings())
    texts = [
        LabelledText(text) for text in (GOOD, BAD, "good", f"{BAD} {GOOD}", "", "nothing known at all here, my friend")
    ]
    full, cut = whole.encode(texts).inputs, short.encode(texts).inputs
    for index in range(len(texts)):
        assert len(cut["ngram_features"][index]) == len(cut["ngram_totals"][index]) == len(cut["words"][index]) <= 5
        assert cut["ngram_totals"][index].sum() == pytest.approx(full["ngram_totals"][index].sum(), abs=1e-5)
        np.testing.assert_array_equal(cut["ngram_features"][index][:3], full["ngram_features"][index][:3])
    for name in ("ngram_features", "ngram_totals"):
        assert encoded.inputs[name].lengths.tolist() == encoded.inputs["words"].lengths.tolist()


def test_sequences_are_padded_to_a_multiple_of_the_chunk_length():
    assert fit()[0].encode(EXAMPLES).pad_to_multiple_of == 4


@pytest.mark.parametrize("ngrams", [None, NgramSettings()], ids=["words only", "with n-gram features"])
def test_the_files_give_the_same_encoder(tmp_path, ngrams):
    encoder, _ = fit(5, 3, ngrams)
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


def test_targets_are_indices_of_the_labels():
    encoder, encoded = fit()
    assert encoded.targets.tolist() == [1] * 8 + [0] * 8
    assert encoder.encode([LabelledText("x", "neg"), LabelledText("y", "pos")]).targets.tolist() == [0, 1]


@pytest.mark.parametrize("label", [None, "mixed", ""])
def test_a_missing_or_unknown_label_gives_no_targets(label):
    encoder, _ = fit()
    encoded = encoder.encode([LabelledText("x", "neg"), LabelledText("y", label)])
    assert encoded.targets is None
    assert len(encoded) == 2
