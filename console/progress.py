"""Progress of long work: how much is done, how fast, and the remaining time.

    with phase("fitting the encoder"): ...
    for text in track(texts, "encoding"): ...

Writes bars on a terminal and plain lines in a pipe. Counted work of less than two seconds shows nothing.
"""

import operator
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import TracebackType
from typing import Protocol, Self, TextIO, TypeVar

from console import messages
from console.count import Count
from console.messages import is_terminal

Item = TypeVar("Item")

QUIET_SECONDS = 2.0
LINE_SECONDS = 10.0


def track(
    iterable: Iterable[Item],
    what: str,
    total: int | None = None,
    unit: str = "texts",
    *,
    clock: Callable[[], float] = time.monotonic,
    stream: TextIO | None = None,
) -> Iterator[Item]:
    """Yield the items of `iterable` and show on stderr how many are done.

    what: the work, such as "encoding"; total: the number of items, by default the length of `iterable` if it has one
    """
    if total is None:
        # Unlike len(): 0 for a generator, and for a tf.data pipeline of unknown or endless length.
        total = operator.length_hint(iterable, 0)
    with Progress(what, total, unit, clock=clock, stream=stream) as progress:
        for item in iterable:
            yield item
            progress.advance()


class Progress:
    """Progress of work that is not a plain loop: `with Progress("training", steps, "steps") as progress: ...`.

    A `total` of None or 0 means unknown. `clock` (seconds) and `stream` (default: stderr) are for tests.
    """

    def __init__(
        self,
        what: str,
        total: int | None = None,
        unit: str = "texts",
        *,
        clock: Callable[[], float] = time.monotonic,
        stream: TextIO | None = None,
    ) -> None:
        self._clock = clock
        self._start = clock()
        self._next_update = self._start + QUIET_SECONDS
        self._count = Count(what, total or None, unit)
        self._display = _display(sys.stderr if stream is None else stream, self._count, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _unwritable_streams_ignored():
            self._display.close(completed=kind is None, keep=True)

    def advance(self, n: int = 1) -> None:
        """Count `n` more items as done."""
        self._count.done += n
        now = self._clock()
        self._count.record(now - self._start)
        if now >= self._next_update:
            self._next_update = now + self._display.seconds_between_updates
            with _unwritable_streams_ignored():
                self._display.update()

    def restart_rate(self) -> None:
        """Measure rate and remaining time from here on, if the work before was unlike the rest."""
        self._count.restart_rate(self._clock() - self._start)

    def note(self, text: str) -> None:
        """Show a short `text`, such as "loss 0.31", behind the numbers from now on."""
        self._count.note = text


@contextmanager
def phase(
    what: str,
    announced: bool = True,
    *,
    clock: Callable[[], float] = time.monotonic,
    stream: TextIO | None = None,
) -> Iterator[None]:
    """Context of work that is not counted and may take seconds, such as "loading TensorFlow".

    A terminal shows at once a moving bar with the elapsed time, and keeps it as a line after two seconds or more. A
    pipe gets a line before the work begins.
    announced: whether there are such lines; without, a terminal shows the bar during the work and a pipe nothing
    """
    start = clock()
    display = _display(sys.stderr if stream is None else stream, Count(what), clock)
    if announced or not isinstance(display, _Lines):
        with _unwritable_streams_ignored():
            display.update()
    completed = False
    try:
        yield
        completed = True
    finally:
        with _unwritable_streams_ignored():
            display.close(completed, keep=completed and announced and clock() - start >= QUIET_SECONDS)


def milestone(text: str) -> None:
    """Print a line about finished work."""
    with messages.without_bars():
        _print_line(text, sys.stderr)


class _Display(Protocol):
    seconds_between_updates: float

    def update(self) -> None: ...
    def close(self, completed: bool, keep: bool) -> None: ...


class _Lines:
    """One line after two seconds and then one about every ten, for a pipe or a log file."""

    seconds_between_updates = LINE_SECONDS

    def __init__(self, stream: TextIO | None, count: Count, clock: Callable[[], float]) -> None:
        self._stream, self._count, self._clock = stream, count, clock
        self._start = clock()
        self._shown = False

    def update(self) -> None:
        self._shown = True
        numbers = f": {self._count.amount()}, {self._count.so_far(self._seconds())}" if self._count.unit else ""
        _print_line(f"{self._count.what}{numbers}", self._stream)

    def close(self, completed: bool, keep: bool) -> None:
        # After an error no line claims that the work is done; the error has a line of its own.
        if completed and self._shown and self._count.unit:
            _print_line(f"{self._count.what}: {self._count.summary(self._seconds())}", self._stream)

    def _seconds(self) -> float:
        return self._clock() - self._start


def _print_line(line: str, stream: TextIO | None) -> None:
    # None stands for a closed stderr here, for print() it means stdout.
    if stream is not None:
        with _unwritable_streams_ignored():
            print(line, file=stream, flush=True)


def _display(stream: TextIO | None, count: Count, clock: Callable[[], float]) -> _Display:
    # A dumb terminal, such as a shell inside an editor, cannot move its cursor.
    if not is_terminal(stream) or os.environ.get("TERM") in ("dumb", "unknown"):
        return _Lines(stream, count, clock)
    from console.bars import Bar

    return Bar(_terminal(stream) if stream is sys.stderr else stream, count, clock)


@cache
def _terminal(stream: TextIO) -> TextIO:
    """The terminal of `stream` by a file descriptor of its own: `start_tensorflow` hides what is written to stderr."""
    return open(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors=stream.errors)


def _unwritable_streams_ignored() -> suppress:
    """A log file without a reader, or a full disk under it, must not end the work."""
    return suppress(AttributeError, OSError, ValueError)
