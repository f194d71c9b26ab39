"""The command `python -m bench [NAME ...]`: run benchmarks and print each measurement with its target."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench.measurement import BenchFlags, Measurement, Report
from commands.command_line import nearest, parse
from console.messages import run_command, say
from console.tables import print_table
from schema.errors import UserError
from schema.scores import TableValue
from training.environment import commit, hardware, versions
from training.run_folder import RunFolder

# The benchmarks of memory come first: on Linux the peak memory of a child process starts at that of its parent.
BENCHES: Mapping[str, str] = {
    "start_up": "time from the start of train.py to the first step, with everything cached: at most 15 s",
    "memory": "peak memory of a training run on IMDB, with nothing cached: at most 3 GB",
    "time_to_accuracy": "training compared with a popular tutorial: its best accuracy in half the time, 3 points more",
    "overhead": "CPU time of the TensorBoard log and of checkpoints: at most 10 % and 3 % of the training",
    "text_generation": "speed of training and decoding a translation model, and peak memory: at most 3 GB",
    "tagging": "speed of training and prediction of a tagger: 3 times padding to one length, 5,000 words/s",
    "raw_text": "words and parts of speech found in raw text: at least 99 % of the words, at most 1 point lost",
    "captioning": "speed of image features and captions; waiting for features: at most 10 % of the training",
    "throughput": "speed of training a text classifier: 1.5 to 2 times padding to one length",
}
ENDURANCE = "endurance"
NAMED_ONLY: Mapping[str, str] = {
    ENDURANCE: "only if named: trainings killed in every phase, spoilt files, a full disk: nothing may be lost",
}


def main(argv: Sequence[str]) -> int:
    """Run the command and return the exit status: 1 if endurance lost anything."""
    known = {**BENCHES, **NAMED_ONLY}
    names = _names(argv)
    arguments = argv[len(names) :]
    if {"-h", "--help"} & set(arguments):
        print_table("benchmarks", ("NAME", "measures"), known.items())
        say("")
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            raise UserError(f"there is no bench {name}; there are {', '.join(known)}{';' if hint else ''}{hint}")
    flags = parse(BenchFlags, arguments, "python -m bench")
    reports: dict[str, Report] = {}
    for name in names or BENCHES:
        report = import_module(f"bench.{name}").measure(flags)
        reports[name] = report
        _print_report(name, report, flags)
        # After each one, so that an error in the next one does not lose the measurements of an hour.
        if flags.json:
            _write_json(flags.json, reports, flags)
    lost = ENDURANCE in reports and not all(each.met for each in reports[ENDURANCE].results)
    return int(lost)


def _names(argv: Sequence[str]) -> list[str]:
    """The arguments before the first flag."""
    names: list[str] = []
    for argument in argv:
        if argument.startswith("-"):
            break
        names.append(argument)
    return names


def _print_report(name: str, report: Report, flags: BenchFlags) -> None:
    for table in report.tables:
        print_table(table.title, table.header, [[_format(value) for value in row] for row in table.rows])
        say("")
    rows = [(each.name, _format_value(each), _format_target(each), _verdict(each, flags)) for each in report.results]
    print_table(f"{name}: targets", ("measurement", "value", "target", "verdict"), rows)
    say("")


def _format(value: TableValue) -> str:
    return value if isinstance(value, str) else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _format_value(measurement: Measurement) -> str:
    return "never" if measurement.value is None else f"{measurement.value:,.2f} {measurement.unit}"


def _format_target(measurement: Measurement) -> str:
    return f"{'at most' if measurement.at_most else 'at least'} {measurement.target:,g} {measurement.unit}"


def _verdict(measurement: Measurement, flags: BenchFlags) -> str:
    if not flags.full_data:
        return "none: not the full data set"
    return "met" if measurement.met else "missed"


def _write_json(path: Path, reports: Mapping[str, Report], flags: BenchFlags) -> None:
    content = {
        "quick": flags.quick,
        "limit": flags.examples,
        "full_data": flags.full_data,
        "commit": commit(),
        "hardware": hardware(),
        "versions": versions(),
        "benches": {name: _to_json(report) for name, report in reports.items()},
    }
    RunFolder(path.parent).write_json(path.name, content)


def _to_json(report: Report) -> Mapping[str, object]:
    return {
        "measurements": [{**asdict(measurement), "met": measurement.met} for measurement in report.results],
        "tables": [
            {"title": table.title, "rows": [dict(zip(table.header, row, strict=True)) for row in table.rows]}
            for table in report.tables
        ],
    }


if __name__ == "__main__":
    raise SystemExit(run_command(main))
