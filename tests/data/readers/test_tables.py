"""Tables: delimiter, header, quotation marks and columns, as people save them."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.messages import warn_once
from data.readers.columns import is_header
from data.readers.tables import read_table
from data.readers.text_files import read_labelled_texts, read_pairs, read_texts
from schema.errors import UserError
from schema.examples import LabelledText, TextPair
from schema.file_format import FileFormat, parse_delimiter

GOOD_AND_BAD = [LabelledText("a good film", "pos"), LabelledText("a bad one", "neg")]


def file_format(delimiter: str | None = None, **columns: str) -> FileFormat:
    return FileFormat(delimiter, columns)


@pytest.fixture(autouse=True)
def notes_again():
    warn_once.cache_clear()


@pytest.mark.parametrize(
    "content",
    [
        "sentence\tlabel\na good film\tpos\na bad one\tneg\n",
        "review,sentiment\na good film,pos\na bad one,neg\n",
        '"text","label"\n"a good film","pos"\n"a bad one","neg"\n',
        "Label;Text\npos;a good film\nneg;a bad one\n",
        "\ufeffLABEL,Review\r\npos,a good film\r\nneg,a bad one\r\n",
        "id,Text,Sentiment\n1,a good film,pos\n2,a bad one,neg\n",
        ",text,label\n0,a good film,pos\n1,a bad one,neg\n",
        "texts\tlabels\na good film\tpos\na bad one\tneg\n",
        "text,label,,\na good film,pos,,\na bad one,neg,,\n",
        "a good film,pos\na bad one,neg\n",
        "a good film;pos\na bad one;neg\n",
        "Description,Class Index\na good film,pos\na bad one,neg\n",
        '"a good film"\t"pos"\n"a bad one"\t"neg"\n',
        'text\tlabel\n"a good film"\tpos\n"a bad one"\tneg\n',
        "text , label\na good film, pos\na bad one, neg\n",
        "text,label\n\na good film,pos\n\r\n,\na bad one,neg\n\n",
    ],
)
def test_delimiter_header_and_columns_are_recognized(write_file, content):
    assert read_labelled_texts(write_file(content, "examples.csv")) == GOOD_AND_BAD
    if not content.startswith(("a good", '"a good')):
        assert read_labelled_texts(write_file(content, "examples.txt")) == GOOD_AND_BAD


def test_quoted_fields_may_contain_delimiters_line_breaks_and_quotation_marks(write_file):
    texts = ["one, two", "one\n\ntwo", 'a "good" film', "tab\tinside", "semi; colon"]
    for delimiter in ",;\t":
        file = io.StringIO()
        csv.writer(file, delimiter=delimiter).writerows([("text", "label"), *((text, "pos") for text in texts)])
        read = read_labelled_texts(write_file(file.getvalue(), "examples.csv"))
        assert [example.text for example in read] == texts


@pytest.mark.parametrize(
    "text",
    [
        'Then he said "no',
        '"Then he said no',
        '"No way!" he said',
        'he said "no", "no" and "no"',
        '""',
        '"',
        "well, well, well",
        "one; two",
        "'quoted'",
    ],
)
def test_quotation_marks_and_commas_of_a_tab_separated_file_are_part_of_the_text(write_file, text):
    lines = [f"{text}\tneg", "a good film\tpos", f"{text}\tneg", 'a "good" film\tpos', "a, b; c\tpos"]
    read = read_labelled_texts(write_file("\n".join(lines) + "\n"))
    assert [example.text for example in read] == [line.split("\t")[0] for line in lines]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t\0"), min_size=1).filter(str.strip)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_any_text_in_a_bare_tab_separated_file_is_read_unchanged(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("tables") / "examples.tsv"
    # A quotation mark in an unquoted text shows that no CSV writer was at work.
    lines = [f"{text}\tneg" for text in [*texts, 'a "plain" one']]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    assert [example.text for example in read_labelled_texts(path)] == [line[:-4] for line in lines]


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1).filter(str.strip)


@settings(deadline=None)
@given(st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, delimiter):
    path = tmp_path_factory.mktemp("tables") / "examples.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("source", "target"), *rows])
    read = read_pairs(path)
    assert [(pair.source, pair.target) for pair in read] == rows


@pytest.mark.parametrize(
    ("first", "is_one"),
    [
        (["sentence", "label"], True),
        (["Text", "SENTIMENT"], True),
        (['"source"', "'target'"], True),
        (["en", "de"], True),
        (["a good film", "label"], False),
        (["review", "pos"], False),
        (["text"], False),
        (["", ""], False),
    ],
)
def test_a_header_has_only_names_of_the_list(first, is_one):
    assert is_header(first) == is_one


@pytest.mark.parametrize(
    ("content", "given", "text"),
    [
        ("Kommentar,Wertung,x\ngut,1,y\n", {"text": "Kommentar", "label": "Wertung"}, "gut"),
        ("x,Wertung,Kommentar\ny,1,gut\n", {"text": "kommentar", "label": "2"}, "gut"),
        ("y,1,gut\n", {"text": "3", "label": "2"}, "gut"),
        ("title,text,label\ngut,besser,1\n", {"text": "title"}, "gut"),
        ("1\tgut\n", {"text": "2", "label": "1"}, "gut"),
        ("1,gut\n", {"label": "1"}, "gut"),
    ],
)
def test_columns_may_be_chosen(write_file, content, given, text):
    assert read_labelled_texts(write_file(content, "a.csv"), file_format(**given)) == [LabelledText(text, "1")]


def test_labels_tell_which_of_two_possible_delimiters_it_is(write_file):
    semicolons = read_labelled_texts(write_file("good, yes;pos\nbad, no;neg\n", "a.csv"))
    commas = read_labelled_texts(write_file("good; yes,pos\nbad; no,neg\n", "a.csv"))
    assert [example.label for example in semicolons] == [example.label for example in commas] == ["pos", "neg"]


def test_the_delimiter_may_be_chosen(write_file):
    path = write_file("one;two,pos\nthree;four,neg\n", "examples.csv")
    assert [example.label for example in read_labelled_texts(path, file_format(";"))] == ["two,pos", "four,neg"]
    assert [example.label for example in read_labelled_texts(path, file_format(","))] == ["pos", "neg"]
    assert [parse_delimiter(text) for text in ("comma", ",", "TAB", "\\t", "\t", "|", "")] == [
        *(",", ",", "\t", "\t", "\t", None, None)
    ]


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("source,target", "one two"),
        ("target,source", "two one"),
        ("subject,body", "two one"),
        ("text,summary", "one two"),
        ("en,de", "one two"),
        ("id,article,highlights", "two three"),
    ],
)
def test_the_header_decides_source_and_target(write_file, header, pair):
    cells = "one,two,three" if header.startswith("id") else "one,two"
    assert read_pairs(write_file(f"{header}\n{cells}\n", "pairs.csv")) == [TextPair(*pair.split())]


@pytest.mark.parametrize(
    ("content", "given", "message"),
    [
        (
            "text,label\na,b,pos\n",
            {},
            "2: 3 columns, expected 2; put one , between text and label, and texts that contain",
        ),
        ("text,label\na\n", {}, "2: 1 column, expected 2"),
        ("one,two,pos\n", {}, "1: 3 columns, expected 2; .* choose the columns with --text-column and --label-column"),
        ('text,label\n\n"a\nb,pos\n', {}, "3: a quotation mark is opened and never closed"),
        ('text,label\na,pos\n"a "good" film",pos\n', {}, "3: a quotation mark within a quoted field must be doubled"),
        ('text,label\n"a\nb",pos\nc\n', {}, "4: 1 column"),
        ('text,label\n"a\nb",\n', {}, "2: the label is empty"),
        ("text,text,label\na,b,pos\n", {}, "1: 2 columns are named 'text'; number one with --text-column"),
        ("text,title\na,b\n", {}, None),
        ("id,split\na,b\n", {}, "1: no column for the text among 'id', 'split'; name it with --text-column"),
        (
            "a,b\nc,d\n",
            {"text": "Kommentar"},
            "1: --text-column is 'Kommentar'; it must be one of 'a', 'b', or a number",
        ),
        ("a,b\nc,d\n", {"text": "3"}, "1: --text-column is '3'; it must be one of 'a', 'b'"),
        ("text,label\n", {}, " holds no examples"),
        ("good\nbad\n", {}, "1: 1 column, expected 2; put one , between text and label"),
        (b"\xff\xfet\0e\0x\0t\0", {}, " is UTF-16; save it as UTF-8"),
        (b"t\0e\0x\0t\0,\0l\0a\0b\0e\0l\0\n\0", {}, " is UTF-16; save it as UTF-8"),
        ("text,label\ra,pos\rb,neg\r", {}, " has no line feeds, but carriage returns; save it with LF line ends"),
        (b"\x1f\x8b\x08\0", {}, " is compressed .gzip.; unpack it first"),
        (b"PK\x03\x04", {}, " is a zip archive or a spreadsheet; unpack it, or save the sheet as CSV"),
        ("text,label\na\rb,pos\n", {}, "2: a carriage return stands outside of quotation marks"),
    ],
)
def test_the_error_of_an_invalid_table_has_file_and_line(write_file, content, given, message):
    path = write_file(content, "examples.csv")
    if message is None:
        assert read_labelled_texts(path, file_format(**given)) == [LabelledText("a", "b")]
        return
    with pytest.raises(UserError, match=f"examples.csv:?{message}"):
        read_labelled_texts(path, file_format(**given))


def test_long_fields_and_nul_characters_are_read(write_file):
    long = "word " * 100_000
    assert read_labelled_texts(write_file(f'text,label\n"{long}",pos\na\0b,neg\n', "a.csv")) == [
        LabelledText(long, "pos"),
        LabelledText("a\0b", "neg"),
    ]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("good\tpos\nbad\tneg\nfine\tpos\ndull\tneg\n", ""),
        ("text\tlabel\ngood\tpos\n", "note: a.csv: TAB-separated, text in column text, label in column label\n"),
        (
            "Sentiment,Review\npos,good\n",
            "note: a.csv: comma-separated, text in column Review, label in column Sentiment\n",
        ),
        ("good;pos\nbad;pos\n", "note: a.csv: semicolon-separated, text in column 1, label in column 2\n"),
    ],
)
def test_one_line_says_what_was_recognized(write_file, capsys, content, note):
    path = write_file(content, "a.csv")
    read_labelled_texts(path)
    read_labelled_texts(path)
    assert capsys.readouterr().err == note


def test_json_lines_may_have_other_keys(write_file, capsys):
    path = write_file('{"id": 7, "review": "good", "sentiment": 1}\n{"sentiment": 0, "review": "bad"}\n', "a.jsonl")
    assert read_labelled_texts(path) == [LabelledText("good", "1"), LabelledText("bad", "0")]
    assert capsys.readouterr().err == "note: a.jsonl: text in review, label in sentiment\n"
    assert read_texts(path) == ["good", "bad"]
    path = write_file('{"foo": "good", "bar": 1}\n', "b.jsonl")
    assert read_labelled_texts(path, file_format(text="foo", label="bar")) == [LabelledText("good", "1")]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('label,text\npos,"one,\ntwo"\nneg,three\n', ["one,\ntwo", "three"]),
        ("text\none\n", ["one"]),
        ("one;pos\ntwo;neg\n", ["one", "two"]),
        ("source,target\none,eins\n", ["one"]),
        ("one\ntwo\n", ["one", "two"]),
        ("", []),
    ],
)
def test_texts_of_a_csv_file_are_one_column(write_file, content, texts):
    assert read_texts(write_file(content, "a.csv")) == texts


def test_an_unknown_header_is_an_example_with_a_note(write_file, capsys):
    path = write_file("Kommentar\tWertung\ngut\t1\nschlecht\t0\ngut so\t1\n", "a.tsv")
    assert len(read_labelled_texts(path)) == 4
    (note,) = capsys.readouterr().err.splitlines()
    assert note == (
        f"note: {path}:1: no other line has the label 'Wertung'; "
        "if it is a header, name its columns with --text-column and --label-column"
    )
    assert len(read_labelled_texts(path, file_format(text="Kommentar", label="Wertung"))) == 3


def test_a_table_has_the_line_of_each_row(write_file):
    table = read_table(write_file('text,label\n"a\nb",pos\n\nc,neg\n', "a.csv"), ("text", "label"), FileFormat())
    assert table.rows == [(2, ["a\nb", "pos"]), (5, ["c", "neg"])]
