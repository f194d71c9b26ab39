"""The README's table is what the recorded runs say, and is checked."""

import json
from dataclasses import asdict

import pytest

from evaluation.results_table import BEGIN, END, main
from schema.records import PrimaryMetric

README = f"# Title\n\nbefore\n{BEGIN}\nold\n{END}\nafter\n"


@pytest.fixture
def house(tmp_path, make_metrics):
    """A folder with a README; `record` adds a run, `run` calls the command, `rows` are the table's rows."""

    class House:
        readme, results = tmp_path / "README.md", tmp_path / "results"

        def record(self, value, seed=1, variant="default", minutes=10.0, **said):
            split = said.pop("split", "test")
            metrics = make_metrics(
                seed=seed,
                primary_metric=PrimaryMetric("accuracy", value, split),
                seconds={"training_cpu": 60 * minutes},
                **said,
            )
            whole = {"metrics": asdict(metrics), "hardware": {"cpu": "Some CPU", "cores": 2}, "commit": "abc"}
            self.write(f"run-{len(list(self.results.glob('*/*')))}.json", json.dumps(whole | {"variant": variant}))

        def write(self, name, text):
            folder = self.results / "sentiment"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

        def run(self, *flags):
            return main(["--results", str(self.results), "--readme", str(self.readme), *flags])

        @property
        def rows(self):
            lines = [line for line in self.readme.read_text().splitlines() if line.startswith("|")][2:]
            return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    house = House()
    house.readme.write_text(README)
    return house


def test_seeds_of_one_setting_become_one_row(house):
    for seed, (value, minutes) in enumerate([(0.91, 9), (0.93, 10), (0.92, 14)]):
        house.record(value, seed=seed, minutes=minutes)
    assert house.run() == 0
    # Deviation of 91, 93, 92: sqrt((1 + 1 + 0) / 2) = 1.
    assert house.rows == [
        ["sentiment", "many to one", "imdb", "default", "lstm"]
        + ["accuracy 92.00 ± 1.00 (3 seeds)", "nb_bigrams 91.54", "11.0"]
    ]


def test_the_rest_of_the_readme_stays_as_it_is(house):
    house.record(0.9)
    house.run()
    text = house.readme.read_text()
    assert text.startswith(f"# Title\n\nbefore\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text
    assert "Some CPU, 2" in text
    assert [path.name for path in house.readme.parent.iterdir() if path.is_file()] == ["README.md"]


def test_settings_are_told_apart_and_ordered(house):
    house.record(0.80, variant="labelled words alone")
    house.record(0.81, cell="gru")
    house.record(0.82, cell="lstm")
    house.record(0.83, cell="simple_rnn")
    house.record(0.84, task="pos", rnn_type="many to many, synchronous", dataset="ewt")
    house.record(0.85, task="word_class", rnn_type="one to one", dataset="ewt")
    house.run()
    assert [(row[0], row[3], row[4]) for row in house.rows] == [
        ("word_class", "default", "lstm"),
        ("sentiment", "default", "simple_rnn"),
        ("sentiment", "default", "lstm"),
        ("sentiment", "default", "gru"),
        ("sentiment", "labelled words alone", "lstm"),
        ("pos", "default", "lstm"),
    ]


def test_one_seed_has_no_deviation_and_validation_is_named(house):
    house.record(0.9, baselines={}, split="validation")
    house.run()
    assert house.rows[0][5:7] == ["accuracy 90.00 (1 seed, validation only)", "-"]


def test_check_fails_until_the_table_is_made(house, capsys):
    house.record(0.9)
    assert house.run("--check") == 1
    assert house.readme.read_text() == README
    assert "out of date" in capsys.readouterr().err
    assert house.run() == 0
    assert house.run("--check") == 0
    house.record(0.8, seed=2)
    assert house.run("--check") == 1


def test_without_a_recorded_run_the_readme_says_so(house):
    assert house.run() == 0
    assert "No run is recorded yet." in house.readme.read_text()
    assert house.run("--check") == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "broken.json"),
        ("[]", "does not have the layout"),
        ('{"metrics": {}}', "'format' is missing"),
        ('{"metrics": {"format": 99}}', "format 99 is newer"),
        ('{"metrics": {"format": 1, "synthetic": true}}', "synthetic examples"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(house, capsys, text, complaint):
    house.write("broken.json", text)
    assert house.run() == 2
    error = capsys.readouterr().err
    assert "broken.json" in error
    assert complaint in error
    assert house.readme.read_text() == README


def test_a_seed_recorded_twice_is_refused(house, capsys):
    house.record(0.9)
    house.record(0.91)
    assert house.run() == 2
    error = capsys.readouterr().err
    assert "run-0.json" in error and "run-1.json" in error


@pytest.mark.parametrize("text", ["no markers", f"{END} {BEGIN}", README + BEGIN])
def test_a_readme_without_its_markers_is_left_alone(house, capsys, text):
    house.readme.write_text(text)
    assert house.run() == 2
    assert BEGIN in capsys.readouterr().err
    assert house.readme.read_text() == text


def test_a_missing_readme_is_a_plain_error(house, capsys):
    house.readme.unlink()
    assert house.run() == 2
    assert "README.md cannot be read" in capsys.readouterr().err
