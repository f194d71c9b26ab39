"""Progress of anything that may last: how much is done, how fast, and how long it will still take.

    for text in track(texts, "encoding"): ...

On a terminal a bar, in a pipe whole lines; nothing at all for work of less than two seconds.
"""

import operator
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TextIO, TypeVar

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
    """The items of `iterable`, with progress on stderr while they are worked on.

    `what` is being done, such as "encoding"; `total` is found out where `iterable` knows its length.
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

    A `total` of None or 0 means that nobody knows. `clock` (seconds) and `stream` (stderr) are for tests.
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
        stream = sys.stderr if stream is None else stream
        if is_terminal(stream):
            self._display: _Display = _Bar(what, total or None, unit, stream)
        else:
            self._display = _Lines(what, total or None, unit, stream, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.close(whole=kind is None)

    def advance(self, n: int = 1) -> None:
        """`n` more are done."""
        self._display.advance(n)

    def note(self, text: str) -> None:
        """Show a short `text`, such as "loss 0.31", behind the numbers from now on."""
        self._display.note(text)


def milestone(text: str, seconds: float, stream: TextIO | None = None) -> None:
    """A line on what work of so many seconds came to; none where it was so short that nobody was told of it."""
    if seconds >= QUIET_SECONDS:
        with suppress(AttributeError, OSError, ValueError):
            print(text, file=sys.stderr if stream is None else stream, flush=True)


def time_in_words(seconds: float) -> str:
    """Seconds as a person says them: "7 s", "3 min 05 s", "2 h 07 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class _Display(Protocol):
    def advance(self, n: int) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self, whole: bool) -> None: ...


class _Bar:
    """A tqdm bar, for a terminal."""

    def __init__(self, what: str, total: int | None, unit: str, stream: TextIO) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            desc=what, total=total, unit=f" {unit}", delay=QUIET_SECONDS, file=stream, dynamic_ncols=True, smoothing=0.1
        )

    def advance(self, n: int) -> None:
        self._bar.update(n)

    def note(self, text: str) -> None:
        self._bar.set_postfix_str(text, refresh=False)

    def close(self, whole: bool) -> None:
        self._bar.close()


class _Lines:
    """A line after two seconds and then one about every ten, for a pipe or a log file."""

    def __init__(self, what: str, total: int | None, unit: str, stream: TextIO | None, clock: Callable[[], float]):
        self._what, self._total, self._unit, self._stream, self._clock = what, total, unit, stream, clock
        self._start = clock()
        self._next_line = self._start + QUIET_SECONDS
        self._done = 0
        self._note = ""
        self._shown = False

    def advance(self, n: int) -> None:
        self._done += n
        now = self._clock()
        if now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            self._show(self._so_far(now - self._start))

    def note(self, text: str) -> None:
        self._note = text

    def close(self, whole: bool) -> None:
        # After an error, "done" would be a lie, and the error has its own line.
        if whole and self._shown:
            seconds = self._clock() - self._start
            self._show(f"{self._done:,} {self._unit} in {time_in_words(seconds)}, {self._rate(seconds)}")

    def _so_far(self, seconds: float) -> str:
        # A total that turns out too small is no total.
        if self._total is None or self._done > self._total:
            return f"{self._done:,} {self._unit}, {self._rate(seconds)}"
        left = (self._total - self._done) * seconds / self._done if self._done else float("inf")
        rest = f", {time_in_words(left)} left" if left < float("inf") else ""
        return f"{self._done:,}/{self._total:,} {self._unit}, {self._rate(seconds)}{rest}"

    def _rate(self, seconds: float) -> str:
        rate = self._done / seconds if seconds > 0 else 0.0
        return f"{rate:,.0f} {self._unit}/s" if rate >= 10 else f"{rate:.2g} {self._unit}/s"

    def _show(self, numbers: str) -> None:
        self._shown = True
        note = f", {self._note}" if self._note else ""
        # A log that nobody reads any more, or a full disk under it, must not end the work.
        with suppress(AttributeError, OSError, ValueError):
            print(f"{self._what}: {numbers}{note}", file=self._stream, flush=True)
