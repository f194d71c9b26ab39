"""The unrolled graph of each type, and what one small training measures."""

import base64

import numpy as np
import pytest

from data import synthetic
from lab.experiment import Result, Results
from lab.graph import Arrow
from lab.types import EXPERIMENT, TYPES, TypeOfUse, shortest_example
from lab.unrolled import MAX_STEPS, shortened, unrolled
from schema.scores import ScoredExample
from tasks import get_task


def drawn(rnn_type: str, inputs: str, outputs: str) -> set[tuple[str, str]]:
    """The arrows of a graph, with each box as its word, or h0, h1, ... for states."""
    nodes, arrows = unrolled(rnn_type, inputs.split(), outputs.split())
    names = {name: node.text or name for name, node in nodes.items()}
    return {(names[arrow.start], names[arrow.end]) for arrow in arrows}


def test_the_five_graphs_by_hand() -> None:
    assert drawn("one to one", "cat", "noun") == {("cat", "h0"), ("h0", "noun")}
    assert drawn("many to one", "a cat", "yes") == {("a", "h0"), ("cat", "h1"), ("h0", "h1"), ("h1", "yes")}
    assert drawn("many to many, synchronous", "a cat", "DET NOUN") == {
        ("a", "h0"),
        ("cat", "h1"),
        ("h0", "h1"),
        ("h0", "DET"),
        ("h1", "NOUN"),
    }
    # Each output is the next input.
    assert drawn("one to many", "image", "a cat") == {
        ("image", "h0"),
        ("h0", "a"),
        ("h0", "h1"),
        ("a", "h1"),
        ("h1", "cat"),
    }
    assert drawn("many to many, asynchronous", "the cat", "die Katze") == {
        ("the", "h0"),
        ("cat", "h1"),
        ("h0", "h1"),
        ("h1", "h2"),
        ("h2", "die"),
        ("h2", "h3"),
        ("die", "h3"),
        ("h3", "Katze"),
    }


def test_time_runs_to_the_right_and_from_inputs_up_to_outputs() -> None:
    nodes, _ = unrolled("many to many, asynchronous", ["the", "cat"], ["die", "Katze"])
    assert [nodes[f"h{step}"].x for step in range(4)] == sorted({nodes[f"h{step}"].x for step in range(4)})
    assert nodes["x0"].y < nodes["h0"].y < nodes["y2"].y
    assert nodes["x1"].x == nodes["h1"].x and nodes["y2"].x == nodes["h2"].x


def test_the_middle_of_a_long_sequence_is_left_out() -> None:
    words = [str(number) for number in range(20)]
    assert shortened(words) == ["0", "1", "2", "3", "…", "18", "19"]
    assert shortened(words[:MAX_STEPS]) == words[:MAX_STEPS]
    nodes, arrows = unrolled("many to many, synchronous", words, words)
    assert nodes["x4"].text == nodes["y4"].text == "…"
    assert Arrow("h5", "h6") in arrows and "h7" not in nodes


def test_a_small_training_gives_its_score_and_its_shortest_example() -> None:
    condition = TypeOfUse("", "word_class", "gru", (("units", 8),), 60, 30, 1, test_examples=10)
    measured = condition.measure(seed=1)
    # Ten examples.
    assert measured["score"] in np.arange(11) * 10
    assert 0 <= measured["baseline"] <= 100
    word, reference, prediction = measured["example"]
    examples = get_task("word_class").load("synthetic", get_task("word_class").config_class()).test
    assert (word, reference) == (examples[0].text, examples[0].label)
    assert prediction.split()[0] in {"noun", "verb", "adjective", "adverb", "name", "number"}


def test_the_shortest_example_is_the_first_of_the_fewest_words_and_an_image_is_kept() -> None:
    texts = synthetic.sentiment(3, 1)
    scored = [ScoredExample(text, "neg", "pos", 0.0) for text in ("three small words", "two words", "two others")]
    assert shortest_example(scored, texts).tolist() == ["two words", "neg", "pos"]
    images = synthetic.images(1, 3)
    source, reference, _ = shortest_example([ScoredExample("image 1", "one | two", "three", 0.0)], images)
    assert base64.b64decode(source) == images[0].image
    assert reference == "one"


@pytest.fixture(scope="module")
def results() -> Results:
    image = base64.b64encode(synthetic.images(1, 3)[0].image).decode()
    scores = {"simple_rnn": 40.0, "lstm": 60.0, "gru": 50.0}
    return Results(
        [
            Result(
                condition,
                1,
                {
                    "score": np.array(scores[condition.cell]),
                    "baseline": np.array(55.0 if condition.task in ("pos", "sentiment") else 70.0),
                    "best_baseline": np.array("nearest"),
                    "example": np.array([image if condition.task == "caption" else "a b", "ref", "c d"]),
                },
            )
            for condition in EXPERIMENT.conditions(quick=False)
            if isinstance(condition, TypeOfUse)
        ]
    )


def test_finding_and_table_follow_from_the_results(results: Results) -> None:
    finding = EXPERIMENT.finding(results)
    assert "in 2 of them the best cell is above the best baseline" in finding
    assert "many to one: SimpleRNN 40.0, LSTM 60.0, GRU 50.0 (best baseline 55.0)" in finding
    rows = EXPERIMENT.table(results).rows
    assert [row[0] for row in rows] == [get_task(each.task).rnn_type for each in TYPES]
    assert rows[2] == ("many to one", "sentiment", "accuracy", "40.0", "60.0", "50.0", "55.0 (nearest)")


def test_the_figure_has_a_graph_for_each_type(results: Results) -> None:
    figure = EXPERIMENT.figures(results)["types"]
    assert len(figure.axes) == 5
    titles = [axes.texts[-1].get_text() for axes in figure.axes]
    assert titles[1] == "one to many (caption). Right: ref"
    # The image stands in the place of the words.
    assert [len(axes.images) for axes in figure.axes] == [0, 1, 0, 0, 0]
