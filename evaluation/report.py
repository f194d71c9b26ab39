"""Reports of a run: `report.md` with its figures, and a few lines for the terminal.

All text from a user or a data set passes through `_plain`, so that it cannot become markup of the report.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from console.count import counted
from console.files import atomic_write
from console.interlinear import named_rows
from console.messages import tolerated
from console.tables import markdown_table, plain_table
from evaluation import plots
from evaluation.comparison import compare_with_baselines
from evaluation.scores import SCORES, UNDEFINED, format_interval, format_score
from schema.records import EpochRecord, IntervalsBySplit, Metrics, ScoresBySplit, Summary
from schema.scores import ScoredExample, Scores, Table, TableValue
from schema.text import one_line, shorten

NUM_EXAMPLES = 5
"""Number of best, and of worst, predictions in the report."""
MAX_TEXT_LENGTH = 120
"""Characters of a text in the report; the middle of a longer one is left out."""
INSIDE_FIGURES = {
    "cell_over_time": "Mean activation of the gates of the first recurrent layer at each time step, after each epoch.",
    "gradient_state_(forward|backward)": "Gradient of the last state with respect to the input of each earlier step: "
    "how far back the state remembers. LSTM multiplies the gradient at each step by its forget gate, at first 0.73, "
    "and GRU by its update gate, at first 0.5; before training SimpleRNN's reaches farthest if its inputs are small.",
    "gradient_loss": "Gradient of the loss with respect to the input of each step: what the training learns from.",
    "states_(forward|backward)": "One validation example, read step by step: each gate and state of each unit, those "
    "with the longest memory at the top.",
    "attention_[12]": "Attention of the best epoch: each output token over the tokens of the source.",
    "caption_[12]": "Attention of the best epoch: each word of a caption over the regions of the image.",
    "transitions": "Transition scores of the conditional random field (CRF) in the best epoch.",
}
"""Name, as a regular expression, of figures that the training left in `plots/` -> what they show."""
MAX_BASELINES_IN_TERMINAL = 4
OVERLAP = " also in "
"""Part of the names of those `Metrics.counts` that count duplicates between splits."""
EARLY_STOPS = {
    "interrupt": "it was interrupted",
    "time budget": "it used up its time budget",
    "divergence": "it diverged (the loss was NaN or infinite)",
}
"""`Metrics.stop_reason` of a run that ended early -> why."""


def write_report(
    folder: Path,
    metrics: Metrics,
    history: Sequence[EpochRecord],
    scores: Mapping[str, Scores],
    examples: Sequence[ScoredExample],
    config: Mapping[str, object],
) -> None:
    """Write `folder`/report.md, and then `folder`/plots/*.png; each file is replaced atomically.

    scores: split -> scores; the split of the primary metric is shown in detail
    examples: examples of that split with their predictions
    Sections without content (no finished epoch, no confusion matrix, few examples) are left out or say so; a figure
    that cannot be drawn is one line there.
    """
    split_scores = scores.get(metrics.primary_metric.split)

    def write_text(figures: Mapping[str, str]) -> None:
        sections = [
            *_opening(metrics, config),
            *_score_tables(metrics),
            *_notes(metrics, split_scores),
            *_breakdowns(metrics, split_scores, figures),
            *_training(metrics, history, figures),
            *_inside(folder / "plots"),
            *_example_tables(examples),
            *_reproduction(metrics, config),
            *_score_descriptions(metrics),
        ]
        text = "\n\n".join(sections) + "\n"
        atomic_write(folder / "report.md", lambda path: path.write_text(text, encoding="utf-8"))

    figures = _figures(metrics, history, split_scores)
    markdown = {name: _figure_link(name) for name in figures}
    write_text(markdown)
    failed = [name for name, save in figures.items() if not _is_saved(save, folder / "plots" / f"{name}.png")]
    if failed:
        write_text({name: figure for name, figure in markdown.items() if name not in failed})


def short_report(metrics: Metrics) -> str:
    """At most a dozen lines for the terminal: the primary metric of network and baselines, and their comparison."""
    name, split = metrics.primary_metric.name, metrics.primary_metric.split
    others = [other for other in metrics.scores if other != split][:2]
    table = [
        [
            system,
            _format_value(values.get(split, {}), name),
            format_interval(intervals.get(split, {}), name),
            *(_format_value(values.get(other, {}), name) for other in others),
        ]
        for system, values, intervals in _systems(metrics)[: 1 + MAX_BASELINES_IN_TERMINAL]
    ]
    cpu_seconds = metrics.seconds.get("training_cpu")
    cpu_time = "" if cpu_seconds is None else f", {cpu_seconds / 60:.1f} minutes of CPU time"
    lines = [
        f"{metrics.task} ({metrics.rnn_type}), {metrics.cell}, {metrics.dataset}, seed {metrics.seed}",
        plain_table([name, split, "95 % interval", *others], table),
        _comparison(metrics),
        f"{counted(metrics.epochs, 'epochs')} (best: {metrics.best_epoch}), "
        f"{counted(metrics.parameters, 'parameters')}{cpu_time}",
        *_warnings(metrics),
    ]
    return "\n".join(lines)


def summary_report(summary: Summary) -> str:
    """Lines for the terminal: each seed, mean, standard deviation, confidence interval, and the best baseline."""
    name, mean = summary.primary_metric.name, summary.primary_metric.value
    rows = [[f"seed {seed}", format_score(name, value)] for seed, value in summary.values.items()]
    rows += [[f"seed {seed}", "failed"] for seed in summary.failed]
    rows += [[f"baseline {baseline}", format_score(name, value)] for baseline, value in summary.baselines.items()]
    deviation = f" ± {format_score(name, summary.deviation)}" if math.isfinite(summary.deviation) else ""
    interval = format_interval({name: summary.interval}, name)
    lines = [
        f"{summary.task}, {summary.cell}, {summary.dataset}: {counted(len(summary.values), 'seeds')}",
        plain_table(["", f"{summary.primary_metric.split} {name}"], rows),
        f"mean {format_score(name, mean)}{deviation} (sample standard deviation), 95 % interval {interval}",
        compare_with_baselines(name, mean, summary.baselines),
    ]
    return "\n".join(lines)


def _figures(
    metrics: Metrics, history: Sequence[EpochRecord], scores: Scores | None
) -> Mapping[str, Callable[[Path], None]]:
    """The figures for which there are data: name -> function that saves it to a path."""
    figures: dict[str, Callable[[Path], None]] = {}
    if history:
        figures["learning_curves"] = partial(plots.save_learning_curves, history, metrics.primary_metric.name)
    if scores and scores.confusion and scores.confusion.labels:
        figures["confusion_matrix"] = partial(plots.save_confusion_matrix, scores.confusion)
    by_length = _length_table(scores)
    if by_length:
        figures["score_by_length"] = partial(plots.save_score_by_length, by_length)
    return figures


def _is_saved(save: Callable[[Path], None], path: Path) -> bool:
    with tolerated(str(path), "is missing"):
        save(path)
        return True
    return False


def _figure_link(name: str) -> str:
    return f"![{name.replace('_', ' ')}](plots/{name}.png)"


def _length_table(scores: Scores | None) -> Table | None:
    tables = scores.tables if scores else ()
    return next((table for table in tables if table.title.endswith(" by length") and table.rows), None)


def _opening(metrics: Metrics, config: Mapping[str, object]) -> Iterator[str]:
    yield f"# {_plain(metrics.task)}: {_plain(metrics.cell)} on {_plain(metrics.dataset)}"
    for warning in _warnings(metrics):
        yield f"> **{_plain(warning)}**"
    source = _plain(_readable_source(metrics.source, config))
    yield f"{_plain(_title(metrics.rnn_type))}; data: {source}; seed {metrics.seed}. Scores in percent."
    yield f"**{_plain(_comparison(metrics))}**"


def _readable_source(source: str, config: Mapping[str, object]) -> str:
    """The names of the user's own files in place of the checksum by which the run knows them."""
    files = [config.get(name) for name in ("train_file", "validation_file", "test_file")]
    return ", ".join(Path(str(file)).name for file in files if file) or source


def _warnings(metrics: Metrics) -> Iterator[str]:
    """Restrictions that a reader must know before any number."""
    if metrics.synthetic:
        yield "Trained and evaluated on synthetic data: the scores are not meaningful."
    if metrics.quick:
        yield "Quick run with few examples, a small model and little training: the scores are not meaningful."
    if metrics.primary_metric.split != "test":
        yield f"Test set not scored: {metrics.primary_metric.split} scores, optimistically biased."
    if metrics.stop_reason in EARLY_STOPS:
        yield f"Training ended early: {EARLY_STOPS[metrics.stop_reason]}; epochs started: {metrics.epochs}."


def _comparison(metrics: Metrics) -> str:
    name, split = metrics.primary_metric.name, metrics.primary_metric.split
    baselines = {
        baseline: values[split][name] for baseline, values in metrics.baselines.items() if name in values.get(split, {})
    }
    return compare_with_baselines(name, metrics.primary_metric.value, baselines, metrics.comparisons.get(split))


def _systems(metrics: Metrics) -> list[tuple[str, ScoresBySplit, IntervalsBySplit]]:
    """The network, then the baselines, best first by the primary metric; those without a value come last."""
    name, split = metrics.primary_metric.name, metrics.primary_metric.split
    best_first = sorted(
        metrics.baselines,
        key=lambda baseline: metrics.baselines[baseline].get(split, {}).get(name, -math.inf),
        reverse=True,
    )
    baselines = [
        (baseline, metrics.baselines[baseline], metrics.baseline_intervals.get(baseline, {})) for baseline in best_first
    ]
    return [("network", metrics.scores, metrics.intervals), *baselines]


def _score_tables(metrics: Metrics) -> Iterator[str]:
    """One table for each split, that of the primary metric first; the columns are the scores of the network."""
    yield "## Scores and baselines"
    primary_split = metrics.primary_metric.split
    for split in [primary_split, *(other for other in metrics.scores if other != primary_split)]:
        names = list(metrics.scores.get(split, {}))
        if not names:
            continue
        rows = []
        for system, values, intervals in _systems(metrics):
            if split in values:
                rows.append([system, *(_format_value(values[split], name) for name in names)])
            if bounds := intervals.get(split):
                rows.append([f"{system}, 95 % interval", *(format_interval(bounds, name) for name in names)])
        if split == primary_split:
            rows += [
                [
                    f"published: {result.system} ({result.source})",
                    *(_format_value(result.scores, name) for name in names),
                ]
                for result in metrics.published_results
            ]
        examples = f" ({counted(metrics.counts[split], 'examples')})" if split in metrics.counts else ""
        yield f"### {_plain(_title(split))}{examples}"
        yield _markdown([_plain(split), *map(_score_title, names)], rows)


def _score_title(name: str) -> str:
    return _plain(name if SCORES[name].higher_is_better else f"{name} (lower is better)")


def _format_value(values: Mapping[str, float], name: str) -> str:
    return format_score(name, values[name]) if name in values else UNDEFINED


def _notes(metrics: Metrics, scores: Scores | None) -> Iterator[str]:
    """Notes, then the duplicates between the official splits of the data set."""
    notes = list(dict.fromkeys((*metrics.notes, *(scores.notes if scores else ()))))
    overlaps = {name: count for name, count in metrics.counts.items() if OVERLAP in name}
    if notes:
        yield "## Notes"
        yield "\n".join(f"- {_plain(note)}" for note in notes)
    if overlaps:
        yield "## Overlap of the official splits"
        yield _markdown(["overlap", "examples"], [[name, f"{count:,}"] for name, count in overlaps.items()])


def _breakdowns(metrics: Metrics, scores: Scores | None, figures: Mapping[str, str]) -> Iterator[str]:
    if scores is None:
        return
    for table in scores.tables:
        yield f"## {_plain(_title(table.title))} ({_plain(metrics.primary_metric.split)})"
        if table is _length_table(scores):
            yield from _figure(figures, "score_by_length")
        yield _markdown([_plain(name) for name in table.header], [list(map(_format_cell, row)) for row in table.rows])
    if scores.confusion and scores.confusion.labels:
        yield f"## Confusion matrix ({_plain(metrics.primary_metric.split)})"
        yield from _figure(figures, "confusion_matrix")


def _figure(figures: Mapping[str, str], name: str) -> Iterator[str]:
    yield figures.get(name, "The figure could not be drawn.")


def _format_cell(value: TableValue) -> str:
    """Floats are fractions and are displayed x 100."""
    if isinstance(value, float):
        return f"{100 * value:.2f}" if math.isfinite(value) else UNDEFINED
    return f"{value:,}" if isinstance(value, int) else value


def _training(metrics: Metrics, history: Sequence[EpochRecord], figures: Mapping[str, str]) -> Iterator[str]:
    yield "## Training"
    if history:
        yield from _figure(figures, "learning_curves")
    else:
        yield "No epoch was finished."
    rows = {
        "epochs": f"{metrics.epochs} (best: {metrics.best_epoch}; stop reason: {metrics.stop_reason})",
        "parameters": f"{metrics.parameters:,}",
        "padding": f"{100 * metrics.padding:.1f} % of the time steps",
        "peak memory": f"{metrics.peak_memory_mb:,.0f} MB",
        **{f"seconds, {name.replace('_', ' ')}": f"{value:,.1f}" for name, value in metrics.seconds.items()},
        **{f"examples, {name}": f"{count:,}" for name, count in metrics.counts.items() if OVERLAP not in name},
    }
    yield _markdown(["property", "value"], [list(row) for row in rows.items()])


def _inside(plots_folder: Path) -> Iterator[str]:
    """The newest figures of gates, gradients and attention; a run without diagnostics has none."""
    names = sorted(path.stem for path in plots_folder.glob("*.png"))
    found = {text: [name for name in names if re.fullmatch(pattern, name)] for pattern, text in INSIDE_FIGURES.items()}
    if any(found.values()):
        yield "## Inside the network (validation)"
    for text, matching in found.items():
        if matching:
            yield _plain(text)
            yield from (_figure_link(name) for name in matching)


def _example_tables(examples: Sequence[ScoredExample]) -> Iterator[str]:
    """The best and the worst predictions; all of them if there are few."""
    if not examples:
        return
    ordered = sorted(examples, key=lambda example: example.score, reverse=True)
    if len(ordered) < 2 * NUM_EXAMPLES:
        sections = {"Predictions, best first": ordered}
    else:
        sections = {"Best predictions": ordered[:NUM_EXAMPLES], "Worst predictions": ordered[: -NUM_EXAMPLES - 1 : -1]}
    for title, chosen in sections.items():
        yield f"## {title}"
        yield from _aligned(chosen) if all(example.rows for example in chosen) else [_example_table(chosen)]


def _example_table(examples: Sequence[ScoredExample]) -> str:
    rows = [
        [_format_cell(float(example.score)), *map(_shortened, (example.reference, example.prediction, example.input))]
        for example in examples
    ]
    return _markdown(["score", "reference", "prediction", "input"], rows)


def _aligned(examples: Sequence[ScoredExample]) -> Iterator[str]:
    """Tagged sentences, with each tag below its word."""
    for example in examples:
        yield f"Score {_format_cell(float(example.score))}:"
        yield _code_block(named_rows(example.rows))


def _reproduction(metrics: Metrics, config: Mapping[str, object]) -> Iterator[str]:
    yield "## Reproduce"
    yield _code_block(f"python {metrics.command}")
    yield _markdown(["setting", "value"], [[name, _shortened(str(value))] for name, value in config.items()])
    yield _markdown(["software", "version"], [list(item) for item in metrics.versions.items()])
    machine = {"commit": metrics.commit or "not in a git repository", **metrics.hardware}
    yield _markdown(["code and machine", "value"], [[name, str(value)] for name, value in machine.items()])


def _score_descriptions(metrics: Metrics) -> Iterator[str]:
    """What each score of the network measures, in the order of `SCORES`."""
    occurring = {name for values in metrics.scores.values() for name in values}
    if occurring:
        yield "## Scores explained"
        yield "\n".join(f"- {_plain(name)}: {_plain(SCORES[name].description)}" for name in SCORES if name in occurring)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of plain texts; the header may hold markup."""
    return markdown_table(header, [[_plain(cell) for cell in row] for row in rows])


def _title(text: str) -> str:
    return text[:1].upper() + text[1:].replace("_", " ")


def _shortened(text: str) -> str:
    return shorten(one_line(text), MAX_TEXT_LENGTH)


# Characters that are markup in Markdown or HTML anywhere in a line; entities are always text.
_ENTITIES = {ord(char): f"&#{ord(char)};" for char in r"&<>|\`*[]~$@"}


def _plain(text: str) -> str:
    """Any text as one line that Markdown renders unchanged: no markup, no HTML, no link, no new table cell."""
    one_line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    # An underscore within a word, as in nb_bigrams, is not markup and stays readable.
    escaped = re.sub(r"(?<![^\W_])_|_(?![^\W_])", "&#95;", one_line.translate(_ENTITIES))
    # GitHub makes links of bare addresses; an entity in them prevents that.
    return re.sub(r"(?i)\bwww\.", lambda match: f"{match[0][:-1]}&#46;", escaped.replace("://", "&#58;//"))


def _code_block(text: str) -> str:
    """A fenced code block; the fence is longer than any sequence of backticks in the text."""
    max_backticks = max((len(backticks) for backticks in re.findall("`+", text)), default=0)
    fence = "`" * max(3, max_backticks + 1)
    return f"{fence}\n{text}\n{fence}"
