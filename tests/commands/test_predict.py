"""`predict.py` as a user meets it: an answer for whatever is asked, in order, from the run folder alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Lines of a file that somebody might really have; each is owed one answer.
ODD = [
    b"\xef\xbb\xbfa fine film",
    b"",
    b"film",
    b"zyx wvu tsr",
    "🎬🍿 👨‍👩‍👧".encode(),
    b"fine \xff\xfe\x80 film",
    b"a fine\0 film",
    b"a fine film\r",
    b"   \t ",
    "one line\u2028still\u0085the\u000bsame".encode(),
    b"a dull film " * 5000,
    b"x" * 20_000,
    b'"published_results", and {"braces": 1}',
    b"<br /><b>-- --json",
    "пре́красный 映画 فيلم".encode(),
    b"what a dull evening",
]


def answers(out: str) -> list[dict]:
    return [json.loads(line) for line in out.split("\n")[:-1]]


def probabilities(answer: dict) -> pytest.approx:
    # The sums of a batch of other lengths may be rounded otherwise.
    return pytest.approx(answer["probabilities"], abs=1e-5)


def test_every_line_of_an_odd_file_gets_its_own_answer(call: Callable, small_run: Path, tmp_path: Path) -> None:
    odd, turned = tmp_path / "odd.txt", tmp_path / "turned.txt"
    odd.write_bytes(b"\n".join(ODD) + b"\n")
    turned.write_bytes(b"\n".join(ODD[::-1]))
    ended = call("predict", small_run, f"--file={odd}", "--json")
    assert (ended.status, ended.complaint) == (0, "")
    given = answers(ended.out)
    assert len(given) == len(ODD)
    for answer in given:
        shares = answer["probabilities"]
        assert set(shares) == {"neg", "pos"}
        assert sum(shares.values()) == pytest.approx(1)
        assert answer["probability"] == max(shares.values()) == shares[answer["label"]]
    # In order: the lines the other way round get the answers the other way round.
    again = answers(call("predict", small_run, f"--file={turned}", "--json").out)
    assert [answer["probabilities"] for answer in again[::-1]] == [probabilities(answer) for answer in given]
    # A CR before the line's end and a byte order mark belong to no text.
    assert given[7]["probabilities"] == probabilities(given[0])
    assert len({round(answer["probability"], 6) for answer in given}) > 3


def test_words_lines_of_a_pipe_and_json_lines_are_the_same_question(
    call: Callable, own_run: Path, tmp_path: Path
) -> None:
    texts = ["not bad at all", "", "-5 stars", "the soup was awful"]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    ways = [
        call("predict", own_run, "--json", *texts),
        call("predict", own_run, "--json", "--", *texts),
        call("predict", own_run, "--json", stdin="\r\n".join(texts).encode()),
        call("predict", own_run, "--json", f"--file={tmp_path / 'q.jsonl'}"),
    ]
    first = answers(ways[0].out)
    assert len(first) == len(texts)
    for ended in ways:
        assert (ended.status, ended.complaint) == (0, "")
        assert [answer["probabilities"] for answer in answers(ended.out)] == [probabilities(one) for one in first]
    people = call("predict", own_run, *texts).out.splitlines()
    assert people == [f"{one['label']} ({100 * one['probability']:.1f} %)" for one in first]


@pytest.mark.parametrize("stdin", [b"", b"\n"])
def test_no_line_gets_no_answer_and_an_empty_one_gets_one(call: Callable, own_run: Path, stdin: bytes) -> None:
    ended = call("predict", own_run, stdin=stdin)
    assert (ended.status, ended.complaint) == (0, "")
    assert ended.out.count("\n") == stdin.count(b"\n")


def test_at_a_terminal_each_line_typed_is_answered(
    call: Callable, own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["a fine film", "a dull film"])

    class Terminal:
        def isatty(self) -> bool:
            return True

    def person(prompt: str) -> str:
        for line in typed:
            return line
        raise EOFError

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", person)
    ended = call("predict", own_run)
    assert (ended.status, ended.complaint) == (0, "")
    asked, *given, end = ended.out.split("\n")[:-1]
    assert asked.endswith("Type one text per line; Ctrl-D exits.")
    assert [line.startswith("thumbs ") for line in given] == [True, True]
    assert end == ""


def test_a_run_folder_is_all_that_is_needed(
    own_run: Path, copied: Callable, tmp_path: Path, without_progress: Callable
) -> None:
    run = copied(own_run)
    # Not even the files that it was trained on: their paths must not be looked at.
    text = (run / "config.json").read_text().replace(str(own_run.parents[2]), "/nowhere")
    (run / "config.json").write_text(text)
    for needless in ("history.csv", "metrics.json", "report.md"):
        (run / needless).unlink()
    home = tmp_path / "home"
    home.mkdir()
    child = subprocess.run(
        [sys.executable, str(ROOT / "predict.py"), "copy", "--json"],
        cwd=tmp_path,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        input=b"a fine film\nwhat a dull evening\n",
        capture_output=True,
    )
    # No noise of TensorFlow either.
    assert (child.returncode, without_progress(child.stderr.decode())) == (0, "")
    given = answers(child.stdout.decode())
    assert [set(answer["probabilities"]) for answer in given] == [{"thumbs up", "thumbs down"}] * 2
    # Libraries keep settings of their own under HOME; the program has nothing there.
    assert not list(home.rglob("unrolled"))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "no run given: predict.py RUN"),
        (["--json"], "no run given: predict.py RUN"),
        (["RUN", "text", "--file=x.txt"], "texts and --file are two sources of input; use one"),
        (["RUN", "--file=absent.txt"], "there is no file absent.txt"),
        (["RUN", "--file=FOLDER"], "FOLDER is a folder; name a file"),
        (["RUN", "--file"], "--file has no value; it must be a path"),
        (["RUN", "--jsno", "text"], "unknown flag --jsno; did you mean --json?"),
    ],
)
def test_a_wrong_call_is_refused(call: Callable, own_run: Path, tmp_path: Path, words: list[str], says: str) -> None:

    def filled(text: str) -> str:
        return text.replace("FOLDER", str(tmp_path))

    ended = call("predict", *(str(own_run) if word == "RUN" else filled(word) for word in words), stdin=b"")
    assert (ended.status, ended.out) == (2, "")
    assert ended.complaint.startswith(f"error: {filled(says)}")
    assert ended.complaint.count("\n") == 1


def test_a_bad_line_has_its_place_and_the_others_their_answers(call: Callable, own_run: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"text": "fine"}\nfine\n{"text": "dull"}\n')
    ended = call("predict", own_run, f"--file={lines}", "--json")
    first, second, third = answers(ended.out)
    assert "label" in first and "label" in third
    assert second["error"].startswith(f"{lines}:2: not JSON")
    assert (ended.status, ended.complaint) == (2, f"error: {second['error']}\n")
    plain = call("predict", own_run, f"--file={lines}").out.split("\n")
    assert [bool(line) for line in plain] == [True, False, True, False]


def test_a_text_that_begins_like_a_flag_is_a_text(call: Callable, own_run: Path) -> None:
    for words in (["-----Original Message-----\nfine"], ["--", "--fine"]):
        ended = call("predict", own_run, *words)
        assert (ended.status, ended.complaint, ended.out.count("\n")) == (0, "", 1)


def test_without_any_standard_input_it_says_what_is_missing(
    call: Callable, own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As under a service manager, or after `<&-`.
    monkeypatch.setattr(sys, "stdin", None)
    ended = call("predict", own_run)
    assert (ended.status, ended.out) == (2, "")
    assert ended.complaint == "error: no input: give a text after RUN, --file, or lines on standard input\n"
