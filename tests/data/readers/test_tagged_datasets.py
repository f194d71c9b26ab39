"""Tagged sentences from TFDS and their word types."""

import pytest

from data.readers import datasets
from data.readers.datasets import RawSplits, load_tagged_sentences
from data.readers.tfds import NoNetwork
from data.readers.word_types import word_types
from schema.examples import LabelledText, TaggedSentence

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
EMPTY = ([], [])
SPLITS = {
    "train": [(["Ann", "Lee", "left", "Köln"], ["B-PER", "I-PER", "O", "B-LOC"]), EMPTY, (["😀"], ["O"])],
    "validation": [(["Paris"], ["B-LOC"])],
    "test": [EMPTY, (["so", "it", "is"], ["O", "O", "O"])],
}


@pytest.fixture(scope="module")
def small_builder():
    """A TFDS builder of a few sentences."""
    import tensorflow_datasets as tfds

    class SmallTaggedSentences(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.2.3")
        pkg_dir_path = None

        def _info(self):
            words, tags = tfds.features.Text(), tfds.features.ClassLabel(names=TAGS)
            features = {"tokens": tfds.features.Sequence(words), "ner": tfds.features.Sequence(tags)}
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features), disable_shuffling=True
            )

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(split) for split in SPLITS}

        def _generate_examples(self, split):
            for index, (words, tags) in enumerate(SPLITS[split]):
                yield index, {"tokens": words, "ner": tags}

    return SmallTaggedSentences


@pytest.fixture
def prepared(no_datasets, monkeypatch, small_builder):
    """The small data set, prepared, in place of `conll2003`."""
    builder = small_builder(data_dir=str(no_datasets))
    builder.download_and_prepare()
    spec = datasets.SentenceDatasetSpec(small_builder.name, "https://nowhere.invalid", "tokens", "ner", "validation")
    monkeypatch.setitem(datasets.TAGGED_SENTENCES, "conll2003", spec)


def test_a_prepared_data_set_is_read_without_a_network_and_without_empty_sentences(prepared):
    raw = load_tagged_sentences("conll2003")
    for split, rows in SPLITS.items():
        expected = [TaggedSentence(tuple(words), tuple(tags)) for words, tags in rows if words]
        assert list(getattr(raw, split)) == expected
    assert (raw.dataset, raw.source) == ("conll2003", "small_tagged_sentences:1.2.3:ner")
    assert not raw.synthetic


def test_a_data_set_that_another_process_prepares_meanwhile_is_read(no_datasets, monkeypatch, small_builder):
    original = small_builder._generate_examples

    def overtake(self, split):
        monkeypatch.setattr(small_builder, "_generate_examples", original)
        small_builder(data_dir=str(no_datasets)).download_and_prepare()
        yield 0, {"tokens": ["slow"], "ner": ["O"]}

    spec = datasets.SentenceDatasetSpec(small_builder.name, "https://nowhere.invalid", "tokens", "ner", "validation")
    monkeypatch.setitem(datasets.TAGGED_SENTENCES, "conll2003", spec)
    monkeypatch.setattr("data.readers.tfds.reachable", lambda host: True)
    monkeypatch.setattr(small_builder, "_generate_examples", overtake)
    assert load_tagged_sentences("conll2003").train[0].words == ("Ann", "Lee", "left", "Köln")


def test_untagged_texts_are_split_into_words(prepared, monkeypatch):
    texts = RawSplits(
        dataset="imdb",
        source="imdb",
        train=[LabelledText("Ann's film.<br />So good", "pos")],
        test=[LabelledText("never read", "neg")],
        unlabelled=lambda: [LabelledText("It was dull")],
    )
    monkeypatch.setattr(datasets, "load_labelled_texts", {"imdb": texts}.__getitem__)
    words = [sentence.words for sentence in load_tagged_sentences("conll2003").unlabelled()]
    assert words == [("Ann", "'s", "film", ".", "So", "good"), ("It", "was", "dull")]


@pytest.mark.parametrize("name", ["ewt", "broad_twitter_corpus", "conll2003"])
def test_without_a_network_a_missing_data_set_is_an_error(no_datasets, monkeypatch, name):
    def download(self, **_: object) -> None:
        pytest.fail("TFDS would try to download for minutes")

    monkeypatch.setattr("tensorflow_datasets.core.DatasetBuilder.download_and_prepare", download)
    with pytest.raises(NoNetwork, match=f"{name} is not on this machine"):
        load_tagged_sentences(name)


def raw_splits(train, validation, test) -> RawSplits[TaggedSentence]:
    """Sentences from lines such as "the DET dog NOUN"."""

    def sentences(lines):
        split = [line.split() for line in lines]
        return [TaggedSentence(tuple(words[::2]), tuple(words[1::2])) for words in split]

    return RawSplits("few", "few:1", sentences(train), sentences(test), sentences(validation), synthetic=True)


def test_each_word_type_has_its_most_frequent_tag():
    # "run" is a VERB twice and a NOUN once; the tags of "Run", a separate type, tie, and train has more VERBs.
    raw = raw_splits(
        ["run NOUN fast ADV", "run VERB", "run VERB Run NOUN", "Run VERB"],
        ["run X walk NOUN walk NOUN walk VERB"],
        ["fast ADJ FAST ADJ Go VERB", "Go NOUN FAST ADJ"],
    )
    types = word_types(raw)
    assert types.train == [LabelledText("run", "VERB"), LabelledText("fast", "ADV"), LabelledText("Run", "VERB")]
    assert types.validation == [LabelledText("walk", "NOUN")]
    # The tie of "Go" is broken by train too, though test has more nouns than verbs elsewhere.
    assert list(types.test) == [LabelledText("FAST", "ADJ"), LabelledText("Go", "VERB")]
    assert (types.dataset, types.synthetic) == ("few", True)
    assert types.source != raw.source


def test_without_validation_there_are_no_word_types_for_it():
    raw = RawSplits("few", "few:1", train=[TaggedSentence(("a",), ("X",))], test=[])
    assert list(word_types(raw).validation) == []


@pytest.fixture(scope="module")
def ewt():
    """The treebank, if it is on this machine."""
    import tensorflow_datasets as tfds

    if not tfds.builder(datasets.TAGGED_SENTENCES["ewt"].builder).is_prepared():
        pytest.skip("ewt is not on this machine; set TFDS_DATA_DIR to its folder")
    return load_tagged_sentences("ewt")


@pytest.mark.real_data
def test_ewt_has_its_official_number_of_syntactic_words(ewt):
    parts = (ewt.train, ewt.validation, ewt.test)
    assert [len(part) for part in parts] == [12_543, 2001, 2077]
    assert [sum(len(sentence.words) for sentence in part) for part in parts] == [204_578, 25_149, 25_094]
    assert len({tag for sentence in ewt.train for tag in sentence.tags}) == 17
    assert all(len(sentence.words) == len(sentence.tags) for part in parts for sentence in part)


@pytest.mark.real_data
def test_word_types_of_ewt_are_disjoint_from_train(ewt):
    types = word_types(ewt)
    train, validation, test = (
        {example.text for example in part} for part in (types.train, types.validation, types.test)
    )
    assert [len(part) for part in (types.train, types.validation, types.test)] == [19_673, 1662, 1835]
    assert [len(train), len(validation), len(test)] == [19_673, 1662, 1835]
    assert not train & (validation | test)
