"""Translating as a user meets it: own pairs, and sentences asked of a run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = ("--units=6", "--embedding-size=6", "--vocab-size=60", "--epochs=1", "--no-diagnostics", "--cell=gru")
# Lines that somebody might type; each is owed one line.
ODD = ["the dog runs", "", "x" * 500, "🎬 فيلم جميل", "   ", " ".join(["dog"] * 5000), "</s> <pad>", "a\u0085b"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    words = {"dog": "Hund", "cat": "Kater", "man": "Mann", "cook": "Koch"}
    verbs = {"runs": "rennt", "eats": "isst", "sings": "singt", "sleeps": "schläft", "waits": "wartet"}
    rows = [f"the {noun} {verb}\tder {words[noun]} {verbs[verb]}" for noun in words for verb in verbs]
    path.write_text("source\ttarget\n" + "\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pairs: Path, cache: Path) -> Path:
    from commands.train import main

    runs = tmp_path_factory.mktemp("translation") / "runs"
    where = [f"--runs={runs}", f"--cache={cache}", "--name=own"]
    assert main(["translation", *TINY, f"--train-file={pairs}", f"--test-file={pairs}", *where]) == 0
    return runs / "translation" / "own"


def test_own_pairs_are_learnt_and_scored_beside_what_is_copied(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"bleu", "bleu_lc_tok", "chrf"} <= metrics["scores"]["test"].keys()
    assert metrics["baselines"].keys() == {"copy_source", "nearest_neighbor"}
    assert metrics["baselines"]["nearest_neighbor"]["test"]["chrf"] > 30
    assert "bleu_lc_tok" in (run / "report.md").read_text()


def test_every_line_gets_one_line(call: Callable, run: Path):
    ended = call("predict", run, "--json", stdin="\n".join(ODD).encode())
    assert (ended.status, ended.complaint) == (0, "")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert len(rows) == len(ODD)
    assert all(row["text"].strip() and row["score"] < 0 for row in rows)
    plain = call("predict", run, stdin="\n".join(ODD).encode())
    assert [line.strip() for line in plain.out.split("\n")[:-1]] == [row["text"] for row in rows]


def test_half_a_character_on_the_command_line_is_answered(call: Callable, run: Path):
    ended = call("predict", run, "the \udcff dog")
    assert (ended.status, ended.complaint) == (0, "")
    assert len(ended.out.splitlines()) == 1


def test_several_answers_come_best_first(call: Callable, run: Path):
    ended = call("predict", run, "the dog runs", "--beam-size=4", "--n-best=3")
    scores = [float(line.split()[0]) for line in ended.out.splitlines()]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_what_was_attended_to_stands_below_the_answer(call: Callable, run: Path):
    ended = call("predict", run, "the dog runs", "--show-attention")
    answer, pieces, sources = ended.out.splitlines()[:3]
    assert pieces.split() and sources.split()
    assert set(answer.replace(" ", "")) <= set(pieces.replace(" ", ""))
    picture = Path(ended.complaint.removeprefix("note: figure ").strip())
    assert picture.parent == run / "plots"
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error:You are using a softmax over axis:UserWarning")
def test_nothing_can_be_attended_to_as_well(call: Callable, run: Path):
    ended = call("predict", run, "", "--show-attention")
    assert ended.status == 0
    assert ended.complaint.startswith("note: figure ")


def test_pictures_of_before_are_kept_and_programs_get_the_numbers(call: Callable, run: Path):
    before = {path: path.read_bytes() for path in (run / "plots").glob("prediction-*.png")}
    ended = call("predict", run, "the dog runs", "a cat", "--show-attention", "--json")
    for row in map(json.loads, ended.out.splitlines()):
        attention = row["attention"]
        assert "".join(attention["target"][:-1]).strip() == row["text"]
        assert all(len(weights) == len(attention["source"]) for weights in attention["weights"])
        assert all(sum(weights) == pytest.approx(1, abs=0.01) for weights in attention["weights"])
    assert len(list((run / "plots").glob("prediction-*.png"))) == len(before) + 2
    assert all(path.read_bytes() == content for path, content in before.items())


def test_pairs_of_a_file_are_scored(call: Callable, run: Path, pairs: Path):
    ended = call("evaluate", run, f"--file={pairs}", "--json", "--beam-size=2", "--max-length=3")
    assert ended.status == 0
    found = json.loads(ended.out)
    assert found["examples"] == 20
    assert found["scores"]["length_ratio"] <= 1


def test_one_pair_has_no_interval_and_what_is_printed_is_json_all_the_same(call: Callable, run: Path, tmp_path: Path):
    (tmp_path / "one.tsv").write_text("the dog runs\tder Hund rennt\n")
    ended = call("evaluate", run, f"--file={tmp_path / 'one.tsv'}", "--json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert json.loads(ended.out, parse_constant=refuse)["intervals"]["bleu"] == [None, None]


def test_looking_twice_can_only_be_punished_where_something_is_looked_at_to_be_copied(call: Callable, tmp_path: Path):
    ended = call("train", "translation", "--coverage-weight=1", f"--runs={tmp_path}")
    assert (ended.status, ended.complaint) == (2, "error: --coverage-weight requires --copying and attention\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\tb\nc\n", "pairs.txt:2: 1 column, expected 2; put one TAB between source and target"),
        ("a\tb\tc\n", "pairs.txt:1: 3 columns, expected 2; put one TAB between source and target"),
        ("\n\n", "pairs.txt holds no pairs; expected one per line: source, TAB, target"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(call: Callable, tmp_path: Path, content: str, said: str):
    (tmp_path / "pairs.txt").write_text(content)
    ended = call("train", "translation", f"--train-file={tmp_path / 'pairs.txt'}", f"--runs={tmp_path}")
    assert ended.status == 2
    assert ended.complaint == f"error: {tmp_path}/{said}\n"
