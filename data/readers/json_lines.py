"""JSON lines: one object per line, whose keys have the names that the columns of a table may have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from console.messages import warn_once
from data.readers.columns import by_name
from data.readers.files import read_lines
from data.readers.tokenization import replace_surrogates
from schema.errors import UserError

JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}


def is_json(path: Path) -> bool:
    """Whether a file holds JSON lines, by its name."""
    return path.suffix.lower() in JSON_SUFFIXES


def json_rows(path: Path, roles: Sequence[str], given: Mapping[str, str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and values, in the order of the roles, of each line. Raises UserError with the file and line.

    given: role -> its key, from flags; the keys of the first object decide about the others
    """
    expected = ", ".join(f'"{given.get(role, role)}": ...' for role in roles)
    keys: dict[str, str] = {}
    for number, line in read_lines(path):
        if line.strip():
            entry = json_object(f"{path}:{number}", line, f"{{{expected}}}")
            if not keys:
                keys = {role: given.get(role) or key_of(f"{path}:{number}", role, entry) for role in roles}
                if any(role != key for role, key in keys.items()):
                    warn_once(f"{path.name}: {', '.join(f'{role} in {key}' for role, key in keys.items())}")
            yield number, [_value(f"{path}:{number}", role, key, entry) for role, key in keys.items()]


def json_object(where: str, line: str, expected: str) -> dict[str, object]:
    """Parse a line. Raises UserError if it is not an object."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:  # ValueError: a number with too many digits
        raise UserError(f"{where}: not JSON; expected {expected} on one line") from error
    if not isinstance(entry, dict):
        raise UserError(f"{where}: not an object; expected {expected}")
    return entry


def key_of(where: str, role: str, entry: Mapping[str, object]) -> str:
    """The key of a role among those of an object; the role itself if there is none."""
    keys = list(entry)
    try:
        index = by_name(role, keys)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    return role if index is None else keys[index]


def _value(where: str, role: str, key: str, entry: Mapping[str, object]) -> str:
    value = entry.get(key)
    if role == "label":
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise UserError(f'{where}: no "{key}" (a string or a whole number)')
        return str(value)
    return text_value(where, key, entry)


def text_value(where: str, key: str, entry: Mapping[str, object]) -> str:
    """The text of a key. Raises UserError if it has none."""
    value = entry.get(key)
    if not isinstance(value, str):
        raise UserError(f'{where}: no "{key}" (a string)')
    return replace_surrogates(value)
