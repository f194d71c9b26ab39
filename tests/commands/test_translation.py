"""Translation from the command line: training on own pairs, and predictions for sentences."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = ("--units=6", "--embedding-size=6", "--vocab-size=60", "--epochs=1", "--no-diagnostics", "--cell=gru")
# Unusual lines of text; each gets one line.
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
def run(train_run: Callable[..., Path], pairs: Path) -> Path:
    return train_run("translation", *TINY, f"--train-file={pairs}", f"--test-file={pairs}")


def test_training_on_own_pairs_reports_scores_and_baselines(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"bleu", "bleu_lc_tok", "chrf"} <= metrics["scores"]["test"].keys()
    assert metrics["baselines"].keys() == {"copy_source", "nearest_neighbor"}
    assert metrics["baselines"]["nearest_neighbor"]["test"]["chrf"] > 30
    assert "bleu_lc_tok" in (run / "report.md").read_text()


def test_every_line_gets_one_line(call: Callable, run: Path):
    result = call("predict", run, "--json", stdin="\n".join(ODD).encode())
    assert (result.status, result.errors) == (0, "")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert len(rows) == len(ODD)
    assert all(row["text"].strip() and row["score"] < 0 for row in rows)
    plain = call("predict", run, stdin="\n".join(ODD).encode())
    assert [line.strip() for line in plain.out.split("\n")[:-1]] == [row["text"] for row in rows]


def test_half_a_character_on_the_command_line_gets_a_prediction(call: Callable, run: Path):
    result = call("predict", run, "the \udcff dog")
    assert (result.status, result.errors) == (0, "")
    assert len(result.out.splitlines()) == 1


def test_alternatives_are_sorted_by_score(call: Callable, run: Path):
    result = call("predict", run, "the dog runs", "--beam-size=4", "--n-best=3")
    scores = [float(line.split()[0]) for line in result.out.splitlines()]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


def test_attention_is_printed_below_the_prediction(call: Callable, run: Path):
    result = call("predict", run, "the dog runs", "--show-attention")
    prediction, tokens, sources = result.out.splitlines()[:3]
    assert tokens.split() and sources.split()
    assert set(prediction.replace(" ", "")) <= set(tokens.replace(" ", ""))
    figure = Path(result.errors.removeprefix("note: figure ").strip())
    assert figure.parent == run / "plots"
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error:You are using a softmax over axis:UserWarning")
def test_an_empty_source_has_attention_too(call: Callable, run: Path):
    result = call("predict", run, "", "--show-attention")
    assert result.status == 0
    assert result.errors.startswith("note: figure ")


def test_json_has_attention_weights_and_earlier_figures_are_kept(call: Callable, run: Path):
    before = {path: path.read_bytes() for path in (run / "plots").glob("prediction-*.png")}
    result = call("predict", run, "the dog runs", "a cat", "--show-attention", "--json")
    for row in map(json.loads, result.out.splitlines()):
        attention = row["attention"]
        assert "".join(attention["target"][:-1]).strip() == row["text"]
        assert all(len(weights) == len(attention["source"]) for weights in attention["weights"])
        assert all(sum(weights) == pytest.approx(1, abs=0.01) for weights in attention["weights"])
    assert len(list((run / "plots").glob("prediction-*.png"))) == len(before) + 2
    assert all(path.read_bytes() == content for path, content in before.items())


def test_a_file_of_pairs_is_evaluated(call: Callable, run: Path, pairs: Path):
    result = call("evaluate", run, f"--file={pairs}", "--json", "--beam-size=2", "--max-length=3")
    assert result.status == 0
    found = json.loads(result.out)
    assert found["examples"] == 20
    assert found["scores"]["length_ratio"] <= 1


def test_a_missing_interval_is_null_in_json(call: Callable, run: Path, tmp_path: Path):
    (tmp_path / "one.tsv").write_text("the dog runs\tder Hund rennt\n")
    result = call("evaluate", run, f"--file={tmp_path / 'one.tsv'}", "--json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(result.out, parse_constant=refuse)["intervals"]["bleu"] == [None, None]


def test_a_coverage_weight_requires_copying_and_attention(call: Callable, tmp_path: Path):
    result = call("train", "translation", "--coverage-weight=1", f"--runs={tmp_path}")
    assert (result.status, result.errors) == (2, "error: --coverage-weight requires --copying and attention\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tb\nc\n", "pairs.txt:2: 1 column, expected 2; put one TAB between source and target"),
        (
            "a\tb\tc\n",
            "pairs.txt:1: 3 columns, expected 2; put one TAB between source and target, or choose the columns with "
            "--source-column and --target-column",
        ),
        ("\n\n", "pairs.txt holds no pairs; expected one per line: source, TAB, target"),
    ],
)
def test_an_invalid_file_is_refused_in_one_line(call: Callable, tmp_path: Path, content: str, message: str):
    (tmp_path / "pairs.txt").write_text(content)
    result = call("train", "translation", f"--train-file={tmp_path / 'pairs.txt'}", f"--runs={tmp_path}")
    assert result.status == 2
    assert result.errors == f"error: {tmp_path}/{message}\n"
