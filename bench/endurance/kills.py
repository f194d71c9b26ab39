"""Trainings that are killed in every phase, resumed until they finish, and compared with an undisturbed one."""

import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.endurance.children import Ended, run_forked
from bench.endurance.comparison import differences
from bench.endurance.moments import REPEATED, Moment
from commands.command_line import flags_with_values
from tasks import get_task

TINY = {
    "--units": "4",
    "--embedding-size": "8",
    "--vocab-size": "200",
    "--char-units": "4",
    "--char-embedding": "4",
    "--chunk-length": "8",
    "--batch-tokens": "400",
    "--limit": "60",
    "--epochs": "2",
    "--patience": "9",
}
"""Flags of the smallest training that has every phase; a task uses those that it has."""
LONGEST_DELAY = 0.3
MAX_RESUMES = 3
ATTEMPTS = 2
"""Number of attempts to reach a phase: that of a resumed training may be behind it."""
ORDERLY = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Disturbed:
    """A training that was disturbed: how often in each phase, and what is not as it should be."""

    name: str
    hits: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Training:
    """A tiny training of a task with a cell on synthetic data, with a folder of its own; several with `seeds`.

    errors: file for the messages of its processes, by default in `home`
    """

    task: str
    cell: str
    home: Path
    seeds: int = 1
    errors: Path | None = None

    @property
    def name(self) -> str:
        """The training in words, for a table."""
        return f"{self.task} {self.cell}{f', {self.seeds} seeds' if self.seeds > 1 else ''}"

    def run(self, name: str) -> Path:
        """Folder of the run NAME."""
        return self.home / "runs" / self.task / name

    def go_on(
        self,
        name: str,
        moment: Moment | None = None,
        number: int = signal.SIGKILL,
        prepare: Callable[[], object] = lambda: None,
        cached: bool = True,
    ) -> Ended:
        """Resume the run if it has begun, else train it; see `run_forked`.

        cached: whether it has a cache of its own instead of that of the user
        """
        folders = [f"--runs={self.home / 'runs'}", *([f"--cache={self.home / f'cache-{name}'}"] if cached else [])]
        if (self.run(name) / "config.json").exists():
            arguments = ["--resume", str(self.run(name)), *folders]
        else:
            known = flags_with_values(get_task(self.task).config_class)
            tiny = [f"{flag}={value}" for flag, value in TINY.items() if flag in known]
            chosen = ["--dataset=synthetic", f"--cell={self.cell}", f"--seeds={self.seeds}", f"--name={name}"]
            arguments = [self.task, *chosen, *tiny, *folders]
        return run_forked("train", arguments, self.errors or self.home / "errors.txt", moment, number, prepare)

    def single_runs(self, name: str) -> list[Path]:
        """The folders of its seeds."""
        run = self.run(name)
        return [run] if self.seeds == 1 else [run / f"seed-{seed}" for seed in range(1, 1 + self.seeds)]


def disturb(training: Training, phases: Sequence[str], numbers: Sequence[int], rng: random.Random) -> Disturbed:
    """Train once undisturbed, and once with a signal in each of `phases`; compare the two."""
    result = Disturbed(training.name)
    training.home.mkdir(parents=True, exist_ok=True)
    whole = training.go_on("whole")
    if whole.status:
        result.faults.append(f"undisturbed: status {whole.status}: {whole.errors[-300:]}")
        return result
    for phase in phases:
        for _ in range(ATTEMPTS):
            number = rng.choice(numbers)
            call = rng.choice((1, 2)) if phase in REPEATED else 1
            ended = training.go_on(
                "disturbed", Moment(phase, training.task, call, rng.uniform(0, LONGEST_DELAY)), number
            )
            result.hits[phase] += ended.hit
            result.faults += [f"{phase}: {fault}" for fault in _wrong_ending(ended, number)]
            if ended.hit:
                break
            # It finished before it reached the phase: the next one begins anew.
            result.faults += _finish(training)
    result.faults += _finish(training)
    return result


def _wrong_ending(ended: Ended, number: int) -> Iterator[str]:
    """Yield what is wrong with the ending of a process that got the signal, or had finished before."""
    if ended.hit and number == signal.SIGKILL:
        if ended.status != -number:
            yield f"status {ended.status} after SIGKILL"
        return
    # The run was complete already, or finished in spite of a signal at its very end.
    finished = ended.status == 0 or (ended.status == 2 and "nothing to resume" in ended.errors)
    if not finished and not (ended.hit and ended.status == 128 + number):
        yield f"status {ended.status}: {ended.errors[-300:]}"
    if len(ended.error_lines) > 1 or "unexpected" in ended.errors or "Traceback" in ended.errors:
        yield f"its errors: {ended.errors[-300:]}"


def _finish(training: Training) -> list[str]:
    """Resume the disturbed run until it is finished, and remove it; return how it differs from the undisturbed one."""
    for _ in range(MAX_RESUMES):
        ended = training.go_on("disturbed")
        if ended.status:
            break
    if "nothing to resume" not in ended.errors and not (ended.status == 0 and training.seeds > 1):
        return [f"not resumed: status {ended.status}: {ended.errors[-300:]}"]
    pairs = zip(training.single_runs("whole"), training.single_runs("disturbed"), strict=True)
    found = [difference for pair in pairs for difference in differences(*pair)]
    shutil.rmtree(training.run("disturbed"))
    return found
