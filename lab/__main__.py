"""The command `python -m lab [NAME ...]`: run experiments on what textbooks say about recurrent networks."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from commands.command_line import nearest, parse
from console.messages import run_command, say
from console.quiet import start_tensorflow
from console.tables import print_table
from lab import EXPERIMENTS
from lab.experiment import RESULTS_FILE, results_folder, run
from lab.report import REPORT_FILE, write_report
from schema.configs import Positive
from schema.errors import UserError

ALL, OVERLAY = "all", "overlay"


@dataclass(frozen=True)
class LabFlags:
    """Run an experiment: python -m lab NAME. Called again, it continues with what is missing."""

    seeds: Positive = 3
    """Number of seeds, counted from 1."""
    quick: bool = False
    """Tiny sizes, to see how an experiment works. The numbers mean nothing."""
    fresh: bool = False
    """Measure everything anew."""
    jobs: Positive = os.cpu_count() or 1
    """Trainings at a time, each in a process with one thread."""
    runs: Path = Path("runs")
    """Folder of all runs; results are written to RUNS/lab/NAME."""


def main(argv: Sequence[str]) -> int:
    """Run the command and return the exit status."""
    if argv and argv[0] == OVERLAY:
        start_tensorflow()
        return import_module(f"lab.{OVERLAY}").main(argv[1:])
    names = experiment_names(argv)
    flags = parse(LabFlags, argv[len(names) :], "python -m lab NAME")
    if not names:
        print_table("experiments", ("NAME", "claim that is tested"), EXPERIMENTS.items())
        say("\npython -m lab NAME runs one of them, python -m lab all runs all; --help lists the flags")
        return 0
    for name in EXPERIMENTS if names == [ALL] else names:
        run_experiment(name, flags)
    return 0


def run_experiment(name: str, flags: LabFlags) -> None:
    """Run one experiment, write its report and print its table and its finding."""
    start_tensorflow()
    experiment = import_module(f"lab.{name}").EXPERIMENT
    folder = results_folder(flags.runs, name, flags.quick)
    if flags.fresh:
        (folder / RESULTS_FILE).unlink(missing_ok=True)
    results = run(experiment, flags.runs, flags.seeds, flags.quick, flags.jobs)
    write_report(experiment, results, folder)
    table = experiment.table(results)
    if text := experiment.text(results):
        say(f"{text}\n")
    print_table(f"{experiment.title}. {table.title}", table.header, table.rows)
    say(f"\nclaim: {experiment.claim}\nfound: {experiment.finding(results)}\nreport: {folder / REPORT_FILE}\n")


def experiment_names(argv: Sequence[str]) -> list[str]:
    """The arguments before the first flag. Raises UserError for one that is not an experiment."""
    names: list[str] = []
    for argument in argv:
        if argument.startswith("-"):
            break
        names.append(argument)
    for name in names:
        if name not in EXPERIMENTS and names != [ALL]:
            hint = nearest(name, EXPERIMENTS)
            raise UserError(
                f"there is no experiment {name}; there are {', '.join(EXPERIMENTS)}{';' if hint else ''}{hint}"
            )
    return names


if __name__ == "__main__":
    raise SystemExit(run_command(main))
