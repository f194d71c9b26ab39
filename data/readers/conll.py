"""Readers of tagged sentences in CoNLL formats: one word per line and a blank line between sentences.

    2 <TAB> dog <TAB> dog <TAB> NOUN ... (ten columns)     CoNLL-U, universal parts of speech: `read_conllu`
    Paris <TAB> B-LOC                                      token and entity tag, IOB1 or IOB2: `read_entities`

Files are UTF-8 and have LF or CRLF line endings. The last blank line is optional. The words of CoNLL-U are the
syntactic words, as treebanks count them: rows of multiword tokens ("3-4") and of empty nodes ("5.1") are skipped.
`-DOCSTART-` lines are skipped too.
"""

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from unicodedata import category

from data.readers.files import UNPRINTABLE, count_columns, read_lines
from schema.errors import UserError
from schema.examples import TaggedSentence

UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
"""The universal parts of speech (universaldependencies.org/u/pos)."""

_CONLLU_COLUMNS = 10
_WORD_ID, _NON_WORD_ID = re.compile(r"\d+"), re.compile(r"\d+[-.]\d+")
_ENTITY_TAG = re.compile(r"O|[BI]-\S+")

ReadRow = Callable[[Path, int, str], tuple[str, str] | None]
"""From a path, the number of a line and the line to a word and its tag; None for a line without a word."""


def read_conllu(path: Path) -> list[TaggedSentence]:
    """Read sentences with universal parts of speech. Raises UserError with the file and line of an error."""
    return _sentences(path, _conllu_row)


def read_entities(path: Path) -> list[TaggedSentence]:
    """Read sentences with IOB2 tags of entities. Raises UserError with the file and line of an error.

    Columns are separated by a TAB, or by spaces in a line without a TAB. A token before a TAB may be empty or contain
    spaces.
    """
    return [TaggedSentence(sentence.words, iob2(sentence.tags)) for sentence in _sentences(path, _entity_row)]


def iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """Convert IOB1 or IOB2 tags to IOB2, where each entity begins with B (Tjong Kim Sang & Veenstra 1999).

    ["I-PER", "I-PER", "O", "I-LOC"]  ->  ("B-PER", "I-PER", "O", "B-LOC")
    """
    return tuple(
        f"B-{tag[2:]}" if tag.startswith("I-") and previous[2:] != tag[2:] else tag
        for previous, tag in zip(("O", *tags), tags, strict=False)
    )


def as_conllu(words: Sequence[str], upos: Sequence[str] = (), misc: Sequence[str] = ()) -> str:
    """Format a sentence as CoNLL-U, with parts of speech or other tags in the last column. Other columns are empty."""
    rows = zip_longest(range(1, len(words) + 1), words, upos, misc, fillvalue="_")
    return "".join(f"{number}\t{word or '_'}\t_\t{tag}\t_\t_\t_\t_\t_\t{other}\n" for number, word, tag, other in rows)


def _sentences(path: Path, read_row: ReadRow) -> list[TaggedSentence]:
    sentences: list[TaggedSentence] = []
    rows: list[tuple[str, str]] = []
    # The last blank line is optional.
    for number, line in [*read_lines(path), (0, "")]:
        if line.strip():
            row = read_row(path, number, line)
            rows += [row] if row else []
        elif rows:
            words, tags = zip(*rows, strict=True)
            sentences.append(TaggedSentence(words, tags))
            rows = []
    if not sentences:
        raise UserError(f"{path} holds no sentences; expected one word per line and a blank line between sentences")
    return sentences


def _conllu_row(path: Path, number: int, line: str) -> tuple[str, str] | None:
    if line.startswith("#"):
        return None
    columns = line.split("\t")
    if len(columns) != _CONLLU_COLUMNS:
        raise UserError(f"{path}:{number}: {count_columns(columns)}, expected the 10 of CoNLL-U, separated by TABs")
    word_id, word, tag = columns[0], columns[1], columns[3]
    if _NON_WORD_ID.fullmatch(word_id):
        return None
    if not _WORD_ID.fullmatch(word_id):
        raise UserError(f"{path}:{number}: the first column is {word_id!r}; expected the number of the word")
    if tag not in UPOS:
        raise UserError(
            f"{path}:{number}: {tag!r} is not a universal part of speech; expected one of {', '.join(UPOS)}"
        )
    return word, tag


def _entity_row(path: Path, number: int, line: str) -> tuple[str, str] | None:
    if line.startswith("-DOCSTART-"):
        return None
    columns = line.split("\t") if "\t" in line else line.split()
    if len(columns) != 2:
        raise UserError(f"{path}:{number}: {count_columns(columns)}, expected 2: a token, a TAB, its tag")
    word, tag = columns[0], columns[1].strip()
    if not _ENTITY_TAG.fullmatch(tag) or any(category(character) in UNPRINTABLE for character in tag):
        raise UserError(
            f"{path}:{number}: {tag!r} is not an IOB tag; expected O, or B- or I- and a type, such as B-PER"
        )
    return word, tag
