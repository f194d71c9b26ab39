"""Ctrl-C, SIGTERM and SIGHUP: the first signal ends the work in an orderly way, a second one immediately."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from schema.errors import Interrupted

Handler = Callable[[int, FrameType | None], object] | int | None
"""As in `signal.signal`."""


class Interruption:
    """Signal handler that stores the number of the signal.

    It raises Interrupted with `message`, unless `deferred`: then the program is expected to look at `number` and to
    stop by itself.
    """

    def __init__(self, message: str) -> None:
        self.message = message
        self.number: int | None = None
        self.deferred = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number
        if not self.deferred:
            raise Interrupted(self.message, 128 + number)

    @contextmanager
    def defer(self) -> Iterator[None]:
        """Context in which the first signal is only stored."""
        self.deferred = True
        try:
            yield
        finally:
            self.deferred = False


@contextmanager
def handle_signals(message: str = "interrupted") -> Iterator[Interruption]:
    """Context in which a signal raises Interrupted; afterwards the previous handlers are restored."""
    interruption = Interruption(message)
    with _handlers(interruption):
        yield interruption


@contextmanager
def exit_on_signal(clean_up: Callable[[], object]) -> Iterator[None]:
    """Context in which a signal ends the process: an exception may be lost, or printed, inside an import.

    clean_up: called first; nothing else is
    """

    def exit_now(number: int, frame: FrameType | None) -> None:
        clean_up()
        exit_interrupted(number, frame)

    with _handlers(exit_now):
        yield


def exit_interrupted(number: int, frame: FrameType | None) -> None:
    """Signal handler that prints one line and ends the process."""
    os.write(2, b"error: interrupted\n")
    os._exit(128 + number)


def set_handlers(handler: Handler) -> dict[int, Handler]:
    """Set the handler of SIGINT, SIGTERM and SIGHUP; return the previous ones.

    A SIGHUP that is ignored, as under nohup, stays ignored.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return {number: signal.signal(number, handler) for number in numbers}


@contextmanager
def _handlers(handler: Handler) -> Iterator[None]:
    previous = set_handlers(handler)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
