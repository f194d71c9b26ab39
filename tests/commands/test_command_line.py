"""The command-line parser: flags of every type are parsed, and every mistake gets a plain error line."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from commands.command_line import nearest, parse
from schema import NAME, VERSION
from schema.configs import DecodingConfig, TrainingConfig, parse_duration
from schema.errors import UserError

ROOT = Path(__file__).parents[2]
PROGRAM = "train.py sentiment"
ALL = f"({PROGRAM} --help lists all)"


def read(line: str) -> TrainingConfig:
    return parse(TrainingConfig, line.split(), PROGRAM)


def refusal(line: str) -> list[str]:
    with pytest.raises(UserError) as refused:
        read(line)
    return str(refused.value).splitlines()


def test_no_arguments_give_the_defaults() -> None:
    assert read("") == TrainingConfig()


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("--cell gru", "cell", "gru"),
        ("--units 32", "units", 32),
        ("--units=32", "units", 32),
        ("--batch_tokens 500", "batch_tokens", 500),
        ("--learning-rate 1e-3", "learning_rate", 0.001),
        ("--learning-rate 1", "learning_rate", 1.0),
        ("--forget-bias -3", "forget_bias", -3.0),
        ("--no-diagnostics", "diagnostics", False),
        ("--no_test", "test", False),
        ("--no-test --test", "test", True),
        ("--dataset imdb", "dataset", "imdb"),
        ("--dataset=--imdb=x", "dataset", "--imdb=x"),
        ("--train-file a/b=c.csv", "train_file", Path("a/b=c.csv")),
        ("--limit 100", "limit", 100),
        ("--time-budget 1h30m", "time_budget", "1h30m"),
        ("--runs /some/runs", "runs", Path("/some/runs")),
        ("--units 8 --units 9", "units", 9),
        ("--units 9 --debug", "units", 9),
    ],
)
def test_a_flag_sets_only_its_field(line: str, field: str, value: object) -> None:
    config = read(line)
    assert getattr(config, field) == value
    assert type(getattr(config, field)) is type(value)
    assert config == replace(TrainingConfig(), **{field: value})


def test_other_fields_have_the_values_of_the_given_default() -> None:
    saved = TrainingConfig(cell="gru", limit=10, test=False)
    assert parse(TrainingConfig, ["--units", "7"], PROGRAM, saved) == replace(saved, units=7)


def test_a_config_without_fields_has_no_flags() -> None:
    assert parse(DecodingConfig, [], "predict.py") == DecodingConfig()
    with pytest.raises(UserError, match=r"^unknown flag --beam-size \(predict.py --help lists all\)$"):
        parse(DecodingConfig, ["--beam-size", "4"], "predict.py")


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("--unit 32", [f"unknown flag --unit; did you mean --units? {ALL}"]),
        ("--unit=32", [f"unknown flag --unit; did you mean --units? {ALL}"]),
        ("--batch_token 9", [f"unknown flag --batch_token; did you mean --batch-tokens? {ALL}"]),
        ("-units 32", [f"unknown flag -units; did you mean --units? {ALL}"]),
        ("--no-cell", [f"unknown flag --no-cell; did you mean --cell? {ALL}"]),
        ("--xyzzy", [f"unknown flag --xyzzy {ALL}"]),
        ("-- --units 3", [f"unknown flag -- {ALL}"]),
        ("--units 3 4", [f"unexpected word 4 {ALL}"]),
        ("reviews.csv --units 3", [f"unexpected word reviews.csv {ALL}"]),
        ("–units 3", [f"unexpected word –units; did you mean --units? {ALL}"]),
        ("--cell lstmm", ["--cell is 'lstmm'; it must be simple_rnn, lstm or gru; did you mean lstm?"]),
        ("--cell transformer", ["--cell is 'transformer'; it must be simple_rnn, lstm or gru"]),
        ("--units many", ["--units is 'many'; it must be a whole number"]),
        ("--units 1.5", ["--units is '1.5'; it must be a whole number"]),
        ("--units=", ["--units is ''; it must be a whole number"]),
        ("--limit none", ["--limit is 'none'; it must be a whole number"]),
        ("--dropout half", ["--dropout is 'half'; it must be a number"]),
        ("--units", ["--units has no value; it must be a whole number"]),
        ("--units --cell gru", ["--units has no value; it must be a whole number"]),
        ("--cell", ["--cell has no value; it must be simple_rnn, lstm or gru"]),
        ("--runs", ["--runs has no value; it must be a path"]),
        ("--test=false", ["--test takes no value, but has 'false'; write --test or --no-test"]),
        ("--no-test False", ["--no-test takes no value, but has 'False'; write --test or --no-test"]),
        ("--units 0", ["--units is 0; it must be at least 1 and at most 4096"]),
        ("--dropout nan", ["--dropout is nan; it must be at least 0 and at most 0.95"]),
        ("--forget-bias -inf", ["--forget-bias is -inf; it must be at least -10 and at most 10"]),
    ],
)
def test_each_mistake_has_its_error_line(line: str, lines: list[str]) -> None:
    assert refusal(line) == lines


def test_all_mistakes_are_reported_together() -> None:
    assert refusal("--unit 3 --cell lstmm --patience x") == [
        f"unknown flag --unit; did you mean --units? {ALL}",
        "--cell is 'lstmm'; it must be simple_rnn, lstm or gru; did you mean lstm?",
        "--patience is 'x'; it must be a whole number",
    ]
    assert refusal("--units 0 --dropout 2 --time-budget soon") == [
        "--units is 0; it must be at least 1 and at most 4096",
        "--dropout is 2.0; it must be at least 0 and at most 0.95",
        "--time-budget is 'soon'; it must be a time such as 90s, 5m or 1h30m",
    ]


def test_a_missing_required_flag_is_an_error() -> None:
    @dataclass(frozen=True)
    class Flags:
        length: int

    assert parse(Flags, ["--length", "3"], "program.py") == Flags(3)
    with pytest.raises(UserError, match="^--length is missing; it must be a whole number$"):
        parse(Flags, [], "program.py")


def test_the_parser_prints_no_errors_itself(capfd: pytest.CaptureFixture[str]) -> None:
    refusal("--unit 32 --cell lstmm")
    assert capfd.readouterr() == ("", "")


def test_help_lists_every_flag_without_heavy_imports() -> None:
    script = f"""
import sys
from commands.command_line import parse
from schema.configs import TrainingConfig
try:
    parse(TrainingConfig, ["--units", "many", "--help"], {PROGRAM!r})
finally:
    print(sorted({{"keras", "tensorflow", "tensorflow_datasets", "sklearn", "matplotlib"}} & set(sys.modules)))
"""
    narrow = os.environ | {"COLUMNS": "80"}
    child = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=narrow, capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (0, "")
    page = " ".join(child.stdout.split())
    assert page.startswith("usage: train.py sentiment [-h] [OPTIONS] Flags of every task. --debug also shows")
    assert "--units INT Units of each recurrent layer and direction. (default: 64)" in page
    assert "--test, --no-test Score the test split, once, at the end. (default: True)" in page
    assert "--cache PATH Folder of cached results, safe to delete. Default: $XDG_CACHE_HOME or ~/.cache." in page
    assert "None" not in page
    assert page.endswith(" []")
    assert max(map(len, child.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("sentmient", " did you mean sentiment?"),
        ("tran", " did you mean translation?"),
        ("NER", " did you mean ner?"),
        ("xyzzy", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_suggested(word: str, suggestion: str) -> None:
    assert nearest(word, ["sentiment", "topic", "pos", "ner", "translation"]) == suggestion


@pytest.mark.parametrize(("text", "expected"), [("90s", 90.0), ("5m", 300.0), ("1h", 3600.0), ("1h30m", 5400.0)])
def test_durations_are_parsed_into_seconds(text: str, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "0s", "5", "m", "-5m", "5m1h", "five minutes"])
def test_an_invalid_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("train", ["--version"]),
        ("train", ["sentiment", "--version"]),
        ("evaluate", ["--version"]),
        ("predict", ["--version"]),
    ],
)
def test_each_command_prints_its_version(call: Callable, program: str, words: list[str]) -> None:
    result = call(program, *words)
    assert (result.status, result.out, result.errors) == (0, f"{NAME} {VERSION}\n", "")


def test_the_version_is_that_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["name"], project["version"]) == (NAME, VERSION)
