"""The report is complete, and text from data never becomes markup."""

import html
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evaluation.report import short_report, write_report
from evaluation.scores import SCORES
from schema.records import PrimaryMetric
from schema.scores import ConfusionMatrix, ScoredExample, Scores, Table

HOSTILE = (
    "<script>alert(1)</script> | a | b\n# title\n\n![x](http://evil.example/x.png) [y](javascript:z) `code` **bold** "
    "<img src=x onerror=y> &lt;b&gt; $x$ \\| ~~s~~ <!-- c --> ||| _em_ nb_bigrams"
)
OCCURRING_SCORES = ("accuracy", "macro_f1", "cross_entropy")
BLOCKS = {"h1", "h2", "h3", "p", "strong", "ul", "li", "img", "pre", "code"}
BLOCKS |= {"table", "thead", "tbody", "tr", "th", "td"}
"""All HTML tags of a rendered report."""


def make_scores(**changes):
    fields = {
        "values": {"accuracy": 0.9189},
        "examples": 10,
        "tables": (
            Table(
                "accuracy by length", ("tokens", "examples", "accuracy"), (("1-50", 1234, 0.875), ("51-100", 40, 0.9))
            ),
            Table("scores by class", ("class", "examples", "recall"), (("neg", 5, float("nan")), ("pos", 5, 1.0))),
        ),
        "confusion": ConfusionMatrix(("neg", "pos"), np.array([[4, 1], [0, 5]])),
        "notes": ("A note of the scores.",),
    }
    return Scores(**(fields | changes))


def make_examples(count):
    return [ScoredExample(f"input {number}", "pos", f"guess {number}", number / count) for number in range(count)]


def report_of(folder, metrics, history=(), scores=None, examples=(), config=None):
    write_report(folder, metrics, list(history), scores or {}, list(examples), config or {})
    return (folder / "report.md").read_text(encoding="utf-8")


def rendered(markdown):
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)


def rows_of(markdown):
    """All table rows of the page, each a list of the texts of its cells, as a browser displays them."""
    rows = re.findall(r"<tr>(.*?)</tr>", rendered(markdown), flags=re.DOTALL)
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


@pytest.fixture(scope="module")
def full_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def full_report(make_metrics, history, full_folder):
    metrics = make_metrics(notes=("A note of the run.",))
    return report_of(
        full_folder, metrics, history, {"test": make_scores()}, make_examples(12), {"cell": "lstm", "units": 64}
    )


def test_network_and_baselines_are_listed_best_first(full_report):
    rows = rows_of(full_report)
    start = rows.index(["test", "accuracy", "macro_f1", "cross_entropy (lower is better)"])
    assert rows[start + 1 : start + 6] == [
        ["network", "91.89", "91.88", "0.250"],
        ["network, 95 % interval", "91.55 to 92.23", "-", "-"],
        ["nb_bigrams", "91.54", "-", "-"],
        ["nb_bigrams, 95 % interval", "91.19 to 91.88", "-", "-"],
        ["majority", "50.00", "-", "-"],
    ]
    assert ["network", "93.00", "92.90", "0.200"] in rows


def test_the_report_explains_the_scores_that_occur(full_report):
    _, legend = full_report.split("## Scores explained\n\n")
    assert legend.splitlines() == [f"- {name}: {SCORES[name].description}" for name in OCCURRING_SCORES]


@pytest.mark.parametrize(
    "text",
    [
        "# sentiment: lstm on imdb",
        "The network beats the best baseline (nb_bigrams, 91.54) by 0.35 points.",
        "A note of the run.",
        "A note of the scores.",
        "python train.py sentiment --seed 3",
        "imdb_reviews/plain_text:1.0.0",
    ],
)
def test_the_report_contains(full_report, text):
    assert text in full_report


@pytest.mark.parametrize(
    "row",
    [
        ["test: also in train", "123"],
        ["1-50", "1,234", "87.50"],
        ["neg", "5", "-"],
        ["padding", "6.1 % of the time steps"],
        ["peak memory", "2,048 MB"],
        ["seconds, training cpu", "570.0"],
        ["units", "64"],
        ["keras", "3.15.1"],
    ],
)
def test_tables_of_the_report_contain_the_row(full_report, row):
    assert row in rows_of(full_report)


def test_a_complete_run_has_no_warning(full_report):
    assert "\n> " not in full_report


def test_all_figures_of_the_report_exist(full_report, full_folder):
    figures = re.findall(r"!\[[^]]*\]\(([^)]*)\)", full_report)
    assert sorted(figures) == [
        f"plots/{name}.png" for name in ("confusion_matrix", "learning_curves", "score_by_length")
    ]
    assert all((full_folder / figure).read_bytes().startswith(b"\x89PNG") for figure in figures)


def test_the_five_best_and_the_five_worst_predictions_are_listed(full_report):
    predictions = [row[2] for row in rows_of(full_report) if len(row) == 4 and row[2].startswith("guess ")]
    assert predictions == [f"guess {number}" for number in (11, 10, 9, 8, 7, 0, 1, 2, 3, 4)]


def test_few_predictions_are_listed_once_each(make_metrics, tmp_path):
    rows = rows_of(report_of(tmp_path, make_metrics(), examples=make_examples(9)))
    assert [row[2] for row in rows if len(row) == 4 and row[1] == "pos"] == [f"guess {n}" for n in range(8, -1, -1)]


def test_the_middle_of_a_long_text_is_left_out(make_metrics, tmp_path):
    page = report_of(tmp_path, make_metrics(), examples=[ScoredExample("begin " + "x" * 9000 + " end", "a", "b", 0.5)])
    assert max(map(len, page.splitlines())) < 300
    assert re.search(r"begin x+ … x+ end", page)


def test_tags_are_shown_below_their_words(make_metrics, tmp_path):
    words = ("```", "<b>", "\x1b[31m\ud800", "in", "Ulm")
    rows = (words, ("O", "O", "O", "O", "B-LOC"), ("O", "O", "O", "B-LOC", "O"))
    page = rendered(report_of(tmp_path, make_metrics(), examples=[ScoredExample("", "", "", 0.25, rows)]))
    block = html.unescape(re.findall(r"Score 25.00:</p>\s*<pre><code>(.*?)</code></pre>", page, re.DOTALL)[0])
    assert block.splitlines() == [
        "words:       ```  <b>  \\u001b[31m\\ud800  in     Ulm",
        "reference:   O    O    O                 O      B-LOC",
        "prediction:  O    O    O                 B-LOC  O",
    ]
    assert "<b>" not in page


def test_line_breaks_of_html_are_spaces(make_metrics, tmp_path):
    example = ScoredExample("Dull.<br /><br />Very <BR>dull", "a", "b", 1.0)
    page = report_of(tmp_path, make_metrics(), examples=[example])
    assert ["100.00", "a", "b", "Dull. Very dull"] in rows_of(page)
    assert "br /" not in page


def test_figures_of_the_training_are_shown_with_what_they_mean(make_metrics, tmp_path):
    (tmp_path / "plots").mkdir()
    for name in ("gradient_loss", "gradient_state_forward", "attention_1", "attention_9", "x](y) attention_1"):
        (tmp_path / "plots" / f"{name}.png").write_bytes(b"")
    page = report_of(tmp_path, make_metrics())
    inside = page[page.index("## Inside the network") : page.index("## Reproduce")]
    figures = ["gradient_state_forward", "gradient_loss", "attention_1"]
    assert re.findall(r"!\[.*?\]\(plots/(.*?)\.png\)", inside) == figures
    assert "how far back the state remembers" in inside and "CRF" not in inside


def test_own_data_are_named_by_their_files(make_metrics, tmp_path):
    config = {"train_file": Path("/home/me/reviews.tsv"), "validation_file": None, "test_file": Path("more.tsv")}
    page = report_of(tmp_path, make_metrics(source="files:0123456789abcdef"), config=config)
    assert "data: reviews.tsv, more.tsv;" in page and "0123456789abcdef" not in page


def test_commit_and_hardware_are_listed(make_metrics, tmp_path):
    metrics = make_metrics(commit="1234abcd-dirty", hardware={"processor": "A|B", "cores": 2})
    rows = rows_of(report_of(tmp_path, metrics))
    assert ["commit", "1234abcd-dirty"] in rows and ["processor", "A|B"] in rows and ["cores", "2"] in rows


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"synthetic": True}, "synthetic"),
        ({"primary_metric": PrimaryMetric("accuracy", 0.93, "validation")}, "Test set not scored"),
        ({"stop_reason": "interrupt"}, "was interrupted"),
        ({"stop_reason": "time budget"}, "used up its time budget"),
        ({"stop_reason": "divergence"}, "diverged"),
    ],
)
def test_warnings_come_first(make_metrics, tmp_path, changes, warning):
    metrics = make_metrics(**changes)
    page = report_of(tmp_path, metrics)
    assert warning in page[: page.index("## ")]
    assert warning in short_report(metrics)


def test_a_run_interrupted_in_its_first_epoch_has_a_report(make_metrics, tmp_path):
    metrics = make_metrics(
        primary_metric=PrimaryMetric("accuracy", float("nan"), "validation"),
        scores={},
        baselines={},
        epochs=0,
        best_epoch=0,
        stop_reason="interrupt",
        counts={},
        versions={},
        seconds={},
    )
    page = report_of(tmp_path, metrics)
    assert "No epoch was finished." in page
    assert "The network has no score to compare." in page
    assert not (tmp_path / "plots").exists()
    assert "was interrupted" in short_report(metrics)


def test_there_are_no_figures_without_confusion_matrix_and_tables(make_metrics, tmp_path):
    page = report_of(tmp_path, make_metrics(), scores={"test": make_scores(confusion=None, tables=())})
    assert "![" not in page


def test_hostile_text_stays_text_everywhere(make_metrics, history, tmp_path):
    metrics = make_metrics(
        dataset=HOSTILE,
        source=HOSTILE,
        notes=(HOSTILE,),
        command=HOSTILE + "\n```\n<script>",
        versions={HOSTILE: HOSTILE},
        baselines={HOSTILE: {"test": {"accuracy": 0.4}}},
        counts={f"{HOSTILE} also in train": 3},
    )
    by_class = Table("scores by class", ("class", "recall"), ((HOSTILE, 1.0),))
    scores = {"test": make_scores(tables=(by_class,), notes=(HOSTILE,), confusion=None)}
    example = ScoredExample(HOSTILE, HOSTILE, HOSTILE, 0.5)
    page = rendered(report_of(tmp_path, metrics, history, scores, [example], {HOSTILE: HOSTILE}))
    tags = set(re.findall(r"<(\w+)", page))
    assert tags == BLOCKS
    assert re.findall(r"<img[^>]*>", page) == ['<img src="plots/learning_curves.png" alt="learning curves" />']
    assert "<h1" in page and page.count("<h1") == 1


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec="utf-8"), max_size=80) | st.text("|\\`*_[]()<>!&#~$-+:.@ a1\n", max_size=40))
def test_any_text_is_rendered_unchanged_on_one_line(make_metrics, text):
    with tempfile.TemporaryDirectory() as folder:
        rows = rows_of(
            report_of(Path(folder), make_metrics(), examples=[ScoredExample(text, "reference", "guess", 1.0)])
        )
    one_line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    assert ["100.00", "reference", "guess", one_line] in rows


def test_bare_addresses_do_not_become_links(make_metrics, tmp_path):
    text = "see http://evil.example and WWW.evil.example or me@evil.example"
    page = report_of(tmp_path, make_metrics(), examples=[ScoredExample(text, "a", "b", 1.0)])
    assert not re.search(r"(?i)http://|www\.|me@", page)
    assert ["100.00", "a", "b", text] in rows_of(page)


def test_a_failed_report_keeps_the_old_one(make_metrics, tmp_path):
    old = report_of(tmp_path, make_metrics())
    with pytest.raises(ValueError, match="no score is named"):
        report_of(tmp_path, make_metrics(scores={"test": {"unknown_score": 1.0}}))
    assert (tmp_path / "report.md").read_text() == old
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_the_short_report_lists_network_and_baselines(make_metrics):
    lines = short_report(make_metrics()).splitlines()
    assert [line.split() for line in lines[1:5]] == [
        ["accuracy", "test", "95", "%", "interval", "validation"],
        ["network", "91.89", "91.55", "to", "92.23", "93.00"],
        ["nb_bigrams", "91.54", "91.19", "to", "91.88", "92.10"],
        ["majority", "50.00", "-", "51.00"],
    ]
    assert "The network beats the best baseline (nb_bigrams, 91.54) by 0.35 points." in lines


@pytest.mark.parametrize("baselines", [0, 1, 20])
def test_the_short_report_has_five_to_twelve_lines(make_metrics, baselines):
    values = {f"baseline {number}": {"validation": {"accuracy": number / 100}} for number in range(baselines)}
    metrics = make_metrics(
        baselines=values,
        synthetic=True,
        stop_reason="interrupt",
        primary_metric=PrimaryMetric("accuracy", 0.5, "validation"),
    )
    complete = replace(
        metrics, synthetic=False, stop_reason="epochs", primary_metric=PrimaryMetric("accuracy", 0.5, "test")
    )
    assert 5 <= len(short_report(complete).splitlines()) <= 12
    assert 5 <= len(short_report(metrics).splitlines()) <= 12
