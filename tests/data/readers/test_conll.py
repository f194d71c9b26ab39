"""Readers of CoNLL files, skipped rows, and errors for invalid lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.conll import UPOS, iob2, read_conllu, read_entities
from data.readers.conll_inputs import (
    MISC_COLUMN,
    UPOS_COLUMN,
    conllu_rows,
    fill_conllu,
    merge_misc,
    read_untagged,
)
from schema.errors import UserError
from schema.examples import TaggedSentence
from schema.file_format import FileFormat


def as_conllu(words, tags):
    return fill_conllu(conllu_rows(words), UPOS_COLUMN, tags)


TREEBANK = [TaggedSentence(("Dogs", "bark"), ("NOUN", "VERB")), TaggedSentence(("Yes",), ("INTJ",))]
ENTITIES = [TaggedSentence(("Paris", "is"), ("B-LOC", "O")), TaggedSentence(("Ann",), ("B-PER",))]
DOGS, YES = as_conllu(["Dogs"], ["NOUN"]), as_conllu(["Yes"], ["INTJ"])
BARK = as_conllu(["bark"], ["VERB"]).replace("1", "2", 1)
UNUSUAL_WORDS = [
    "👍🏽",
    "שלום",
    "مرحبا",
    "zero\u200dwidth",
    "next\u0085line",
    "two words",
    "#tag",
    "3-4",
    "5.1",
    "-DOCSTART-",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"], ids=["plain", "BOM", "blank lines first"])
@pytest.mark.parametrize("gap", ["\n", "\n\n\n", " \n", "\t \n"], ids=["one", "three", "a space", "a TAB"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n \n"], ids=["no blank line", "one", "three"])
def test_blank_lines_separate_sentences(write_file, end, start, gap, last):
    treebank = start + DOGS + BARK + gap + YES + last
    entities = start + "Paris\tB-LOC\nis\tO\n" + gap + "Ann\tB-PER\n" + last
    assert read_conllu(write_file(treebank.replace("\n", end))) == TREEBANK
    assert read_entities(write_file(entities.replace("\n", end))) == ENTITIES


def test_the_final_line_feed_is_optional(write_file):
    assert read_conllu(write_file((DOGS + BARK + "\n" + YES).rstrip("\n"))) == TREEBANK
    assert read_entities(write_file("Paris\tB-LOC\nis\tO\n\nAnn\tB-PER")) == ENTITIES


def test_comments_multiword_tokens_and_empty_nodes_are_skipped(write_file):
    ten = "{}\t{}\t_\t{}\t_\t_\t_\t_\t_\t_\n"
    rows = [("1", "Do", "AUX"), ("2-3", "wanna", "_"), ("2", "wan", "VERB"), ("3", "na", "PART"), ("3.1", "go", "VERB")]
    read = read_conllu(write_file("# text = Do wanna\n#\n" + "".join(ten.format(*row) for row in rows)))
    assert read == [TaggedSentence(("Do", "wan", "na"), ("AUX", "VERB", "PART"))]


def test_a_block_of_comments_is_not_a_sentence(write_file):
    assert read_conllu(write_file("# newdoc\n\n" + YES + "\n# the end\n")) == TREEBANK[1:]


def test_document_starts_are_skipped(write_file):
    assert read_entities(write_file("-DOCSTART- -X- O O\n\nAnn\tB-PER\n\n-DOCSTART-\tO\n\n")) == ENTITIES[1:]


@pytest.mark.parametrize(
    "line, word, tag",
    [
        ("New York\tB-LOC", "New York", "B-LOC"),
        ("Ann \tB-PER", "Ann ", "B-PER"),
        (" Ann\tB-PER  ", " Ann", "B-PER"),
        ("\tO", "", "O"),
        ("Ann B-PER", "Ann", "B-PER"),
        (" Ann   B-PER ", "Ann", "B-PER"),
        ("Ann\tB-person-of/note", "Ann", "B-person-of/note"),
        ("10\u00a0km\tB-DIST", "10\u00a0km", "B-DIST"),
        ("10\u00a0km B-DIST", "10\u00a0km", "B-DIST"),
        ("New York\tNNP\tI-NP\tB-LOC", "New York", "B-LOC"),
        ("Paris NNP I-NP B-LOC", "Paris", "B-LOC"),
    ],
)
def test_columns_are_separated_by_a_tab_or_else_by_spaces(write_file, line, word, tag):
    assert read_entities(write_file(line + "\n")) == [TaggedSentence((word,), (tag,))]


@pytest.mark.parametrize(
    "tags, expected",
    [
        ("I-PER I-PER O I-LOC", "B-PER I-PER O B-LOC"),
        ("I-PER I-LOC", "B-PER B-LOC"),
        ("B-PER I-PER E-PER S-LOC O B-LOC E-LOC", "B-PER I-PER I-PER B-LOC O B-LOC I-LOC"),
        ("B-PER I-PER L-PER U-LOC O B-LOC L-LOC", "B-PER I-PER I-PER B-LOC O B-LOC I-LOC"),
        ("S-PER S-PER E-PER", "B-PER B-PER B-PER"),
        ("B-PER E-PER I-PER", "B-PER I-PER B-PER"),
        ("I-PER B-PER I-PER", "B-PER B-PER I-PER"),
        ("B-LOC I-PER", "B-LOC B-PER"),
        ("O O", "O O"),
        ("", ""),
        ("B-PER I-PER B-PER O B-LOC I-LOC B-ORG", "B-PER I-PER B-PER O B-LOC I-LOC B-ORG"),
    ],
)
def test_in_iob2_each_entity_begins_with_b(tags, expected):
    assert iob2(tags.split()) == tuple(expected.split())


def test_iob1_is_converted_to_iob2_in_each_sentence(write_file):
    read = read_entities(write_file("Ann\tI-PER\nLee\tI-PER\n\nBob\tI-PER\n"))
    assert [sentence.tags for sentence in read] == [("B-PER", "I-PER"), ("B-PER",)]


@pytest.mark.parametrize(
    "invalid, message",
    [
        ("2\tbark\t_\tVERB\n", r"examples.tsv:2: 4 columns, expected the 10 of CoNLL-U.* TAB"),
        ("bark\n", r"examples.tsv:2: 1 column, expected the 10"),
        (BARK.replace("VERB", "VBP"), r"examples.tsv:2: 'VBP' is not a universal part of speech.* ADJ, .*VERB, X"),
        (BARK.replace("VERB", "_"), r"examples.tsv:2: '_' is not a universal part of speech"),
        (BARK.replace("2", "two"), r"examples.tsv:2: the first column is 'two'; expected the number"),
        (b"2\tb\xe4rk\n", r"examples.tsv:2: byte 0xe4 is not UTF-8 \(column 4\)"),
    ],
)
def test_the_error_of_an_invalid_conllu_line_has_file_and_line(write_file, invalid, message):
    with pytest.raises(UserError, match=message):
        read_conllu(write_file(DOGS.encode() + (invalid if isinstance(invalid, bytes) else invalid.encode())))


@pytest.mark.parametrize("tag", ["B_PER", "X-PER", "PER", "B-", "b-PER", "o", "-", "B-A B", "B-\x07"])
def test_the_error_of_an_invalid_tag_has_file_and_line(write_file, tag):
    with pytest.raises(UserError, match=r"examples.tsv:3: .* is not an IOB tag; expected O, or B- or I- and a type"):
        read_entities(write_file(f"Ann\tB-PER\n\nBob\t{tag}\n"))


@pytest.mark.parametrize(
    "invalid, message",
    [
        ("Bob\n", "2: 1 column, expected 2: a token, a TAB, its tag"),
        ("Bob\tNNP\tB-PER\n", "2: 3 columns"),
        ("Bob NNP I-NP B-PER\n", "2: 4 columns, expected 2"),
        ("Bob\t\n", "2: '' is not an IOB tag"),
        (b"B\xf6b\tO\n", "2: byte 0xf6 is not UTF-8"),
    ],
)
def test_the_error_of_an_invalid_entity_line_has_file_and_line(write_file, invalid, message):
    with pytest.raises(UserError, match=f"examples.tsv:{message}"):
        read_entities(write_file(b"Ann\tB-PER\n" + (invalid if isinstance(invalid, bytes) else invalid.encode())))


@pytest.mark.parametrize("read", [read_conllu, read_entities])
@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_a_file_without_a_sentence_is_an_error(write_file, read, content):
    with pytest.raises(UserError, match="examples.tsv holds no sentences"):
        read(write_file(content))


@pytest.mark.parametrize("words", [UNUSUAL_WORDS, ["word"] * 2000, ["w" * 500]], ids=["unusual", "many", "long"])
def test_unusual_many_and_long_words_are_read(write_file, words):
    read = read_entities(write_file("".join(f"x{word}\tO\n" for word in words) + "\nAnn\tB-PER\n"))
    assert read == [TaggedSentence(tuple(f"x{word}" for word in words), ("O",) * len(words)), *ENTITIES[1:]]
    assert read_conllu(write_file(as_conllu(words, ["X"] * len(words)))) == [
        TaggedSentence(tuple(words), ("X",) * len(words))
    ]


def test_names_of_columns_and_comments_are_no_words(write_file):
    content = "# id 7\nToken\tPOS\tNER\n# text = Ann is\nParis\tNNP\tB-LOC\nis\tVBZ\tO\n\n# id 8\nAnn\tNNP\tB-PER\n"
    assert read_entities(write_file(content)) == ENTITIES
    assert read_entities(write_file("# O\ntag O\n")) == [TaggedSentence(("#", "tag"), ("O", "O"))]


def test_the_tag_column_may_be_chosen(write_file):
    conll2003 = write_file("-DOCSTART- -X- -X- O\n\nAnn NNP B-NP B-PER\nruns VBZ B-VP O\n")
    assert read_entities(conll2003) == [TaggedSentence(("Ann", "runs"), ("B-PER", "O"))]
    chunks = read_entities(conll2003, FileFormat(columns={"tag": "3"}))
    assert chunks == [TaggedSentence(("Ann", "runs"), ("B-NP", "B-VP"))]
    with pytest.raises(UserError, match=r"examples.tsv:3: 4 columns, but --tag-column is 5"):
        read_entities(conll2003, FileFormat(columns={"tag": "5"}))
    with pytest.raises(UserError, match=r"examples.tsv:2: 3 columns, expected the 4 of the first line"):
        read_entities(write_file("Ann NNP B-NP B-PER\nruns VBZ O\n"))


@pytest.mark.parametrize(
    ("blank_after", "message"),
    [
        ((), "4: word 1, expected 4; is a blank line missing[?]$"),
        ((1, 2), r"3: word 2, expected 1; is there a blank line too many[?]$"),
        ((3, 4, 5), r"7: word 2, expected 1; is there a blank line too many[?]$"),
    ],
)
def test_word_numbers_show_a_wrong_blank_line(write_file, blank_after, message):
    rows = as_conllu(["The", "dog", "barks"], ["DET", "NOUN", "VERB"]).splitlines() * 2
    content = "".join(f"{row}\n" + "\n" * (index in blank_after) for index, row in enumerate(rows, 1))
    with pytest.raises(UserError, match=f"examples.tsv:{message}"):
        read_conllu(write_file(content))


def test_a_gap_in_the_word_numbers_is_an_error(write_file):
    with pytest.raises(UserError, match=r"examples.tsv:2: word 3, expected 2$"):
        read_conllu(write_file(DOGS + BARK.replace("2", "3", 1)))


def test_without_word_numbers_missing_sentence_boundaries_are_an_error(write_file):
    sentence = "Ann\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n.\tO\n"
    assert len(read_entities(write_file(f"{sentence}\n" * 20))) == 20
    assert len(read_entities(write_file(sentence))) == 1
    with pytest.raises(UserError, match=r"examples.tsv:2: 100 words follow without a blank line; put one after each"):
        read_entities(write_file("\n" + sentence * 20))
    with pytest.raises(UserError, match=r"examples.tsv:1: 100 of 100 sentences have one word; put blank lines between"):
        read_entities(write_file(sentence.replace("\n", "\n\n") * 20))


def test_conllu_rows_have_ten_columns_with_underscores_for_empty_ones():
    assert as_conllu(["a", "b"], ["X", "DET"]) == "1\ta\t_\tX" + "\t_" * 6 + "\n2\tb\t_\tDET" + "\t_" * 6 + "\n"


CONLLU = """\
# newdoc

# sent_id = 1
# text = Do wanna go
1\tDo\tdo\tAUX\tVBP\t_\t2\taux\t_\tNER=O
2-3\twanna\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
2\twan\twant\t_\tVB\t_\t0\troot\t_\tSpaceAfter=No|NER=O|Lang=en
3\tna\tto\t_\t_\t_\t_\t_\t_\t_
3.1\tgo\t_\tVERB\t_\t_\t_\t_\t_\t_

1\tYes\t_\t_\t_\t_\t_\t_\t_\t_

# the end
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tags_are_filled_into_a_conllu_file_and_all_else_is_kept(write_file, end):
    first, second = read_untagged(write_file(CONLLU.replace("\n", end)))
    assert [first.words, second.words] == [("Do", "wan", "na"), ("Yes",)]
    assert fill_conllu(first.lines, UPOS_COLUMN, ["X", "VERB", "PART"]) == (
        CONLLU[: CONLLU.index("1\tYes") - 1]
        .replace("AUX\tVBP", "X\tVBP")
        .replace("want\t_", "want\tVERB")
        .replace("to\t_", "to\tPART")
    )
    assert fill_conllu(second.lines, UPOS_COLUMN, ["INTJ"]) == YES + "\n# the end\n"
    misc = [row.split("\t")[-1] for row in fill_conllu(first.lines, MISC_COLUMN, "BIO", merge_misc("NER")).splitlines()]
    assert misc[-5:] == ["NER=B", "SpaceAfter=No", "SpaceAfter=No|Lang=en|NER=I", "NER=O", "_"]


def test_untagged_words_are_the_first_columns_of_other_formats(write_file):
    content = "-DOCSTART- O\n\nNew York\tB-LOC\nis\tO\n\nAnn\n"
    assert [sentence.words for sentence in read_untagged(write_file(content))] == [("New York", "is"), ("Ann",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (DOGS + DOGS, "examples.conllu:2: word 1, expected 2; is a blank line missing[?]"),
        (DOGS + "2\tbark\n", "examples.conllu:2: 2 columns, expected the 10"),
        ("# nothing\n", "holds no sentences"),
        ("", "holds no sentences"),
    ],
)
def test_the_error_of_an_invalid_file_to_tag_has_file_and_line(write_file, content, message):
    with pytest.raises(UserError, match=message):
        read_untagged(write_file(content, "examples.conllu"))


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n\t"), min_size=1)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, st.sampled_from(UPOS)), min_size=1))
def test_written_conllu_is_read_back(tmp_path_factory, rows):
    words, tags = zip(*rows, strict=True)
    path = tmp_path_factory.mktemp("conllu") / "examples.tsvu"
    path.write_text(as_conllu(words, tags), encoding="utf-8", newline="")
    assert read_conllu(path) == [TaggedSentence(words, tags)]
