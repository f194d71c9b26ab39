"""Bytes and lines of the user's own files, and their digest."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from schema.errors import UserError

_DATA_SUFFIXES = {".txt", ".jpg", ".jpeg", ".png", ".gif"}
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories of control characters, lone surrogates and line separators.

They are not allowed in labels, which are printed, and written as UTF-8.
"""
_NOT_TEXT: Mapping[bytes, str] = {
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
    b"\x1f\x8b": "is compressed (gzip); unpack it first",
    b"PK\x03\x04": "is a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
}
"""First bytes of a file -> why it is not read as text."""
_START = 400
"""Number of bytes in which zeros show UTF-16."""


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line. Raises UserError with the file and line of bytes that are not UTF-8."""
    content = read_bytes(path)
    _refuse_other_content(path, content)
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            yield number, line.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            # `error.object` has no byte order mark, so that its indices are correct.
            byte = error.object[error.start]
            column = len(error.object[: error.start].decode("utf-8")) + 1
            raise UserError(
                f"{path}:{number}: byte 0x{byte:02x} is not UTF-8 (column {column}); save the file as UTF-8"
            ) from error


def _refuse_other_content(path: Path, content: bytes) -> None:
    start = content[:_START]
    reasons = [reason for marker, reason in _NOT_TEXT.items() if content.startswith(marker)]
    if 2 * start.count(0) > 0.8 * len(start):
        reasons.append("is UTF-16; save it as UTF-8")
    if b"\n" not in content and content.count(b"\r") > 1:
        reasons.append("has no line feeds, but carriage returns; save it with LF line ends")
    if reasons:
        raise UserError(f"{path} {reasons[0]}")


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises UserError if it cannot be read."""
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder; name a file") from error
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}") from error
    except PermissionError as error:
        raise UserError(f"{path} may not be read; check its permissions") from error
    except (OSError, ValueError) as error:  # a name that is too long, has a file as a parent, or contains NUL
        raise UserError(f"{str(path)[:200]!r} is not a readable file") from error


def count_columns(columns: Sequence[str]) -> str:
    """The number of columns for an error message."""
    return "1 column" if len(columns) == 1 else f"{len(columns)} columns"


def files_source(paths: Sequence[Path]) -> str:
    """Identifier of files or folders by their content. Raises UserError for a file that cannot be read."""
    return "files:" + hashlib.sha256(b"".join(map(_content_digest, paths))).hexdigest()


def _content_digest(path: Path) -> bytes:
    if not path.is_dir():
        return hashlib.sha256(read_bytes(path)).digest()
    digest = hashlib.sha256()
    # By suffix, to leave out the hidden files of file managers.
    for file in sorted(file for file in path.rglob("*") if file.suffix.lower() in _DATA_SUFFIXES and file.is_file()):
        # As bytes, since a name need not be UTF-8.
        digest.update(bytes(file.relative_to(path)) + b"\0" + hashlib.sha256(read_bytes(file)).digest())
    return digest.digest()
