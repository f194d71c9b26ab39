"""Messages for people, and the frame around every command that turns errors into plain lines.

if __name__ == "__main__":
    sys.exit(run_command(main))
"""

import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from typing import NoReturn, TextIO, TypeGuard

from console.signals import handle_signals
from schema.errors import Interrupted, UserError

DEBUG = "--debug"
BROKEN_PIPE = 141
MAX_REASON_LENGTH = 300
MAX_WORD_LENGTH = 300
# Control characters but for line break and tab, those that change the direction of a text, and lone surrogates.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_ANOTHER_FOLDER = "or choose another folder with --runs or --cache"
_REMEDIES = {
    errno.ENOSPC: f"make room on the disk, {_ANOTHER_FOLDER}",
    errno.EDQUOT: f"make room on the disk, {_ANOTHER_FOLDER}",
    errno.EACCES: f"change its permissions, {_ANOTHER_FOLDER}",
    errno.EPERM: f"change its permissions, {_ANOTHER_FOLDER}",
    errno.EROFS: f"make the disk writable, {_ANOTHER_FOLDER}",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EISDIR: "name a file, not a folder",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "allow more open files with `ulimit -n 4096`",
}


without_bars: Callable[[], AbstractContextManager[None]] = nullcontext
"""Context in which no progress bar is visible; set by `console.bars`, which draws them."""


def say(text: str, styled: bool = False) -> None:
    """Print `text` on stdout and flush. A closed pipe (`| head`) does not end the work.

    styled: keep the control sequences of the text, for colors
    """
    try:
        _write(text if styled else printable(text), sys.stdout)
    except BrokenPipeError:
        _discard_stdout()


def say_json(value: object, indent: int | None = None) -> None:
    """Print a value as JSON, with escapes for all characters that the encoding of stdout lacks."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    say(text)


def printable(text: str) -> str:
    """Replace control characters, which may change a terminal, by their escapes (which are also those of JSON)."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shortened(text: str) -> str:
    """Cut the middle out of every word of more than `MAX_WORD_LENGTH` characters, such as an endless file name."""
    half = MAX_WORD_LENGTH // 2
    return re.sub(rf"\S{{{MAX_WORD_LENGTH + 1},}}", lambda match: f"{match[0][:half]}...{match[0][-half:]}", text)


def warn(text: str) -> None:
    """Print a note on stderr. The work goes on."""
    with suppress(OSError, ValueError):
        _write(printable(shortened(f"note: {text}")), sys.stderr)


@cache
def warn_once(text: str) -> None:
    """Print a note on stderr unless it was printed before: the same file, for example, may be read several times."""
    warn(text)


@contextmanager
def tolerated(what: str, consequence: str = "is incomplete") -> Iterator[None]:
    """Context of work that the rest does not need, such as a picture: its fault is one line on stderr.

    what: the result of the work, the subject of that line
    """
    try:
        yield
    except Exception as error:
        if DEBUG in sys.argv[1:]:
            traceback.print_exc()
        reason = _system_error(error) if isinstance(error, OSError) else _description(error)
        warn(f"{what} {consequence} ({reason})")


def is_terminal(stream: TextIO | None) -> TypeGuard[TextIO]:
    """Whether `stream` is a terminal, rather than a file or a pipe."""
    # A closed stream raises ValueError; a program without a console has None.
    with suppress(AttributeError, ValueError):
        return stream is not None and stream.isatty()
    return False


def run_command(main: Callable[[list[str]], int]) -> int:
    """Run `main` with the command line's arguments and return the exit status.

    An error becomes one or two plain lines on stderr. `--debug`, which is not passed to `main`, adds the traceback.
    The status is 2 for a wrong call, 1 for failed work, 130 for Ctrl-C, 143 for SIGTERM and 141 for a closed pipe.
    """
    debug = DEBUG in sys.argv[1:]
    try:
        with handle_signals():
            return main([argument for argument in sys.argv[1:] if argument != DEBUG])
    except (Exception, Interrupted) as error:
        if debug:
            traceback.print_exc()
        return _explain(error)
    finally:
        _flush_stdout()


def exit_with(status: int) -> NoReturn:
    """End the process at once: taking TensorFlow apart takes seconds, in which Ctrl-C would seem to interrupt work."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


def _explain(error: BaseException) -> int:
    """Print the error; return its exit status."""
    if isinstance(error, BrokenPipeError):
        _discard_stdout()
        return BROKEN_PIPE
    if isinstance(error, UserError | Interrupted):
        print_error(f"error: {error}")
        return error.exit_status
    if isinstance(error, MemoryError):
        print_error("error: out of memory; use a smaller --batch-tokens, --units or --limit")
    elif isinstance(error, OSError):
        print_error(f"error: {_system_error(error)}")
    elif isinstance(error, UnicodeEncodeError) and (name := _word_at(error.object, error.start)):
        print_error(f"error: {name}: the name is not UTF-8: rename it, or choose another folder")
    else:
        print_error(f"error: unexpected {_description(error)}; run again with --debug for the traceback")
    return 1


def _word_at(text: str, index: int) -> str:
    """The word or path around a lone surrogate of `text`; "" for another character."""
    if not "\ud800" <= text[index] <= "\udfff":
        return ""
    return re.split(r"[\s\"]", text[:index])[-1] + re.split(r"[\s\"]", text[index:])[0]


def _system_error(error: OSError) -> str:
    """One line with the path, the reason and what to do."""
    path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    reason = error.strerror or _first_line(str(error)) or type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0, "run again with --debug to see where")
    return f"{path}: {reason}; {remedy}".removeprefix(": ")


def _description(error: BaseException) -> str:
    return f"{type(error).__name__}: {_first_line(str(error))}".removesuffix(": ")


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= MAX_REASON_LENGTH else f"{line[:MAX_REASON_LENGTH]} ..."


def print_error(line: str) -> None:
    """Print a line on stderr."""
    # If stderr itself is closed, the exit status is all that is left.
    with suppress(OSError, ValueError):
        _write(printable(shortened(line)), sys.stderr)


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:
        # Closed; for print(), None would mean stdout.
        return
    with without_bars():
        try:
            print(text, file=stream, flush=True)
        except UnicodeEncodeError:
            # The terminal cannot show a character, or a file name is not valid text: print question marks instead.
            encoding = getattr(stream, "encoding", None) or "ascii"
            print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


def _flush_stdout() -> None:
    """Flush now, so that Python does not report a closed stream at its exit."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_stdout()
    except (AttributeError, ValueError):
        pass


def _discard_stdout() -> None:
    """Send stdout to the null device: nobody reads its buffer and later output."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
