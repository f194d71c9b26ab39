"""Readers of tagged sentences in CoNLL formats: one word per line and a blank line between sentences.

    2 <TAB> dog <TAB> dog <TAB> NOUN ... (ten columns)     CoNLL-U, universal parts of speech: `read_conllu`
    Paris <TAB> B-LOC                                      token, any other columns, entity tag: `read_entities`

Files are UTF-8 and have LF or CRLF line endings. The last blank line is optional. The words of CoNLL-U are the
syntactic words, as treebanks count them: rows of multiword tokens ("3-4") and of empty nodes ("5.1") are skipped.
`-DOCSTART-` lines are skipped too.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from unicodedata import category

from data.readers.files import UNPRINTABLE, count_columns, read_lines
from schema.errors import UserError
from schema.examples import TaggedSentence
from schema.file_format import FileFormat

UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
"""The universal parts of speech (universaldependencies.org/u/pos)."""

_DEFAULT = FileFormat()
_CONLLU_COLUMNS = 10
WORD_ID, NON_WORD_ID = re.compile(r"\d+"), re.compile(r"\d+[-.]\d+")
_ENTITY_TAG = re.compile(r"O|[BIESLU]-\S+")
_COLUMN_NAMES = {
    "word",
    "token",
    "form",
    "lemma",
    "pos",
    "pos_tag",
    "upos",
    "chunk",
    "chunk_tag",
    "tag",
    "label",
    "ner",
    "ner_tag",
}
"""Names of columns in the first line of a file. A plural counts too."""
_MAX_WORDS_WITHOUT_BLANK_LINE = 50
_MIN_LONGER_SENTENCES = 0.1
"""Minimum fraction of sentences of several words, in files without numbers of words."""

Row = tuple[int, str, str]
"""Number of a line, its word and the tag of the word."""
ReadRow = Callable[[str, str, list[Row]], tuple[str, str] | None]
"""From file and line for errors, the line, and the rows before it in its sentence, to word and tag; None if no word."""


def read_conllu(path: Path) -> list[TaggedSentence]:
    """Read sentences with universal parts of speech. Raises UserError with the file and line of an error."""
    return _tagged(_sentences(path, _conllu_row))


def read_entities(path: Path, file_format: FileFormat = _DEFAULT) -> list[TaggedSentence]:
    """Read sentences with the tags of entities, as IOB2. Raises UserError with the file and line of an error.

    Columns are separated by single TABs, or by spaces in a line without a TAB. A token before a TAB may be empty or
    contain spaces. The tag is in the last column, unless `file_format` has its number.
    """
    sentences = _sentences(path, _EntityRow(file_format.columns.get("tag")))
    _refuse_missing_boundaries(path, sentences)
    return [TaggedSentence(sentence.words, iob2(sentence.tags)) for sentence in _tagged(sentences)]


def iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """Convert IOB1, IOB2, BIOES or BILOU tags to IOB2: each entity begins with B (Tjong Kim Sang & Veenstra 1999).

    ["I-PER", "I-PER", "O", "I-LOC"]  ->  ("B-PER", "I-PER", "O", "B-LOC")
    ["B-PER", "E-PER", "S-LOC"]       ->  ("B-PER", "I-PER", "B-LOC")
    """
    return tuple(_iob2(previous, tag) for previous, tag in zip(("O", *tags), tags, strict=False))


def _iob2(previous: str, tag: str) -> str:
    if tag == "O":
        return tag
    continues = tag[0] in "IEL" and previous[0] in "BI" and previous[2:] == tag[2:]
    return f"{'I' if continues else 'B'}-{tag[2:]}"


def _sentences(path: Path, read_row: ReadRow) -> list[list[Row]]:
    sentences: list[list[Row]] = [[]]
    for number, line in read_lines(path):
        if not line.strip():
            sentences.append([])
        elif row := read_row(f"{path}:{number}", line, sentences[-1]):
            sentences[-1].append((number, *row))
    sentences = [rows for rows in sentences if rows]
    if not sentences:
        raise UserError(f"{path} holds no sentences; expected one word per line and a blank line between sentences")
    return sentences


def _tagged(sentences: Sequence[Sequence[Row]]) -> list[TaggedSentence]:
    return [TaggedSentence(tuple(word for _, word, _ in rows), tuple(tag for _, _, tag in rows)) for rows in sentences]


def _refuse_missing_boundaries(path: Path, sentences: Sequence[Sequence[Row]]) -> None:
    """Raise UserError if the whole file is one long sentence, or (nearly) each word a sentence of its own."""
    longer = sum(len(rows) > 1 for rows in sentences)
    if len(sentences) == 1 and len(sentences[0]) > _MAX_WORDS_WITHOUT_BLANK_LINE:
        problem = f"{len(sentences[0])} words follow without a blank line; put one after each sentence"
    elif len(sentences) > 2 and longer < _MIN_LONGER_SENTENCES * len(sentences):
        problem = (
            f"{len(sentences) - longer} of {len(sentences)} sentences have one word; "
            "put blank lines between sentences, not between words"
        )
    else:
        return
    raise UserError(f"{path}:{sentences[0][0][0]}: {problem}")


def _conllu_row(where: str, line: str, before: Sequence[Row]) -> tuple[str, str] | None:
    columns = conllu_columns(where, line, len(before))
    if columns is None:
        return None
    word, tag = columns[1], columns[3]
    if tag not in UPOS:
        raise UserError(f"{where}: {tag!r} is not a universal part of speech; expected one of {', '.join(UPOS)}")
    return word, tag


def conllu_columns(where: str, line: str, words_before: int) -> list[str] | None:
    """The ten columns of a word; None for comments, multiword tokens and empty nodes.

    words_before: number of words before the line in its sentence
    Raises UserError for another format, or another number than that of the next word.
    """
    if line.startswith("#"):
        return None
    columns = line.split("\t")
    if len(columns) != _CONLLU_COLUMNS:
        raise UserError(f"{where}: {count_columns(columns)}, expected the 10 of CoNLL-U, separated by TABs")
    if NON_WORD_ID.fullmatch(columns[0]):
        return None
    if not WORD_ID.fullmatch(columns[0]):
        raise UserError(f"{where}: the first column is {columns[0]!r}; expected the number of the word")
    number = int(columns[0])
    if number != words_before + 1:
        missing = "; is a blank line missing?" if number == 1 else ""
        too_many = "; is there a blank line too many?" if not words_before else ""
        raise UserError(f"{where}: word {number}, expected {words_before + 1}{missing or too_many}")
    return columns


def word_columns(line: str) -> list[str]:
    """The columns of a line of another CoNLL format: separated by TABs, or by spaces in a line without a TAB."""
    # Only ASCII spaces: a no-break space is part of a word.
    return line.split("\t") if "\t" in line else [column for column in line.split(" ") if column]


class _EntityRow:
    """Reads the lines of a file, which must all have as many columns as the first.

    tag_column: number of the column of the tag; None for the last
    """

    def __init__(self, tag_column: str | None) -> None:
        self.tag_column = tag_column
        self.width = 0

    def __call__(self, where: str, line: str, before: Sequence[Row]) -> tuple[str, str] | None:
        if line.startswith("-DOCSTART-"):
            return None
        columns = word_columns(line)
        if self._is_heading(columns, line):
            return None
        self.width = self.width or len(columns)
        if len(columns) != self.width or self.width < 2:
            expected = "2: a token, a TAB, its tag" if self.width < 3 else f"the {self.width} of the first line"
            raise UserError(f"{where}: {count_columns(columns)}, expected {expected}")
        number = int(self.tag_column or self.width)
        if number > self.width:
            raise UserError(f"{where}: {count_columns(columns)}, but --tag-column is {number}")
        word, tag = columns[0], columns[number - 1].strip()
        if not _is_entity_tag(tag):
            raise UserError(
                f"{where}: {tag!r} is not an IOB tag; expected O, or B- or I- and a type, such as B-PER "
                "(BIOES and BILOU are read too; --tag-column has the number of another column)"
            )
        return word, tag

    def _is_heading(self, columns: Sequence[str], line: str) -> bool:
        """Whether a line is a comment, or the names of the columns in the first line."""
        is_comment = line.startswith("# ") and not _is_entity_tag(columns[-1].strip())
        return is_comment or (not self.width and len(columns) > 1 and all(map(_is_column_name, columns)))


def _is_entity_tag(tag: str) -> bool:
    return bool(_ENTITY_TAG.fullmatch(tag)) and not any(category(character) in UNPRINTABLE for character in tag)


def _is_column_name(text: str) -> bool:
    name = text.strip().lower()
    return name in _COLUMN_NAMES or name.removesuffix("s") in _COLUMN_NAMES
