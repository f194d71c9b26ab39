"""Ctrl-C, SIGTERM and SIGHUP: the first signal ends the work in an orderly way, a second one immediately."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from schema.errors import Interrupted


class Interruption:
    """Signal handler that stores the number of the signal.

    It raises Interrupted, unless `deferred`: then the program is expected to look at `number` and to stop by itself.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.deferred = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number
        if not self.deferred:
            raise Interrupted("interrupted; unfinished work was not saved", 128 + number)

    @contextmanager
    def defer(self) -> Iterator[None]:
        """Context in which the first signal is only stored."""
        self.deferred = True
        try:
            yield
        finally:
            self.deferred = False


@contextmanager
def handle_signals() -> Iterator[Interruption]:
    """Context that handles SIGINT, SIGTERM and SIGHUP; afterwards the previous handlers are restored.

    A SIGHUP that is ignored, as under nohup, stays ignored.
    """
    interruption = Interruption()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, interruption) for number in numbers}
    try:
        yield interruption
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
