"""What every experiment does: run each condition with each seed once, and keep, draw and report the results.

    class Memory(Experiment):
        def conditions(self, quick): ...            # what is compared; each condition measures itself
        def figures(self, results): ...
        def table(self, results): ...
        def finding(self, results): ...             # one honest sentence, made from the results

    run(EXPERIMENT, runs, seeds=3, quick=False, jobs=2)

Trainings run in processes of one thread each: small networks do not use a second core well. A result is written as
soon as it is there, and is not measured again while its condition, with all settings, stays the same.
"""

import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from console.progress import Progress
from console.quiet import start_tensorflow
from lab import EXPERIMENTS
from schema.errors import RunError
from schema.scores import Table
from training.environment import commit, hardware, versions
from training.run_folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS_FILE = "results.json"
Values = Mapping[str, np.ndarray]
"""Measured values by name: numbers or words, of any shape. NaN stands for "never"."""


@dataclass(frozen=True)
class Condition(ABC):
    """Settings under which something is measured: the fields, of which `name` is for people."""

    name: str

    @abstractmethod
    def measure(self, seed: int) -> Values:
        """Measure under this condition; the same seed gives the same values, apart from times."""

    @property
    def label(self) -> str:
        """Name in the progress line."""
        return self.name

    @property
    def settings(self) -> Mapping[str, object]:
        """All that determines the values, as values of JSON."""
        return {"kind": type(self).__name__, **_to_json(asdict(self))}


ConditionT = TypeVar("ConditionT", bound=Condition)


@dataclass(frozen=True)
class Result:
    """Values of one condition with one seed."""

    condition: Condition
    seed: int
    values: Values


@dataclass(frozen=True)
class Results:
    """Results of an experiment, by seed and then by condition."""

    results: Sequence[Result]

    def of(self, condition: Condition, name: str) -> np.ndarray:
        """The value `name` of each seed, (seeds, ...)."""
        return np.array([each.values[name] for each in self.results if each.condition == condition])

    def first(self, condition: Condition) -> Values:
        """All values of a condition with the first seed."""
        return next(each.values for each in self.results if each.condition == condition)

    def select(self, kind: type[ConditionT]) -> list[ConditionT]:
        """The conditions of a class, each once."""
        return list(dict.fromkeys(each.condition for each in self.results if isinstance(each.condition, kind)))


class Experiment(ABC):
    """One claim of the textbooks, and how it is tested.

    name: name of its module and key of `lab.EXPERIMENTS`
    title: a few words; known: when the claim is known or expected to hold and to fail, with sources
    method: what is measured, on which data, with which sizes
    reads: names of experiments whose results are used where their conditions are the same
    """

    name: ClassVar[str]
    title: ClassVar[str]
    known: ClassVar[str]
    method: ClassVar[str]
    reads: ClassVar[Sequence[str]] = ()

    @property
    def claim(self) -> str:
        """The textbook's sentence."""
        return EXPERIMENTS[self.name]

    @abstractmethod
    def conditions(self, quick: bool) -> Sequence[Condition]:
        """All conditions, each of a few seconds if `quick`."""

    @abstractmethod
    def figures(self, results: Results) -> "Mapping[str, Figure]":
        """Figures by name; the first shows the finding."""

    @abstractmethod
    def table(self, results: Results) -> Table:
        """The numbers, with deviations over the seeds; all cells are text."""

    @abstractmethod
    def finding(self, results: Results) -> str:
        """What the results say about the claim."""

    def text(self, results: Results) -> str:
        """Text to print above the table; by default none."""
        return ""


def mean_and_deviation(values: np.ndarray, decimals: int = 1, factor: float = 1.0) -> str:
    """Format the mean of the seeds' values, (seeds,), with their sample standard deviation: "97.1 ± 0.4"."""
    scaled = factor * np.asarray(values, float)
    mean = f"{scaled.mean():,.{decimals}f}"
    return mean if len(scaled) < 2 else f"{mean} ± {scaled.std(ddof=1):,.{decimals}f}"


def results_folder(runs: Path, name: str, quick: bool) -> Path:
    """Folder of the results of an experiment. It has no config.json, so that no command takes it for a run."""
    return runs / "lab" / (f"{name}-quick" if quick else name)


def run(experiment: Experiment, runs: Path, seeds: int, quick: bool, jobs: int) -> Results:
    """Measure what results.json lacks, and return the results of all conditions and seeds.

    Raises RunError if the file is damaged or if a process was killed.
    """
    conditions = experiment.conditions(quick)
    known: dict[tuple[Condition, int], Values] = {}
    for name in (*experiment.reads, experiment.name):
        known |= read_results(results_folder(runs, name, quick) / RESULTS_FILE, conditions)
    folder = results_folder(runs, experiment.name, quick)
    pairs = [(condition, seed) for seed in range(1, seeds + 1) for condition in conditions]
    missing = [pair for pair in pairs if pair not in known]
    with Progress(experiment.name, len(missing), "trainings") as progress:
        for condition, seed, values in measured(missing, jobs):
            known[condition, seed] = values
            _write_results(folder, experiment, known)
            progress.note(f"{condition.label}, seed {seed}")
            progress.advance()
    return Results([Result(condition, seed, known[condition, seed]) for condition, seed in pairs])


def measured(pairs: Sequence[tuple[Condition, int]], jobs: int) -> Iterator[tuple[Condition, int, Values]]:
    """Measure each condition with its seed in one of `jobs` processes; yields in the order in which they finish."""
    if not pairs:
        return
    with _processes(min(jobs, len(pairs))) as pool:
        waiting = {pool.submit(_measure, condition, seed): (condition, seed) for condition, seed in pairs}
        try:
            for future in as_completed(waiting):
                yield *waiting[future], future.result()
        except BrokenProcessPool as error:
            raise RunError("a process of the experiment was killed; call the command again to continue") from error


def _measure(condition: Condition, seed: int) -> Values:
    return {name: np.asarray(value) for name, value in condition.measure(seed).items()}


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_start_process)
    try:
        yield pool
    except BaseException:
        # Without waiting for the trainings that run: what they would give is measured by the next call.
        for process in active_children():
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _start_process() -> None:
    """Prepare a process for trainings: one thread, and Ctrl-C left to the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    start_tensorflow()


def read_results(path: Path, conditions: Sequence[Condition]) -> dict[tuple[Condition, int], Values]:
    """Read the values of those of `conditions` that were measured with the same settings, by condition and seed.

    Raises RunError if the file is damaged.
    """
    if not path.is_file():
        return {}
    content = RunFolder(path.parent).read_json(path.name)
    try:
        rows = [(row["condition"], int(row["seed"]), _from_json(row["values"])) for row in content["results"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{path} is damaged ({error!r}); --fresh begins anew") from error
    return {
        (condition, seed): values
        for condition in conditions
        for settings, seed, values in rows
        if settings == condition.settings
    }


def load_results(experiment: Experiment, path: Path) -> Results:
    """All results of the full form that a file has. Raises RunError if it is damaged."""
    found = read_results(path, experiment.conditions(quick=False))
    return Results([Result(condition, seed, values) for (condition, seed), values in found.items()])


def _write_results(folder: Path, experiment: Experiment, known: Mapping[tuple[Condition, int], Values]) -> None:
    rows = [
        {"condition": condition.settings, "seed": seed, "values": _to_json(values)}
        for (condition, seed), values in known.items()
    ]
    origin = {"commit": commit(), "hardware": hardware(), "versions": versions()}
    RunFolder(folder).write_json(RESULTS_FILE, {"experiment": experiment.name, **origin, "results": rows})


def _to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays and tuples as lists."""
    return json.loads(json.dumps(values, default=lambda array: array.tolist()))


def _from_json(values: Mapping[str, Any]) -> Values:
    return {name: _array(value) for name, value in values.items()}


def _array(value: Any) -> np.ndarray:
    try:
        # null, which JSON has in the place of NaN, becomes NaN.
        return np.array(value, float)
    except ValueError:
        return np.array(value, str)
