"""Tagging from the command line: training on own treebanks and entity files, and predictions for plain sentences."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data.readers.conll import read_conllu, read_entities

TINY = (
    "--units=4",
    "--embedding-size=4",
    "--char-units=3",
    "--orthographic-embedding=4",
    "--epochs=1",
    "--no-diagnostics",
)
LONG = " ".join(["walk"] * 2000)
# Unusual lines of text; each gets one tag per word.
ODD = ["The dog barks.", "", "x" * 500, "🎬 👨‍👩‍👧 فيلم جميل", "   ", LONG, "a\u0085b \u2028 c", "@colgo hi!"]


def conllu(sentence: str) -> str:
    """CoNLL-U rows of a sentence of word/TAG pairs, with one multiword token and one empty node."""
    rows = ["# a comment", "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_"]
    for number, pair in enumerate(sentence.split(), 1):
        word, tag = pair.split("/")
        rows.append(f"{number}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_")
    rows.append("1.1\tghost\t_\tVERB\t_\t_\t_\t_\t_\t_")
    return "\n".join(rows)


@pytest.fixture(scope="module")
def treebank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 small sentences in CoNLL-U, without a blank line at the end."""
    path = tmp_path_factory.mktemp("treebank") / "train.conllu"
    names, verbs = ("dog", "cat", "owl", "cow", "hen"), ("sees", "eats", "runs", "naps", "sits")
    forms = [f"The/DET {name}/NOUN {verb}/VERB ./PUNCT" for name in names for verb in verbs]
    path.write_text("\n\n".join(map(conllu, forms)))
    return path


@pytest.fixture(scope="module")
def entities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 small sentences in IOB1, where B- only separates adjacent entities."""
    path = tmp_path_factory.mktemp("entities") / "train.conll"
    names = ("Ann", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal")
    towns = ("Ulm", "Oslo", "Rome", "Bath", "Kiel")
    rows = [
        f"-DOCSTART- O\n\n{name}\tI-PER\nLee\tI-PER\n{other}\tB-PER\nleft\tO\n{town}\tI-LOC\n"
        for name, other in zip(names, reversed(names), strict=True)
        for town in towns
    ]
    path.write_text("\n".join(rows))
    return path


@pytest.fixture(scope="module")
def pos_run(train_run: Callable[..., Path], treebank: Path) -> Path:
    return train_run("pos", *TINY, f"--train-file={treebank}", f"--test-file={treebank}", "--cell=simple_rnn")


@pytest.fixture(scope="module")
def ner_run(train_run: Callable[..., Path], entities: Path) -> Path:
    return train_run("ner", *TINY, f"--train-file={entities}", f"--test-file={entities}", "--cell=gru")


def test_a_treebank_is_trained_on_and_evaluated(call: Callable, pos_run: Path, treebank: Path) -> None:
    metrics = json.loads((pos_run / "metrics.json").read_text())
    assert metrics["counts"]["test"] == 25
    assert {"accuracy", "accuracy_unseen", "sentence_accuracy", "macro_f1"} <= set(metrics["scores"]["test"])
    assert set(metrics["baselines"]) == {"majority", "most_frequent_tag", "suffix_guesser"}
    result = call("evaluate", pos_run, f"--file={treebank}", "--json")
    assert result.status == 0
    scores = json.loads(result.out)["scores"]
    for name in ("accuracy", "sentence_accuracy"):
        assert scores[name] == pytest.approx(metrics["scores"]["test"][name])
    report = (pos_run / "report.md").read_text()
    for title in ("Accuracy by length", "Accuracy by position", "Scores by class"):
        assert title in report


def test_entities_have_three_scores_and_the_report_names_the_scheme(ner_run: Path) -> None:
    metrics = json.loads((ner_run / "metrics.json").read_text())
    views = {"entity_f1", "entity_f1_merged", "entity_f1_without_mentions"}
    assert views <= set(metrics["scores"]["test"])
    assert metrics["primary_metric"]["name"] == "entity_f1"
    report = (ner_run / "report.md").read_text()
    assert "IOB1" in report and "Entities by type, without mentions" in report


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_every_line_gets_one_tag_per_word(
    call: Callable, pos_run: Path, ner_run: Path, tmp_path: Path, task: str
) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_text("\n".join(ODD) + "\n", newline="\n")
    result = call("predict", {"pos": pos_run, "ner": ner_run}[task], f"--file={odd}", "--json", "--tokenized")
    assert (result.status, result.errors) == (0, "")
    given = [json.loads(line) for line in result.out.split("\n")[:-1]]
    assert [prediction["words"] for prediction in given] == [line.split() for line in ODD]
    for prediction in given:
        assert len(prediction["tags"]) == len(prediction["words"]) == len(prediction["probabilities"])
        assert all(0 <= probability <= 1 + 1e-6 for probability in prediction["probabilities"])


def test_no_predicted_entity_begins_with_an_inside_tag(call: Callable, ner_run: Path) -> None:
    result = call("predict", ner_run, "--json", "--tokenized", "Lee left Lee Ulm Lee", "left Lee Lee", LONG)
    for line in result.out.splitlines():
        tags = json.loads(line)["tags"]
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_printed_conllu_can_be_evaluated(call: Callable, pos_run: Path, tmp_path: Path) -> None:
    sentences = ["The dog sees.", "Don't run!"]
    result = call("predict", pos_run, "--conllu", *sentences)
    written = tmp_path / "predictions.conllu"
    written.write_text(result.out)
    assert [sentence.words for sentence in read_conllu(written)] == [
        ("The", "dog", "sees", "."),
        ("Do", "n't", "run", "!"),
    ]
    scored = call("evaluate", pos_run, f"--file={written}", "--json")
    assert json.loads(scored.out)["scores"]["accuracy"] == 1


@pytest.mark.parametrize("task", ["pos", "ner"])
def test_a_treebank_is_given_back_with_the_predicted_tags(
    call: Callable, pos_run: Path, ner_run: Path, treebank: Path, task: str
) -> None:
    run, column = {"pos": (pos_run, 3), "ner": (ner_run, 9)}[task]
    predictions = list(map(json.loads, call("predict", run, f"--file={treebank}", "--json").out.splitlines()))
    assert [tuple(one["words"]) for one in predictions] == [each.words for each in read_conllu(treebank)]
    result = call("predict", run, f"--file={treebank}", "--conllu")
    assert (result.status, result.errors) == (0, "")
    tags = iter(tag for one in predictions for tag in one["tags"])
    expected = []
    for line in treebank.read_text().splitlines():
        columns = line.split("\t")
        if columns[0].isdecimal():
            columns[column] = next(tags) if task == "pos" else f"NER={next(tags)}"
        expected.append("\t".join(columns))
    assert result.out.splitlines() == [*expected, ""]


def test_the_words_of_an_entity_file_are_tagged(call: Callable, ner_run: Path, entities: Path) -> None:
    result = call("predict", ner_run, f"--file={entities}", "--json")
    words = [tuple(json.loads(line)["words"]) for line in result.out.splitlines()]
    assert words == [sentence.words for sentence in read_entities(entities)]


def test_tags_are_aligned_below_words_and_entities_are_in_brackets(
    call: Callable, pos_run: Path, ner_run: Path
) -> None:
    words, tags = call("predict", pos_run, "The owl naps .").out.splitlines()
    assert words.split() == ["The", "owl", "naps", "."] and len(tags.split()) == 4
    assert [words.index(word) for word in words.split()[:3]] == [tags.index(tag) for tag in tags.split()[:3]] or (
        len(set(tags.split())) < 4
    )
    as_json = call("predict", ner_run, "--json", "Ann Lee left").out
    plain = call("predict", ner_run, "Ann Lee left").out.splitlines()
    assert len(plain) == 3
    assert ("[" in plain[0]) == any(tag != "O" for tag in json.loads(as_json)["tags"])


@pytest.mark.parametrize(
    ("task", "content", "message"),
    [
        ("pos", "1\tThe\t_\tDET\n", "bad.txt:1: 4 columns, expected the 10 of CoNLL-U"),
        ("pos", conllu("The/DET dog/NOMEN"), "bad.txt:4: 'NOMEN' is not a universal part of speech"),
        ("pos", "x" + conllu("The/DET"), "bad.txt:1: 1 column, expected the 10 of CoNLL-U"),
        ("pos", "", "bad.txt holds no sentences"),
        ("pos", "# nothing\n\n", "bad.txt holds no sentences"),
        ("ner", "Ann\tB-PER\nLee\n", "bad.txt:2: 1 column, expected 2: a token, a TAB, its tag"),
        ("ner", "Ann\tB_PER\n", "bad.txt:1: 'B_PER' is not an IOB tag"),
        ("ner", "Ann\tO\nLee\tO\n\nBob\tO\n\nEve\tO\n", "all training examples have the label O"),
        ("ner", "\n \n", "bad.txt holds no sentences"),
    ],
)
def test_an_invalid_file_is_refused_in_one_line(
    call: Callable, tmp_path: Path, task: str, content: str, message: str
) -> None:
    (tmp_path / "bad.txt").write_text(content)
    result = call("train", task, *TINY, f"--train-file={tmp_path / 'bad.txt'}", f"--runs={tmp_path / 'runs'}")
    assert result.status == 2
    assert result.errors.startswith("error: ") and message in result.errors
    assert result.errors.count("\n") == 1


def test_tags_unknown_to_the_run_are_named(call: Callable, ner_run: Path, tmp_path: Path) -> None:
    (tmp_path / "more.conll").write_text("Ann\tB-PER\nAcme\tB-ORG\n")
    result = call("evaluate", ner_run, f"--file={tmp_path / 'more.conll'}")
    assert result.status == 0
    assert "B-ORG (1)" in result.out


def test_iob1_is_read_as_iob2(entities: Path) -> None:
    assert read_entities(entities)[0].tags == ("B-PER", "I-PER", "B-PER", "O", "B-LOC")
