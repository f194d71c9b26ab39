"""Ctrl-C and SIGTERM: the first one ends the work in good order, a second one at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from schema.errors import UserError


class Interrupted(UserError):
    """The user or the system asked the program to end; the exit status says by which signal."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class Interruption:
    """Remembers the signal that came. While `deferred`, the work looks at `number` and ends by itself."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.deferred = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number
        if not self.deferred:
            raise Interrupted("interrupted; nothing was kept that was not finished", 128 + number)

    @contextmanager
    def defer(self) -> Iterator[None]:
        """Within, a signal is only remembered."""
        self.deferred = True
        try:
            yield
        finally:
            self.deferred = False


@contextmanager
def handle_signals() -> Iterator[Interruption]:
    """Handle SIGINT and SIGTERM within; what handled them before does so again afterwards."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
