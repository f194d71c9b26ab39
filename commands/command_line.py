"""Command-line parser: arguments to a config, with plain error lines.

    config = parse(TrainingConfig, ["--cell", "gru"], "train.py sentiment")

tyro derives the flags, their help and their types from the dataclass. The arguments are checked here first, since
tyro draws its errors as boxes over many lines.
"""

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import MISSING, fields
from difflib import get_close_matches
from inspect import cleandoc
from io import StringIO
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from commands.renamed_flags import REMOVED_FLAGS, RENAMED_VALUES, present_name
from console.messages import DEBUG, is_terminal, say
from schema import NAME, VERSION
from schema.configs import validate
from schema.errors import UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")

COMMON_HELP = f"{DEBUG} also shows the traceback of an error; --version prints the version."


def parse(config_type: type[Config], argv: Sequence[str], program: str, default: Config | None = None) -> Config:
    """Parse `argv`, the arguments after `program`, into a config; other fields have the values of `default`.

    The last of repeated flags counts. `--debug` is left to `console.messages.run_command`. Fields are bool, int,
    float, str, Path or Literal, or a union of one of these with None; no argument stands for None.
    Raises UserError with a line for each invalid argument, or else for each value out of its range. `--help` and
    `--version` print their text and raise SystemExit(0).
    """
    words = [word for word in argv if word != DEBUG]
    if "--help" in words or "-h" in words:
        _print_help(config_type, program, default)
        raise SystemExit(0)
    if "--version" in words:
        print_version()
        raise SystemExit(0)
    _refuse([*_faults(words, _flags(config_type), program), *_missing(config_type, words, default)])
    config = _read(config_type, words, program, default)
    _refuse(list(validate(config)))
    return config


def print_version() -> None:
    """Print the name of the program and its version."""
    say(f"{NAME} {VERSION}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " did you mean X?" for the name X in `known` that is most similar to `word`; "" if none is similar."""
    found = _closest(word, known)
    return f" did you mean {found}?" if found else ""


def known_flags(config_type: "type[DataclassInstance]") -> set[str]:
    """All flags, with the `--no-` forms of switches."""
    return set(_flags(config_type))


def flags_with_values(config_type: "type[DataclassInstance]") -> set[str]:
    """The flags that take a value."""
    return {flag for flag, kind in _flags(config_type).items() if kind is not bool}


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise UserError("\n".join(faults))


def _flags(config_type: "type[DataclassInstance]") -> dict[str, Any]:
    """Flag -> type of its value: bool, int, float, str, Path or a Literal."""
    hints = get_type_hints(config_type, include_extras=True)
    kinds = {_flag(field.name): _kind(hints[field.name]) for field in fields(config_type)}
    switches = {f"--no-{flag.removeprefix('--')}": kind for flag, kind in kinds.items() if kind is bool}
    return kinds | switches


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _kind(hint: Any) -> Any:
    """A type hint without its ranges and without None."""
    if get_origin(hint) is Annotated:
        return _kind(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        (kind,) = (part for part in get_args(hint) if part is not NoneType)
        return _kind(kind)
    if hint not in _EXPECTED and get_origin(hint) is not Literal:
        raise TypeError(f"a field of type {hint} cannot be a flag")
    return hint


_EXPECTED = {bool: "left without a value", int: "a whole number", float: "a number", str: "a string", Path: "a path"}


def _expected(kind: Any) -> str:
    if get_origin(kind) is not Literal:
        return _EXPECTED[kind]
    *others, last = map(str, get_args(kind))
    return f"{', '.join(others)} or {last}" if others else last


def _faults(words: Sequence[str], flags: Mapping[str, Any], program: str) -> Iterator[str]:
    """Yield a line for each invalid argument, or pair of a flag and its value."""
    rest = deque(words)
    after_unknown = False
    while rest:
        word = rest.popleft()
        name, equals, value = word.partition("=")
        kind = flags.get(name.replace("_", "-"))
        if kind is None:
            # The word after an unknown flag is most likely its value: one line is enough for both.
            if _looks_like_flag(word) or not after_unknown:
                yield _unknown(name if _looks_like_flag(word) else word, flags, program)
        elif not equals and kind is bool:
            if rest and rest[0].lower() in ("true", "false", "yes", "no", "on", "off", "1", "0"):
                yield _switch_fault(name, rest.popleft())
        elif not equals and (not rest or _looks_like_flag(rest[0])):
            yield f"{name} has no value; it must be {_expected(kind)}"
        else:
            yield from _value_faults(name, value if equals else rest.popleft(), kind)
        after_unknown = kind is None


def _looks_like_flag(word: str) -> bool:
    """Whether tyro takes `word` for a flag; -3 and -inf are values."""
    if re.fullmatch(r"-(inf|infinity|nan)", word, re.IGNORECASE):
        return False
    return word == "--" or (word.startswith("-") and word.lstrip("-")[:1].isalpha())


def _unknown(word: str, flags: Mapping[str, Any], program: str) -> str:
    name = word.lstrip("-").replace("_", "-")
    found = None if name in REMOVED_FLAGS else present_name(name, flags) or _closest_flag(name, flags)
    suggestion = f"; did you mean {found}?" if found else ""
    what = "unknown flag" if _looks_like_flag(word) else "unexpected word"
    return f"{what} {word}{suggestion} ({program} --help lists all)"


def _closest_flag(name: str, flags: Iterable[str]) -> str | None:
    found = _closest(name, (flag.removeprefix("--") for flag in flags))
    return f"--{found}" if found else None


def _switch_fault(name: str, value: str) -> str:
    flag = name.replace("_", "-").removeprefix("--").removeprefix("no-")
    return f"{name} takes no value, but has {value!r}; write --{flag} or --no-{flag}"


def _value_faults(name: str, value: str, kind: Any) -> Iterator[str]:
    if kind is bool:
        yield _switch_fault(name, value)
    elif renamed := RENAMED_VALUES.get((name, value)):
        yield f"{name} is {value!r}; did you mean {renamed}?"
    elif get_origin(kind) is Literal:
        choices = [str(choice) for choice in get_args(kind)]
        if value not in choices:
            suggestion = nearest(value, choices)
            yield f"{name} is {value!r}; it must be {_expected(kind)}{';' if suggestion else ''}{suggestion}"
    elif kind in (int, float) and not _is_number(value, kind):
        yield f"{name} is {value!r}; it must be {_expected(kind)}"


def _is_number(value: str, kind: type[int] | type[float]) -> bool:
    with suppress(ValueError):
        kind(value)
        return True
    return False


def _missing(config_type: "type[DataclassInstance]", words: Sequence[str], default: object) -> Iterator[str]:
    """Yield a line for each required flag that is missing."""
    given = {word.partition("=")[0].replace("_", "-") for word in words}
    for field in fields(config_type):
        flag = _flag(field.name)
        needed = default is None and field.default is MISSING and field.default_factory is MISSING
        if needed and flag not in given:
            yield f"{flag} is missing; it must be {_expected(_flags(config_type)[flag])}"


def _closest(word: str, known: Iterable[str]) -> str | None:
    by_lower = {name.lower(): name for name in known}
    word = word.lower()
    longer = [name for name in by_lower if len(word) > 2 and name.startswith(word)]
    found = longer if len(longer) == 1 else get_close_matches(word, by_lower, n=1)
    return by_lower[found[0]] if found else None


def _read(config_type: type[Config], words: Sequence[str], program: str, default: Config | None) -> Config:
    """The config as parsed by tyro; arguments that only tyro refuses get one line."""
    discarded = StringIO()
    try:
        with redirect_stdout(discarded), redirect_stderr(discarded):
            return _tyro(config_type, words, program, default)
    except SystemExit:
        raise UserError(f"cannot read {' '.join(words)} ({program} --help lists all flags)") from None


def _print_help(config_type: type[Config], program: str, default: Config | None) -> None:
    """Print tyro's help: with borders and colors on a terminal, else plain."""
    page = StringIO()
    with suppress(SystemExit), redirect_stdout(sys.stdout if is_terminal(sys.stdout) else page):
        _tyro(config_type, ["--help"], program, default)
    if text := page.getvalue():
        # The help text of such a field says in words what its default is.
        text = re.sub(r"\s*\(default:\s+None\)", "", text)
        say(re.sub(r" +$", "", text, flags=re.MULTILINE).rstrip())


def _tyro(config_type: type[Config], words: Sequence[str], program: str, default: Config | None) -> Config:
    # Imported here: the other functions of this module do not need it.
    import tyro

    # The default docstring of a dataclass is its signature.
    doc = cleandoc(config_type.__doc__ or "")
    about = "" if doc.startswith(f"{config_type.__name__}(") else f"{doc}\n\n"
    return tyro.cli(
        config_type,
        args=words,
        prog=program,
        description=about + COMMON_HELP,
        default=tyro.MISSING_NONPROP if default is None else default,
        config=(tyro.conf.DisallowNone, tyro.conf.HelptextFromCommentsOff),
    )
