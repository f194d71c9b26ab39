"""Record the results of experiments, and write the page of all recorded ones.

    python -m lab.page memory order      # runs/lab/NAME -> results/lab/NAME.json; then the page
    python -m lab.page                   # write docs/what-we-measured.md and docs/lab/*.png again

Only results of committed code and of all conditions and seeds are recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from commands.command_line import parse
from console.files import atomic_write
from console.messages import run_command, say
from console.quiet import start_tensorflow
from lab import EXPERIMENTS
from lab.__main__ import experiment_names
from lab.experiment import RESULTS_FILE, load_results, results_folder
from lab.report import markdown, save_figures
from schema.configs import Positive
from schema.errors import UserError
from training.environment import DIRTY
from training.run_folder import RunFolder

PAGE = "what-we-measured.md"
FIGURES = "lab"
INTRODUCTION = """# What we measured

What textbooks say about recurrent networks, and what the experiments of this project found. Each section has the claim
in a sentence, what was done, what was found, and when the claim is known or expected to hold. Findings and tables are
made from the results in [results/lab](../results/lab) by `python -m lab.page`; `python -m lab NAME` measures them anew.
A result of small networks on small data settles no claim for all networks: it shows one case, with all its conditions.
"""


@dataclass(frozen=True)
class PageFlags:
    """Record the results of experiments and write their page: python -m lab.page [NAME ...]."""

    seeds: Positive = 3
    """Number of seeds that must have been measured."""
    runs: Path = Path("runs")
    """Folder of all runs."""
    results: Path = Path("results/lab")
    """Folder of the recorded results."""
    docs: Path = Path("docs")
    """Folder of the page."""


def main(argv: Sequence[str]) -> int:
    """Run the command and return the exit status."""
    names = experiment_names(argv)
    flags = parse(PageFlags, argv[len(names) :], "python -m lab.page NAME")
    start_tensorflow()
    for name in names:
        record(name, flags)
    write_figures(flags)
    atomic_write(flags.docs / PAGE, lambda path: path.write_text(page(flags), encoding="utf-8"))
    say(f"wrote {flags.docs / PAGE}")
    return 0


def record(name: str, flags: PageFlags) -> None:
    """Copy the results of an experiment. Raises UserError if they are incomplete or of code that is not committed."""
    folder = results_folder(flags.runs, name, quick=False)
    experiment = import_module(f"lab.{name}").EXPERIMENT
    found = load_results(experiment, folder / RESULTS_FILE)
    wanted = len(experiment.conditions(quick=False)) * flags.seeds
    if len(found.results) != wanted:
        raise UserError(f"{folder} has {len(found.results)} of {wanted} results; run python -m lab {name} first")
    content = RunFolder(folder).read_json(RESULTS_FILE)
    if str(content.get("commit") or DIRTY).endswith(DIRTY):
        raise UserError(f"{folder} was measured with code that is not committed; commit, then run it with --fresh")
    RunFolder(flags.results).write_json(f"{name}.json", content)


def page(flags: PageFlags) -> str:
    """The page of all recorded experiments, in the order of `lab.EXPERIMENTS`."""
    sections = []
    for name in _recorded(flags):
        experiment = import_module(f"lab.{name}").EXPERIMENT
        results = load_results(experiment, flags.results / f"{name}.json")
        sections.append(markdown(experiment, results, f"{FIGURES}/", level="##"))
    return "\n\n".join([INTRODUCTION.rstrip(), *sections]) + "\n"


def write_figures(flags: PageFlags) -> None:
    """Draw the figures of all recorded experiments."""
    for name in _recorded(flags):
        experiment = import_module(f"lab.{name}").EXPERIMENT
        save_figures(experiment, load_results(experiment, flags.results / f"{name}.json"), flags.docs / FIGURES)


def _recorded(flags: PageFlags) -> list[str]:
    return [name for name in EXPERIMENTS if (flags.results / f"{name}.json").is_file()]


if __name__ == "__main__":
    raise SystemExit(run_command(main))
