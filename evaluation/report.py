"""A run as people read it: `report.md` with its pictures, and a few lines for the terminal.

Whatever comes from a user or a data set passes through `_plain`: a report never becomes markup that its data wrote.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from console.files import atomic_write
from console.tables import markdown_table, plain_table
from evaluation import plots
from evaluation.comparison import compare_with_baselines
from evaluation.scores import SCORES, UNDEFINED, format_interval, format_score
from schema.records import EpochRecord, IntervalsBySplit, Metrics, ScoresBySplit, Summary
from schema.scores import ScoredExample, Scores, Table, TableValue

SHOWN_SAMPLES = 5
"""So many of the best answers, and as many of the worst."""
LONGEST_TEXT = 300
"""Characters of a text in the report; the middle of a longer one is left out."""
BASELINES_IN_SHORT = 4
OVERLAP = " also in "
"""Stands in the names of those `Metrics.counts` that say what two splits share."""
ENDINGS = {
    "interrupt": "was interrupted",
    "time budget": "used up its time budget",
    "divergence": "ended because its loss was no longer a number",
}
"""How a run ends early, as `Metrics.stop_reason` -> what the run did."""


def write_report(
    folder: Path,
    metrics: Metrics,
    history: Sequence[EpochRecord],
    scores: Mapping[str, Scores],
    samples: Sequence[ScoredExample],
    config: Mapping[str, object],
) -> None:
    """Write `folder`/report.md and `folder`/plots/*.png; each file is replaced whole.

    scores: split -> scores; the headline's split is shown in full. samples: answers to that split
    A part that has nothing to show (no epoch ended, no confusion, few samples) is left out or says so.
    """
    judged = scores.get(metrics.primary_metric.split)
    pictures = _draw(folder / "plots", metrics, history, judged)
    sections = [
        *_opening(metrics),
        *_score_tables(metrics),
        *_notes(metrics, judged),
        *_breakdowns(metrics, judged, pictures),
        *_training(metrics, history, pictures),
        *_sample_tables(samples),
        *_repeat(metrics, config),
    ]
    text = "\n\n".join(sections) + "\n"
    atomic_write(folder / "report.md", lambda path: path.write_text(text, encoding="utf-8"))


def short_report(metrics: Metrics) -> str:
    """At most a dozen plain lines for the terminal: the headline score beside its baselines, and who won."""
    name, split = metrics.primary_metric.name, metrics.primary_metric.split
    others = [other for other in metrics.scores if other != split][:2]
    table = [
        [
            who,
            _value_of(values.get(split, {}), name),
            format_interval(intervals.get(split, {}), name),
            *(_value_of(values.get(other, {}), name) for other in others),
        ]
        for who, values, intervals in _systems(metrics)[: 1 + BASELINES_IN_SHORT]
    ]
    header = [name, split, "95 % interval", *others]
    cpu = metrics.seconds.get("training_cpu")
    spent = "" if cpu is None else f", {cpu / 60:.1f} minutes of CPU time"
    lines = [
        f"{metrics.task} ({metrics.rnn_type}), {metrics.cell}, {metrics.dataset}, seed {metrics.seed}",
        plain_table(header, table),
        _verdict(metrics),
        f"{metrics.epochs} epochs, the best is {metrics.best_epoch}; {metrics.parameters:,} weights{spent}",
        *_warnings(metrics),
    ]
    return "\n".join(lines)


def summary_report(summary: Summary) -> str:
    """Plain lines for the terminal: each seed, their mean, deviation and interval, and the best baseline."""
    name = summary.primary_metric.name
    rows = [[f"seed {seed}", format_score(name, value)] for seed, value in summary.values.items()]
    rows += [[f"seed {seed}", "failed"] for seed in summary.failed]
    rows += [[f"baseline {who}", format_score(name, value)] for who, value in summary.baselines.items()]
    deviation = f" ± {format_score(name, summary.deviation)}" if math.isfinite(summary.deviation) else ""
    interval = format_interval({name: summary.interval}, name)
    lines = [
        f"{summary.task}, {summary.cell}, {summary.dataset}: {len(summary.values)} seeds",
        plain_table(["", f"{summary.primary_metric.split} {name}"], rows),
        f"mean {format_score(name, summary.primary_metric.value)}{deviation} (sample deviation), 95 % interval {interval}",
        compare_with_baselines(name, summary.primary_metric.value, summary.baselines),
    ]
    return "\n".join(lines)


def _draw(folder: Path, metrics: Metrics, history: Sequence[EpochRecord], judged: Scores | None) -> Mapping[str, str]:
    """Draw what there is; name of the picture -> its place beside report.md."""
    drawn = []
    if history:
        plots.learning_curves(history, metrics.primary_metric.name, folder / "learning_curves.png")
        drawn.append("learning_curves")
    if judged and judged.confusion and judged.confusion.labels:
        plots.confusion_matrix(judged.confusion, folder / "confusion_matrix.png")
        drawn.append("confusion_matrix")
    by_length = _length_table(judged)
    if by_length:
        plots.score_by_length(by_length, folder / "score_by_length.png")
        drawn.append("score_by_length")
    return {name: f"![{name.replace('_', ' ')}](plots/{name}.png)" for name in drawn}


def _length_table(judged: Scores | None) -> Table | None:
    tables = judged.tables if judged else ()
    return next((table for table in tables if table.title.endswith(" by length") and table.rows), None)


def _opening(metrics: Metrics) -> Iterator[str]:
    yield f"# {_plain(metrics.task)}: {_plain(metrics.cell)} on {_plain(metrics.dataset)}"
    for warning in _warnings(metrics):
        yield f"> **{_plain(warning)}**"
    yield (
        f"{_plain(_titled(metrics.rnn_type))}; examples from {_plain(metrics.source)}; seed {metrics.seed}. "
        "Shares are shown x 100."
    )
    yield f"**{_plain(_verdict(metrics))}**"


def _warnings(metrics: Metrics) -> Iterator[str]:
    """What a reader must know before any number."""
    if metrics.synthetic:
        yield "The examples are synthetic (the synthetic data); a score on them is no result."
    if metrics.quick:
        yield "A quick look: few examples, a small model and little training; its score is no result."
    if metrics.primary_metric.split != "test":
        yield f"Test was not scored; the scores are those of {metrics.primary_metric.split}, on which choices were made."
    if metrics.stop_reason in ENDINGS:
        yield f"The run ended early: it {ENDINGS[metrics.stop_reason]}; epochs begun: {metrics.epochs}."


def _verdict(metrics: Metrics) -> str:
    name, split = metrics.primary_metric.name, metrics.primary_metric.split
    rivals = {who: values[split][name] for who, values in metrics.baselines.items() if name in values.get(split, {})}
    return compare_with_baselines(name, metrics.primary_metric.value, rivals)


def _systems(metrics: Metrics) -> list[tuple[str, ScoresBySplit, IntervalsBySplit]]:
    """The network, then the baselines, the highest headline score first and those without one last."""
    name, split = metrics.primary_metric.name, metrics.primary_metric.split
    best_first = sorted(
        metrics.baselines, key=lambda who: metrics.baselines[who].get(split, {}).get(name, -math.inf), reverse=True
    )
    rivals = [(who, metrics.baselines[who], metrics.baseline_intervals.get(who, {})) for who in best_first]
    return [("network", metrics.scores, metrics.intervals), *rivals]


def _score_tables(metrics: Metrics) -> Iterator[str]:
    """One table for each split, the headline's first; its columns are the scores of the network."""
    yield "## Scores beside the baselines"
    judged = metrics.primary_metric.split
    for split in [judged, *(other for other in metrics.scores if other != judged)]:
        names = list(metrics.scores.get(split, {}))
        if not names:
            continue
        cells = []
        for who, values, intervals in _systems(metrics):
            if split in values:
                cells.append([who, *(_value_of(values[split], name) for name in names)])
            if trusted := intervals.get(split):
                cells.append([f"{who}, 95 % interval", *(format_interval(trusted, name) for name in names)])
        if split == judged:
            cells += [
                [f"quoted: {quote.system} ({quote.source})", *(_value_of(quote.scores, name) for name in names)]
                for quote in metrics.published_results
            ]
        examples = f" ({metrics.counts[split]:,} examples)" if split in metrics.counts else ""
        yield f"### {_plain(_titled(split))}{examples}"
        yield _markdown([_plain(split), *map(_score_title, names)], cells)


def _score_title(name: str) -> str:
    return _plain(name if SCORES[name].higher_is_better else f"{name} (lower is better)")


def _value_of(values: Mapping[str, float], name: str) -> str:
    return format_score(name, values[name]) if name in values else UNDEFINED


def _notes(metrics: Metrics, judged: Scores | None) -> Iterator[str]:
    """Sentences, then what the data set's own splits share."""
    notes = list(dict.fromkeys((*metrics.notes, *(judged.notes if judged else ()))))
    overlaps = {name: count for name, count in metrics.counts.items() if OVERLAP in name}
    if notes:
        yield "## Notes"
        yield "\n".join(f"- {_plain(note)}" for note in notes)
    if overlaps:
        yield "## What the official splits share"
        yield _markdown(["overlap", "examples"], [[name, f"{count:,}"] for name, count in overlaps.items()])


def _breakdowns(metrics: Metrics, judged: Scores | None, pictures: Mapping[str, str]) -> Iterator[str]:
    if judged is None:
        return
    for table in judged.tables:
        yield f"## {_plain(_titled(table.title))} ({_plain(metrics.primary_metric.split)})"
        if table is _length_table(judged):
            yield pictures["score_by_length"]
        yield _markdown([_plain(name) for name in table.header], [list(map(_cell, row)) for row in table.rows])
    if "confusion_matrix" in pictures:
        yield f"## Confusions ({_plain(metrics.primary_metric.split)})"
        yield pictures["confusion_matrix"]


def _cell(value: TableValue) -> str:
    """Floats are shares and shown x 100."""
    if isinstance(value, float):
        return f"{100 * value:.2f}" if math.isfinite(value) else UNDEFINED
    return f"{value:,}" if isinstance(value, int) else value


def _training(metrics: Metrics, history: Sequence[EpochRecord], pictures: Mapping[str, str]) -> Iterator[str]:
    yield "## Training"
    if history:
        yield pictures["learning_curves"]
    else:
        yield "No epoch was finished."
    facts = {
        "epochs": f"{metrics.epochs} (the best is {metrics.best_epoch}; ended by {metrics.stop_reason})",
        "weights": f"{metrics.parameters:,}",
        "padding": f"{100 * metrics.padding:.1f} % of the time steps",
        "peak memory": f"{metrics.peak_memory_mb:,.0f} MB",
        **{f"seconds, {name.replace('_', ' ')}": f"{value:,.1f}" for name, value in metrics.seconds.items()},
        **{f"examples, {name}": f"{count:,}" for name, count in metrics.counts.items() if OVERLAP not in name},
    }
    yield _markdown(["of this run", ""], [list(fact) for fact in facts.items()])


def _sample_tables(samples: Sequence[ScoredExample]) -> Iterator[str]:
    """The best and the worst answers; of few samples all, once."""
    if not samples:
        return
    ordered = sorted(samples, key=lambda sample: sample.score, reverse=True)
    if len(ordered) < 2 * SHOWN_SAMPLES:
        parts = {"Answers, the best first": ordered}
    else:
        parts = {"Best answers": ordered[:SHOWN_SAMPLES], "Worst answers": ordered[: -SHOWN_SAMPLES - 1 : -1]}
    for title, chosen in parts.items():
        rows = [
            [_cell(float(sample.score)), *map(_shortened, (sample.reference, sample.prediction, sample.input))]
            for sample in chosen
        ]
        yield f"## {title}"
        yield _markdown(["score", "reference", "answer", "input"], rows)


def _repeat(metrics: Metrics, config: Mapping[str, object]) -> Iterator[str]:
    yield "## To repeat it"
    yield _code_block(f"python {metrics.command}")
    yield _markdown(["setting", "value"], [[name, _shortened(str(value))] for name, value in config.items()])
    yield _markdown(["software", "version"], [list(item) for item in metrics.versions.items()])


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of plain texts; the header may hold markup."""
    return markdown_table(header, [[_plain(cell) for cell in row] for row in rows])


def _titled(text: str) -> str:
    return text[:1].upper() + text[1:].replace("_", " ")


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    half = (LONGEST_TEXT - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


# Characters that Markdown or HTML would read as markup, wherever they stand in a line; entities are always text.
_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in r"&<>|\`*[]~$@"}


def _plain(text: str) -> str:
    """Any text as one line that Markdown shows as it is: no markup, no HTML, no link, no new table cell."""
    one_line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    # An underscore within a word, as in nb_bigrams, is no markup and stays readable.
    escaped = re.sub(r"(?<![^\W_])_|_(?![^\W_])", "&#95;", one_line.translate(_ENTITIES))
    # GitHub makes links of bare addresses; an entity in the right place keeps them text.
    return re.sub(r"(?i)\bwww\.", lambda found: f"{found[0][:-1]}&#46;", escaped.replace("://", "&#58;//"))


def _code_block(text: str) -> str:
    """A fence longer than any row of backticks in the text."""
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
