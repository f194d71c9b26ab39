"""The tables of results reproduce the recorded runs, and out-of-date tables are detected."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from evaluation.results_table import BEGIN, END, EXPERIMENTS, default_scores, main
from schema.records import FORMAT, PrimaryMetric

PAGE = f"# Title\n\nbefore\n{BEGIN}\nold\n{END}\nafter\n"
RESULTS = Path(__file__).parents[2] / "results"


class Project:
    """Folder with a README, a page for the full table and recorded runs."""

    def __init__(self, folder, make_metrics):
        self.readme, self.full, self.results = folder / "README.md", folder / "results.md", folder / "results"
        self.make_metrics = make_metrics
        for page in (self.readme, self.full):
            page.write_text(PAGE)

    def record(self, value, seed=1, variant="default", minutes=10.0, split="test", **fields):
        metrics = self.make_metrics(
            seed=seed,
            primary_metric=PrimaryMetric("accuracy", value, split),
            seconds={"training_cpu": 60 * minutes},
            **fields,
        )
        whole = {"metrics": asdict(metrics), "hardware": {"cpu": "Some CPU", "cores": 2}, "commit": "abc"}
        self.write(f"run-{len(list(self.results.glob('*/*')))}.json", json.dumps(whole | {"variant": variant}))

    def write(self, name, text):
        folder = self.results / "sentiment"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    def run(self, *flags):
        paths = (f"--results={self.results}", f"--readme={self.readme}", f"--full={self.full}")
        return main([*paths, *flags])

    @property
    def rows(self):
        """Rows of the full table."""
        return _rows(self.full)

    @property
    def short_rows(self):
        """Rows of the README's table."""
        return _rows(self.readme)


def _rows(page):
    lines = [line for line in page.read_text().splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def project(tmp_path, make_metrics):
    return Project(tmp_path, make_metrics)


def test_seeds_of_one_setting_are_one_row(project):
    for seed, (value, minutes) in enumerate([(0.91, 9), (0.93, 10), (0.92, 14)]):
        project.record(value, seed=seed, minutes=minutes)
    assert project.run() == 0
    # Deviation of 91, 93, 92: sqrt((1 + 1 + 0) / 2) = 1.
    score = ["accuracy 92.00 ± 1.00 (3 seeds)", "nb_bigrams 91.54", "11.0"]
    assert project.rows == [["sentiment", "many to one", "imdb", "default", "lstm", *score]]
    assert project.short_rows == [["sentiment", "many to one", "imdb", *score]]


def test_a_row_with_an_outdated_run_is_marked_until_it_is_recorded_anew(project):
    project.record(0.91, seed=1)
    project.record(0.91, seed=2, variant="other")
    path = next(path for path in project.results.glob("*/*") if '"variant": "default"' in path.read_text())
    recorded = json.loads(path.read_text())
    path.write_text(json.dumps(recorded | {"outdated": "other tokens"}))
    assert project.run() == 0
    assert ["†" in row[5] for row in project.rows] == [True, False]
    assert all("† to be recorded anew" in page.read_text() for page in (project.readme, project.full))
    path.write_text(json.dumps(recorded))
    assert project.run() == 0
    assert all("†" not in page.read_text() for page in (project.readme, project.full))


def test_text_around_the_table_is_unchanged(project):
    project.record(0.9)
    project.run()
    for page in (project.readme, project.full):
        text = page.read_text()
        assert text.startswith(f"# Title\n\nbefore\n{BEGIN}\n")
        assert text.endswith(f"\n{END}\nafter\n")
        assert "old" not in text
    assert "Some CPU, 2" in project.full.read_text()
    files = {path.name for path in project.readme.parent.iterdir() if path.is_file()}
    assert files == {"README.md", "results.md"}


@pytest.fixture
def six_settings(project):
    project.record(0.80, variant="no attention")
    project.record(0.81, cell="gru")
    project.record(0.82, cell="lstm")
    project.record(0.83, cell="simple_rnn")
    project.record(0.84, task="pos", rnn_type="many to many, synchronous", dataset="ewt")
    project.record(0.85, task="word_class", rnn_type="one to one", dataset="ewt")
    return project


def test_settings_are_distinguished_and_ordered(six_settings):
    six_settings.run()
    assert [(row[0], row[3], row[4]) for row in six_settings.rows] == [
        ("word_class", "default", "lstm"),
        ("sentiment", "default", "simple_rnn"),
        ("sentiment", "default", "lstm"),
        ("sentiment", "default", "gru"),
        ("sentiment", "no attention", "lstm"),
        ("pos", "default", "lstm"),
    ]


def test_readme_has_one_row_per_task_with_the_default_configuration(six_settings):
    six_settings.run()
    assert [(row[0], row[3]) for row in six_settings.short_rows] == [
        ("word_class", "accuracy 85.00 (1 seed)"),
        ("sentiment", "accuracy 82.00 (1 seed)"),
        ("pos", "accuracy 84.00 (1 seed)"),
    ]


def test_default_scores_are_those_of_the_default_configuration_even_if_another_is_better(six_settings):
    six_settings.record(0.99, variant="en-fr")
    assert default_scores(six_settings.results) == {
        "word_class": "85.00 (1 seed)",
        "sentiment": "82.00 (1 seed)",
        "pos": "84.00 (1 seed)",
    }


def test_one_seed_has_no_deviation_and_validation_is_named(project):
    project.record(0.9, baselines={}, split="validation")
    project.run()
    assert project.rows[0][5:7] == ["accuracy 90.00 (1 seed, validation only)", "-"]


def test_check_fails_until_the_table_is_updated(project, capsys):
    project.record(0.9)
    assert project.run("--check") == 1
    assert project.readme.read_text() == project.full.read_text() == PAGE
    assert "out of date" in capsys.readouterr().err
    assert project.run() == 0
    assert project.run("--check") == 0
    project.record(0.8, seed=2)
    assert project.run("--check") == 1


def test_check_names_the_file_that_is_out_of_date(project, capsys):
    project.record(0.9)
    project.run()
    project.full.write_text(PAGE)
    assert project.run("--check") == 1
    error = capsys.readouterr().err
    assert "results.md" in error
    assert "README.md" not in error


def test_pages_without_a_recorded_run_say_so(project):
    assert project.run() == 0
    assert "No run is recorded yet." in project.readme.read_text()
    assert "No run is recorded yet." in project.full.read_text()
    assert project.run("--check") == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "broken.json"),
        ("[]", "does not have the layout"),
        ('{"metrics": {}}', "'format' is missing"),
        ('{"metrics": {"format": 99}}', f"has format 99, this program reads format {FORMAT}"),
        ('{"metrics": {"format": 1}}', f"has format 1, this program reads format {FORMAT}"),
        (f'{{"metrics": {{"format": {FORMAT}, "synthetic": true}}}}', "synthetic data"),
    ],
)
def test_an_unusable_file_is_named(project, capsys, text, message):
    project.write("broken.json", text)
    assert project.run() == 2
    error = capsys.readouterr().err
    assert "broken.json" in error
    assert message in error
    assert project.readme.read_text() == PAGE


def test_a_seed_recorded_twice_is_refused(project, capsys):
    project.record(0.9)
    project.record(0.91)
    assert project.run() == 2
    error = capsys.readouterr().err
    assert "run-0.json" in error and "run-1.json" in error


@pytest.mark.parametrize("page", ["readme", "full"])
@pytest.mark.parametrize("text", ["no markers", f"{END} {BEGIN}", PAGE + BEGIN])
def test_pages_are_unchanged_if_one_has_no_markers(project, capsys, page, text):
    project.record(0.9)
    getattr(project, page).write_text(text)
    before = project.readme.read_text(), project.full.read_text()
    assert project.run() == 2
    assert BEGIN in capsys.readouterr().err
    assert (project.readme.read_text(), project.full.read_text()) == before


def test_a_missing_readme_is_a_plain_error(project, capsys):
    project.readme.unlink()
    assert project.run() == 2
    assert "README.md cannot be read" in capsys.readouterr().err


def test_recorded_runs_name_no_folder_of_a_machine():
    for path in (path for path in RESULTS.glob("*/*.json") if path.parent.name != EXPERIMENTS):
        recorded = json.loads(path.read_text())
        config = recorded["config"]
        folders = [value for value in config.values() if isinstance(value, str) and value.startswith("/")]
        assert not folders, path.name
        assert " /" not in recorded["metrics"]["command"], path.name


def test_the_tables_of_this_project_are_current(monkeypatch):
    monkeypatch.chdir(RESULTS.parent)
    assert main(["--check"]) == 0
