"""Progress of long work: how much is done, how fast, and the remaining time.

    for text in track(texts, "encoding"): ...

Writes a bar on a terminal and plain lines in a pipe. Work of less than two seconds shows nothing.
"""

import operator
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TextIO, TypeVar

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
        self._display = _display(sys.stderr if stream is None else stream, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _unwritable_streams_ignored():
            self._display.close(self._count, self._clock() - self._start, completed=kind is None)

    def advance(self, n: int = 1) -> None:
        """Count `n` more items as done."""
        self._count.done += n
        now = self._clock()
        if now >= self._next_update:
            self._next_update = now + self._display.seconds_between_updates
            with _unwritable_streams_ignored():
                self._display.update(self._count, now - self._start)

    def note(self, text: str) -> None:
        """Show a short `text`, such as "loss 0.31", behind the numbers from now on."""
        self._count.note = text


def milestone(text: str) -> None:
    """Print a line about finished work."""
    with _unwritable_streams_ignored():
        print(text, file=sys.stderr, flush=True)


class _Display(Protocol):
    seconds_between_updates: float

    def update(self, count: Count, seconds: float) -> None: ...
    def close(self, count: Count, seconds: float, completed: bool) -> None: ...


class _Lines:
    """One line after two seconds and then one about every ten, for a pipe or a log file."""

    seconds_between_updates = LINE_SECONDS

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._shown = False

    def update(self, count: Count, seconds: float) -> None:
        rate = count.mean_rate(seconds)
        self._print(count, f"{count.amount()}, {count.rate(rate)}{count.remaining(rate)}")

    def close(self, count: Count, seconds: float, completed: bool) -> None:
        # After an error no line claims that the work is done; the error has a line of its own.
        if completed and self._shown:
            self._print(count, count.summary(seconds))

    def _print(self, count: Count, numbers: str) -> None:
        self._shown = True
        print(f"{count.what}: {count.with_note(numbers)}", file=self._stream, flush=True)


def _display(stream: TextIO | None, clock: Callable[[], float]) -> _Display:
    # A dumb terminal, such as a shell inside an editor, cannot move its cursor.
    if not is_terminal(stream) or os.environ.get("TERM") in ("dumb", "unknown"):
        return _Lines(stream)
    from console.bars import Bar

    return Bar(stream, clock)


def _unwritable_streams_ignored() -> suppress:
    """A log file without a reader, or a full disk under it, must not end the work."""
    return suppress(AttributeError, OSError, ValueError)
