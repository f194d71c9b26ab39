"""Keep a run's numbers in `results/`, from which the README's table is made.

    python -m training.record runs/sentiment/lstm-imdb-001 --variant default

A run counts only if it was finished, scored on test, and made from committed code; one that a time budget ended is
named by that budget.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from console.messages import run_command, say
from evaluation.results_table import DEFAULT_VARIANT
from schema.errors import UserError
from training.environment import hardware
from training.run_folder import RunFolder


@dataclass(frozen=True)
class RecordFlags:
    """Which run is kept, and what it stands for."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder."""
    variant: str = DEFAULT_VARIANT
    """What the run changes, in a few words; `default` where it was made with the task's defaults."""
    results: Path = Path("results")
    """Where recorded runs lie."""


def record(flags: RecordFlags) -> Path:
    """Write results/TASK/CELL-DATASET-VARIANT-seed-N.json. Raises UserError for a run that does not count."""
    folder = RunFolder(flags.run)
    described, metrics = folder.read_json("config.json"), folder.read_json("metrics.json")
    if metrics["primary_metric"]["split"] != "test":
        raise UserError(f"{flags.run} was not scored on test; only finished runs are recorded")
    if not described.get("commit"):
        raise UserError(f"{flags.run} was made from code that is not committed; commit, then run it again")
    if metrics["quick"]:
        raise UserError(f"{flags.run} was a quick look, which is no result; train it without --quick")
    if metrics["stop_reason"] == "time budget" and flags.variant == DEFAULT_VARIANT:
        raise UserError(f'{flags.run} was ended by its time budget; name that: --variant "20-minute budget"')
    words = [metrics["cell"], metrics["dataset"], *re.findall(r"[\w-]+", flags.variant), "seed", str(metrics["seed"])]
    home = RunFolder(flags.results / metrics["task"])
    name = "-".join(words) + ".json"
    home.write_json(
        name,
        {
            "variant": flags.variant,
            "commit": described["commit"],
            "hardware": hardware(),
            "config": described["config"],
            "history": folder.read_history(),
            "metrics": metrics,
        },
    )
    return home.path / name


if __name__ == "__main__":
    raise SystemExit(run_command(lambda argv: say(f"wrote {record(tyro.cli(RecordFlags, args=argv))}") or 0))
