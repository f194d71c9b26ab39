"""Encoding of text pairs, compared with ids computed by hand, and the files of the encoder."""

import numpy as np
import pytest

from data.encoders.pair import PairEncoder, PairSettings
from schema.encoded import BEGIN, END, IGNORE_INDEX
from schema.examples import TextPair

SETTINGS = PairSettings(max_source_length=4, max_target_length=3)
PAIRS = [TextPair("a b", "c"), TextPair("", "a b c a b c"), TextPair("b b b b b b b", "")]


@pytest.fixture
def encoder() -> PairEncoder:
    return PairEncoder.fit([TextPair("a b c", "")] * 3, SETTINGS, vocab_size=20)


def test_ids_computed_by_hand(encoder):
    a, b, c = encoder.subwords.encode(["a b c"])[0]
    encoded = encoder.encode(PAIRS)
    assert [row.tolist() for row in encoded.inputs["source"]] == [[a, b, END], [END], [b, b, b, b, END]]
    assert [row.tolist() for row in encoded.inputs["target"]] == [[BEGIN, c], [BEGIN, a, b, c], [BEGIN]]
    assert [row.tolist() for row in encoded.targets] == [[c, END], [a, b, c, END], [END]]
    assert encoded.lengths.tolist() == [3, 4, 5]


def test_each_side_is_padded_to_its_own_length(encoder):
    encoded = encoder.encode(PAIRS)
    inputs, targets = encoded.collate(np.array([0, 2]), 9)
    # Both sources are longer than their targets and are padded to the requested length.
    assert inputs["source"].shape == (2, 9)
    assert inputs["target"].shape == targets.shape == (2, 2)
    assert targets[1, 1] == IGNORE_INDEX


def test_a_pair_without_target_has_only_a_source(encoder):
    encoded = encoder.encode([TextPair("a"), TextPair("b", "c")])
    assert set(encoded.inputs) == {"source"}
    assert encoded.targets is None


def test_save_and_load_restore_the_encoder(encoder, tmp_path):
    encoder.save(tmp_path)
    loaded = PairEncoder.load(tmp_path)
    assert loaded.settings == SETTINGS
    np.testing.assert_array_equal(loaded.encode(PAIRS).targets.values, encoder.encode(PAIRS).targets.values)
