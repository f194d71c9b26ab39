"""Record the results of a run in `results/`, from which the tables of results are made.

    python -m training.record runs/sentiment/lstm-imdb-001 --variant default

Only a finished run counts, evaluated on test and trained with committed code. A run that was ended by a time budget is
named by that budget.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from console.messages import run_command, say
from evaluation.results_table import DEFAULT_VARIANT
from schema.errors import UserError
from schema.records import FORMAT
from training.environment import DIRTY
from training.run_folder import RunFolder

_PATHS = ("runs", "cache", "train_file", "validation_file", "test_file")
"""Settings that are paths. Only their last part is recorded, since other machines have other folders."""


@dataclass(frozen=True)
class RecordFlags:
    """Record the results of a run: python -m training.record RUN."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of the run."""
    variant: str = DEFAULT_VARIANT
    """Short description of the settings that differ from the task's defaults."""
    results: Path = Path("results")
    """Folder of all recorded runs."""


def record(flags: RecordFlags) -> Path:
    """Write results/TASK/CELL-DATASET-VARIANT-seed-N.json. Raises UserError for a run that does not count."""
    run = RunFolder(flags.run)
    content, metrics = run.read_json("config.json"), run.read_json("metrics.json")
    _require_result(flags, content, metrics)
    words = [metrics["cell"], metrics["dataset"], *re.findall(r"[\w-]+", flags.variant), "seed", str(metrics["seed"])]
    home, name = RunFolder(flags.results / metrics["task"]), f"{'-'.join(words)}.json"
    home.write_json(
        name,
        {
            "variant": flags.variant,
            "commit": content["commit"],
            "commit_format": FORMAT,
            "hardware": metrics["hardware"],
            "config": config_without_folders(content["config"]),
            "history": run.read_history(),
            "metrics": {**metrics, "command": command_without_folders(metrics["command"])},
        },
    )
    return home.path / name


def config_without_folders(config: Mapping[str, object]) -> Mapping[str, object]:
    """Reduce the paths of a config to their last part."""
    paths = {name: Path(value).name for name, value in config.items() if name in _PATHS and isinstance(value, str)}
    return {**config, **paths}


def command_without_folders(command: str) -> str:
    """Reduce the paths of a command line to their last part."""
    words = []
    is_path = False
    for word in shlex.split(command):
        flag, equals, value = word.partition("=")
        if is_path:
            word = Path(word).name
        elif equals and _is_path_flag(flag):
            word = f"{flag}={Path(value).name}"
        is_path = not equals and _is_path_flag(flag)
        words.append(word)
    return shlex.join(words)


def _is_path_flag(flag: str) -> bool:
    return flag.removeprefix("--").replace("-", "_") in _PATHS


def _require_result(flags: RecordFlags, content: Mapping[str, object], metrics: Mapping[str, Any]) -> None:
    if metrics["primary_metric"]["split"] != "test":
        raise UserError(f"{flags.run} was not scored on test; only finished runs are recorded")
    if str(content.get("commit") or DIRTY).endswith(DIRTY):
        raise UserError(f"{flags.run} was made from code that is not committed; commit, then run it again")
    if metrics["quick"]:
        raise UserError(f"{flags.run} was a quick run, which is not a result; train it without --quick")
    if metrics["stop_reason"] == "time budget" and flags.variant == DEFAULT_VARIANT:
        raise UserError(f'{flags.run} was ended by its time budget; name that: --variant "20-minute budget"')


def main(argv: list[str]) -> int:
    """Run the command and return the exit status."""
    say(f"wrote {record(tyro.cli(RecordFlags, args=argv))}")
    return 0


if __name__ == "__main__":
    raise SystemExit(run_command(main))
