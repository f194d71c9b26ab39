"""The benchmarks: each runs at tiny size, and the recipes that it compares do the same work."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import models
from bench import recipes, text_generation, throughput
from bench.__main__ import BENCHES, main
from bench.decoding import greedy_predict_loop
from bench.measurement import BenchFlags, Measurement
from bench.processes import run_child
from bench.time_to_accuracy import Point, compare
from data.batches import Batches
from data.encoders.image_features import weights_file
from schema.encoded import IGNORE_INDEX, EncodedDataset, Ragged
from schema.errors import RunError, UserError
from schema.examples import LabelledText, Splits
from tasks.sentiment import SentimentConfig
from tasks.translation import TASK, TranslationConfig

MEASUREMENTS = {
    "start_up": 1,
    "memory": 1,
    "time_to_accuracy": 3,
    "overhead": 2,
    "tagging": 3,
    "raw_text": 2,
    "text_generation": 4,
    "captioning": 3,
    "throughput": 2,
}


@pytest.mark.timeout(900)  # each starts several processes that take many seconds
@pytest.mark.parametrize("name", BENCHES)
def test_a_benchmark_prints_its_tables_and_writes_its_measurements(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "captioning" and not weights_file().exists():
        pytest.skip("the weights of MobileNetV2 are not in KERAS_HOME")
    file = tmp_path / "deep" / "bench.json"
    assert main([name, "--quick", "--json", str(file)]) == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    assert (written["quick"], written["full_data"]) == (True, False)
    assert {"commit", "hardware", "versions"} <= written.keys()
    bench = written["benches"][name]
    assert len(bench["measurements"]) == MEASUREMENTS[name]
    assert all({"name", "value", "unit", "target", "at_most", "met"} == each.keys() for each in bench["measurements"])
    printed = capsys.readouterr().out
    for table in bench["tables"]:
        assert table["title"] in printed
        assert len(table["rows"]) >= 2
        assert all(number > 0 for row in table["rows"] for key, number in row.items() if "seconds" in key)
    for measurement in bench["measurements"]:
        (line,) = (line for line in printed.splitlines() if line.startswith(measurement["name"] + " "))
        assert (
            f"{'at most' if measurement['at_most'] else 'at least'} {measurement['target']:,g} {measurement['unit']}"
            in line
        )
        assert line.endswith("none: not the full data set")


def test_help_lists_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    page = capsys.readouterr().out
    assert all(f"\n{name} " in page for name in BENCHES)
    assert "--quick" in page


def test_an_unknown_benchmark_is_refused_with_the_nearest_name_before_any_runs() -> None:
    with pytest.raises(UserError, match="^there is no bench memroy; there are .*; did you mean memory[?]$"):
        main(["throughput", "memroy"])


def test_targets_apply_to_whole_data_sets_only() -> None:
    assert BenchFlags().full_data
    assert not BenchFlags(limit=25_000).full_data
    assert not BenchFlags(quick=True).full_data


@pytest.mark.parametrize(
    ("value", "at_most", "met"),
    [(0.5, True, True), (0.51, True, False), (0.5, False, True), (0.49, False, False), (None, True, False)],
)
def test_a_measurement_is_compared_with_its_target(value: float | None, at_most: bool, met: bool) -> None:
    assert Measurement("seconds", value, "x", 0.5, at_most).met == met


def test_the_time_is_that_of_first_reaching_the_tutorials_best_accuracy() -> None:
    tutorial = [Point(1, 100, 200, 0.80), Point(1.5, 150, 300, 0.86), Point(2, 200, 400, 0.84)]
    ours = [Point(1, 60, 80, 0.85), Point(2, 75, 90, 0.86), Point(3, 90, 100, 0.895)]
    wall, cpu, points = compare(ours, tutorial)
    assert (wall.value, cpu.value) == (0.5, 0.3)
    assert points.value == pytest.approx(3.5)
    assert all(measurement.met for measurement in (wall, cpu, points))


def test_an_accuracy_that_is_never_reached_has_no_time() -> None:
    wall, cpu, points = compare([Point(1, 10, 10, 0.7)], [Point(1, 20, 20, 0.8)])
    assert (wall.value, cpu.value, wall.met) == (None, None, False)
    assert points.value == pytest.approx(-10)


def test_a_failing_child_process_stops_the_benchmark() -> None:
    with pytest.raises(RunError, match="^python -c raise SystemExit.3. failed with status 3; see its error above$"):
        run_child("-c", "raise SystemExit(3)")


def test_the_usage_of_a_child_process_is_measured() -> None:
    usage = run_child("-c", "x = bytearray(b'x' * 300_000_000)")
    assert usage.peak_mb > 300
    assert usage.cpu_seconds > 0


def test_all_recipes_train_the_same_layers_on_the_same_words() -> None:

    config = replace(
        SentimentConfig(), units=3, embedding_size=4, batch_tokens=12, ngram_features=False, word_vectors=False
    )
    examples = [LabelledText("a b c d e f g h i j"[: 2 * length], "pn"[length % 2]) for length in range(1, 11)]
    compared, _ = throughput._recipes(Splits("made up", "", examples, [], []), config, length=6)
    ours, *others = compared.values()
    words = np.array([[2, 5, 4, 1, 3, 5], [3, 4, 0, 0, 0, 0]], np.int32)
    for other in others:
        assert [type(layer) for layer in other.model.layers] == [type(layer) for layer in ours.model.layers]
        other.model.set_weights(ours.model.get_weights())
        np.testing.assert_allclose(other.model({"words": words}), ours.model({"words": words}), atol=1e-6)
    # The first six words of each of ten texts, 1 + 2 + 3 + 4 + 5 + 5 x 6, however often a round repeats them.
    padded = others[0].make_round(0, 5)
    assert padded.real_steps.sum() == 5 * others[0].batch_size * 45 / 10
    assert (padded.fit_arguments["x"]["words"] > 0).sum() == padded.real_steps.sum()


def test_the_predict_loop_of_tutorials_generates_the_same_as_greedy_search() -> None:
    import keras

    keras.utils.set_random_seed(6)
    decoder = TASK.decoder_settings(12, TranslationConfig(units=6, embedding_size=5))
    model = models.build_seq2seq(models.Seq2SeqSettings(decoder))
    for weight in model.trainable_variables:
        weight.assign(3 * weight)
    # A trained model generates no special tokens.
    model.get_layer("target_embedding").bias.assign([-50.0] * 3 + [1.0] + [0.0] * 8)
    generate = greedy_predict_loop(models.incremental_seq2seq(model), 2, 3, lambda source: 2 * len(source))
    search, lengths = models.BeamSearch(models.incremental_seq2seq(model)), set()
    for source in ([4, 5, 6, 7, 3], [10, 3], [11, 4, 3]):
        row = np.array(source, np.int32)
        tokens = [token for token in generate(row) if token != 3]
        expected = search(row[None], models.SearchConfig()).ids[0, 0]
        assert tokens == expected[expected != 0].tolist()
        lengths.add(len(tokens) / len(source))
    # Some end by themselves, and some at the maximum length.
    assert min(lengths) < 2 == max(lengths)


def test_random_batches_may_start_with_two_of_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(text_generation, "TUTORIAL_BATCH", 2)
    rows = [np.arange(2, 2 + length, dtype=np.int32) for length in (3, 3, 3, 3, 3, 5, 5, 4)]
    pairs = EncodedDataset({"source": Ragged.of(rows), "target": Ragged.of(rows)}, Ragged.of(rows, IGNORE_INDEX))
    collate = text_generation._pad_to_batch(pairs)
    rounds = (text_generation._random_round(pairs, collate, number, 4) for number in range(100))
    data = next(data for data in rounds if data.padded_steps[0] == data.padded_steps[1] < data.padded_steps[2])
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in ("source", "target")}
    embedded = keras.layers.Embedding(9, 2)(inputs["source"]) + keras.layers.Embedding(9, 2)(inputs["target"])
    model = keras.Model(inputs, keras.layers.Dense(9)(embedded))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE_INDEX))
    model.fit(**data.fit_arguments, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 4


def test_rounds_count_the_steps_of_their_batches() -> None:
    """Compare real words and padded steps of a round with the batches passed to `fit`."""

    rows = [np.arange(2, 2 + length, dtype=np.int32) for length in (1, 2, 2, 5, 7, 7, 3, 4)]
    encoded = EncodedDataset({"words": Ragged.of(rows)}, np.arange(8, dtype=np.int32) % 2)
    bucketed = recipes.bucketed(Batches(encoded, batch_tokens=10, seed=1), number=2, count=9)
    words_of_batches = [inputs["words"] for inputs, _ in bucketed.fit_arguments["x"].as_numpy_iterator()]
    assert bucketed.real_steps.tolist() == [(words > 0).sum() for words in words_of_batches]
    assert bucketed.padded_steps.tolist() == [words.size for words in words_of_batches]

    padded = recipes.padded(encoded, length=7, batch_size=3)(2, 4)
    words_of_batches = padded.fit_arguments["x"]["words"].reshape(4, 3, 7)
    assert padded.real_steps.tolist() == (words_of_batches > 0).sum(axis=(1, 2)).tolist()
    assert padded.padded_steps.tolist() == [21] * 4
