"""Readers of the user's files, and their errors for invalid lines."""

import pytest

from data.readers.text_files import read_labelled_texts, read_pairs, read_texts
from schema.errors import UserError
from schema.examples import LabelledText, TextPair

GOOD_AND_BAD = [LabelledText("a good film", "pos"), LabelledText("a bad one", "neg")]


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
    ids=["plain", "no final line feed", "CRLF", "BOM", "blank lines", "header", "BOM, header, CRLF"],
)
def test_two_columns_are_read(write_file, content):
    assert read_labelled_texts(write_file(content)) == GOOD_AND_BAD


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json", ".JSONL"])
def test_json_lines_are_read(write_file, suffix):
    lines = '\ufeff{"text": "a good film", "label": "pos", "id": 7}\r\n\n{"label": "neg", "text": "a bad one"}\n'
    assert read_labelled_texts(write_file(lines, "examples" + suffix)) == GOOD_AND_BAD


def test_json_may_contain_tabs_line_feeds_and_integers(write_file):
    line = '{"text": "one\\ttwo\\nthree", "label": 0}\n'
    assert read_labelled_texts(write_file(line, "a.jsonl")) == [LabelledText("one\ttwo\nthree", "0")]


@pytest.mark.parametrize("character", ["\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1e", "\r", "\0"])
def test_only_a_line_feed_ends_a_line(write_file, character):
    labelled = write_file(f"one{character}two\tpos\nthree\tneg\n")
    assert read_labelled_texts(labelled) == [LabelledText(f"one{character}two", "pos"), LabelledText("three", "neg")]
    assert read_texts(write_file(f"one{character}two\nthree\n", "inputs.txt")) == [f"one{character}two", "three"]


@pytest.mark.parametrize(
    "content, message",
    [
        ("good\tpos\nno label here\n", r"examples.tsv:2: 1 column, expected 2.* TAB"),
        ("good\tpos\n\nwell\tsaid\tpos\n", r"examples.tsv:3: 3 columns, expected 2"),
        ("good\tpos\ngood\t \n", r"examples.tsv:2: the label is empty"),
        (b"good\tpos\nna\xefve\tneg\n", r"examples.tsv:2: byte 0xef is not UTF-8 \(column 3\); save .* UTF-8"),
        (b"caf\xc3\xa9 na\xefve\tneg\n", r"examples.tsv:1: byte 0xef is not UTF-8 \(column 8\)"),
        (b"\xef\xbb\xbfna\xefve\tneg\n", r"examples.tsv:1: byte 0xef is not UTF-8 \(column 3\)"),
        ("", "holds no examples"),
        ("\n \n", "holds no examples"),
        ("text\tlabel\n", "holds no examples"),
    ],
)
def test_the_error_of_an_invalid_line_has_file_and_line(write_file, content, message):
    with pytest.raises(UserError, match=message):
        read_labelled_texts(write_file(content))


@pytest.mark.parametrize(
    "line, message",
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
def test_the_error_of_an_invalid_json_line_has_file_and_line(write_file, line, message):
    good = '{"text": "a good film", "label": "pos"}\n'
    with pytest.raises(UserError, match=f"examples.jsonl:2: .*{message}"):
        read_labelled_texts(write_file(good + line + "\n", "examples.jsonl"))


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    with pytest.raises(UserError, match="no file .*absent.tsv"):
        read_labelled_texts(tmp_path / "absent.tsv")
    with pytest.raises(UserError, match="is a folder"):
        read_texts(tmp_path)


def test_each_line_of_inputs_is_returned(write_file):
    assert read_texts(write_file("\ufeffone\r\n\n  \nfour\ttab\n")) == ["one", "", "  ", "four\ttab"]
    assert read_texts(write_file("")) == []


def test_invalid_utf_8_in_inputs_is_replaced(write_file):
    assert read_texts(write_file(b"na\xefve\nfine\n")) == ["na\ufffdve", "fine"]


def test_json_inputs_need_only_a_text(write_file):
    assert read_texts(write_file('{"text": "one"}\n{"text": "two", "label": "pos"}\n', "q.jsonl")) == ["one", "two"]


def test_an_invalid_json_input_becomes_an_error_in_its_place(write_file):
    first, second, third, last = read_texts(write_file('{"label": "pos"}\n\n{"text": "two"}\n{"text"\n', "q.jsonl"))
    assert (type(first), type(second), third, type(last)) == (UserError, UserError, "two", UserError)
    assert 'q.jsonl:1: no "text"' in str(first)
    assert "q.jsonl:2: not JSON" in str(second) and "q.jsonl:4: not JSON" in str(last)


def test_lone_surrogates_are_replaced(write_file):
    assert read_texts(write_file('{"text": "a\\ud800b"}\n', "q.jsonl")) == ["a\ufffdb"]
    pair = '{"source": "\\udc00", "target": "\\ud83d\\ude00"}\n'
    assert read_pairs(write_file(pair, "p.jsonl")) == [TextPair("\ufffd", "😀")]
