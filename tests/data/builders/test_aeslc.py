"""AESLC: its known sizes, and preparing it from an archive that was fetched by hand."""

import os
import zipfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from data.builders.aeslc.builder import PARTS, Aeslc
from data.readers.datasets import load_emails
from data.readers.emails import near_duplicates
from data.readers.tfds import NoNetwork
from schema.errors import RunError


@pytest.fixture(scope="module")
def mails() -> dict[str, list[tuple[str, str]]]:
    """Split -> bodies and subjects, where they lie on this machine."""
    builder = Aeslc(data_dir=os.environ.get("TFDS_DATA_DIR"))
    if not builder.is_prepared():
        pytest.skip("aeslc is not on this machine; TFDS_DATA_DIR names the folder it lies in")
    rows = {split: tfds.as_numpy(builder.as_dataset(split=split)) for split in PARTS}
    return {
        split: [(row["email_body"].decode(), row["subject_line"].decode()) for row in rows[split]] for split in PARTS
    }


def pack(mails: dict[str, list[tuple[str, str]]], home: Path) -> None:
    """The archive as its repository packs it, where a user would put it."""
    path = home / "downloads" / "manual" / Aeslc.MANUAL_FILES[0]
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for split, part in PARTS.items():
            for number, (body, subject) in enumerate(mails[split]):
                notes = "\n\n@ann0\nanother subject\n" if split != "train" else ""
                name = f"{path.stem}/enron_subject_line/{part}/mail_{number}.subject"
                archive.writestr(name, f"{body}\n@subject\n{subject}{notes}")


@pytest.mark.real_data
def test_it_is_prepared_from_an_archive_fetched_by_hand_without_a_network(mails, bare):
    pack(mails, bare)
    official = load_emails()
    # Of 1,960 mails of validation 211 stand in test.
    assert (len(official.train), len(official.validation), len(official.test)) == (14_436, 1749, 1906)
    assert official.source == "aeslc:1.0.0"
    assert not {pair.source for pair in official.validation} & {pair.source for pair in official.test}
    everything = [*official.train, *official.validation, *official.test]
    assert all(pair.source == pair.source.strip() != "" and pair.target for pair in everything)


@pytest.mark.real_data
def test_an_archive_with_other_mails_is_not_taken(mails, bare):
    pack({**mails, "validation": [*mails["validation"][1:], ("A mail of mine.\n", "mine\n")]}, bare)
    with pytest.raises(RunError, match="does not contain the validation emails of AESLC; delete the archive and try again"):
        load_emails()
    assert not Aeslc(data_dir=str(bare)).is_prepared()


@pytest.mark.real_data
def test_near_duplicates_of_train_in_test_are_found(mails):
    # Zhang & Tetreault's split holds so many, by the rule of `near_duplicates`.
    assert len(near_duplicates(*([body for body, _ in mails[split]] for split in ("test", "train")))) == 125


def test_without_files_and_network_the_archive_is_named(bare):
    with pytest.raises(NoNetwork, match="aeslc is not on this machine") as error:
        load_emails()
    assert f"or put {Path(Aeslc.MANUAL_FILES[0]).name} into {bare / 'downloads' / 'manual' / 'aeslc'}," in str(error.value)
