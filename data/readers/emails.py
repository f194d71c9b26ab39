"""Mails as AESLC has them: what is not the writer's own words, and what stands in train in all but name."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from console.progress import track

_WORD = re.compile(r"\w+")
# What mail programs of the time left of line ends, tabs and other characters that did not fit into ASCII.
_SOFT_BREAK = re.compile(r"(?<=\S)= +")
_ENCODED = re.compile(r"=[0-9A-F]{2}")
# A line with nothing but the end of a letter; what follows it is a name, a number, an advertisement.
_FAREWELL = re.compile(
    r"^\W*(many |best |kind |warm |with )*(thanks|thank you|thanx|regards|sincerely|cheers|love|best( wishes)?)"
    r"( again| (so|very) much| in advance| for your help)?\W*$",
    re.IGNORECASE,
)
_QUOTING_MARK = re.compile(r"(?:^|(?<=\s))>+(?=\s|$)")
_QUOTED = ("original message", "forwarded by")


def clean_email(body: str, encoded: bool = False) -> str:
    """The body without quoted mails and signature, its spaces single, a line a sentence.

    encoded: take remains of the encoding out, too; elsewhere `id=20` is what somebody wrote
    A mail that is nothing else is left as it stands.
    """
    text = _QUOTING_MARK.sub(" ", body)
    if encoded:
        text = _ENCODED.sub(" ", _SOFT_BREAK.sub("", text))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line.strip("= ")]
    kept = lines[: _end(lines)]
    return "\n".join(kept or lines) or body.strip()


def _end(lines: Sequence[str]) -> int:
    """How many lines there are before another mail, or before a line of the second half that is a mere farewell."""
    for place, line in enumerate(lines):
        if line.lstrip("- ").lower().startswith(_QUOTED) or (2 * place + 1 >= len(lines) and _FAREWELL.match(line)):
            return place
    return len(lines)


NEAR = 0.9
"""Cosine of tf-idf from which on two texts are near copies."""
AT_ONCE = 100
"""Texts that are compared with all others together."""
GRAM = 8
"""Words in a row; where more than half of a text's rows of so many words stand in one other text, it is a near copy."""


def near_copies(texts: Sequence[str], others: Sequence[str]) -> frozenset[int]:
    """Places in `texts` of what is nearly the same as one of `others`, by cosine or by shared rows of words."""
    if not texts or not any(map(_WORD.search, others)):
        return frozenset()
    return frozenset(_near_by_cosine(texts, others) | _near_by_rows(texts, others))


def _near_by_cosine(texts: Sequence[str], others: Sequence[str]) -> set[int]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(token_pattern=_WORD.pattern)
    known = vectorizer.fit_transform(others).T.tocsr()
    asked = vectorizer.transform(texts)
    # Nearly every text shares a word with every other: the product is dense.
    starts = track(range(0, len(texts), AT_ONCE), "comparing texts", unit="steps")
    blocks = (asked[start : start + AT_ONCE] @ known for start in starts)
    nearest = np.concatenate([block.max(axis=1).toarray()[:, 0] for block in blocks])
    return set((nearest > NEAR).nonzero()[0].tolist())


def _near_by_rows(texts: Sequence[str], others: Sequence[str]) -> set[int]:
    rows = [_rows(text) for text in texts]
    holders: dict[tuple[str, ...], list[int]] = {}
    for place, grams in enumerate(rows):
        for gram in grams:
            holders.setdefault(gram, []).append(place)
    near = set()
    for other in track(others, "looking for copies"):
        shared = Counter(_flat(holders.get(gram, ()) for gram in _rows(other)))
        near |= {place for place, count in shared.items() if count > len(rows[place]) / 2}
    return near


def _flat(rows: Iterable[Iterable[int]]) -> Iterable[int]:
    return (value for row in rows for value in row)


def _rows(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[start : start + GRAM]) for start in range(len(words) - GRAM + 1)}
