"""Labelled data sets with and without a network; IMDB and TREC if they are on this machine."""

from collections import Counter

import pytest

from data import synthetic
from data.readers import datasets
from data.readers.datasets import SYNTHETIC, load_labelled_texts, synthetic_texts
from data.readers.tfds import NoNetwork
from data.readers.tokenization import tokenize_cased
from data.splits import duplicate_indices, make_splits, overlaps
from schema.errors import UserError
from tasks.task import load_or_synthetic


def load(name: str):
    return synthetic_texts(synthetic.sentiment, 20) if name == SYNTHETIC else load_labelled_texts(name)


def test_without_a_network_synthetic_data_replace_the_default_with_a_warning(no_datasets, capsys):
    raw = load_or_synthetic(load, ("imdb", SYNTHETIC), name=None)
    assert (raw.dataset, raw.synthetic) == (SYNTHETIC, True)
    assert "synthetic data" in capsys.readouterr().err


@pytest.mark.parametrize("name", datasets.LABELLED_TEXTS)
def test_without_a_network_a_named_data_set_is_an_error(no_datasets, name):
    with pytest.raises(NoNetwork, match=f"{name} is not on this machine") as error:
        load_or_synthetic(load, (name, SYNTHETIC), name=name)
    assert error.value.exit_status == 1


def test_synthetic_data_by_name_give_no_warning(capsys):
    assert load_or_synthetic(load, ("imdb", SYNTHETIC), name=SYNTHETIC).synthetic
    assert not capsys.readouterr().err


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UserError, match="no data set imbd; .*did you mean imdb"):
        load_or_synthetic(load, ("imdb", SYNTHETIC), name="imbd")


@pytest.mark.parametrize("generate, classes", [(synthetic.sentiment, 2), (synthetic.topic, 7)])
def test_synthetic_splits_are_disjoint_and_balanced(generate, classes):
    raw = synthetic_texts(generate, 1000)
    assert [len(part) for part in (raw.train, raw.validation, raw.test)] == [1000, 200, 200]
    for part in (raw.validation, raw.test):
        assert len(duplicate_indices(part, raw.train)) < 0.05 * len(part)
    for part in (raw.train, raw.test):
        counts = Counter(example.label for example in part)
        assert len(counts) == classes
        assert max(counts.values()) < 1.5 * len(part) / classes
    assert raw.unlabelled() == []


def load_prepared(name: str):
    """The data set, if it is on this machine."""
    import tensorflow_datasets as tfds

    if not tfds.builder(datasets.LABELLED_TEXTS[name].builder).is_prepared():
        pytest.skip(f"{name} is not on this machine; set TFDS_DATA_DIR to its folder")
    return load_labelled_texts(name)


@pytest.fixture(scope="module")
def imdb():
    return load_prepared("imdb")


@pytest.mark.real_data
def test_imdb_has_its_official_splits(imdb):
    assert imdb.source == "imdb_reviews/plain_text:1.0.0:label"
    for part in (imdb.train, imdb.test):
        assert Counter(example.label for example in part) == {"neg": 12_500, "pos": 12_500}
    assert imdb.validation is None


@pytest.mark.real_data
def test_imdb_has_the_known_duplicates(imdb):
    found = overlaps({"train": imdb.train, "test": imdb.test})
    assert found == {"train: duplicates": 96, "test: duplicates": 199, "test: also in train": 123}
    splits = make_splits(imdb)
    assert len(splits.duplicates_of_train()) == 123
    assert not duplicate_indices(splits.validation, splits.train)


@pytest.mark.real_data
def test_unlabelled_texts_of_imdb_are_not_in_test(imdb):
    unlabelled = imdb.unlabelled()
    assert not duplicate_indices(unlabelled, imdb.test)
    assert {example.label for example in unlabelled} == {None}
    assert 49_000 < len(unlabelled) < 50_000


@pytest.mark.real_data
def test_trec_has_its_classes_and_is_tokenized():
    coarse, fine = load_prepared("trec"), load_prepared("trec_fine")
    assert [len(part) for part in (coarse.train, coarse.test)] == [5452, 500]
    assert Counter(example.label for example in coarse.test) == {
        "DESC": 138,
        "NUM": 113,
        "ENTY": 94,
        "LOC": 81,
        "HUM": 65,
        "ABBR": 9,
    }
    # TFDS knows 47 fine names: `desc` and `other` stand for several classes.
    assert len({example.label for example in fine.train}) == 50
    assert {example.label.partition(":")[0] for example in fine.train} == {example.label for example in coarse.train}
    assert coarse.source != fine.source
    for example in [*coarse.train, *coarse.test]:
        assert tokenize_cased(example.text) == example.text.split()


@pytest.mark.real_data
def test_trec_has_the_known_duplicates():
    found = overlaps({name: getattr(load_prepared("trec"), name) for name in ("train", "test")})
    assert found == {"train: duplicates": 71, "test: also in train": 10}
