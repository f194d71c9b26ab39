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
from data.mails import clean_mail
from data.prepared import prepared, records, rows, sequences
from data.tokenization import MARKUP, TOKENIZERS
from schema.examples import CaptionedPicture, Ex, LabelledText, Later, TaggedSentence, TextPair

SMALL_WORLD = "small_world"


@dataclass(frozen=True)
class Official(Generic[Ex]):
    """A data set's own splits; `validation` is None where it has none.

    source: name and version, part of every cache key
    """

    dataset: str
    source: str
    train: Sequence[Ex]
    test: Sequence[Ex]
    validation: Sequence[Ex] | None = None
    unlabelled: Callable[[], Sequence[Ex]] = list
    synthetic: bool = False


@dataclass(frozen=True)
class TextSet:
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


LABELLED_TEXTS: Mapping[str, TextSet] = {
    "imdb": TextSet("imdb_reviews/plain_text", "https://ai.stanford.edu", unlabelled="unsupervised"),
    "trec": TextSet("trec", "https://cogcomp.seas.upenn.edu", label=("label-coarse",)),
    # TFDS has dropped the coarse half of the fine names, and `desc` and `other` stand for several classes.
    "trec_fine": TextSet("trec", "https://cogcomp.seas.upenn.edu", label=("label-coarse", "label-fine")),
}


def load_labelled_texts(name: str) -> Official[LabelledText]:
    """The splits of a data set of `LABELLED_TEXTS`. Raises NoNetwork where it can be had neither here nor there."""
    place = LABELLED_TEXTS[name]
    builder = prepared(name, place.builder, place.host)
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

    test = Later(lambda: read(place.splits["test"]))

    def unlabelled() -> list[LabelledText]:
        if place.unlabelled is None:
            return []
        # What stands in test too is no text that one could have had before the test.
        tested = {example.text for example in test}
        return [example for example in read(place.unlabelled, labelled=False) if example.text not in tested]

    return Official(
        dataset=name,
        source=f"{place.builder}:{builder.info.version}:{'+'.join(place.label)}",
        train=read(place.splits["train"]),
        test=test,
        validation=read(place.splits["validation"]) if "validation" in place.splits else None,
        unlabelled=unlabelled,
    )


@dataclass(frozen=True)
class SentenceSet:
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


TAGGED_SENTENCES: Mapping[str, SentenceSet] = {
    # Rows of multiword tokens and of empty nodes come along as words; only they have no head.
    "ewt": SentenceSet(
        "universal_dependencies/en_ewt", "https://github.com", "tokens", "upos", "dev", no_word=("head", b"None")
    ),
    "broad_twitter_corpus": SentenceSet(
        "broad_twitter_corpus",
        "https://raw.githubusercontent.com",
        "tokens",
        "tags",
        "dev",
        module="data.builders.broad_twitter_corpus.builder",
        untagged=("imdb", "tweets"),
    ),
    "conll2003": SentenceSet("conll2003/conll2003", "https://data.deepai.org", "tokens", "ner", "validation"),
}


def load_tagged_sentences(name: str) -> Official[TaggedSentence]:
    """The splits of a data set of `TAGGED_SENTENCES`. Raises NoNetwork where it can be had neither here nor there."""
    place = TAGGED_SENTENCES[name]
    builder = prepared(name, place.builder, place.host, place.module)
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

    return Official(
        dataset=name,
        source=f"{place.builder}:{builder.info.version}:{place.tags}",
        train=read("train"),
        validation=read(place.validation),
        test=Later(lambda: read("test")),
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


def load_translations(languages: str) -> Official[TextPair]:
    """Multi30k, such as "en-de". Raises NoNetwork where it can be had neither here nor there."""
    builder = prepared("multi30k", "multi30k", "https://raw.githubusercontent.com", "data.builders.multi30k.builder")
    source, target = languages.split("-")

    def read(split: str) -> list[TextPair]:
        start_tensorflow()
        found = track(rows(builder, split), f"reading multi30k {split}", builder.info.splits[split].num_examples)
        pairs = [TextPair(row[source].decode("utf-8"), row[target].decode("utf-8")) for row in found]
        # Two pairs of train are no sentences.
        return [pair for pair in pairs if "@@" not in (pair.source, pair.target)]

    return Official(
        dataset="multi30k",
        source=f"multi30k:{builder.info.version}:{languages}",
        train=read("train"),
        validation=read("validation"),
        test=Later(lambda: read("test")),
    )


def load_mails() -> Official[TextPair]:
    """AESLC: mails without what is not the writer's own words, and their subjects. Raises NoNetwork where it can be had
    neither here nor there.

    Every ninth mail of its validation stands in test: these are left out, or choosing on it were choosing on test.
    """
    builder = prepared("aeslc", "aeslc", "https://github.com", "data.builders.aeslc.builder")

    def read(split: str) -> list[TextPair]:
        start_tensorflow()
        found = track(rows(builder, split), f"reading aeslc {split}", builder.info.splits[split].num_examples)
        texts = ((row["email_body"].decode("utf-8"), row["subject_line"].decode("utf-8")) for row in found)
        return [TextPair(clean_mail(body, encoded=True), " ".join(subject.split())) for body, subject in texts]

    test = read("test")
    tested = {pair.source for pair in test}
    return Official(
        dataset="aeslc",
        source=f"aeslc:{builder.info.version}",
        train=read("train"),
        validation=[pair for pair in read("validation") if pair.source not in tested],
        test=test,
    )


def load_captions() -> Official[CaptionedPicture]:
    """Flickr8k, an example for each picture. Raises NoNetwork, with what to do, where a person has not fetched it."""
    builder = prepared("flickr8k", "flickr8k", None, "data.builders.flickr8k.builder")

    def read(split: str) -> list[CaptionedPicture]:
        start_tensorflow()
        found = track(records(builder, split), f"reading flickr8k {split}", builder.info.splits[split].num_examples)
        return [
            CaptionedPicture(row["picture"], tuple(caption.decode("utf-8") for caption in row["captions"]))
            for row in found
        ]

    splits = "official" if builder.info.metadata["official"] else "own_splits"
    if splits != "official":
        warn("flickr8k came without its lists, so its splits are our own: scores cannot be held against others'")
    return Official(
        dataset="flickr8k",
        source=f"flickr8k:{builder.info.version}:{splits}",
        train=read("train"),
        validation=read("dev"),
        test=Later(lambda: read("test")),
    )


def small_world_examples(tell: Callable[[int, int], list[Ex]], examples: int = 6000) -> Official[Ex]:
    """The built-in world, the same on every machine; a fifth as many examples again for validation and for test.

    tell: gives so many examples for a seed, such as `small_world.sentiment`
    """
    part = examples // 5
    return Official(
        dataset=SMALL_WORLD,
        source=f"{SMALL_WORLD}:{tell.__name__}:{examples}",
        train=tell(examples, 1),
        validation=tell(part, 2),
        test=tell(part, 3),
        synthetic=True,
    )


def small_world_texts(tell: Callable[[int, int], list[LabelledText]], examples: int = 6000) -> Official[LabelledText]:
    """The same of a teller that tells twins: of each pair train has one."""
    return replace(small_world_examples(tell, examples), train=_one_of_each_pair(tell(2 * examples, 1)))


def _one_of_each_pair(examples: Sequence[LabelledText]) -> list[LabelledText]:
    """Every other example, the alphabet's first and last label in turn.

    Neighbours in the small world are twins, often of the same words with opposite labels: with both in train, what the
    one says of the words would give away the other's label.
    """
    pairs = zip(examples[::2], examples[1::2], strict=True)
    return [(min, max)[place % 2](pair, key=lambda example: example.label) for place, pair in enumerate(pairs)]
