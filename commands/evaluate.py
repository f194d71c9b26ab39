"""`evaluate.py`: evaluate a saved run on its own splits, on another data set of its task, or on a user's file."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from commands.command_line import parse
from commands.run_flags import RunFlags, merge_flags, open_run_argument, select_fields
from console.count import counted
from console.messages import say, say_json, warn
from console.progress import phase
from console.tables import print_table
from evaluation.comparison import compare_with_baselines
from evaluation.scores import format_interval, format_score
from schema.errors import RunError, UserError
from schema.examples import Example
from schema.file_format import FileFormat, given_flags
from schema.records import Baselines, Comparison
from schema.scores import Scores, SeenInTraining
from tasks.task import Encoder
from training.checkpoint import load_checkpoint
from training.run_folder import finite
from training.saved_run import SavedRun
from training.scoring import compare, score_baselines, score_split

Value = TypeVar("Value")


@dataclass(frozen=True)
class EvaluateFlags(RunFlags):
    """Evaluate a saved run: python evaluate.py RUN, where RUN is a path, TASK/NAME, NAME or latest."""

    split: Literal["validation", "test"] = "test"
    """Split of the data set to evaluate on."""
    dataset: str | None = None
    """Another data set of the same task, by name."""
    file: Path | None = None
    """Your own examples with references, in the format of --train-file."""
    baselines: bool = True
    """Compare with the baselines of the run, which are fitted again for other examples unless they are in the cache."""
    json: bool = False
    """Print the scores as JSON."""
    cache: Path | None = None
    """Folder of cached results, safe to delete. Default: $XDG_CACHE_HOME or ~/.cache."""


@dataclass(frozen=True)
class EvaluationSet:
    """The examples to evaluate on.

    name: display name
    split: name of the split in the scores of the baselines
    own: whether the run itself was evaluated on these examples
    """

    name: str
    split: str
    examples: Sequence[Example]
    own: bool


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status."""
    run, rest = open_run_argument(argv, EvaluateFlags, "evaluate.py")
    flags_type = merge_flags(EvaluateFlags, run.task.decoding_config_class, run.task.file_flags_class)
    flags = parse(flags_type, rest, "evaluate.py RUN")
    _refuse_contradictions(flags)
    # Not the cache of the run's config: the run folder may come from another machine.
    run = replace(run, config=replace(run.config, cache=flags.cache))
    if _is_resumable(run):
        command = f"python train.py --resume {shlex.quote(str(run.folder.path))}"
        warn(f"the run is not finished, so its score is preliminary; resume it: {command}")
    data = _evaluation_set(run, flags)
    seen = run.load_seen()
    model, encoder = run.load()
    with phase(f"evaluating on {data.name}"):
        config = select_fields(run.task.predict_config_class, flags)
        scores = score_split(run.task, model, encoder, seen, data.examples, config).scores
    baselines = _baselines(run, data, encoder, seen) if flags.baselines else Baselines()
    comparison = _comparison(run, data, scores, baselines)
    if flags.json:
        _print_json(run, data, scores, baselines, comparison)
    else:
        _print_tables(run, data, scores, baselines, comparison)
    return 0


def _refuse_contradictions(flags: EvaluateFlags) -> None:
    if flags.dataset and flags.file:
        raise UserError("--dataset and --file are two sources of data; use one")
    if not flags.file and (given := given_flags(flags)):
        raise UserError(f"{given[0]} requires --file")


def _is_resumable(run: SavedRun) -> bool:
    """Whether the run is unfinished and has a checkpoint; without a checkpoint, it is damaged."""
    return run.folder.stop_reason() is None and load_checkpoint(run.folder) is not None


def _evaluation_set(run: SavedRun, flags: EvaluateFlags) -> EvaluationSet:
    if flags.file:
        with phase(f"reading {flags.file}"):
            own_file = run.task.read_file(flags.file, FileFormat.of(flags))
        return EvaluationSet(str(flags.file), flags.split, own_file, own=False)
    config = run.config
    # The name of a user's file may be that of a data set.
    own = flags.dataset is None or (flags.dataset == config.dataset and not config.train_file)
    if not own:
        config = replace(config, dataset=flags.dataset, train_file=None, validation_file=None, test_file=None)
    splits = run.task.splits(config)
    examples = splits.validation if flags.split == "validation" else splits.test
    if not examples:
        raise UserError(f"{splits.dataset} has no {flags.split} split; use --split validation or --file")
    if own and splits.source != run.source:
        warn(f"{splits.dataset} has changed since the run was trained on it")
        own = False
    return EvaluationSet(f"{splits.dataset} {flags.split}", flags.split, examples, own)


def _baselines(run: SavedRun, data: EvaluationSet, encoder: Encoder[Any], seen: SeenInTraining) -> Baselines:
    """Recorded scores of the baselines on the run's own examples; otherwise, baselines are fitted again."""
    if data.own:
        if _is_resumable(run):
            return Baselines()
        recorded = run.folder.read_json("metrics.json")
        return Baselines(recorded.get("baselines", {}), recorded.get("baseline_intervals", {}))
    try:
        splits = run.task.splits(run.config)
        with phase("fitting the baselines"):
            return score_baselines(run.task, run.config, splits, {data.split: data.examples}, encoder, seen)
    except (UserError, RunError) as error:
        warn(f"no baselines: the run's training data cannot be read ({' '.join(str(error).split())})")
        return Baselines()


def _comparison(run: SavedRun, data: EvaluationSet, scores: Scores, baselines: Baselines) -> Comparison | None:
    """The test against the best baseline; on the run's own examples, the recorded one if the score is the recorded."""
    metric = run.task.primary_metric
    if not data.own:
        return compare(scores, baselines, data.split, metric)
    if not baselines.values:
        return None
    recorded = run.folder.read_json("metrics.json")
    test = recorded.get("comparisons", {}).get(data.split)
    same = recorded["scores"].get(data.split, {}).get(metric) == scores.values[metric]
    return Comparison(**test) if test and same else None


def _on_split(split: str, by_baseline: Mapping[str, Mapping[str, Mapping[str, Value]]]) -> dict[str, dict[str, Value]]:
    """Baseline -> name of the score -> value on one split, without the values that JSON stores as null."""
    return {
        name: {score: value for score, value in by_split[split].items() if value not in (None, [None, None])}
        for name, by_split in by_baseline.items()
        if split in by_split
    }


def _print_json(
    run: SavedRun, data: EvaluationSet, scores: Scores, baselines: Baselines, comparison: Comparison | None
) -> None:
    content = {
        "run": str(run.folder.path),
        "data": data.name,
        "examples": scores.examples,
        "scores": scores.values,
        "intervals": scores.intervals,
        "baselines": _on_split(data.split, baselines.values),
        "baseline_intervals": _on_split(data.split, baselines.intervals),
        "comparison": comparison and asdict(comparison),
        "notes": scores.notes,
    }
    say_json(finite(content), indent=2)


def _print_tables(
    run: SavedRun, data: EvaluationSet, scores: Scores, baselines: Baselines, comparison: Comparison | None
) -> None:
    values, intervals = _on_split(data.split, baselines.values), _on_split(data.split, baselines.intervals)
    names = tuple(scores.values)
    rows: list[tuple[str, ...]] = []
    for system, reached in {run.folder.path.name: scores.values, **values}.items():
        # A baseline without probabilities has no cross-entropy.
        rows.append((system, *(format_score(name, reached.get(name, math.nan)) for name in names)))
        if bounds := intervals.get(system, {}) if system in values else scores.intervals:
            rows.append(("  95 % interval", *(format_interval(bounds, name) for name in names)))
    print_table(f"{data.name}, {counted(scores.examples, 'examples')}", ("system", *names), rows)
    primary = run.task.primary_metric
    if by_baseline := {name: reached[primary] for name, reached in values.items() if primary in reached}:
        say(compare_with_baselines(primary, scores.values[primary], by_baseline, comparison))
    for note in scores.notes:
        say(note)
