"""AESLC: its known sizes, and its preparation from a manually downloaded archive."""

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
def emails() -> dict[str, list[tuple[str, str]]]:
    """Split -> bodies and subjects, if they are on this machine."""
    builder = Aeslc(data_dir=os.environ.get("TFDS_DATA_DIR"))
    if not builder.is_prepared():
        pytest.skip("aeslc is not on this machine; set TFDS_DATA_DIR to its folder")
    rows = {split: tfds.as_numpy(builder.as_dataset(split=split)) for split in PARTS}
    return {
        split: [(row["email_body"].decode(), row["subject_line"].decode()) for row in rows[split]] for split in PARTS
    }


def pack(emails: dict[str, list[tuple[str, str]]], home: Path) -> None:
    """Write the archive as its repository packs it, at the path of a manual download."""
    path = home / "downloads" / "manual" / Aeslc.MANUAL_FILES[0]
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for split, part in PARTS.items():
            for number, (body, subject) in enumerate(emails[split]):
                notes = "\n\n@ann0\nanother subject\n" if split != "train" else ""
                name = f"{path.stem}/enron_subject_line/{part}/email_{number}.subject"
                archive.writestr(name, f"{body}\n@subject\n{subject}{notes}")


@pytest.mark.real_data
def test_it_is_prepared_from_a_manual_download_without_a_network(emails, no_datasets):
    pack(emails, no_datasets)
    raw = load_emails()
    # 211 of the 1,960 validation emails also occur in test.
    assert (len(raw.train), len(raw.validation), len(raw.test)) == (14_436, 1749, 1906)
    assert raw.source == "aeslc:1.0.0"
    assert not {pair.source for pair in raw.validation} & {pair.source for pair in raw.test}
    everything = [*raw.train, *raw.validation, *raw.test]
    assert all(pair.source == pair.source.strip() != "" and pair.target for pair in everything)


@pytest.mark.real_data
def test_an_archive_with_other_emails_is_an_error(emails, no_datasets):
    pack({**emails, "validation": [*emails["validation"][1:], ("Another email.\n", "other\n")]}, no_datasets)
    with pytest.raises(
        RunError, match="does not contain the validation emails of AESLC; delete the archive and try again"
    ):
        load_emails()
    assert not Aeslc(data_dir=str(no_datasets)).is_prepared()


@pytest.mark.real_data
def test_near_duplicates_of_train_in_test_are_found(emails):
    # The number in the official split, by the definition of `near_duplicates`.
    assert len(near_duplicates(*([body for body, _ in emails[split]] for split in ("test", "train")))) == 125


def test_without_files_and_network_the_error_names_the_archive(no_datasets):
    with pytest.raises(NoNetwork, match="aeslc is not on this machine") as error:
        load_emails()
    archive = no_datasets / "downloads" / "manual" / Aeslc.MANUAL_FILES[0]
    assert f"or put {archive.name} into {archive.parent}," in str(error.value)
