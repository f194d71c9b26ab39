"""The data sets: each `load_...` function returns the official splits of a data set as examples."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from console.messages import warn
from console.progress import track
from console.quiet import start_tensorflow
from data.readers.emails import clean_email
from data.readers.tfds import get_builder, records, rows, sequences
from data.readers.tokenization import MARKUP, TOKENIZERS
from schema.examples import CaptionedImage, ExampleT, LabelledText, LazySequence, TaggedSentence, TextPair

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

SYNTHETIC = "synthetic"

RecordT = TypeVar("RecordT")


@dataclass(frozen=True)
class RawSplits(Generic[ExampleT]):
    """The official splits of a data set; `validation` is None if it has none.

    source: name and version of the data; part of every cache key
    """

    dataset: str
    source: str
    train: Sequence[ExampleT]
    test: Sequence[ExampleT]
    validation: Sequence[ExampleT] | None = None
    unlabelled: Callable[[], Sequence[ExampleT]] = list
    synthetic: bool = False


def _with_progress(
    found: Iterable[RecordT], name: str, builder: "tfds.core.DatasetBuilder", split: str
) -> Iterator[RecordT]:
    """The records of a split, with a progress bar while they are read."""
    # TensorFlow takes seconds to start, which should not count as reading.
    start_tensorflow()
    return track(found, f"reading {name} {split}", builder.info.splits[split].num_examples)


def _raw_splits(
    dataset: str, source: str, read: Callable[[str], list[ExampleT]], validation: str
) -> RawSplits[ExampleT]:
    """The splits of a data set with official validation. Test is read on first use."""
    test = LazySequence(lambda: read("test"))
    return RawSplits(dataset, source, train=read("train"), validation=read(validation), test=test)


@dataclass(frozen=True)
class TextDatasetSpec:
    """A data set of labelled texts in TFDS.

    host: an address that the download needs; checked before TFDS tries to connect
    label: the features whose names, joined by a colon, are the class
    unlabelled: the split of the unlabelled texts, if there is one
    """

    builder: str
    host: str
    text: str = "text"
    label: tuple[str, ...] = ("label",)
    unlabelled: str | None = None


LABELLED_TEXTS: Mapping[str, TextDatasetSpec] = {
    "imdb": TextDatasetSpec("imdb_reviews/plain_text", "https://ai.stanford.edu", unlabelled="unsupervised"),
    "trec": TextDatasetSpec("trec", "https://cogcomp.seas.upenn.edu", label=("label-coarse",)),
    # TFDS has dropped the coarse half of the fine names, and `desc` and `other` stand for several classes.
    "trec_fine": TextDatasetSpec("trec", "https://cogcomp.seas.upenn.edu", label=("label-coarse", "label-fine")),
}


def load_labelled_texts(name: str) -> RawSplits[LabelledText]:
    """Load a data set of `LABELLED_TEXTS`. Raises NoNetwork if it is neither on disk nor downloadable."""
    spec = LABELLED_TEXTS[name]
    builder = get_builder(name, spec.builder, spec.host)
    features = [(feature, builder.info.features[feature].names) for feature in spec.label]

    def label(row: Mapping[str, Any]) -> str:
        return ":".join(names[row[feature]] for feature, names in features)

    def read(split: str, labelled: bool = True) -> list[LabelledText]:
        return [
            LabelledText(row[spec.text].decode("utf-8"), label(row) if labelled else None)
            for row in _with_progress(rows(builder, split), name, builder, split)
        ]

    test = LazySequence(lambda: read("test"))

    def unlabelled() -> list[LabelledText]:
        if spec.unlabelled is None:
            return []
        # Texts of test are left out: they would not be known before the test.
        test_texts = {example.text for example in test}
        return [example for example in read(spec.unlabelled, labelled=False) if example.text not in test_texts]

    return RawSplits(
        dataset=name,
        source=f"{spec.builder}:{builder.info.version}:{'+'.join(spec.label)}",
        train=read("train"),
        test=test,
        unlabelled=unlabelled,
    )


@dataclass(frozen=True)
class SentenceDatasetSpec:
    """A data set of tagged sentences in TFDS.

    module: module that registers the builder, for the builders of this project
    words, tags: the features with the words of a sentence and their tags
    non_words: a feature and its value in rows that are not words, for data sets with such rows
    unlabelled: a data set of `LABELLED_TEXTS` with untagged texts, and the tokenizer that splits them in the same way
    """

    builder: str
    host: str
    words: str
    tags: str
    validation: str
    module: str | None = None
    non_words: tuple[str, bytes] | None = None
    unlabelled: tuple[str, str] = ("imdb", "treebank")


TAGGED_SENTENCES: Mapping[str, SentenceDatasetSpec] = {
    # TFDS returns the rows of multiword tokens and of empty nodes as words; only these rows have no head.
    "ewt": SentenceDatasetSpec(
        "universal_dependencies/en_ewt", "https://github.com", "tokens", "upos", "dev", non_words=("head", b"None")
    ),
    "broad_twitter_corpus": SentenceDatasetSpec(
        "broad_twitter_corpus",
        "https://raw.githubusercontent.com",
        "tokens",
        "tags",
        "dev",
        module="data.builders.broad_twitter_corpus.builder",
        unlabelled=("imdb", "tweets"),
    ),
    "conll2003": SentenceDatasetSpec(
        "conll2003/conll2003",
        "https://data.deepai.org",
        "tokens",
        "ner",
        "validation",
        unlabelled=("imdb", "cased"),
    ),
}


def load_tagged_sentences(name: str) -> RawSplits[TaggedSentence]:
    """Load a data set of `TAGGED_SENTENCES`. Raises NoNetwork if it is neither on disk nor downloadable."""
    spec = TAGGED_SENTENCES[name]
    builder = get_builder(name, spec.builder, spec.host, spec.module)
    tag_names = np.array(builder.info.features[spec.tags].feature.names, dtype=object)
    feature, non_word = spec.non_words or (None, None)

    def read(split: str) -> list[TaggedSentence]:
        features = (spec.words, spec.tags, *((feature,) if feature else ()))
        found = _with_progress(sequences(builder, split, features), name, builder, split)
        sentences = map(sentence, found)
        return [each for each in sentences if each.words]

    def sentence(row: Sequence[Sequence[Any]]) -> TaggedSentence:
        words, tags, *markers = row
        is_word = [marker != non_word for marker in markers[0]] if markers else [True] * len(words)
        return TaggedSentence(
            tuple(word.decode("utf-8") for word in compress(words, is_word)),
            tuple(tag_names[list(compress(tags, is_word))]),
        )

    splits = _raw_splits(name, f"{spec.builder}:{builder.info.version}:{spec.tags}", read, spec.validation)
    return replace(splits, unlabelled=lambda: _untagged_texts(*spec.unlabelled))


def _untagged_texts(name: str, tokenizer: str) -> list[TaggedSentence]:
    """The train and unlabelled texts of a data set, each as one long sentence without tags."""
    texts = load_labelled_texts(name)
    examples = [*texts.train, *texts.unlabelled()]
    split = TOKENIZERS[tokenizer]
    # Interned, since there are tens of millions of words.
    return [
        TaggedSentence(tuple(map(sys.intern, split(MARKUP.sub(" ", example.text)))))
        for example in track(examples, f"splitting {name} into words", len(examples))
    ]


def load_translations(languages: str) -> RawSplits[TextPair]:
    """Load Multi30k for two languages, such as "en-de". Raises NoNetwork if it is neither on disk nor downloadable."""
    builder = get_builder("multi30k", "multi30k", "https://raw.githubusercontent.com", "data.builders.multi30k.builder")
    source, target = languages.split("-")

    def read(split: str) -> list[TextPair]:
        found = _with_progress(rows(builder, split), "multi30k", builder, split)
        pairs = [TextPair(row[source].decode("utf-8"), row[target].decode("utf-8")) for row in found]
        # Two pairs of train have no sentence.
        return [pair for pair in pairs if "@@" not in (pair.source, pair.target)]

    return _raw_splits("multi30k", f"multi30k:{builder.info.version}:{languages}", read, "validation")


def load_emails() -> RawSplits[TextPair]:
    """Load AESLC: cleaned emails and their subjects. Raises NoNetwork if it is neither on disk nor downloadable.

    One in nine emails of the official validation split also occurs in test. These are removed from validation:
    otherwise validation would leak test data.
    """
    builder = get_builder("aeslc", "aeslc", "https://github.com", "data.builders.aeslc.builder")

    def read(split: str) -> list[TextPair]:
        found = _with_progress(rows(builder, split), "aeslc", builder, split)
        texts = ((row["email_body"].decode("utf-8"), row["subject_line"].decode("utf-8")) for row in found)
        return [TextPair(clean_email(body, encoded=True), " ".join(subject.split())) for body, subject in texts]

    test = read("test")
    test_sources = {pair.source for pair in test}
    return RawSplits(
        dataset="aeslc",
        source=f"aeslc:{builder.info.version}",
        train=read("train"),
        validation=[pair for pair in read("validation") if pair.source not in test_sources],
        test=test,
    )


def load_captions() -> RawSplits[CaptionedImage]:
    """Load Flickr8k, one example for each image. Raises NoNetwork, with instructions, if its files are missing."""
    builder = get_builder("flickr8k", "flickr8k", None, "data.builders.flickr8k.builder")

    def read(split: str) -> list[CaptionedImage]:
        return [
            CaptionedImage(
                row["picture"],
                tuple(caption.decode("utf-8") for caption in row["captions"]),
                row["name"].decode("utf-8"),
            )
            for row in _with_progress(records(builder, split), "flickr8k", builder, split)
        ]

    splits = "official" if builder.info.metadata["official"] else "own_splits"
    if splits != "official":
        warn("flickr8k has no lists of its official splits: scores are not comparable with published results")
    return _raw_splits("flickr8k", f"flickr8k:{builder.info.version}:{splits}", read, "dev")


def synthetic_examples(generate: Callable[[int, int], list[ExampleT]], examples: int = 6000) -> RawSplits[ExampleT]:
    """Synthetic data, the same on every machine. Validation and test have a fifth of the size of train.

    generate: generates a number of examples from a seed, such as `synthetic.sentiment`
    """
    fifth = examples // 5
    return RawSplits(
        dataset=SYNTHETIC,
        source=f"{SYNTHETIC}:{generate.__name__}:{examples}",
        train=generate(examples, 1),
        validation=generate(fifth, 2),
        test=generate(fifth, 3),
        synthetic=True,
    )


def synthetic_texts(
    generate: Callable[[int, int], list[LabelledText]], examples: int = 6000
) -> RawSplits[LabelledText]:
    """Synthetic data of a function that generates pairs of similar texts; train has one text of each pair."""
    return replace(synthetic_examples(generate, examples), train=_one_of_each_pair(generate(2 * examples, 1)))


def _one_of_each_pair(examples: Sequence[LabelledText]) -> list[LabelledText]:
    """One example of each pair of neighbors: by turns the one whose label is first and last in the alphabet.

    The two texts of a pair often have the same words and opposite labels. With both in train, the label of one would
    reveal the label of the other.
    """
    pairs = zip(examples[::2], examples[1::2], strict=True)
    return [(min, max)[index % 2](pair, key=lambda example: example.label or "") for index, pair in enumerate(pairs)]
