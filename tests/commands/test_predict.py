"""`predict.py`: a prediction for every input, in order, from the run folder alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Unusual lines of text; each gets one prediction.
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


def predictions(out: str) -> list[dict]:
    return [json.loads(line) for line in out.split("\n")[:-1]]


def test_the_model_loads_without_the_rest_of_the_project(small_run: Path) -> None:
    code = (
        "import sys, models; model = models.load_model(sys.argv[1]); model.summary(); "
        "print(model.count_params(), {'tasks', 'training', 'data', 'tensorflow_datasets'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(small_run / "model.keras")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    parameters = json.loads((small_run / "metrics.json").read_text())["parameters"]
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, f"{parameters} set()"), result.stderr


def probabilities(prediction: dict) -> pytest.approx:
    # Rounding differs between batches of different lengths.
    return pytest.approx(prediction["probabilities"], abs=1e-5)


def test_every_line_of_an_odd_file_gets_its_own_prediction(call: Callable, small_run: Path, tmp_path: Path) -> None:
    odd, reversed_odd = tmp_path / "odd.txt", tmp_path / "reversed.txt"
    odd.write_bytes(b"\n".join(ODD) + b"\n")
    reversed_odd.write_bytes(b"\n".join(ODD[::-1]))
    result = call("predict", small_run, f"--file={odd}", "--json")
    assert (result.status, result.errors) == (0, "")
    given = predictions(result.out)
    assert [prediction["id"] for prediction in given] == list(range(1, len(ODD) + 1))
    for prediction in given:
        by_label = prediction["probabilities"]
        assert set(by_label) == {"neg", "pos"}
        assert sum(by_label.values()) == pytest.approx(1)
        assert prediction["probability"] == max(by_label.values()) == by_label[prediction["label"]]
    # Reversed lines get the same predictions in reversed order.
    again = predictions(call("predict", small_run, f"--file={reversed_odd}", "--json").out)
    assert [one["probabilities"] for one in again[::-1]] == [probabilities(one) for one in given]
    # Neither a byte order mark nor a CR at the end of a line is part of a text.
    assert given[7]["probabilities"] == probabilities(given[0])
    assert len({round(one["probability"], 6) for one in given}) > 3


def test_arguments_pipe_and_json_lines_give_the_same_predictions(call: Callable, own_run: Path, tmp_path: Path) -> None:
    texts = ["not bad at all", "", "-5 stars", "the soup was awful"]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    ways = [
        call("predict", own_run, "--json", *texts),
        call("predict", own_run, "--json", "--", *texts),
        call("predict", own_run, "--json", stdin="\r\n".join(texts).encode()),
        call("predict", own_run, "--json", f"--file={tmp_path / 'q.jsonl'}"),
    ]
    first = predictions(ways[0].out)
    assert len(first) == len(texts)
    for result in ways:
        assert (result.status, result.errors) == (0, "")
        assert [other["probabilities"] for other in predictions(result.out)] == [probabilities(one) for one in first]
    plain = call("predict", own_run, *texts).out.splitlines()
    assert plain == [f"{one['label']} ({100 * one['probability']:.1f} %)" for one in first]


@pytest.mark.parametrize("stdin", [b"", b"\n"])
def test_there_is_one_prediction_per_line_even_if_empty(call: Callable, own_run: Path, stdin: bytes) -> None:
    result = call("predict", own_run, stdin=stdin)
    assert (result.status, result.errors) == (0, "")
    assert result.out.count("\n") == stdin.count(b"\n")


def test_the_interactive_mode_predicts_each_line(
    call: Callable, own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["a fine film", "a dull film"])

    class Terminal:
        def isatty(self) -> bool:
            return True

    def type_line(prompt: str) -> str:
        for line in typed:
            return line
        raise EOFError

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", type_line)
    result = call("predict", own_run)
    assert (result.status, result.errors) == (0, "")
    prompt, *given, end = result.out.split("\n")[:-1]
    assert prompt.endswith("Type one text per line; Ctrl-D exits.")
    assert [line.startswith("thumbs ") for line in given] == [True, True]
    assert end == ""


def test_predict_needs_only_the_run_folder(
    own_run: Path, copied: Callable, tmp_path: Path, without_progress: Callable
) -> None:
    run = copied(own_run)
    # The training files are not needed either.
    text = (run / "config.json").read_text().replace(str(own_run.parents[3]), "/nowhere")
    (run / "config.json").write_text(text)
    for unneeded in ("history.csv", "metrics.json", "report.md"):
        (run / unneeded).unlink()
    home = tmp_path / "home"
    home.mkdir()
    child = subprocess.run(
        [sys.executable, str(ROOT / "predict.py"), "copy", "--json"],
        cwd=tmp_path,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        input=b"a fine film\nwhat a dull evening\n",
        capture_output=True,
    )
    # TensorFlow prints no messages.
    assert (child.returncode, without_progress(child.stderr.decode())) == (0, "")
    given = predictions(child.stdout.decode())
    assert [set(one["probabilities"]) for one in given] == [{"thumbs up", "thumbs down"}] * 2
    # Libraries may write their own settings under HOME; the program writes nothing there.
    assert not list(home.rglob("unrolled"))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
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
def test_a_wrong_call_is_refused(call: Callable, own_run: Path, tmp_path: Path, words: list[str], message: str) -> None:

    def filled(text: str) -> str:
        return text.replace("FOLDER", str(tmp_path))

    result = call("predict", *(str(own_run) if word == "RUN" else filled(word) for word in words), stdin=b"")
    assert (result.status, result.out) == (2, "")
    assert result.errors.startswith(f"error: {filled(message)}")
    assert result.errors.count("\n") == 1


def test_a_bad_line_is_an_error_and_the_others_are_predicted(call: Callable, own_run: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"text": "fine"}\nfine\n{"text": "dull"}\n')
    result = call("predict", own_run, f"--file={lines}", "--json")
    first, second, third = predictions(result.out)
    assert "label" in first and "label" in third
    assert [row["id"] for row in (first, second, third)] == [1, 2, 3]
    assert second["error"].startswith(f"{lines}:2: not JSON")
    assert (result.status, result.errors) == (2, f"error: {second['error']}\n")
    plain = call("predict", own_run, f"--file={lines}").out.split("\n")
    assert [bool(line) for line in plain] == [True, False, True, False]


def test_a_text_may_begin_like_a_flag(call: Callable, own_run: Path) -> None:
    for words in (["-----Original Message-----\nfine"], ["--", "--fine"]):
        result = call("predict", own_run, *words)
        assert (result.status, result.errors, result.out.count("\n")) == (0, "", 1)


def test_without_standard_input_a_text_is_required(
    call: Callable, own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As under a service manager, or after `<&-` in a shell.
    monkeypatch.setattr(sys, "stdin", None)
    result = call("predict", own_run)
    assert (result.status, result.out) == (2, "")
    assert result.errors == "error: no input: give a text after RUN, --file, or lines on standard input\n"
