"""The checks find what they are for: models and data that are wrong on purpose."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import KerasTensor, ops

from schema.encoded import EncodedDataset, Ragged
from schema.examples import LabelledText, Splits
from training.sanity_checks import check_splits, neighbour_effect, overfit_one_batch, padding_effect, weight_effect
from training.sanity_checks import weights_without_gradient as idle_weights

LENGTHS = np.array([2, 3, 5, 7, 4, 6, 2, 3])
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")


@pytest.fixture
def encoded() -> EncodedDataset:
    words = np.random.default_rng(0).integers(2, 9, LENGTHS.sum()).astype(np.int32)
    return EncodedDataset({"words": Ragged(words, LENGTHS)}, np.arange(8, dtype=np.int32) % 2)


def model_of(read: Callable[[KerasTensor, KerasTensor], KerasTensor]) -> keras.Model:
    """Two logits from what `read` makes of embedded words (batch, time, 4) and their mask (batch, time)."""
    keras.utils.set_random_seed(1)
    words = keras.Input((None,), dtype="int32", name="words")
    embedded = keras.layers.Embedding(10, 4)(words)
    return keras.Model({"words": words}, keras.layers.Dense(2)(read(embedded, ops.not_equal(words, 0))))


def masked(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    return keras.layers.LSTM(8)(embedded, mask=mask)


def unmasked(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    return keras.layers.LSTM(8)(embedded)


def mixing(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
    read = masked(embedded, mask)
    return read - ops.mean(read, axis=0, keepdims=True)


def test_a_masked_model_passes(encoded: EncodedDataset) -> None:
    model = model_of(masked)
    assert padding_effect(model, encoded) < 1e-5
    assert neighbour_effect(model, encoded) < 1e-5
    assert weight_effect(model, LOSS, encoded) < 1e-5
    assert idle_weights(model, LOSS, encoded) == []
    assert overfit_one_batch(model, LOSS, encoded) < 0.1


def test_a_model_that_reads_padding_is_found(encoded: EncodedDataset) -> None:
    assert padding_effect(model_of(unmasked), encoded) > 1e-3


def test_a_model_that_mixes_its_batch_is_found(encoded: EncodedDataset) -> None:
    assert neighbour_effect(model_of(mixing), encoded) > 1e-3


def test_a_loss_that_divides_by_all_rows_is_found(encoded: EncodedDataset) -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert weight_effect(model_of(masked), loss, encoded) > 0.1


def test_a_weight_that_nothing_reaches_is_named(encoded: EncodedDataset) -> None:
    def cut_off(embedded: KerasTensor, mask: KerasTensor) -> KerasTensor:
        return ops.stop_gradient(masked(embedded, mask))

    assert any("lstm" in path for path in idle_weights(model_of(cut_off), LOSS, encoded))


def test_equal_examples_with_different_labels_cannot_be_learnt(encoded: EncodedDataset) -> None:
    same = Ragged(np.full(16, 3, np.int32), np.full(8, 2))
    assert overfit_one_batch(model_of(masked), LOSS, EncodedDataset({"words": same}, encoded.targets)) > 0.5


def test_what_validation_shares_with_train_fails_and_official_overlaps_are_noted() -> None:
    texts = [LabelledText("a", "x"), LabelledText("b", "y")]
    splits = Splits("mine", "files:1", texts, texts[:1], [], held_out=True, validation_in_train=lambda: 1)
    assert [(found.verdict, found.what) for found in check_splits(splits)] == [
        ("FAIL", "validation shares 1 examples with train")
    ]
    official = Splits("mine", "files:1", texts, [], texts, overlaps=lambda: {"test: also in train": 2})
    assert [(found.verdict, found.what) for found in check_splits(official)] == [
        ("NOTE", "mine: test: also in train: 2")
    ]


def test_a_user_s_file_is_checked_a_line_each(call: Callable, plain: list[str], reviews: Path, tmp_path: Path) -> None:
    ended = call("train", "sentiment", *plain, f"--train-file={reviews}", "--sanity-check")
    assert (ended.status, ended.complaint) == (0, "")
    assert {line.split()[0] for line in ended.out.splitlines()} <= {"PASS", "NOTE"}
    assert len(ended.out.splitlines()) >= 8
    # The same text for and against.
    torn = tmp_path / "torn.tsv"
    torn.write_text("".join(f"a film like number {n // 2}\t{'up' if n % 2 else 'down'}\n" for n in range(40)))
    ended = call("train", "sentiment", *plain, f"--train-file={torn}", "--sanity-check")
    assert ended.status == 1
    (line,) = [line for line in ended.out.splitlines() if line.startswith("FAIL")]
    assert "equal texts with different labels?" in line
    assert not (tmp_path / "runs").exists()
