"""The command `python -m bench [NAME ...]`: runs benches and prints each figure beside its target."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench.measurement import BenchFlags, Measurement, Report
from commands.command_line import nearest, parse
from console.messages import run_command, say
from console.tables import print_table
from schema.errors import UserError

# What measures memory comes before what fills this process: on Linux a child begins its peak with that of its parent.
BENCHES: Mapping[str, str] = {
    "start_up": "from the start of train.py to its first step, when all is learnt already: at most 15 s",
    "memory": "peak memory of a run on IMDB, all learnt anew: at most 3 GB",
    "time_to_accuracy": "train.py against the common tutorial: its best in half the time, 3 points more",
    "overhead": "looking inside at most a tenth of training, saving what it is resumed from 3 %",
    "writing": "target pieces a second in training, 1.8 times; decoding against a predict a piece, 50 times; 3 GB",
    "tagging": "words a second in training against padding to the longest sentence, three times; in tagging, 5,000",
    "captioning": "pictures a second against the bare network, 0.9 times; waiting at most 10 %; captions 20 times",
    "throughput": "words a second against padding to one length: 1.5 times at 400 words, twice at 1000",
}


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    names = _names(argv)
    words = argv[len(names) :]
    if {"-h", "--help"} & set(words):
        print_table("benches", ("NAME", "what it measures"), BENCHES.items())
        say("")
    for name in names:
        if name not in BENCHES:
            hint = nearest(name, BENCHES)
            raise UserError(f"there is no bench {name}; there are {', '.join(BENCHES)}{';' if hint else ''}{hint}")
    flags = parse(BenchFlags, words, "python -m bench")
    found: dict[str, Report] = {}
    for name in names or BENCHES:
        report = import_module(f"bench.{name}").measure(flags)
        found[name] = report
        _show(name, report, flags)
        # After each: what took an hour is not lost to what comes next.
        if flags.json:
            _write(flags.json, found, flags)
    return 0


def _names(argv: Sequence[str]) -> list[str]:
    """The words before the first flag."""
    names: list[str] = []
    for word in argv:
        if word.startswith("-"):
            break
        names.append(word)
    return names


def _show(name: str, report: Report, flags: BenchFlags) -> None:
    for title, header, rows in report.tables:
        print_table(title, header, [[_shown(cell) for cell in row] for row in rows])
        say("")
    rows = [(figure.what, _amount(figure), _target(figure), _verdict(figure, flags)) for figure in report.figures]
    print_table(f"{name}: targets", ("what", "measured", "target", "verdict"), rows)
    say("")


def _shown(cell: str | int | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}"


def _amount(figure: Measurement) -> str:
    return "never" if figure.value is None else f"{figure.value:,.2f} {figure.unit}"


def _target(figure: Measurement) -> str:
    return f"{'at most' if figure.at_most else 'at least'} {figure.target:,g} {figure.unit}"


def _verdict(figure: Measurement, flags: BenchFlags) -> str:
    if not flags.judged:
        return "not judged: not the whole data set"
    return "met" if figure.met else "missed"


def _write(path: Path, found: Mapping[str, Report], flags: BenchFlags) -> None:
    from training.environment import clean_commit, hardware, versions
    from training.run_folder import RunFolder

    content = {
        "quick": flags.quick,
        "limit": flags.examples,
        "judged": flags.judged,
        "commit": clean_commit(),
        "hardware": hardware(),
        "versions": versions(),
        "benches": {name: _for_programs(report) for name, report in found.items()},
    }
    RunFolder(path.parent).write_json(path.name, content)


def _for_programs(report: Report) -> Mapping[str, object]:
    return {
        "figures": [{**asdict(figure), "met": figure.met} for figure in report.figures],
        "tables": [
            {"title": title, "rows": [dict(zip(header, row, strict=True)) for row in rows]}
            for title, header, rows in report.tables
        ],
    }


if __name__ == "__main__":
    raise SystemExit(run_command(main))
