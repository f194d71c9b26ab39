"""Multi30k: its known sizes, and its preparation from manually downloaded files."""

import os
import shutil
from pathlib import Path
from typing import get_args

import pytest

from data.builders.multi30k.builder import LANGUAGES, PARTS
from data.readers.datasets import load_translations
from data.readers.tfds import NoNetwork
from schema.errors import RunError
from tasks.translation import Languages

FILES = [f"{part}.{language}.gz" for part in PARTS.values() for language in LANGUAGES]


def manual_folder(home: Path) -> Path:
    return home / "downloads" / "manual" / "multi30k"


@pytest.fixture(scope="module")
def downloaded() -> Path:
    """The folder of the nine files, if they are on this machine."""
    home = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    if not all((manual_folder(home) / file).exists() for file in FILES):
        pytest.skip("the files of multi30k are not on this machine; set TFDS_DATA_DIR to their folder")
    return manual_folder(home)


@pytest.mark.real_data
def test_it_is_prepared_from_manual_downloads_without_a_network(downloaded, no_datasets):
    shutil.copytree(downloaded, manual_folder(no_datasets))
    for languages in get_args(Languages):
        raw = load_translations(languages)
        # Two of the 29,000 pairs of train have no German sentence.
        removed = 2 if "de" in languages else 0
        assert (len(raw.train), len(raw.validation), len(raw.test)) == (29_000 - removed, 1014, 1000)
        assert raw.source == f"multi30k:1.0.0:{languages}"
        pairs = [*raw.train, *raw.validation, *raw.test]
        assert all(pair.source == pair.source.strip() != "" and pair.target.strip() for pair in pairs)
    english = load_translations("en-de").train[0]
    assert english.source == "Two young, White males are outside near many bushes."
    assert load_translations("de-en").train[0].source == english.target


@pytest.mark.real_data
def test_a_changed_file_is_an_error(downloaded, no_datasets):
    changed = Path(shutil.copytree(downloaded, manual_folder(no_datasets))) / "val.fr.gz"
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    with pytest.raises(RunError, match=r"val\.fr\.gz, has wrong checksum; delete the file and try again$"):
        load_translations("en-de")


def test_without_files_and_network_the_error_names_their_folder(no_datasets):
    with pytest.raises(NoNetwork, match="multi30k is not on this machine") as error:
        load_translations("en-de")
    assert str(manual_folder(no_datasets)) in str(error.value)
