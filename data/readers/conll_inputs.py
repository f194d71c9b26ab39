"""Sentences to tag from files in CoNLL formats, and CoNLL-U with tags filled in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from data.readers.conll import NON_WORD_ID, WORD_ID, conllu_columns, word_columns
from data.readers.files import read_lines
from schema.errors import UserError
from schema.examples import TaggedSentence

CONLL_SUFFIXES = {".conllu", ".conll", ".iob", ".iob2", ".bio"}
UPOS_COLUMN, MISC_COLUMN = 3, 9


def read_untagged(path: Path) -> list[TaggedSentence]:
    """Read the sentences of a CoNLL-U file with all their lines, or the first columns of another CoNLL format.

    Tags are ignored. Raises UserError with the file and line of an error.
    """
    lines = [(number, line) for number, line in read_lines(path) if not line.startswith("-DOCSTART-")]
    read_words = _conllu_words if _is_conllu(path, [line for _, line in lines]) else _first_columns
    sentences: list[TaggedSentence] = []
    # Comments between blank lines belong to the next sentence.
    pending: tuple[str, ...] = ()
    for block in _blocks(lines):
        words = read_words(path, block)
        pending += tuple(line for _, line in block)
        if words:
            sentences.append(TaggedSentence(words, lines=pending if read_words is _conllu_words else ()))
        pending = () if words else (*pending, "")
    if not sentences:
        raise UserError(f"{path} holds no sentences; expected one word per line and a blank line between sentences")
    if pending:
        sentences[-1] = replace(sentences[-1], lines=(*sentences[-1].lines, "", *pending[:-1]))
    return sentences


def conllu_rows(words: Sequence[str]) -> list[str]:
    """The rows of a sentence in CoNLL-U, with all columns empty but number and word."""
    return [f"{number}\t{word or '_'}" + "\t_" * 8 for number, word in enumerate(words, 1)]


def fill_conllu(
    lines: Sequence[str], column: int, tags: Sequence[str], merge: Callable[[str, str], str] = lambda old, tag: tag
) -> str:
    """Write a tag into one column of each word of a sentence, and keep all else.

    merge: from the present content of the column and the tag to the new content
    """
    rest = iter(tags)
    return "".join(f"{_filled(line, column, rest, merge)}\n" for line in lines)


def _filled(line: str, column: int, tags: Iterator[str], merge: Callable[[str, str], str]) -> str:
    columns = line.split("\t")
    if line.startswith("#") or not WORD_ID.fullmatch(columns[0]):
        return line
    return "\t".join([*columns[:column], merge(columns[column], next(tags)), *columns[column + 1 :]])


def merge_misc(key: str) -> Callable[[str, str], str]:
    """From the content of MISC and a tag to MISC with `key=tag`, in place of an earlier one."""

    def merge(old: str, tag: str) -> str:
        kept = [part for part in old.split("|") if part != "_" and not part.startswith(f"{key}=")]
        return "|".join([*kept, f"{key}={tag}"])

    return merge


def _blocks(lines: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """The lines between blank lines."""
    block: list[tuple[int, str]] = []
    for number, line in [*lines, (0, "")]:
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []


def _is_conllu(path: Path, lines: Sequence[str]) -> bool:
    """Whether a file holds CoNLL-U, by its name or its first word."""
    rows = (line.split("\t") for line in lines if line.strip() and not line.startswith("#"))
    first = next(rows, [""])
    is_numbered = bool(WORD_ID.fullmatch(first[0]) or NON_WORD_ID.fullmatch(first[0]))
    return path.suffix.lower() == ".conllu" or (is_numbered and len(first) > 2)


def _conllu_words(path: Path, block: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    words: list[str] = []
    for number, line in block:
        columns = conllu_columns(f"{path}:{number}", line, len(words))
        words += [columns[1]] if columns else []
    return tuple(words)


def _first_columns(path: Path, block: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(word_columns(line)[0] for _, line in block)
