"""Endurance: kills, signals, spoilt files and missing resources lose nothing, and no input file causes a traceback.

Trainings of all tasks on synthetic data are killed in every phase (`moments.PHASES`), resumed until they finish, and
compared with an undisturbed one: history, predictions, weights and metrics have to be equal. What the machine does not
allow, such as a mount, is left out with a line.
"""

import random
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import TypeVar, get_args

from bench.endurance.children import preload
from bench.endurance.kills import ORDERLY, Disturbed, Training, disturb
from bench.endurance.moments import PHASES
from bench.endurance.mutations import mutated_files_faults
from bench.endurance.spoiling import spoilt_entries_used, spoilt_runs_faults
from bench.endurance.surroundings import CASES, Refused, deprived_faults, full_disk_faults, random_sizes
from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import temporary_folder
from console.messages import say, warn
from schema.configs import CellName
from tasks import TASK_NAMES

SEED = 1
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Plan:
    """How much is done: pairs of task and cell, phases of each, and numbers of trials."""

    killed: Sequence[tuple[str, str]]
    signalled: Sequence[tuple[str, str]]
    phases: Sequence[str]
    seed_groups: int
    spoilt_entries: int
    spoilt_runs: int
    cases: Sequence[str]
    disks: int
    mutated_files: int


def make_plan(flags: BenchFlags) -> Plan:
    """Seconds with --quick, about ten minutes on two cores by default, and hours with --long."""
    cells = get_args(CellName)
    pairs = [(task, cell) for task in TASK_NAMES for cell in cells]
    some = [(task, cells[index % len(cells)]) for index, task in enumerate(TASK_NAMES)]
    if flags.quick:
        return Plan([("topic", "simple_rnn")], [], ["scoring"], 0, 14, 1, ["no stdout"], 0, 10)
    if flags.long:
        return Plan(pairs, pairs, list(PHASES), 3, 300, 70, list(CASES), 20, 1000)
    return Plan(some, [("topic", "gru"), ("pos", "simple_rnn")], list(PHASES), 1, 300, 14, list(CASES), 3, 100)


def measure(flags: BenchFlags) -> Report:
    """Run all parts and count what was lost."""
    plan = make_plan(flags)
    preload()
    with temporary_folder() as home:
        killed = _in_parallel(partial(_kill, plan, home), plan.killed)
        signalled = _in_parallel(partial(_signal, plan, home), plan.signalled)
        groups = _in_parallel(partial(_kill_group, plan, home), range(plan.seed_groups))
        base = Training(*plan.killed[-1], home / "killed" / "-".join(plan.killed[-1]))
        rng = random.Random(SEED)
        caches = sorted((home / "killed").glob("*/cache-whole"))
        entries, used = spoilt_entries_used(caches, plan.spoilt_entries, home / "spoilt", rng)
        spoilt = list(spoilt_runs_faults(base.run("whole"), "a word", plan.spoilt_runs, home / "spoilt-runs", rng))
        deprived = _deprived(plan, base, rng)
        mutated = [fault for part in _in_parallel(partial(_mutate, plan, home), plan.killed) for fault in part]
    disturbed = [*killed, *signalled, *groups]
    faults = [f"{each.name}: {fault}" for each in disturbed for fault in each.faults] + spoilt + deprived + mutated
    for fault in faults:
        say(fault)
    files = plan.mutated_files * len(plan.killed)
    return Report(
        [
            _table("kills (SIGKILL)", [*killed, *groups], plan.phases),
            _table("signals (SIGTERM, SIGINT, SIGHUP)", signalled, plan.phases),
            ResultTable("spoilt cache entries", ("kind", "entries"), sorted(entries.items())),
        ],
        [
            _none(f"spoilt cache entries that were used, of {sum(entries.values())}", used),
            _none(f"mutated input files with a traceback, of {files}", len(mutated)),
            _none("other faults", len(faults) - len(mutated)),
        ],
    )


def _none(name: str, count: int) -> Measurement:
    return Measurement(name, count, "", 0, at_most=True)


def _table(title: str, disturbed: Sequence[Disturbed], phases: Sequence[str]) -> ResultTable:
    hits = sum((each.hits for each in disturbed), Counter[str]())
    rows = [(phase, hits[phase]) for phase in phases]
    return ResultTable(title, ("phase", "count"), [*rows, ("all", sum(hits.values()))])


def _in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Results of `work` in forked processes, one for each core; each item has a process of its own."""
    with get_context("fork").Pool(cpu_count(), _restore_signals, maxtasksperchild=1) as pool:
        return pool.map(work, list(items), chunksize=1)


def _restore_signals() -> None:
    """Give a process of the pool the usual signal handlers, since the pool ends it by SIGTERM."""
    for number in ORDERLY:
        signal.signal(number, signal.SIG_DFL)


def _kill(plan: Plan, home: Path, pair: tuple[str, str]) -> Disturbed:
    training = Training(*pair, home / "killed" / "-".join(pair))
    return disturb(training, plan.phases, [signal.SIGKILL], random.Random(f"{SEED}{pair}"))


def _signal(plan: Plan, home: Path, pair: tuple[str, str]) -> Disturbed:
    training = Training(*pair, home / "signalled" / "-".join(pair))
    return disturb(training, plan.phases, ORDERLY, random.Random(f"{SEED}{pair}"))


def _kill_group(plan: Plan, home: Path, number: int) -> Disturbed:
    training = Training("topic", "simple_rnn", home / "groups" / str(number), seeds=2)
    phases = [phase for phase in plan.phases for _ in range(2)]
    return disturb(training, sorted(phases, key=phases.index), [signal.SIGKILL], random.Random(SEED + number))


def _mutate(plan: Plan, home: Path, pair: tuple[str, str]) -> list[str]:
    run = Training(*pair, home / "killed" / "-".join(pair)).run("whole")
    folder = home / "mutated" / "-".join(pair)
    return mutated_files_faults(run, plan.mutated_files, folder, random.Random(f"{SEED}{pair}"))


def _deprived(plan: Plan, base: Training, rng: random.Random) -> list[str]:
    """Faults of trainings that lack something; what the machine refuses is left out with a line."""
    works = {name: partial(lambda name: list(deprived_faults(base, name)), name) for name in plan.cases}
    works |= {f"{size} kB of disk": partial(full_disk_faults, base, size) for size in random_sizes(plan.disks, rng)}
    faults = []
    for name, work in works.items():
        try:
            faults += [f"{name}: {fault}" for fault in work()]
        except Refused as error:
            warn(f"{name} is left out: this machine does not allow it ({error})")
    return faults
