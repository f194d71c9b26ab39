"""The benches work: each runs for real at tiny size, and what they compare is the same thing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import models
from bench.__main__ import BENCHES, main
from bench.measurement import BenchFlags, Measurement, run_child
from bench.time_to_accuracy import Point, compare
from data.encoders.image_features import weights_file
from schema.errors import RunError, UserError
from schema.examples import LabelledText

FIGURES = {
    "start_up": 1,
    "memory": 1,
    "time_to_accuracy": 3,
    "overhead": 2,
    "tagging": 3,
    "writing": 4,
    "captioning": 3,
    "throughput": 2,
}


@pytest.mark.timeout(900)  # each starts several processes of many seconds
@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_prints_its_tables_and_writes_its_figures(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "captioning" and not weights_file().exists():
        pytest.skip("the weights of MobileNetV2 are not on this machine; KERAS_HOME names the folder they lie in")
    file = tmp_path / "deep" / "figures.json"
    assert main([name, "--quick", "--json", str(file)]) == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    assert (written["quick"], written["judged"]) == (True, False)
    assert {"commit", "hardware", "versions"} <= written.keys()
    bench = written["benches"][name]
    assert len(bench["figures"]) == FIGURES[name]
    assert all({"what", "value", "unit", "target", "at_most", "met"} == figure.keys() for figure in bench["figures"])
    printed = capsys.readouterr().out
    for table in bench["tables"]:
        assert table["title"] in printed
        assert len(table["rows"]) >= 2
        assert all(number > 0 for row in table["rows"] for key, number in row.items() if "seconds" in key)
    for figure in bench["figures"]:
        (line,) = (line for line in printed.splitlines() if line.startswith(figure["what"] + " "))
        assert f"{'at most' if figure['at_most'] else 'at least'} {figure['target']:,g} {figure['unit']}" in line
        assert line.endswith("not judged: not the whole data set")


def test_help_names_every_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    page = capsys.readouterr().out
    assert all(f"\n{name} " in page for name in BENCHES)
    assert "--quick" in page


def test_an_unknown_bench_gets_the_nearest_name_and_none_is_run() -> None:
    with pytest.raises(UserError, match="^there is no bench memroy; there are .*; did you mean memory[?]$"):
        main(["throughput", "memroy"])


def test_what_is_not_the_whole_data_set_is_not_judged() -> None:
    assert BenchFlags().judged
    assert not BenchFlags(limit=25_000).judged
    assert not BenchFlags(quick=True).judged


@pytest.mark.parametrize(
    ("value", "at_most", "met"),
    [(0.5, True, True), (0.51, True, False), (0.5, False, True), (0.49, False, False), (None, True, False)],
)
def test_a_figure_is_held_against_its_target(value: float | None, at_most: bool, met: bool) -> None:
    assert Measurement("seconds", value, "x", 0.5, at_most).met == met


def test_ours_is_timed_when_it_first_reaches_the_best_of_the_other() -> None:
    theirs = [Point(1, 100, 200, 0.80), Point(1.5, 150, 300, 0.86), Point(2, 200, 400, 0.84)]
    ours = [Point(1, 60, 80, 0.85), Point(2, 75, 90, 0.86), Point(3, 90, 100, 0.895)]
    wall, cpu, points = compare(ours, theirs)
    assert (wall.value, cpu.value) == (0.5, 0.3)
    assert points.value == pytest.approx(3.5)
    assert all(figure.met for figure in (wall, cpu, points))


def test_what_is_never_reached_has_no_time() -> None:
    wall, cpu, points = compare([Point(1, 10, 10, 0.7)], [Point(1, 20, 20, 0.8)])
    assert (wall.value, cpu.value, wall.met) == (None, None, False)
    assert points.value == pytest.approx(-10)


def test_a_child_that_fails_stops_the_bench() -> None:
    with pytest.raises(RunError, match="^python -c raise SystemExit.3. ended with status 3; its reason stands above$"):
        run_child("-c", "raise SystemExit(3)")


def test_a_child_is_measured_whole() -> None:
    ended = run_child("-c", "x = bytearray(b'x' * 300_000_000)")
    assert ended.peak_mb > 300
    assert ended.cpu_seconds > 0


def test_all_recipes_train_the_same_layers_on_the_same_words() -> None:
    from bench.throughput import _recipes
    from schema.examples import Splits
    from tasks.sentiment import SentimentConfig

    config = replace(
        SentimentConfig(), units=3, embedding_size=4, batch_tokens=12, ngram_features=False, word_vectors=False
    )
    examples = [LabelledText("a b c d e f g h i j"[: 2 * length], "pn"[length % 2]) for length in range(1, 11)]
    recipes, _ = _recipes(Splits("made up", "", examples, [], []), config, length=6)
    ours, *others = recipes.values()
    words = np.array([[2, 5, 4, 1, 3, 5], [3, 4, 0, 0, 0, 0]], np.int32)
    for other in others:
        assert [type(layer) for layer in other.model.layers] == [type(layer) for layer in ours.model.layers]
        other.model.set_weights(ours.model.get_weights())
        np.testing.assert_allclose(other.model({"words": words}), ours.model({"words": words}), atol=1e-6)
    # The first six words of each of ten texts, 1 + 2 + 3 + 4 + 5 + 5 x 6, however often a turn goes through them.
    padded = others[0].turn(0, 5)
    assert padded.real.sum() == 5 * others[0].texts * 45 / 10
    assert (padded.data["x"]["words"] > 0).sum() == padded.real.sum()


def test_the_way_of_tutorials_says_what_greedy_search_says() -> None:
    import keras

    from bench.decoding import one_predict_a_piece
    from tasks.translation import TASK, TranslationConfig

    keras.utils.set_random_seed(6)
    decoder = TASK.decoder_settings(12, TranslationConfig(units=6, embedding_size=5))
    model = models.build_seq2seq(models.Seq2SeqSettings(decoder))
    for weight in model.trainable_variables:
        weight.assign(3 * weight)
    # Marks are said by nobody who was trained.
    model.get_layer("target_embedding").bias.assign([-50.0] * 3 + [1.0] + [0.0] * 8)
    say = one_predict_a_piece(models.incremental_seq2seq(model), 2, 3, lambda source: 2 * len(source))
    search, lengths = models.BeamSearch(models.incremental_seq2seq(model), 2, 3), set()
    for source in ([4, 5, 6, 7, 3], [10, 3], [11, 4, 3]):
        row = np.array(source, np.int32)
        said = [piece for piece in say(row) if piece != 3]
        expected = search(row[None], models.SearchConfig()).ids[0, 0]
        assert said == expected[expected != 0].tolist()
        lengths.add(len(said) / len(source))
    # Some end by themselves, and some where they must.
    assert min(lengths) < 2 == max(lengths)


def test_batches_at_random_may_begin_with_two_of_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from bench import writing
    from schema.encoded import IGNORE_INDEX, EncodedDataset, Ragged

    monkeypatch.setattr(writing, "TUTORIAL_BATCH", 2)
    rows = [np.arange(2, 2 + length, dtype=np.int32) for length in (3, 3, 3, 3, 3, 5, 5, 4)]
    pairs = EncodedDataset({"source": Ragged.of(rows), "target": Ragged.of(rows)}, Ragged.of(rows, IGNORE_INDEX))
    turns = (writing._at_random(pairs, writing._batch_padded(pairs), number, 4) for number in range(100))
    turn = next(turn for turn in turns if turn.padded[0] == turn.padded[1] < turn.padded[2])
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in ("source", "target")}
    seen = keras.layers.Embedding(9, 2)(inputs["source"]) + keras.layers.Embedding(9, 2)(inputs["target"])
    model = keras.Model(inputs, keras.layers.Dense(9)(seen))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE_INDEX))
    model.fit(**turn.data, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 4


def test_turns_count_what_they_train_on() -> None:
    """Real words and padded steps of a turn, against the batches that `fit` is given."""
    from bench.rounds import bucketed as by_length
    from bench.rounds import padded as to_one_length
    from data.batches import Batches
    from schema.encoded import EncodedDataset, Ragged

    rows = [np.arange(2, 2 + length, dtype=np.int32) for length in (1, 2, 2, 5, 7, 7, 3, 4)]
    encoded = EncodedDataset({"words": Ragged.of(rows)}, np.arange(8, dtype=np.int32) % 2)
    bucketed = by_length(Batches(encoded, batch_tokens=10, seed=1), number=2, count=9)
    given = [inputs["words"] for inputs, _ in bucketed.data["x"].as_numpy_iterator()]
    assert bucketed.real.tolist() == [(words > 0).sum() for words in given]
    assert bucketed.padded.tolist() == [words.size for words in given]

    padded = to_one_length(encoded, length=7, texts=3)(2, 4)
    given = padded.data["x"]["words"].reshape(4, 3, 7)
    assert padded.real.tolist() == (given > 0).sum(axis=(1, 2)).tolist()
    assert padded.padded.tolist() == [21] * 4
