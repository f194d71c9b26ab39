"""Sanity checks detect the errors of deliberately wrong models and data."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import KerasTensor, ops

from schema.encoded import EncodedDataset, Ragged
from schema.examples import LabelledText, Splits
from training.model_checks import (
    neighbor_effect,
    overfit_one_batch,
    padding_effect,
    weight_effect,
    weights_without_gradient,
)
from training.sanity_checks import check_splits

LENGTHS = np.array([2, 3, 5, 7, 4, 6, 2, 3])
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")


@pytest.fixture
def encoded() -> EncodedDataset:
    words = np.random.default_rng(0).integers(2, 9, LENGTHS.sum()).astype(np.int32)
    return EncodedDataset({"words": Ragged(words, LENGTHS)}, np.arange(8, dtype=np.int32) % 2)


def make_model(encode: Callable[[KerasTensor, KerasTensor], KerasTensor]) -> keras.Model:
    """A classifier with two logits; encode: from embedded words (batch, time, 4) and their mask (batch, time)."""
    keras.utils.set_random_seed(1)
    words = keras.Input((None,), dtype="int32", name="words")
    embedded = keras.layers.Embedding(10, 4)(words)
    return keras.Model({"words": words}, keras.layers.Dense(2)(encode(embedded, ops.not_equal(words, 0))))


def masked(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    return keras.layers.LSTM(8)(embedded, mask=mask)


def unmasked(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    return keras.layers.LSTM(8)(embedded)


def mixing(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    encoded = masked(embedded, mask)
    return encoded - ops.mean(encoded, axis=0, keepdims=True)


def test_masked_model_passes(encoded: EncodedDataset) -> None:
    model = make_model(masked)
    assert padding_effect(model, encoded) < 1e-5
    assert neighbor_effect(model, encoded) < 1e-5
    assert weight_effect(model, LOSS, encoded) < 1e-5
    assert weights_without_gradient(model, LOSS, encoded) == []
    assert overfit_one_batch(model, LOSS, encoded) < 0.1


def test_model_without_a_mask_depends_on_padding(encoded: EncodedDataset) -> None:
    assert padding_effect(make_model(unmasked), encoded) > 1e-3


def test_model_that_mixes_its_batch_is_detected(encoded: EncodedDataset) -> None:
    assert neighbor_effect(make_model(mixing), encoded) > 1e-3


def test_loss_divided_by_the_number_of_rows_is_detected(encoded: EncodedDataset) -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert weight_effect(make_model(masked), loss, encoded) > 0.1


def test_weight_without_gradient_is_named(encoded: EncodedDataset) -> None:
    def disconnected(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
        return ops.stop_gradient(masked(embedded, mask))

    assert any("lstm" in path for path in weights_without_gradient(make_model(disconnected), LOSS, encoded))


def test_equal_examples_with_different_labels_cannot_be_overfitted(encoded: EncodedDataset) -> None:
    same = Ragged(np.full(16, 3, np.int32), np.full(8, 2))
    assert overfit_one_batch(make_model(masked), LOSS, EncodedDataset({"words": same}, encoded.targets)) > 0.5


def test_duplicates_in_validation_fail_and_official_overlaps_are_noted() -> None:
    texts = [LabelledText("a", "x"), LabelledText("b", "y")]
    splits = Splits("mine", "files:1", texts, texts[:1], [], held_out=True, validation_in_train=lambda: 1)
    assert [(result.status, result.message) for result in check_splits(splits)] == [
        ("FAIL", "1 validation examples also occur in train")
    ]
    official = Splits("mine", "files:1", texts, [], texts, overlaps=lambda: {"test: also in train": 2})
    assert [(result.status, result.message) for result in check_splits(official)] == [
        ("NOTE", "mine: test: also in train: 2")
    ]


def test_own_file_is_checked_with_one_line_per_check(
    call: Callable, plain: list[str], reviews: Path, tmp_path: Path
) -> None:
    ended = call("train", "sentiment", *plain, f"--train-file={reviews}", "--sanity-check")
    assert (ended.status, ended.errors) == (0, "")
    assert {line.split()[0] for line in ended.out.splitlines()} <= {"PASS", "NOTE"}
    assert len(ended.out.splitlines()) >= 8
    # Equal texts with different labels.
    contradictory = tmp_path / "contradictory.tsv"
    contradictory.write_text("".join(f"a film like number {n // 2}\t{'up' if n % 2 else 'down'}\n" for n in range(40)))
    ended = call("train", "sentiment", *plain, f"--train-file={contradictory}", "--sanity-check")
    assert ended.status == 1
    (line,) = [line for line in ended.out.splitlines() if line.startswith("FAIL")]
    assert "equal texts with different labels?" in line
    assert not (tmp_path / "runs").exists()
