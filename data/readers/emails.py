"""Cleaning of emails and search for near-duplicates, for AESLC (Zhang & Tetreault 2019)."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from console.progress import track
from schema.segmentation import words

# Remains of the quoted-printable encoding of line endings, tabs and characters outside ASCII.
_SOFT_BREAK = re.compile(r"(?<=\S)= +")
_ENCODED = re.compile(r"=[0-9A-F]{2}")
# A line with only a closing phrase; a name, a phone number or an advertisement follows.
_CLOSING = re.compile(
    r"^\W*(many |best |kind |warm |with )*(thanks|thank you|thanx|regards|sincerely|cheers|love|best( wishes)?)"
    r"( again| (so|very) much| in advance| for your help)?\W*$",
    re.IGNORECASE,
)
_QUOTING_MARK = re.compile(r"(?:^|(?<=\s))>+(?=\s|$)")
_QUOTED = ("original message", "forwarded by")


def clean_email(body: str, encoded: bool = False) -> str:
    """The body of an email without quoted emails and signature, with single spaces and without blank lines.

    encoded: also remove remains of the quoted-printable encoding; in other emails, `id=20` may be part of the text
    If nothing would be left, the body is returned unchanged.
    """
    text = _QUOTING_MARK.sub(" ", body)
    if encoded:
        text = _ENCODED.sub(" ", _SOFT_BREAK.sub("", text))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line.strip("= ")]
    kept = lines[: _end(lines)]
    return "\n".join(kept or lines) or body.strip()


def _end(lines: Sequence[str]) -> int:
    """Number of lines before a quoted email, or before a closing phrase in the second half."""
    for index, line in enumerate(lines):
        if line.lstrip("- ").lower().startswith(_QUOTED) or (2 * index + 1 >= len(lines) and _CLOSING.match(line)):
            return index
    return len(lines)


MIN_COSINE = 0.9
"""Two texts with a greater cosine similarity of their tf-idf vectors are near-duplicates."""
CHUNK_SIZE = 100
"""Number of texts that are compared with all others at once."""
NGRAM = 8
"""A text is a near-duplicate if another text contains more than half of its n-grams of this many words."""


def near_duplicates(texts: Sequence[str], others: Sequence[str]) -> frozenset[int]:
    """Indices of the texts that are near-duplicates of one of `others`, by cosine similarity or by shared n-grams."""
    if not texts or not any(map(words, others)):
        return frozenset()
    return frozenset(_similar_by_cosine(texts, others) | _similar_by_ngrams(texts, others))


def _similar_by_cosine(texts: Sequence[str], others: Sequence[str]) -> set[int]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(tokenizer=words, token_pattern=None)
    other_vectors = vectorizer.fit_transform(others).T.tocsr()
    vectors = vectorizer.transform(texts)
    # In chunks, since the product is dense: nearly every text shares a word with every other.
    starts = track(range(0, len(texts), CHUNK_SIZE), "comparing texts", unit="steps")
    chunks = (vectors[start : start + CHUNK_SIZE] @ other_vectors for start in starts)
    max_cosine = np.concatenate([chunk.max(axis=1).toarray()[:, 0] for chunk in chunks])
    return set((max_cosine > MIN_COSINE).nonzero()[0].tolist())


def _similar_by_ngrams(texts: Sequence[str], others: Sequence[str]) -> set[int]:
    ngrams = [_ngrams(text) for text in texts]
    texts_with: dict[tuple[str, ...], list[int]] = {}
    for index, found in enumerate(ngrams):
        for ngram in found:
            texts_with.setdefault(ngram, []).append(index)
    similar = set()
    for other in track(others, "searching for near-duplicates"):
        shared = Counter(index for ngram in _ngrams(other) for index in texts_with.get(ngram, ()))
        similar |= {index for index, count in shared.items() if count > len(ngrams[index]) / 2}
    return similar


def _ngrams(text: str) -> set[tuple[str, ...]]:
    found = words(text.lower())
    return {tuple(found[start : start + NGRAM]) for start in range(len(found) - NGRAM + 1)}
