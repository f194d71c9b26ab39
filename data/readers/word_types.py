"""Word types of tagged sentences: each distinct word with its most frequent tag."""

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from data.readers.datasets import RawSplits
from schema.examples import LabelledText, LazySequence, TaggedSentence


def word_types(sentences: RawSplits[TaggedSentence]) -> RawSplits[LabelledText]:
    """The word types of train, and those of validation and test that do not occur in train. Case is kept."""
    counts = _count_tags(sentences.train)
    tag_counts = sum(counts.values(), Counter[str]())
    return RawSplits(
        dataset=sentences.dataset,
        source=f"{sentences.source}:word types",
        train=_types(counts, tag_counts),
        validation=_types(_count_tags(sentences.validation or []), tag_counts, seen=counts),
        test=LazySequence(lambda: _types(_count_tags(sentences.test), tag_counts, seen=counts)),
        synthetic=sentences.synthetic,
    )


def most_frequent_tags(sentences: Sequence[TaggedSentence]) -> list[tuple[str, str]]:
    """Each distinct normalized word with its most frequent tag, in order of first occurrence."""
    counts = _count_tags([replace(sentence, words=sentence.normalized_words) for sentence in sentences])
    types = _types(counts, sum(counts.values(), Counter[str]()))
    return [(word.text, word.label) for word in types if word.label is not None]


def _count_tags(sentences: Sequence[TaggedSentence]) -> Mapping[str, Counter[str]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            counts[word][tag] += 1
    return counts


def _types(
    counts: Mapping[str, Counter[str]], tag_counts: Counter[str], seen: Container[str] = ()
) -> list[LabelledText]:
    """The words that are not in `seen`, with their most frequent tags; ties are broken by `tag_counts`."""
    return [
        LabelledText(word, max(tags, key=lambda tag: (tags[tag], tag_counts[tag])))
        for word, tags in counts.items()
        if word not in seen
    ]
