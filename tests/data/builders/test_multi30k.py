"""Multi30k: its known sizes, and building it from files that were fetched by hand."""

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
def fetched() -> Path:
    """The folder of the nine files, where they lie on this machine."""
    home = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    if not all((manual_folder(home) / file).exists() for file in FILES):
        pytest.skip("the files of multi30k are not on this machine; TFDS_DATA_DIR names the folder they lie in")
    return manual_folder(home)


@pytest.mark.real_data
def test_it_is_built_from_files_fetched_by_hand_without_a_network(fetched, bare):
    shutil.copytree(fetched, manual_folder(bare))
    for languages in get_args(Languages):
        official = load_translations(languages)
        # Of 29,000 pairs of train two have no German sentence.
        lost = 2 if "de" in languages else 0
        assert (len(official.train), len(official.validation), len(official.test)) == (29_000 - lost, 1014, 1000)
        assert official.source == f"multi30k:1.0.0:{languages}"
        pairs = [*official.train, *official.validation, *official.test]
        assert all(pair.source == pair.source.strip() != "" and pair.target.strip() for pair in pairs)
    english = load_translations("en-de").train[0]
    assert english.source == "Two young, White males are outside near many bushes."
    assert load_translations("de-en").train[0].source == english.target


@pytest.mark.real_data
def test_a_file_with_one_other_byte_is_not_taken(fetched, bare):
    spoilt = Path(shutil.copytree(fetched, manual_folder(bare))) / "val.fr.gz"
    content = bytearray(spoilt.read_bytes())
    content[-1] ^= 1
    spoilt.write_bytes(content)
    with pytest.raises(RunError, match=r"val\.fr\.gz, has wrong checksum; delete the file and try again$"):
        load_translations("en-de")


def test_without_files_and_network_the_folder_for_them_is_named(bare):
    with pytest.raises(NoNetwork, match="multi30k is not on this machine") as error:
        load_translations("en-de")
    assert str(manual_folder(bare)) in str(error.value)
