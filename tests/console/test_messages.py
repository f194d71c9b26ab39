"""Messages on stdout and stderr, and errors as plain lines and exit statuses."""

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console.messages import print_error, run_command, say, say_json, warn
from schema.errors import Interrupted, RunError, UserError

ROOT = Path(__file__).parents[2]


def stream_in(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def failing(error: BaseException) -> Callable[[list[str]], int]:
    def main(arguments: list[str]) -> int:
        raise error

    return main


def status_and_lines(
    error: BaseException, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, list[str]]:
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    status = run_command(failing(error))
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err.splitlines()


def test_say_goes_to_stdout_and_warn_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("87.9 of 100")
    warn("3 texts are empty")
    assert capsys.readouterr() == ("87.9 of 100\n", "note: 3 texts are empty\n")


@pytest.mark.parametrize(("encoding", "written"), [("ascii", b"caf? \\udce9\n"), ("utf-8", b"caf\xc3\xa9 \\udce9\n")])
def test_a_character_outside_the_encoding_of_stdout_is_a_question_mark_or_an_escape(
    monkeypatch: pytest.MonkeyPatch, encoding: str, written: bytes
) -> None:
    stream = stream_in(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    # The second is a lone surrogate, as in a file name that is not valid text.
    say("café \udce9")
    assert stream.buffer.getvalue() == written  # type: ignore[attr-defined]


def test_a_closed_pipe_neither_ends_the_work_nor_prints_an_error() -> None:
    script = """
import sys
from console.messages import run_command, say

def main(arguments):
    for number in range(50_000):
        say(str(number))
    print("finished", file=sys.stderr)
    return 0

sys.exit(run_command(main))
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stderr is not None
    assert child.stdout.readline() == "0\n"
    child.stdout.close()
    assert child.stderr.read() == "finished\n"
    child.stderr.close()
    assert child.wait() == 0


def test_a_command_gets_its_arguments_and_returns_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--debug", "sentiment", "--cell", "gru"])
    given = []
    assert run_command(lambda arguments: given.extend(arguments) or 7) == 7
    assert given == ["sentiment", "--cell", "gru"]


@pytest.mark.parametrize(
    ("error", "status", "lines"),
    [
        (UserError("a.csv:3: no label\nput a tab before it"), 2, ["error: a.csv:3: no label", "put a tab before it"]),
        (RunError("the loss is NaN"), 1, ["error: the loss is NaN"]),
        (Interrupted("interrupted", 143), 143, ["error: interrupted"]),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, []),
        (MemoryError(), 1, ["error: out of memory; use a smaller --batch-tokens, --units or --limit"]),
        (
            OSError(errno.ENOSPC, "No space left on device", "runs/a"),
            1,
            ["error: runs/a: No space left on device; make room on the disk, "
             "or choose another folder with --runs or --cache"],
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "runs"),
            1,
            ["error: runs: Permission denied; change its permissions, "
             "or choose another folder with --runs or --cache"],
        ),
        (
            OSError(errno.EROFS, "Read-only file system", b"runs"),
            1,
            ["error: runs: Read-only file system; make the disk writable, "
             "or choose another folder with --runs or --cache"],
        ),
        (OSError("no bytes"), 1, ["error: no bytes; run again with --debug to see where"]),
        (
            ValueError("\nshapes differ\n  in line 7\n"),
            1,
            ["error: unexpected ValueError: shapes differ; run again with --debug for the traceback"],
        ),
        (AssertionError(), 1, ["error: unexpected AssertionError; run again with --debug for the traceback"]),
    ],
)  # fmt: skip
def test_an_error_becomes_plain_lines_and_an_exit_status(
    error: BaseException,
    status: int,
    lines: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if isinstance(error, BrokenPipeError):
        # Otherwise it would discard the stdout of the test run itself.
        monkeypatch.setattr(os, "dup2", lambda old, new: None)
    assert status_and_lines(error, capsys, monkeypatch) == (status, lines)


def test_debug_shows_the_traceback_of_a_users_error_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, lines = status_and_lines(UserError("no such run"), capsys, monkeypatch, "--debug")
    assert status == 2
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "error: no such run"


def test_a_full_disk_under_stdout_is_one_line() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    script = """
import sys
from console.messages import run_command, say

sys.exit(run_command(lambda arguments: say("x") or 0))
"""
    with open("/dev/full", "w") as full:
        child = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert child.returncode == 1
    assert child.stderr.startswith("error: No space left on device; make room")
    assert child.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\u001b[2Jgone"),
        ("a\rb\x00c\x9bd", "a\\u000db\\u0000c\\u009bd"),
        ("evil\u202etxt.exe", "evil\\u202etxt.exe"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("Straße, 雨, 🙂", "Straße, 雨, 🙂"),
    ],
)
def test_control_characters_are_shown_and_do_not_control(text, shown, capsys):
    say(text)
    warn(text)
    print_error(text)
    captured = capsys.readouterr()
    assert captured.out == f"{shown}\n"
    assert captured.err == f"note: {shown}\n{shown}\n"


def test_endless_words_of_messages_are_shortened(capsys):
    print_error(f"error: {'x' * 5000} is missing")
    line = capsys.readouterr().err
    assert line.startswith("error: xxx") and line.endswith("xxx is missing\n")
    assert len(line) < 400


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_can_be_read_whatever_the_encoding_of_stdout(encoding, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    value = {"text": "雨 é 🙂 \x1b \x9b"}
    say_json(value)
    assert json.loads(stream.buffer.getvalue().decode(encoding)) == value


def test_tensorflow_starts_without_stderr():
    program = "from console.quiet import start_tensorflow; start_tensorflow(); print('started')"
    ended = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "{program}" 2>&-', sys.executable], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, "started\n")
