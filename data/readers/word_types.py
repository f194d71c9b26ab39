"""From tagged sentences to single words: each form once, with its most frequent tag."""

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence

from data.readers.datasets import RawSplits
from schema.examples import LabelledText, LazySequence, TaggedSentence


def word_types(sentences: RawSplits[TaggedSentence]) -> RawSplits[LabelledText]:
    """The forms of train, case kept, and those of validation and test that train does not have."""
    counts = _tags_of_words(sentences.train)
    overall = sum(counts.values(), Counter[str]())
    return RawSplits(
        dataset=sentences.dataset,
        source=f"{sentences.source}:word types",
        train=_types(counts, overall),
        validation=_types(_tags_of_words(sentences.validation or []), overall, seen=counts),
        test=LazySequence(lambda: _types(_tags_of_words(sentences.test), overall, seen=counts)),
        synthetic=sentences.synthetic,
    )


def most_frequent_tags(sentences: Sequence[TaggedSentence]) -> list[tuple[str, str]]:
    """Each form with its most frequent tag, in the order in which the forms appear."""
    counts = _tags_of_words(sentences)
    types = _types(counts, sum(counts.values(), Counter[str]()))
    return [(word.text, word.label) for word in types if word.label is not None]


def _tags_of_words(sentences: Sequence[TaggedSentence]) -> Mapping[str, Counter[str]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            counts[word][tag] += 1
    return counts


def _types(counts: Mapping[str, Counter[str]], overall: Counter[str], seen: Container[str] = ()) -> list[LabelledText]:
    """Of tags that a word has equally often it gets the one that is more frequent in train."""
    return [
        LabelledText(word, max(tags, key=lambda tag: (tags[tag], overall[tag])))
        for word, tags in counts.items()
        if word not in seen
    ]
