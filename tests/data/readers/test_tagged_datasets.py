"""AlignedTags sentences from TFDS, and the single words that are made of them."""

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
def small_set():
    """A builder of TFDS with sentences of known words; registered under its own name."""
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
            for place, (words, tags) in enumerate(SPLITS[split]):
                yield place, {"tokens": words, "ner": tags}

    return SmallTaggedSentences


@pytest.fixture
def prepared(bare, monkeypatch, small_set):
    """The small set prepared on this machine, in place of `conll2003`."""
    builder = small_set(data_dir=str(bare))
    builder.download_and_prepare()
    place = datasets.SentenceDatasetSpec(small_set.name, "https://nowhere.invalid", "tokens", "ner", "validation")
    monkeypatch.setitem(datasets.TAGGED_SENTENCES, "conll2003", place)


def test_a_prepared_set_is_read_without_a_network_and_without_its_empty_sentences(prepared):
    official = load_tagged_sentences("conll2003")
    for split, rows in SPLITS.items():
        expected = [TaggedSentence(tuple(words), tuple(tags)) for words, tags in rows if words]
        assert list(getattr(official, split)) == expected
    assert (official.dataset, official.source) == ("conll2003", "small_tagged_sentences:1.2.3:ner")
    assert not official.synthetic


def test_a_set_that_another_program_prepares_meanwhile_is_taken(bare, monkeypatch, small_set):
    undisturbed = small_set._generate_examples

    def overtaken(self, split):
        monkeypatch.setattr(small_set, "_generate_examples", undisturbed)
        small_set(data_dir=str(bare)).download_and_prepare()
        yield 0, {"tokens": ["slow"], "ner": ["O"]}

    place = datasets.SentenceDatasetSpec(small_set.name, "https://nowhere.invalid", "tokens", "ner", "validation")
    monkeypatch.setitem(datasets.TAGGED_SENTENCES, "conll2003", place)
    monkeypatch.setattr("data.readers.tfds.reachable", lambda host: True)
    monkeypatch.setattr(small_set, "_generate_examples", overtaken)
    assert load_tagged_sentences("conll2003").train[0].words == ("Ann", "Lee", "left", "Köln")


def test_texts_that_nobody_tagged_come_along_as_words(prepared, monkeypatch):
    texts = RawSplits(
        dataset="imdb",
        source="imdb",
        train=[LabelledText("Ann's film.<br />So good", "pos")],
        test=[LabelledText("never read", "neg")],
        unlabelled=lambda: [LabelledText("It was dull")],
    )
    monkeypatch.setattr(datasets, "load_labelled_texts", {"imdb": texts}.__getitem__)
    words = [sentence.words for sentence in load_tagged_sentences("conll2003").unlabelled()]
    assert words == [("Ann", "'s", "film.", "So", "good"), ("It", "was", "dull")]


@pytest.mark.parametrize("name", ["ewt", "broad_twitter_corpus", "conll2003"])
def test_without_a_network_a_set_that_is_not_here_stops_the_program(bare, monkeypatch, name):
    def download(self, **_: object) -> None:
        pytest.fail("TFDS is asked to download, which hangs for minutes")

    monkeypatch.setattr("tensorflow_datasets.core.DatasetBuilder.download_and_prepare", download)
    with pytest.raises(NoNetwork, match=f"{name} is not on this machine"):
        load_tagged_sentences(name)


def official_of(train, validation, test) -> RawSplits[TaggedSentence]:
    """Sentences from lines such as "the DET dog NOUN"."""

    def sentences(lines):
        split = [line.split() for line in lines]
        return [TaggedSentence(tuple(words[::2]), tuple(words[1::2])) for words in split]

    return RawSplits("few", "few:1", sentences(train), sentences(test), sentences(validation), synthetic=True)


def test_each_form_is_there_once_with_its_most_frequent_tag():
    # "run" is a VERB twice and a NOUN once; "Run" is a form of its own, and its tags tie: train has more VERBs.
    official = official_of(
        ["run NOUN fast ADV", "run VERB", "run VERB Run NOUN", "Run VERB"],
        ["run X walk NOUN walk NOUN walk VERB"],
        ["fast ADJ FAST ADJ Go VERB", "Go NOUN FAST ADJ"],
    )
    types = word_types(official)
    assert types.train == [LabelledText("run", "VERB"), LabelledText("fast", "ADV"), LabelledText("Run", "VERB")]
    assert types.validation == [LabelledText("walk", "NOUN")]
    # The tie of "Go" is broken by train too, though test has more nouns than verbs elsewhere.
    assert list(types.test) == [LabelledText("FAST", "ADJ"), LabelledText("Go", "VERB")]
    assert (types.dataset, types.synthetic) == ("few", True)
    assert types.source != official.source


def test_a_set_without_validation_has_no_words_for_it():
    official = RawSplits("few", "few:1", train=[TaggedSentence(("a",), ("X",))], test=[])
    assert list(word_types(official).validation) == []


@pytest.fixture(scope="module")
def ewt():
    """The treebank, where it lies on this machine."""
    import tensorflow_datasets as tfds

    if not tfds.builder(datasets.TAGGED_SENTENCES["ewt"].builder).is_prepared():
        pytest.skip("ewt is not on this machine; TFDS_DATA_DIR names the folder it lies in")
    return load_tagged_sentences("ewt")


@pytest.mark.real_data
def test_ewt_has_its_official_sizes_in_syntactic_words(ewt):
    parts = (ewt.train, ewt.validation, ewt.test)
    assert [len(part) for part in parts] == [12_543, 2001, 2077]
    assert [sum(len(sentence.words) for sentence in part) for part in parts] == [204_578, 25_149, 25_094]
    assert len({tag for sentence in ewt.train for tag in sentence.tags}) == 17
    assert all(len(sentence.words) == len(sentence.tags) for part in parts for sentence in part)


@pytest.mark.real_data
def test_ewt_s_words_that_train_does_not_have(ewt):
    types = word_types(ewt)
    train, validation, test = (
        {example.text for example in part} for part in (types.train, types.validation, types.test)
    )
    assert [len(part) for part in (types.train, types.validation, types.test)] == [19_673, 1662, 1835]
    assert [len(train), len(validation), len(test)] == [19_673, 1662, 1835]
    assert not train & (validation | test)
