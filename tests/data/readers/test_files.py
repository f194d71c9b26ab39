"""A user's own files: what is read, and what is said of a line that cannot be."""

import pytest

from data.readers.files import read_labelled_texts, read_pairs, read_texts
from schema.errors import UserError
from schema.examples import LabelledText, TextPair

GOOD_AND_BAD = [LabelledText("a good film", "pos"), LabelledText("a bad one", "neg")]


@pytest.fixture
def file(tmp_path):
    """Writes bytes to a file and gives its path."""

    def write(content: bytes | str, name: str = "reviews.tsv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        "a good film\tpos\na bad one\tneg\n",
        "a good film\tpos\na bad one\tneg",
        "a good film\tpos\r\na bad one\tneg\r\n",
        "\ufeffa good film\tpos\na bad one\tneg\n",
        "\n  \na good film\tpos\n\r\n\na bad one\tneg\n\n",
        "text\tlabel\na good film\tpos\na bad one\tneg\n",
        "\ufeffText\tLABEL\r\na good film\tpos\r\na bad one\t neg \r\n",
    ],
    ids=["plain", "no last line end", "CRLF", "BOM", "blank lines", "header", "BOM, header, CRLF"],
)
def test_two_columns_are_read(file, content):
    assert read_labelled_texts(file(content)) == GOOD_AND_BAD


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json", ".JSONL"])
def test_json_lines_are_read(file, suffix):
    lines = '\ufeff{"text": "a good film", "label": "pos", "id": 7}\r\n\n{"label": "neg", "text": "a bad one"}\n'
    assert read_labelled_texts(file(lines, "reviews" + suffix)) == GOOD_AND_BAD


def test_json_may_hold_tabs_line_ends_and_whole_numbers(file):
    line = '{"text": "one\\ttwo\\nthree", "label": 0}\n'
    assert read_labelled_texts(file(line, "a.jsonl")) == [LabelledText("one\ttwo\nthree", "0")]


@pytest.mark.parametrize("odd", ["\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1e", "\r", "\0"])
def test_what_stands_within_a_text_is_no_line_end(file, odd):
    labelled = file(f"one{odd}two\tpos\nthree\tneg\n")
    assert read_labelled_texts(labelled) == [LabelledText(f"one{odd}two", "pos"), LabelledText("three", "neg")]
    assert read_texts(file(f"one{odd}two\nthree\n", "questions.txt")) == [f"one{odd}two", "three"]


@pytest.mark.parametrize(
    "content, said",
    [
        ("good\tpos\nno label here\n", r"reviews.tsv:2: 1 column, expected 2.* TAB"),
        ("good\tpos\n\nwell\tsaid\tpos\n", r"reviews.tsv:3: 3 columns, expected 2"),
        ("good\tpos\ngood\t \n", r"reviews.tsv:2: the label is empty"),
        (b"good\tpos\nna\xefve\tneg\n", r"reviews.tsv:2: byte 0xef is not UTF-8 \(column 3\); save .* UTF-8"),
        (b"caf\xc3\xa9 na\xefve\tneg\n", r"reviews.tsv:1: byte 0xef is not UTF-8 \(column 8\)"),
        (b"\xef\xbb\xbfna\xefve\tneg\n", r"reviews.tsv:1: byte 0xef is not UTF-8 \(column 3\)"),
        ("", "holds no examples"),
        ("\n \n", "holds no examples"),
        ("text\tlabel\n", "holds no examples"),
    ],
)
def test_a_bad_line_is_named(file, content, said):
    with pytest.raises(UserError, match=said):
        read_labelled_texts(file(content))


@pytest.mark.parametrize(
    "line, said",
    [
        ("a good film\tpos", "not JSON"),
        ('{"text": "cut sho', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"text": "a", "label": ' + "1" * 5000 + "}", "not JSON"),
        ('["a good film", "pos"]', "not an object"),
        ('{"label": "pos"}', 'no "text"'),
        ('{"text": 7, "label": "pos"}', 'no "text"'),
        ('{"text": "a"}', 'no "label"'),
        ('{"text": "a", "label": null}', 'no "label"'),
        ('{"text": "a", "label": true}', 'no "label"'),
        ('{"text": "a", "label": 0.5}', 'no "label"'),
        ('{"text": "a", "label": ""}', "label is empty"),
    ],
)
def test_a_bad_json_line_is_named(file, line, said):
    good = '{"text": "a good film", "label": "pos"}\n'
    with pytest.raises(UserError, match=f"reviews.jsonl:2: .*{said}"):
        read_labelled_texts(file(good + line + "\n", "reviews.jsonl"))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(UserError, match="no file .*absent.tsv"):
        read_labelled_texts(tmp_path / "absent.tsv")
    with pytest.raises(UserError, match="is a folder"):
        read_texts(tmp_path)


def test_each_line_of_questions_is_owed_an_answer(file):
    assert read_texts(file("\ufeffone\r\n\n  \nfour\ttab\n")) == ["one", "", "  ", "four\ttab"]
    assert read_texts(file("")) == []


def test_bytes_that_are_no_text_do_not_stop_the_questions(file):
    assert read_texts(file(b"na\xefve\nfine\n")) == ["na\ufffdve", "fine"]


def test_json_questions_need_only_a_text(file):
    assert read_texts(file('{"text": "one"}\n{"text": "two", "label": "pos"}\n', "q.jsonl")) == ["one", "two"]


def test_a_bad_line_of_json_does_not_stop_the_others(file):
    first, second, third, last = read_texts(file('{"label": "pos"}\n\n{"text": "two"}\n{"text"\n', "q.jsonl"))
    assert (type(first), type(second), third, type(last)) == (UserError, UserError, "two", UserError)
    assert 'q.jsonl:1: no "text"' in str(first)
    assert "q.jsonl:2: not JSON" in str(second) and "q.jsonl:4: not JSON" in str(last)


def test_half_a_character_is_replaced(file):
    assert read_texts(file('{"text": "a\\ud800b"}\n', "q.jsonl")) == ["a\ufffdb"]
    pair = '{"source": "\\udc00", "target": "\\ud83d\\ude00"}\n'
    assert read_pairs(file(pair, "p.jsonl")) == [TextPair("\ufffd", "😀")]
