"""How a user's own file is laid out, as far as flags say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

DELIMITERS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t"}
"""Name of a delimiter -> its character."""
ROLES = ("text", "label", "source", "target", "tag")
"""Roles of columns that have a flag, such as `--text-column`."""
FORMAT_FLAGS = ("delimiter", *(f"{role}_column" for role in ROLES))
"""Names of the flags for the layout of a file; a task has some of them."""


@dataclass(frozen=True)
class FileFormat:
    """Layout of a file.

    delimiter: character between columns; None to recognize it
    columns: role -> name or number of its column; the file decides about the others
    """

    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, flags: object) -> Self:
        """The layout that a config or the flags of a command describe. They may lack any of the flags."""
        columns = {role: getattr(flags, f"{role}_column", None) for role in ROLES}
        return cls(
            parse_delimiter(getattr(flags, "delimiter", None) or ""),
            {role: str(column) for role, column in columns.items() if column is not None},
        )


def parse_delimiter(text: str) -> str | None:
    """The character of a delimiter, given by its name, as itself or as a backslash and t; None if it is none."""
    character = DELIMITERS.get(text.lower(), text.replace("\\t", "\t"))
    return character if character in DELIMITERS.values() else None


def given_flags(flags: object) -> list[str]:
    """The flags for the layout of a file that have a value."""
    return [f"--{name.replace('_', '-')}" for name in FORMAT_FLAGS if getattr(flags, name, None) is not None]
