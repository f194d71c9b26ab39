"""Names of files that are not UTF-8, as Linux allows them: one line that shows them escaped."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

NAME = os.fsdecode(b"caf\xe9")
"""A name in Latin-1, as Python reads it."""


@pytest.mark.parametrize(
    "words",
    [
        ("train", "topic", "--train-file={path}.tsv"),
        ("train", "topic", "--train-file=good.tsv", "--test-file={path}"),
        ("train", "topic", "--runs={path}"),
        ("train", "topic", "--cache={path}"),
        ("train", "--resume", "{path}"),
        ("train", "--resume", "nosuch", "--runs={path}"),
        ("evaluate", "{path}"),
        ("evaluate", "latest", "--runs={path}"),
        ("evaluate", "{run}", "--file={path}"),
        ("predict", "{path}", "a word"),
        ("predict", "{run}", "--file={path}"),
    ],
    ids=" ".join,
)
def test_name_that_is_not_utf8_is_one_line(call: Callable, small_run: Path, tmp_path: Path, words: tuple) -> None:
    program, *arguments = (word.format(path=tmp_path / NAME, run=small_run) for word in words)
    ended = call(program, *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.errors.startswith("error: ") and ended.errors.count("\n") == 1
    assert r"/caf\udce9" in ended.errors and "is not UTF-8: rename it" in ended.errors
    assert os.listdir(tmp_path) == []


def test_current_folder_that_is_not_utf8_is_one_line_where_its_name_would_be_saved(
    call: Callable, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / NAME).mkdir()
    monkeypatch.chdir(tmp_path / NAME)
    Path("reviews.tsv").write_text(reviews.read_text())
    ended = call("train", "sentiment", "--train-file=reviews.tsv", f"--runs={tmp_path / 'runs'}")
    assert ended.status == 2
    assert ended.errors.count("\n") == 1 and r"/caf\udce9/reviews.tsv: the name is not UTF-8" in ended.errors
    assert os.listdir(tmp_path / "runs" / "sentiment") == []


def test_text_that_is_not_utf8_is_still_predicted(call: Callable, small_run: Path) -> None:
    assert call("predict", small_run, f"a {NAME} film").status == 0


def test_system_errors_about_such_a_name_are_one_line(call: Callable, tmp_path: Path, monkeypatch) -> None:
    def encode(*_: object, **__: object) -> None:
        (str(tmp_path) + "/" + NAME).encode()

    monkeypatch.setattr("commands.train._show_tasks", encode)
    ended = call("train")
    assert (ended.status, ended.errors) == (
        1,
        f"error: {tmp_path}/caf\\udce9: the name is not UTF-8: rename it, or choose another folder\n",
    )
