"""Entities as spans of words, from IOB2 tags."""

from collections.abc import Iterable, Sequence

from seqeval.scheme import IOB2, Entities

Span = tuple[int, int, str]
"""Index of the first word, index after the last word, type."""

MENTION_SIGN = "@"


def entity_spans(tag_sequences: Sequence[Sequence[str]]) -> list[set[Span]]:
    """The entities of each sentence, from strict IOB2 tags."""
    # seqeval fails on an empty sentence.
    sentences = Entities([list(tags) or ["O"] for tags in tag_sequences], IOB2).entities
    return [{(entity.start, entity.end, entity.tag) for entity in sentence} for sentence in sentences]


def merge_mentions(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Tags with a lone `@` and the name after it as one entity: after `@` with B-X, a following B-X becomes I-X."""
    return [
        f"I-{tag[2:]}"
        if index and tag.startswith("B-") and words[index - 1] == MENTION_SIGN and tags[index - 1] == tag
        else tag
        for index, tag in enumerate(tags)
    ]


def is_mention(words: Sequence[str], start: int) -> bool:
    """Whether an entity that starts at the word `start` is a mention: it begins with `@`, or follows a lone one."""
    return words[start].startswith(MENTION_SIGN) or (start > 0 and words[start - 1] == MENTION_SIGN)


def entity_texts(words: Sequence[str], spans: Iterable[Span]) -> list[str]:
    """Entities as text, type and words: "PER Angela Merkel"."""
    return [f"{entity_type} {' '.join(words[start:end])}" for start, end, entity_type in spans]


def bracketed(words: Sequence[str], tags: Sequence[str]) -> str:
    """A sentence with its entities in brackets: "[PER Angela Merkel] went to [LOC Paris] ." """
    parts = list(words)
    for start, end, entity_type in entity_spans([tags])[0]:
        parts[start] = f"[{entity_type} {parts[start]}"
        parts[end - 1] += "]"
    return " ".join(parts)
