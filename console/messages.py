"""Words and tables for a person, and the frame around every command that turns errors into plain lines.

if __name__ == "__main__":
    sys.exit(run(main))
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from schema.errors import UserError

INTERRUPTED = 130
READER_GONE = 141
LONGEST_REASON = 300

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


def say(text: str) -> None:
    """Print `text` on stdout at once. A reader that has gone away (`| head`) does not end the work."""
    try:
        _write(text, sys.stdout)
    except BrokenPipeError:
        _let_go_of_stdout()


def warn(text: str) -> None:
    """Print a note on stderr: something that a person should know, though the work goes on."""
    with suppress(OSError, ValueError):
        _write(f"note: {text}", sys.stderr)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at `stream`, rather than a file or another program."""
    # A closed stream raises ValueError; a program without a console has None.
    with suppress(AttributeError, ValueError):
        return stream.isatty()  # type: ignore[union-attr]
    return False


def run_command(main: Callable[[list[str]], int]) -> int:
    """Run a command's `main` with the words after its name, and return the exit status.

    Whatever goes wrong becomes one or two plain lines on stderr; `--debug`, which `main` does not see, adds the
    traceback. Status 2 is a wrong call, 1 failed work, 130 Ctrl-C, 141 a reader that has gone away.
    """
    debug = "--debug" in sys.argv[1:]
    try:
        return main([word for word in sys.argv[1:] if word != "--debug"])
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            traceback.print_exc()
        return _explain(error)
    finally:
        _flush_stdout()


def _explain(error: BaseException) -> int:
    """Print what happened; return the exit status that goes with it."""
    if isinstance(error, BrokenPipeError):
        _let_go_of_stdout()
        return READER_GONE
    if isinstance(error, KeyboardInterrupt):
        print_error("interrupted")
        return INTERRUPTED
    if isinstance(error, UserError):
        print_error(f"error: {error}")
        return error.exit_status
    if isinstance(error, MemoryError):
        print_error("error: out of memory; use a smaller --batch-tokens, --units or --limit")
    elif isinstance(error, OSError):
        print_error(f"error: {_what_the_system_said(error)}")
    else:
        reason = f"{type(error).__name__}: {_first_line(str(error))}".removesuffix(": ")
        print_error(f"error: unexpected {reason}; run again with --debug for the traceback")
    return 1


def _what_the_system_said(error: OSError) -> str:
    """What, path and what to do, in one line."""
    path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    what = error.strerror or _first_line(str(error)) or type(error).__name__
    return f"{path}: {what}; {_REMEDIES.get(error.errno, 'run again with --debug to see where')}".removeprefix(": ")


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]} ..."


def print_error(line: str) -> None:
    # Where stderr itself is gone, the exit status has to say it all.
    with suppress(OSError, ValueError):
        _write(line, sys.stderr)


def _write(text: str, stream: TextIO | None) -> None:
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        # A terminal of another age, or a file name that was no text: question marks rather than nothing.
        encoding = getattr(stream, "encoding", None) or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


def _flush_stdout() -> None:
    """Flush now, so that Python has nothing left to print_error of at its exit."""
    try:
        sys.stdout.flush()
    except OSError:
        _let_go_of_stdout()
    except (AttributeError, ValueError):
        pass


def _let_go_of_stdout() -> None:
    """Point stdout at nothing: what is still in its buffer, and all that comes, has no reader."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
