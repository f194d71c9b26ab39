"""Every data set with one face: `load_...` gives its official splits as examples."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, Generic

import numpy as np

from console.messages import warn
from console.progress import track
from console.quiet import start_tensorflow
from data.readers.emails import clean_email
from data.readers.tfds import get_builder, records, rows, sequences
from data.readers.tokenization import MARKUP, TOKENIZERS
from schema.examples import CaptionedImage, ExampleT, LabelledText, LazySequence, TaggedSentence, TextPair

SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class RawSplits(Generic[ExampleT]):
    """A data set's own splits; `validation` is None where it has none.

    source: name and version, part of every cache key
    """

    dataset: str
    source: str
    train: Sequence[ExampleT]
    test: Sequence[ExampleT]
    validation: Sequence[ExampleT] | None = None
    unlabelled: Callable[[], Sequence[ExampleT]] = list
    synthetic: bool = False


@dataclass(frozen=True)
class TextDatasetSpec:
    """Where a set of labelled texts lies in TFDS.

    host: an address that the download needs, asked before TFDS is
    label: the features whose names, joined by a colon, are the class
    unlabelled: the split of texts that nobody has labelled, where there is one
    """

    builder: str
    host: str
    text: str = "text"
    label: tuple[str, ...] = ("label",)
    unlabelled: str | None = None
    splits: Mapping[str, str] = field(default_factory=lambda: {"train": "train", "test": "test"})


LABELLED_TEXTS: Mapping[str, TextDatasetSpec] = {
    "imdb": TextDatasetSpec("imdb_reviews/plain_text", "https://ai.stanford.edu", unlabelled="unsupervised"),
    "trec": TextDatasetSpec("trec", "https://cogcomp.seas.upenn.edu", label=("label-coarse",)),
    # TFDS has dropped the coarse half of the fine names, and `desc` and `other` stand for several classes.
    "trec_fine": TextDatasetSpec("trec", "https://cogcomp.seas.upenn.edu", label=("label-coarse", "label-fine")),
}


def load_labelled_texts(name: str) -> RawSplits[LabelledText]:
    """The splits of a data set of `LABELLED_TEXTS`. Raises NoNetwork where it can be had neither here nor there."""
    place = LABELLED_TEXTS[name]
    builder = get_builder(name, place.builder, place.host)
    names = [(feature, builder.info.features[feature].names) for feature in place.label]

    def label(row: Mapping[str, Any]) -> str:
        return ":".join(known[row[feature]] for feature, known in names)

    def read(split: str, labelled: bool = True) -> list[LabelledText]:
        # Before the clock of the progress starts.
        start_tensorflow()
        found = rows(builder, split)
        return [
            LabelledText(row[place.text].decode("utf-8"), label(row) if labelled else None)
            for row in track(found, f"reading {name} {split}", builder.info.splits[split].num_examples)
        ]

    test = LazySequence(lambda: read(place.splits["test"]))

    def unlabelled() -> list[LabelledText]:
        if place.unlabelled is None:
            return []
        # What stands in test too is no text that one could have had before the test.
        tested = {example.text for example in test}
        return [example for example in read(place.unlabelled, labelled=False) if example.text not in tested]

    return RawSplits(
        dataset=name,
        source=f"{place.builder}:{builder.info.version}:{'+'.join(place.label)}",
        train=read(place.splits["train"]),
        test=test,
        validation=read(place.splits["validation"]) if "validation" in place.splits else None,
        unlabelled=unlabelled,
    )


@dataclass(frozen=True)
class SentenceDatasetSpec:
    """Where a set of tagged sentences lies in TFDS.

    module: registers the builder, where it is one of ours
    words, tags: the features that hold a sentence's words and the tag of each
    no_word: a feature, and what it says of a row that is no word, where there are such rows
    untagged: the set of `LABELLED_TEXTS` whose texts may be learnt from, and the tokenizer that splits them alike
    """

    builder: str
    host: str
    words: str
    tags: str
    validation: str
    module: str | None = None
    no_word: tuple[str, bytes] | None = None
    untagged: tuple[str, str] = ("imdb", "cased")


TAGGED_SENTENCES: Mapping[str, SentenceDatasetSpec] = {
    # RowSource of multiword tokens and of empty nodes come along as words; only they have no head.
    "ewt": SentenceDatasetSpec(
        "universal_dependencies/en_ewt", "https://github.com", "tokens", "upos", "dev", no_word=("head", b"None")
    ),
    "broad_twitter_corpus": SentenceDatasetSpec(
        "broad_twitter_corpus",
        "https://raw.githubusercontent.com",
        "tokens",
        "tags",
        "dev",
        module="data.builders.broad_twitter_corpus.builder",
        untagged=("imdb", "tweets"),
    ),
    "conll2003": SentenceDatasetSpec("conll2003/conll2003", "https://data.deepai.org", "tokens", "ner", "validation"),
}


def load_tagged_sentences(name: str) -> RawSplits[TaggedSentence]:
    """The splits of a data set of `TAGGED_SENTENCES`. Raises NoNetwork where it can be had neither here nor there."""
    place = TAGGED_SENTENCES[name]
    builder = get_builder(name, place.builder, place.host, place.module)
    tag_names = np.array(builder.info.features[place.tags].feature.names, dtype=object)

    def read(split: str) -> list[TaggedSentence]:
        start_tensorflow()
        found = sequences(builder, split, place.words, place.tags, *(place.no_word or ())[:1])
        count = builder.info.splits[split].num_examples
        sentences = map(_sentence, track(found, f"reading {name} {split}", count))
        return [sentence for sentence in sentences if sentence.words]

    def _sentence(row: Sequence[Sequence[Any]]) -> TaggedSentence:
        words, tags, *heads = row
        kept = [head != place.no_word[1] for head in heads[0]] if heads else [True] * len(words)
        return TaggedSentence(
            tuple(word.decode("utf-8") for word in compress(words, kept)), tuple(tag_names[list(compress(tags, kept))])
        )

    return RawSplits(
        dataset=name,
        source=f"{place.builder}:{builder.info.version}:{place.tags}",
        train=read("train"),
        validation=read(place.validation),
        test=LazySequence(lambda: read("test")),
        unlabelled=lambda: _untagged(*place.untagged),
    )


def _untagged(name: str, tokenizer: str) -> list[TaggedSentence]:
    """The texts of train and those that nobody has labelled, each as one long sentence."""
    texts = load_labelled_texts(name)
    examples = [*texts.train, *texts.unlabelled()]
    split = TOKENIZERS[tokenizer]
    # One object for each distinct word: there are tens of millions.
    return [
        TaggedSentence(tuple(map(sys.intern, split(MARKUP.sub(" ", example.text)))))
        for example in track(examples, f"splitting {name} into words", len(examples))
    ]


def load_translations(languages: str) -> RawSplits[TextPair]:
    """Multi30k, such as "en-de". Raises NoNetwork where it can be had neither here nor there."""
    builder = get_builder("multi30k", "multi30k", "https://raw.githubusercontent.com", "data.builders.multi30k.builder")
    source, target = languages.split("-")

    def read(split: str) -> list[TextPair]:
        start_tensorflow()
        found = track(rows(builder, split), f"reading multi30k {split}", builder.info.splits[split].num_examples)
        pairs = [TextPair(row[source].decode("utf-8"), row[target].decode("utf-8")) for row in found]
        # Two pairs of train are no sentences.
        return [pair for pair in pairs if "@@" not in (pair.source, pair.target)]

    return RawSplits(
        dataset="multi30k",
        source=f"multi30k:{builder.info.version}:{languages}",
        train=read("train"),
        validation=read("validation"),
        test=LazySequence(lambda: read("test")),
    )


def load_emails() -> RawSplits[TextPair]:
    """AESLC: mails without what is not the writer's own words, and their subjects. Raises NoNetwork where it can be had
    neither here nor there.

    Every ninth mail of its validation stands in test: these are left out, or choosing on it were choosing on test.
    """
    builder = get_builder("aeslc", "aeslc", "https://github.com", "data.builders.aeslc.builder")

    def read(split: str) -> list[TextPair]:
        start_tensorflow()
        found = track(rows(builder, split), f"reading aeslc {split}", builder.info.splits[split].num_examples)
        texts = ((row["email_body"].decode("utf-8"), row["subject_line"].decode("utf-8")) for row in found)
        return [TextPair(clean_email(body, encoded=True), " ".join(subject.split())) for body, subject in texts]

    test = read("test")
    tested = {pair.source for pair in test}
    return RawSplits(
        dataset="aeslc",
        source=f"aeslc:{builder.info.version}",
        train=read("train"),
        validation=[pair for pair in read("validation") if pair.source not in tested],
        test=test,
    )


def load_captions() -> RawSplits[CaptionedImage]:
    """Flickr8k, an example for each picture. Raises NoNetwork, with what to do, where a person has not fetched it."""
    builder = get_builder("flickr8k", "flickr8k", None, "data.builders.flickr8k.builder")

    def read(split: str) -> list[CaptionedImage]:
        start_tensorflow()
        found = track(records(builder, split), f"reading flickr8k {split}", builder.info.splits[split].num_examples)
        return [
            CaptionedImage(row["picture"], tuple(caption.decode("utf-8") for caption in row["captions"]))
            for row in found
        ]

    splits = "official" if builder.info.metadata["official"] else "own_splits"
    if splits != "official":
        warn("flickr8k came without its lists, so its splits are our own: scores cannot be held against others'")
    return RawSplits(
        dataset="flickr8k",
        source=f"flickr8k:{builder.info.version}:{splits}",
        train=read("train"),
        validation=read("dev"),
        test=LazySequence(lambda: read("test")),
    )


def synthetic_examples(tell: Callable[[int, int], list[ExampleT]], examples: int = 6000) -> RawSplits[ExampleT]:
    """The built-in world, the same on every machine; a fifth as many examples again for validation and for test.

    tell: gives so many examples for a seed, such as `synthetic.sentiment`
    """
    part = examples // 5
    return RawSplits(
        dataset=SYNTHETIC,
        source=f"{SYNTHETIC}:{tell.__name__}:{examples}",
        train=tell(examples, 1),
        validation=tell(part, 2),
        test=tell(part, 3),
        synthetic=True,
    )


def synthetic_texts(tell: Callable[[int, int], list[LabelledText]], examples: int = 6000) -> RawSplits[LabelledText]:
    """The same of a teller that tells twins: of each pair train has one."""
    return replace(synthetic_examples(tell, examples), train=_one_of_each_pair(tell(2 * examples, 1)))


def _one_of_each_pair(examples: Sequence[LabelledText]) -> list[LabelledText]:
    """Every other example, the char_vocabulary's first and last label in turn.

    Neighbours in the synthetic data are twins, often of the same words with opposite labels: with both in train, what the
    one says of the words would give away the other's label.
    """
    pairs = zip(examples[::2], examples[1::2], strict=True)
    return [(min, max)[place % 2](pair, key=lambda example: example.label) for place, pair in enumerate(pairs)]
