"""What all experiments share: what was measured is kept, and measured again only if it is missing or has changed."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType

import numpy as np
import pytest
from matplotlib.figure import Figure

from lab import EXPERIMENTS, page
from lab import experiment as experiments
from lab.__main__ import main
from lab.experiment import (
    RESULTS_FILE,
    Condition,
    Experiment,
    Results,
    mean_and_deviation,
    read_results,
    results_folder,
    run,
)
from lab.page import PageFlags
from lab.report import markdown
from schema.errors import RunError, UserError
from schema.scores import Table


@dataclass(frozen=True)
class Doubled(Condition):
    """Measures twice its number plus the seed."""

    number: int
    unused: tuple[int, ...] = (1, 2)

    def measure(self, seed: int):
        return {"double": np.array(2.0 * self.number + seed), "never": np.array(np.nan), "words": np.array(["a", "b"])}


@dataclass
class Doubling(Experiment):
    """An experiment without training."""

    name = "memory"
    title, known, method = "Doubling", "Always.", "Numbers are doubled."
    numbers: Sequence[int] = (1, 2)
    measured: list[tuple[str, int]] = field(default_factory=list)

    def conditions(self, quick: bool) -> Sequence[Condition]:
        return [Doubled(f"number {number}", number) for number in self.numbers]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {"doubling": Figure()}

    def table(self, results: Results) -> Table:
        rows = [(each.name, mean_and_deviation(results.of(each, "double"))) for each in results.select(Doubled)]
        return Table("Doubles", ("number", "double"), tuple(rows))

    def finding(self, results: Results) -> str:
        return "They double."


@pytest.fixture
def doubling(monkeypatch: pytest.MonkeyPatch) -> Doubling:
    """The experiment, measured in this process; `measured` lists what was."""
    made = Doubling()

    def measured(pairs, jobs):
        for condition, seed in pairs:
            made.measured.append((condition.name, seed))
            yield condition, seed, condition.measure(seed)

    monkeypatch.setattr(experiments, "measured", measured)
    return made


def test_only_what_is_missing_is_measured(doubling, tmp_path):
    run(doubling, tmp_path, seeds=1, quick=False, jobs=1)
    results = run(doubling, tmp_path, seeds=2, quick=False, jobs=1)
    assert doubling.measured == [("number 1", 1), ("number 2", 1), ("number 1", 2), ("number 2", 2)]
    assert [float(value) for value in results.of(Doubled("number 2", 2), "double")] == [5, 6]
    doubling.numbers = (1, 3)
    run(doubling, tmp_path, seeds=1, quick=False, jobs=1)
    assert doubling.measured[4:] == [("number 3", 1)]


def test_an_interrupted_experiment_keeps_what_was_measured(doubling, tmp_path, monkeypatch):
    def fail(self, seed):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        Doubled, "measure", lambda self, seed: {"double": np.array(1.0)} if seed == 1 else fail(self, seed)
    )
    with pytest.raises(KeyboardInterrupt):
        run(doubling, tmp_path, seeds=2, quick=False, jobs=1)
    kept = read_results(results_folder(tmp_path, "memory", quick=False) / RESULTS_FILE, doubling.conditions(False))
    assert {(condition.name, seed) for condition, seed in kept} == {("number 1", 1), ("number 2", 1)}


def test_values_survive_the_file(doubling, tmp_path):
    run(doubling, tmp_path, seeds=1, quick=False, jobs=1)
    values = run(doubling, tmp_path, seeds=1, quick=False, jobs=1).results[0].values
    assert np.isnan(values["never"]) and list(values["words"]) == ["a", "b"]


def test_another_setting_is_another_condition(doubling, tmp_path):
    run(doubling, tmp_path, seeds=1, quick=False, jobs=1)
    path = results_folder(tmp_path, "memory", quick=False) / RESULTS_FILE
    assert not read_results(path, [Doubled("number 1", 1, unused=(1, 3))])


def test_quick_results_are_kept_apart(doubling, tmp_path):
    run(doubling, tmp_path, seeds=1, quick=True, jobs=1)
    assert not results_folder(tmp_path, "memory", quick=False).exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"results": 3}', '{"results": [{"condition": {}}]}'])
def test_a_damaged_file_is_named(doubling, tmp_path, content):
    folder = results_folder(tmp_path, "memory", quick=False)
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(content)
    with pytest.raises(RunError, match=r"results\.json is damaged"):
        run(doubling, tmp_path, seeds=1, quick=False, jobs=1)


def test_real_processes_measure(tmp_path):
    pairs = [(Doubled("number 4", 4), 1), (Doubled("number 5", 5), 2)]
    found = {condition.number: float(values["double"]) for condition, _, values in experiments.measured(pairs, 2)}
    assert found == {4: 9, 5: 12}


def test_the_mean_has_a_deviation_if_there_are_seeds():
    assert mean_and_deviation(np.array([1.0, 3.0])) == "2.0 ± 1.4"
    assert mean_and_deviation(np.array([0.5]), 2, factor=100) == "50.00"


def test_the_report_has_claim_numbers_and_figures(doubling, tmp_path):
    text = markdown(doubling, run(doubling, tmp_path, seeds=3, quick=False, jobs=1), "figures/")
    assert EXPERIMENTS["memory"] in text and "![Doubling](figures/doubling.png)" in text
    assert "| number 2 | 6.0 ± 1.0 |" in text and "3 seeds" in text


def test_without_a_name_the_experiments_are_listed(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in EXPERIMENTS)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["memori"], "there is no experiment memori.*did you mean memory"),
        (["memory", "nonsense"], "there is no experiment nonsense"),
        (["memory", "--seeds", "0"], "--seeds is 0; it must be at least 1"),
        (["memory", "--jobs=-1"], "--jobs is -1"),
    ],
)
def test_wrong_calls_get_one_line(argv, message, tmp_path):
    with pytest.raises(UserError, match=message) as error:
        main([*argv, "--runs", str(tmp_path)])
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def page_flags(doubling, tmp_path, monkeypatch) -> PageFlags:
    """Flags of a page with one experiment, measured with committed code."""
    monkeypatch.setattr(experiments, "commit", lambda: "0123abc")
    module = ModuleType("lab.memory")
    module.EXPERIMENT = doubling
    monkeypatch.setitem(sys.modules, "lab.memory", module)
    run(doubling, tmp_path / "runs", seeds=2, quick=False, jobs=1)
    return PageFlags(seeds=2, runs=tmp_path / "runs", results=tmp_path / "results", docs=tmp_path / "docs")


def test_the_page_is_made_from_recorded_results(page_flags):
    assert "Doubling" not in page.page(page_flags)
    page.record("memory", page_flags)
    page.write_figures(page_flags)
    assert "## Doubling" in page.page(page_flags) and "lab/doubling.png" in page.page(page_flags)
    assert (page_flags.docs / "lab" / "doubling.png").is_file()


def test_only_complete_results_are_recorded(page_flags):
    with pytest.raises(UserError, match="has 4 of 6 results; run python -m lab memory first"):
        page.record("memory", replace(page_flags, seeds=3))


def test_only_results_of_committed_code_are_recorded(page_flags, doubling, monkeypatch):
    monkeypatch.setattr(experiments, "commit", lambda: None)
    run(doubling, page_flags.runs, seeds=3, quick=False, jobs=1)
    with pytest.raises(UserError, match="not committed"):
        page.record("memory", replace(page_flags, seeds=3))
