"""`evaluate.py`: a saved run scored anew, on its own splits, another data set of its task, or a user's file."""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from commands.command_line import parse
from commands.run_flags import RunFlags, merge_flags, run_and_flags, runs_folder, select_fields
from console.messages import say, warn
from console.tables import print_table
from schema.errors import RunError, UserError
from schema.records import Baselines
from schema.scores import Scores
from training.checkpoint import load_checkpoint
from training.run_folder import finite
from training.saved_run import SavedRun, open_run


@dataclass(frozen=True)
class EvaluateFlags(RunFlags):
    """Score a saved run anew: python evaluate.py RUN, where RUN is a path, TASK/NAME, NAME or latest."""

    split: Literal["validation", "test"] = "test"
    """Which split of the data set is scored."""
    dataset: str | None = None
    """Another data set of the run's task, by name."""
    file: Path | None = None
    """Your own examples with their references, in the format of --train-file."""
    json: bool = False
    """Print the scores as JSON, for programs."""
    cache: Path | None = None
    """Folder for what can be computed again; $XDG_CACHE_HOME or ~/.cache where none is given."""


@dataclass(frozen=True)
class Question:
    """What is scored: examples with a name for people; `own` where the run was scored on it itself."""

    name: str
    part: str
    examples: Sequence[Any]
    own: bool


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    reference, rest = run_and_flags(argv)
    if reference is None:
        parse(EvaluateFlags, rest, "evaluate.py RUN")
        raise UserError("say which run: evaluate.py RUN, where RUN is a path, TASK/NAME, NAME or latest")
    run = open_run(reference, runs_folder(rest))
    flags = parse(merge_flags(EvaluateFlags, run.task.decoding_config_class), rest, "evaluate.py RUN")
    if flags.dataset and flags.file:
        raise UserError("--dataset and --file name two sources; take one")
    # Not the cache that the run names: its folder may come from elsewhere.
    run = replace(run, config=replace(run.config, cache=flags.cache))
    if _is_resumable(run):
        again = f"python train.py --resume {shlex.quote(str(run.folder.path))}"
        warn(f"the run is not finished, and its score no result; go on with it: {again}")
    question = _question(run, flags)
    encoder = run.load_encoder()

    from console.quiet import start_tensorflow

    start_tensorflow()
    from training.scoring import score_split

    # First, since a run that is not whole is found out by them.
    baselines = _baselines(run, question, encoder)
    scored = score_split(
        run.task, run.load_model(), encoder, question.examples, select_fields(run.task.decoding_config_class, flags)
    )
    _show(run, question, scored.scores, baselines, flags.json)
    return 0


def _is_resumable(run: SavedRun) -> bool:
    """Whether the run can be resumed; one without scores that cannot is damaged."""
    return run.folder.finished_by() is None and load_checkpoint(run.folder) is not None


def _question(run: SavedRun, flags: EvaluateFlags) -> Question:
    if flags.file:
        return Question(str(flags.file), flags.split, run.task.read_file(flags.file), own=False)
    config = run.config
    # A user's file may have the name of a data set.
    own = flags.dataset is None or (flags.dataset == config.dataset and not config.train_file)
    if not own:
        config = replace(config, dataset=flags.dataset, train_file=None, validation_file=None, test_file=None)
    splits = run.task.splits(config)
    examples = getattr(splits, flags.split)
    if not examples:
        raise UserError(f"{splits.dataset} has no {flags.split} split; take --split validation or --file")
    if own and splits.source != run.source:
        warn(f"{splits.dataset} is not what the run was trained on: its data have changed since")
        own = False
    return Question(f"{splits.dataset} {flags.split}", flags.split, examples, own)


def _baselines(run: SavedRun, question: Question, encoder: Any) -> Baselines:
    """Scores of the baselines: as recorded, or fitted on the run's training data where they are here."""
    if question.own:
        if _is_resumable(run):
            return Baselines()
        recorded = run.folder.read_json("metrics.json")
        return Baselines(recorded.get("baselines", {}), recorded.get("baseline_intervals", {}))
    from training.scoring import score_baselines

    try:
        splits = run.task.splits(run.config)
        return score_baselines(run.task, run.config, splits, {question.part: question.examples}, encoder)
    except (UserError, RunError) as error:
        warn(f"baselines are left out: what they are made from is not at hand ({' '.join(str(error).split())})")
        return Baselines()


def _on(part: str, by_baseline: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Baseline -> name of the score -> what is known of it on one split; JSON has null for what could not be given."""
    return {
        name: {score: known for score, known in by_part[part].items() if known not in (None, [None, None])}
        for name, by_part in by_baseline.items()
        if part in by_part
    }


def _show(run: SavedRun, question: Question, scores: Scores, baselines: Baselines, as_json: bool) -> None:
    values, intervals = _on(question.part, baselines.values), _on(question.part, baselines.intervals)
    if as_json:
        content = {
            "run": run.folder.reference,
            "data": question.name,
            "examples": scores.examples,
            "scores": scores.values,
            "intervals": scores.intervals,
            "baselines": values,
            "baseline_intervals": intervals,
            "notes": scores.notes,
        }
        say(json.dumps(finite(content), indent=2))
        return

    from evaluation.classification_baselines import verdict
    from evaluation.scores import format_interval, format_score

    names = tuple(scores.values)
    rows: list[tuple[str, ...]] = []
    for system, reached in {run.folder.path.name: scores.values, **values}.items():
        # A baseline has no surprise to measure where its answers hold no probabilities.
        rows.append((system, *(format_score(name, reached.get(name, math.nan)) for name in names)))
        if trusted := intervals.get(system, {}) if system in values else scores.intervals:
            rows.append(("  95 % interval", *(format_interval(trusted, name) for name in names)))
    print_table(f"{question.name}, {scores.examples} examples", ("system", *names), rows)
    headline = run.task.primary_metric
    if rivals := {name: reached[headline] for name, reached in values.items() if headline in reached}:
        say(verdict(headline, scores.values[headline], rivals))
    for note in scores.notes:
        say(note)
