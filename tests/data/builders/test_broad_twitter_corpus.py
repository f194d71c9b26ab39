"""The Broad Twitter Corpus: its known sizes, and its preparation from manually downloaded files."""

import os
import shutil
from pathlib import Path

import pytest

from data.builders.broad_twitter_corpus.builder import KINDS
from data.readers.datasets import load_tagged_sentences
from data.readers.tfds import NoNetwork
from schema.errors import RunError

NAME = "broad_twitter_corpus"
SECTIONS = [f"{section}.conll" for section in "abefgh"]


def manual_folder(home: Path) -> Path:
    return home / "downloads" / "manual" / NAME


@pytest.fixture(scope="module")
def downloaded() -> Path:
    """The folder of the six files, if they are on this machine."""
    home = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    if not all((manual_folder(home) / section).exists() for section in SECTIONS):
        pytest.skip(f"the files of {NAME} are not on this machine; set TFDS_DATA_DIR to their folder")
    return manual_folder(home)


def entities(sentences) -> int:
    return sum(tag.startswith("B-") for sentence in sentences for tag in sentence.tags)


def check_sizes(raw) -> None:
    parts = (raw.train, raw.validation, raw.test)
    assert [len(part) for part in parts] == [6338, 1001, 2001]
    assert [entities(part) for part in parts] == [8779, 1730, 4376]
    assert {tag for part in parts for sentence in part for tag in sentence.tags} == {
        "O",
        *(f"{prefix}-{kind}" for prefix in "BI" for kind in KINDS),
    }
    assert all(len(sentence.tags) == len(sentence.words) > 0 for part in parts for sentence in part)


@pytest.mark.real_data
def test_it_has_its_known_sizes(request):
    import tensorflow_datasets as tfds

    if not tfds.builder(NAME).is_prepared():
        request.getfixturevalue("downloaded")
    check_sizes(load_tagged_sentences(NAME))


@pytest.mark.real_data
def test_it_is_prepared_from_manual_downloads_without_a_network(downloaded, no_datasets):
    shutil.copytree(downloaded, manual_folder(no_datasets))
    raw = load_tagged_sentences(NAME)
    check_sizes(raw)
    assert raw.source == f"{NAME}:1.0.0:tags"


@pytest.mark.real_data
def test_a_changed_file_is_an_error(downloaded, no_datasets):
    changed = Path(shutil.copytree(downloaded, manual_folder(no_datasets))) / "f.conll"
    content = bytearray(changed.read_bytes())
    content[0] ^= 1
    changed.write_bytes(content)
    with pytest.raises(RunError, match=r"f\.conll, has wrong checksum; delete the file and try again$"):
        load_tagged_sentences(NAME)
    assert not any((no_datasets / NAME).rglob("*.tfrecord*"))


@pytest.mark.parametrize("existing", [[], SECTIONS[:5]], ids=["no file", "five of six"])
def test_without_files_and_network_the_error_names_their_folder(no_datasets, existing):
    manual_folder(no_datasets).mkdir(parents=True)
    for section in existing:
        (manual_folder(no_datasets) / section).touch()
    with pytest.raises(NoNetwork, match="broad_twitter_corpus is not on this machine") as error:
        load_tagged_sentences(NAME)
    assert str(manual_folder(no_datasets)) in str(error.value)
