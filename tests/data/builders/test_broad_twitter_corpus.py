"""The Broad Twitter Corpus: its known sizes, and building it from files that were fetched by hand."""

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
def fetched() -> Path:
    """The folder of the six files, where they lie on this machine."""
    home = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    if not all((manual_folder(home) / section).exists() for section in SECTIONS):
        pytest.skip(f"the files of {NAME} are not on this machine; TFDS_DATA_DIR names the folder they lie in")
    return manual_folder(home)


def entities(sentences) -> int:
    return sum(tag.startswith("B-") for sentence in sentences for tag in sentence.tags)


def is_the_corpus(official) -> None:
    parts = (official.train, official.validation, official.test)
    assert [len(part) for part in parts] == [6338, 1001, 2001]
    assert [entities(part) for part in parts] == [8779, 1730, 4376]
    assert {tag for part in parts for sentence in part for tag in sentence.tags} == {
        "O",
        *(f"{place}-{kind}" for place in "BI" for kind in KINDS),
    }
    assert all(len(sentence.tags) == len(sentence.words) > 0 for part in parts for sentence in part)


@pytest.mark.real_data
def test_it_has_its_known_sizes(request):
    import tensorflow_datasets as tfds

    if not tfds.builder(NAME).is_prepared():
        request.getfixturevalue("fetched")
    is_the_corpus(load_tagged_sentences(NAME))


@pytest.mark.real_data
def test_it_is_built_from_files_fetched_by_hand_without_a_network(fetched, bare):
    shutil.copytree(fetched, manual_folder(bare))
    official = load_tagged_sentences(NAME)
    is_the_corpus(official)
    assert official.source == f"{NAME}:1.0.0:tags"


@pytest.mark.real_data
def test_a_file_with_one_other_byte_is_not_taken(fetched, bare):
    spoilt = Path(shutil.copytree(fetched, manual_folder(bare))) / "f.conll"
    content = bytearray(spoilt.read_bytes())
    content[0] ^= 1
    spoilt.write_bytes(content)
    with pytest.raises(RunError, match=r"f\.conll, has wrong checksum; delete the file and try again$"):
        load_tagged_sentences(NAME)
    assert not any((bare / NAME).rglob("*.tfrecord*"))


@pytest.mark.parametrize("there", [[], SECTIONS[:5]], ids=["no file", "five of six"])
def test_without_files_and_network_the_folder_for_them_is_named(bare, there):
    manual_folder(bare).mkdir(parents=True)
    for section in there:
        (manual_folder(bare) / section).touch()
    with pytest.raises(NoNetwork, match="broad_twitter_corpus is not on this machine") as error:
        load_tagged_sentences(NAME)
    assert str(manual_folder(bare)) in str(error.value)
