"""Former names of flags are refused with the present ones, and never hide a valid flag."""

from collections.abc import Iterator
from dataclasses import fields

import pytest

from commands.command_line import parse
from commands.renamed_flags import RENAMED_FLAGS, present_name
from schema.configs import DecodingConfig, TrainingConfig
from schema.errors import UserError
from tasks import TASK_NAMES, get_task

ConfigType = type[TrainingConfig] | type[DecodingConfig]


def config_types() -> Iterator[ConfigType]:
    for task in map(get_task, TASK_NAMES):
        yield from (task.config_class, task.decoding_config_class, task.predict_config_class)


def flags_of(config_type: ConfigType) -> set[str]:
    return {field.name.replace("_", "-") for field in fields(config_type)}


def refusal(config_type: ConfigType, *words: str) -> str:
    with pytest.raises(UserError) as refused:
        parse(config_type, words, "PROGRAM")
    return str(refused.value)


@pytest.mark.parametrize(("former", "present"), RENAMED_FLAGS.items())
def test_a_former_flag_is_refused_with_the_present_one(former: str, present: str) -> None:
    with_flag = [config_type for config_type in config_types() if present in flags_of(config_type)]
    assert with_flag
    for config_type in with_flag:
        expected = f"unknown flag --{former}; did you mean --{present}? (PROGRAM --help lists all)"
        assert refusal(config_type, f"--{former}", "3") == expected
        assert refusal(config_type, f"--{former}=3") == expected
    underscored = former.replace("-", "_")
    assert f"unknown flag --{underscored}; did you mean --{present}?" in refusal(with_flag[0], f"--{underscored}")


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("--no-check", "--no-sanity-check"),
        ("--no-fixed-vectors", "--no-freeze-embeddings"),
        ("--no-kin", "--no-related-words"),
        ("--no-look-inside", "--no-diagnostics"),
        ("--no-lower-case", "--no-lowercase"),
        ("--no-ngram-evidence", "--no-ngram-features"),
        ("--no-shared-embedding", "--no-share-embeddings"),
        ("--no-whole-mentions", "--no-normalize-mentions"),
    ],
)
def test_a_former_switch_is_refused_with_the_present_one(former: str, present: str) -> None:
    name = present.removeprefix("--no-")
    with_flag = next(config_type for config_type in config_types() if name in flags_of(config_type))
    assert f"unknown flag {former}; did you mean {present}?" in refusal(with_flag, former)


def test_no_former_name_is_a_present_one() -> None:
    present = {flag for config_type in config_types() for flag in flags_of(config_type)}
    assert not present & set(RENAMED_FLAGS)
    assert not present & {f"no-{former}" for former in RENAMED_FLAGS}


def test_a_present_name_that_the_command_lacks_is_not_offered() -> None:
    assert present_name("beam", {"--units": int}) is None
    assert refusal(TrainingConfig, "--beam", "4") == "unknown flag --beam (PROGRAM --help lists all)"


@pytest.mark.parametrize("word", ["--ngrams", "--buckets"])
def test_a_deleted_flag_is_unknown(word: str) -> None:
    assert refusal(get_task("word_class").config_class, word, "3") == f"unknown flag {word} (PROGRAM --help lists all)"


def test_the_former_name_of_the_synthetic_data_is_refused_with_the_present_one() -> None:
    for words in (["--dataset", "small_world"], ["--dataset=small_world"]):
        assert refusal(TrainingConfig, *words) == "--dataset is 'small_world'; did you mean synthetic?"
