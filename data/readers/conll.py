"""AlignedTags sentences in the two plain formats of the field: a word a line, a blank line between sentences.

    2 <TAB> dog <TAB> dog <TAB> NOUN ... (ten columns)     CoNLL-U, universal parts of speech: `read_conllu`
    Paris <TAB> B-LOC                                      token and entity tag, IOB1 or IOB2: `read_entities`

UTF-8, line ends LF or CRLF; a file may end without a blank line. The words of CoNLL-U are the syntactic ones: rows of
multiword tokens ("3-4") and of empty nodes ("5.1") are passed over, as treebanks count. So are `-DOCSTART-` lines.
"""

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from unicodedata import category

from data.readers.files import UNPRINTABLE, read_lines
from schema.errors import UserError
from schema.examples import TaggedSentence

UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
"""The universal parts of speech (universaldependencies.org/u/pos)."""

_CONLLU_COLUMNS = 10
_WORD, _NO_WORD = re.compile(r"\d+"), re.compile(r"\d+[-.]\d+")
_ENTITY_TAG = re.compile(r"O|[BI]-\S+")

ReadRow = Callable[[Path, int, str], tuple[str, str] | None]
"""Word and tag of a line that is not blank; None for one that is no word."""


def read_conllu(path: Path) -> list[TaggedSentence]:
    """Sentences with their universal parts of speech. Raises UserError with file and line for what is not CoNLL-U."""
    return _sentences(path, _conllu_row)


def read_entities(path: Path) -> list[TaggedSentence]:
    """Sentences with the tags of their entities as IOB2. Raises UserError with file and line for what is no such tag.

    Columns are parted by a TAB, or in a line without one by spaces; before a TAB a token may be empty or hold spaces.
    """
    return [TaggedSentence(read.words, iob2(read.tags)) for read in _sentences(path, _entity_row)]


def iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags of IOB1 or IOB2 as IOB2: what begins an entity has a B, wherever it stands (Tjong Kim Sang & Veenstra 1999).

    ["I-PER", "I-PER", "O", "I-LOC"]  ->  ("B-PER", "I-PER", "O", "B-LOC")
    """
    return tuple(
        f"B-{tag[2:]}" if tag.startswith("I-") and before[2:] != tag[2:] else tag
        for before, tag in zip(("O", *tags), tags, strict=False)
    )


def as_conllu(words: Sequence[str], upos: Sequence[str] = (), misc: Sequence[str] = ()) -> str:
    """A sentence in CoNLL-U with its parts of speech, or something else in the last column; all other columns open."""
    rows = zip_longest(range(1, len(words) + 1), words, upos, misc, fillvalue="_")
    return "".join(f"{place}\t{word or '_'}\t_\t{tag}\t_\t_\t_\t_\t_\t{more}\n" for place, word, tag, more in rows)


def _sentences(path: Path, read_row: ReadRow) -> list[TaggedSentence]:
    sentences: list[TaggedSentence] = []
    rows: list[tuple[str, str]] = []
    # One blank line more: a file may end without.
    for number, line in [*read_lines(path), (0, "")]:
        if line.strip():
            row = read_row(path, number, line)
            rows += [row] if row else []
        elif rows:
            words, tags = zip(*rows, strict=True)
            sentences.append(TaggedSentence(words, tags))
            rows = []
    if not sentences:
        raise UserError(f"{path} holds no sentences; expected a word a line, and a blank line between sentences")
    return sentences


def _conllu_row(path: Path, number: int, line: str) -> tuple[str, str] | None:
    if line.startswith("#"):
        return None
    columns = line.split("\t")
    if len(columns) != _CONLLU_COLUMNS:
        raise UserError(f"{path}:{number}: {_counted(columns)}, expected the 10 of CoNLL-U, parted by TABs")
    place, word, tag = columns[0], columns[1], columns[3]
    if _NO_WORD.fullmatch(place):
        return None
    if not _WORD.fullmatch(place):
        raise UserError(f"{path}:{number}: the first column is {place!r}; expected the number of the word")
    if tag not in UPOS:
        raise UserError(f"{path}:{number}: {tag!r} is no universal part of speech; there are {', '.join(UPOS)}")
    return word, tag


def _entity_row(path: Path, number: int, line: str) -> tuple[str, str] | None:
    if line.startswith("-DOCSTART-"):
        return None
    columns = line.split("\t") if "\t" in line else line.split()
    if len(columns) != 2:
        raise UserError(f"{path}:{number}: {_counted(columns)}, expected 2: a token, a TAB, its tag")
    word, tag = columns[0], columns[1].strip()
    if not _ENTITY_TAG.fullmatch(tag) or any(category(mark) in UNPRINTABLE for mark in tag):
        raise UserError(f"{path}:{number}: {tag!r} is no tag of IOB; expected O, or B- or I- and a type, such as B-PER")
    return word, tag


def _counted(columns: Sequence[str]) -> str:
    return "1 column" if len(columns) == 1 else f"{len(columns)} columns"
