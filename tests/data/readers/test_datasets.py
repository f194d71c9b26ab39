"""Data sets within reach and out of it; IMDB itself where it lies on this machine."""

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


def test_without_a_network_the_small_world_takes_the_default_s_place_and_says_so(bare, capsys):
    official = load_or_synthetic(load, ("imdb", SYNTHETIC), wanted=None)
    assert (official.dataset, official.synthetic) == (SYNTHETIC, True)
    assert "synthetic data" in capsys.readouterr().err


@pytest.mark.parametrize("name", datasets.LABELLED_TEXTS)
def test_without_a_network_a_named_data_set_stops_the_program(bare, name):
    with pytest.raises(NoNetwork, match=f"{name} is not on this machine") as error:
        load_or_synthetic(load, (name, SYNTHETIC), wanted=name)
    assert error.value.exit_status == 1


def test_a_named_small_world_needs_no_note(capsys):
    assert load_or_synthetic(load, ("imdb", SYNTHETIC), wanted=SYNTHETIC).synthetic
    assert not capsys.readouterr().err


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UserError, match="no data set imbd; .*did you mean imdb"):
        load_or_synthetic(load, ("imdb", SYNTHETIC), wanted="imbd")


@pytest.mark.parametrize("tell, classes", [(synthetic.sentiment, 2), (synthetic.topic, 7)])
def test_the_small_world_s_splits_are_others_and_balanced(tell, classes):
    official = synthetic_texts(tell, 1000)
    assert [len(part) for part in (official.train, official.validation, official.test)] == [1000, 200, 200]
    for part in (official.validation, official.test):
        assert len(duplicate_indices(part, official.train)) < 0.05 * len(part)
    for part in (official.train, official.test):
        counts = Counter(example.label for example in part)
        assert len(counts) == classes
        assert max(counts.values()) < 1.5 * len(part) / classes
    assert official.unlabelled() == []


def get_builder(name: str):
    """The data set, where it lies on this machine."""
    import tensorflow_datasets as tfds

    if not tfds.builder(datasets.LABELLED_TEXTS[name].builder).is_prepared():
        pytest.skip(f"{name} is not on this machine; TFDS_DATA_DIR names the folder it lies in")
    return load_labelled_texts(name)


@pytest.fixture(scope="module")
def imdb():
    return get_builder("imdb")


@pytest.mark.real_data
def test_imdb_has_its_official_splits(imdb):
    assert imdb.source == "imdb_reviews/plain_text:1.0.0:label"
    for part in (imdb.train, imdb.test):
        assert Counter(example.label for example in part) == {"neg": 12_500, "pos": 12_500}
    assert imdb.validation is None


@pytest.mark.real_data
def test_imdb_s_splits_share_what_is_known(imdb):
    found = overlaps({"train": imdb.train, "test": imdb.test})
    assert found == {"train: duplicates": 96, "test: duplicates": 199, "test: also in train": 123}
    splits = make_splits(imdb)
    assert len(splits.duplicates_of_train()) == 123
    assert not duplicate_indices(splits.validation, splits.train)


@pytest.mark.real_data
def test_imdb_s_unlabelled_texts_hold_none_of_test(imdb):
    unlabelled = imdb.unlabelled()
    assert not duplicate_indices(unlabelled, imdb.test)
    assert {example.label for example in unlabelled} == {None}
    assert 49_000 < len(unlabelled) < 50_000


@pytest.mark.real_data
def test_trec_has_its_classes_and_its_own_tokens():
    coarse, fine = get_builder("trec"), get_builder("trec_fine")
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
def test_trec_s_splits_share_what_is_known():
    found = overlaps({name: getattr(get_builder("trec"), name) for name in ("train", "test")})
    assert found == {"train: duplicates": 71, "test: also in train": 10}
