"""Files of tagged words: what is read, what is passed over, and what is said of a line that cannot be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.conll import UPOS, as_conllu, iob2, read_conllu, read_entities
from schema.errors import UserError
from schema.examples import TaggedSentence

TREEBANK = [TaggedSentence(("Dogs", "bark"), ("NOUN", "VERB")), TaggedSentence(("Yes",), ("INTJ",))]
ENTITIES = [TaggedSentence(("Paris", "is"), ("B-LOC", "O")), TaggedSentence(("Ann",), ("B-PER",))]
DOGS, BARK, YES = (as_conllu([word], [tag]) for word, tag in (("Dogs", "NOUN"), ("bark", "VERB"), ("Yes", "INTJ")))
ODD = ["👍🏽", "שלום", "مرحبا", "zero\u200dwidth", "next\u0085line", "two words", "#tag", "3-4", "5.1", "-DOCSTART-"]


@pytest.fixture
def file(tmp_path):
    """Writes bytes to a file and gives its path."""

    def write(content: bytes | str):
        path = tmp_path / "words.conll"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"], ids=["plain", "BOM", "blank lines first"])
@pytest.mark.parametrize("gap", ["\n", "\n\n\n", " \n", "\t \n"], ids=["one", "three", "a space", "a TAB"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n \n"], ids=["no blank line", "one", "three"])
def test_sentences_are_parted_by_blank_lines(file, end, start, gap, last):
    treebank = start + DOGS + BARK + gap + YES + last
    entities = start + "Paris\tB-LOC\nis\tO\n" + gap + "Ann\tB-PER\n" + last
    assert read_conllu(file(treebank.replace("\n", end))) == TREEBANK
    assert read_entities(file(entities.replace("\n", end))) == ENTITIES


def test_the_last_line_may_have_no_end(file):
    assert read_conllu(file((DOGS + BARK + "\n" + YES).rstrip("\n"))) == TREEBANK
    assert read_entities(file("Paris\tB-LOC\nis\tO\n\nAnn\tB-PER")) == ENTITIES


def test_comments_multiword_tokens_and_empty_nodes_are_no_words(file):
    ten = "{}\t{}\t_\t{}\t_\t_\t_\t_\t_\t_\n"
    rows = [("1", "Do", "AUX"), ("2-3", "wanna", "_"), ("2", "wan", "VERB"), ("3", "na", "PART"), ("3.1", "go", "VERB")]
    read = read_conllu(file("# text = Do wanna\n#\n" + "".join(ten.format(*row) for row in rows)))
    assert read == [TaggedSentence(("Do", "wan", "na"), ("AUX", "VERB", "PART"))]


def test_a_sentence_of_comments_alone_is_none(file):
    assert read_conllu(file("# newdoc\n\n" + YES + "\n# the end\n")) == TREEBANK[1:]


def test_document_starts_are_passed_over(file):
    assert read_entities(file("-DOCSTART- -X- O O\n\nAnn\tB-PER\n\n-DOCSTART-\tO\n\n")) == ENTITIES[1:]


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
    ],
)
def test_a_tab_parts_columns_and_spaces_do_where_there_is_none(file, line, word, tag):
    assert read_entities(file(line + "\n")) == [TaggedSentence((word,), (tag,))]


@pytest.mark.parametrize(
    "first, second",
    [
        ("I-PER I-PER O I-LOC", "B-PER I-PER O B-LOC"),
        ("I-PER I-LOC", "B-PER B-LOC"),
        ("I-PER B-PER I-PER", "B-PER B-PER I-PER"),
        ("B-LOC I-PER", "B-LOC B-PER"),
        ("O O", "O O"),
        ("", ""),
        ("B-PER I-PER B-PER O B-LOC I-LOC B-ORG", "B-PER I-PER B-PER O B-LOC I-LOC B-ORG"),
    ],
)
def test_what_begins_an_entity_gets_a_b(first, second):
    assert iob2(first.split()) == tuple(second.split())


def test_files_in_iob1_are_read_as_iob2_sentence_by_sentence(file):
    read = read_entities(file("Ann\tI-PER\nLee\tI-PER\n\nBob\tI-PER\n"))
    assert [sentence.tags for sentence in read] == [("B-PER", "I-PER"), ("B-PER",)]


@pytest.mark.parametrize(
    "bad, said",
    [
        ("2\tbark\t_\tVERB\n", r"words.conll:2: 4 columns, expected the 10 of CoNLL-U.* TAB"),
        ("bark\n", r"words.conll:2: 1 column, expected the 10"),
        (BARK.replace("VERB", "VBP"), r"words.conll:2: 'VBP' is not a universal part of speech.* ADJ, .*VERB, X"),
        (BARK.replace("VERB", "_"), r"words.conll:2: '_' is not a universal part of speech"),
        (BARK.replace("1", "one"), r"words.conll:2: the first column is 'one'; expected the number"),
        (b"2\tb\xe4rk\n", r"words.conll:2: byte 0xe4 is not UTF-8 \(column 4\)"),
    ],
)
def test_a_bad_line_of_a_treebank_is_named(file, bad, said):
    with pytest.raises(UserError, match=said):
        read_conllu(file(DOGS.encode() + (bad if isinstance(bad, bytes) else bad.encode())))


@pytest.mark.parametrize("tag", ["B_PER", "S-PER", "PER", "B-", "b-PER", "o", "-", "B-A B", "B-\x07"])
def test_what_is_no_tag_of_iob_is_named(file, tag):
    with pytest.raises(UserError, match=r"words.conll:3: .* is not an IOB tag; expected O, or B- or I- and a type"):
        read_entities(file(f"Ann\tB-PER\n\nBob\t{tag}\n"))


@pytest.mark.parametrize(
    "bad, said",
    [
        ("Bob\n", "2: 1 column, expected 2: a token, a TAB, its tag"),
        ("Bob\tNNP\tB-PER\n", "2: 3 columns"),
        ("Bob NNP I-NP B-PER\n", "2: 4 columns"),
        ("Bob\t\n", "2: '' is not an IOB tag"),
        (b"B\xf6b\tO\n", "2: byte 0xf6 is not UTF-8"),
    ],
)
def test_a_bad_line_of_entities_is_named(file, bad, said):
    with pytest.raises(UserError, match=f"words.conll:{said}"):
        read_entities(file(b"Ann\tB-PER\n" + (bad if isinstance(bad, bytes) else bad.encode())))


@pytest.mark.parametrize("read", [read_conllu, read_entities])
@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_a_file_without_a_sentence_is_named(file, read, content):
    with pytest.raises(UserError, match="words.conll holds no sentences"):
        read(file(content))


@pytest.mark.parametrize("words", [ODD, ["word"] * 2000, ["w" * 500]], ids=["odd", "many", "long"])
def test_there_are_as_many_tags_as_words(file, words):
    read = read_entities(file("".join(f"x{word}\tO\n" for word in words)))
    assert read == [TaggedSentence(tuple(f"x{word}" for word in words), ("O",) * len(words))]
    assert read_conllu(file(as_conllu(words, ["X"] * len(words)))) == [
        TaggedSentence(tuple(words), ("X",) * len(words))
    ]


def test_a_written_row_has_ten_columns_and_what_is_open_is_an_underscore():
    assert as_conllu(["a", "b"], misc=["B-PER", "O"]) == "1\ta" + "\t_" * 7 + "\tB-PER\n2\tb" + "\t_" * 7 + "\tO\n"


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n\t"), min_size=1)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, st.sampled_from(UPOS)), min_size=1))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    words, tags = zip(*rows, strict=True)
    path = tmp_path_factory.mktemp("conllu") / "words.conllu"
    path.write_text(as_conllu(words, tags), encoding="utf-8", newline="")
    assert read_conllu(path) == [TaggedSentence(words, tags)]
