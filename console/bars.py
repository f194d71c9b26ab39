"""Progress bars on a terminal, drawn by rich. The other packages use `console.progress`.

A thread of rich redraws them, so that something moves also while a single item takes long.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.table import Column
from rich.text import Text

from console import messages
from console.count import Count, time_in_words

MAX_BAR_WIDTH = 40

_SCREENS: dict[TextIO, Progress] = {}
"""The visible bars of each terminal: rich draws those of one `Progress` below one another."""


class Bar:
    """One bar, with percentage, amount, elapsed time, the rate of the last 30 seconds, remaining time and note."""

    seconds_between_updates = 0.1

    def __init__(self, stream: TextIO, count: Count, clock: Callable[[], float]) -> None:
        self._stream, self._count, self._clock = stream, count, clock
        self._start = clock()
        self._task: Task | None = None

    def update(self) -> None:
        """Draw the bar; the first call makes it visible."""
        screen = _SCREENS.get(self._stream) or _new_screen(self._stream, self._clock)
        if self._task is None:
            task_id = screen.add_task("", total=None, text=self._text)
            (self._task,) = (task for task in screen.tasks if task.id == task_id)
        self._set_width(screen, self._task)
        screen.refresh()

    def close(self, completed: bool, keep: bool) -> None:
        """Remove the bar; if `keep`, leave it as a finished line, above the bars that are still in use."""
        if self._task is None:
            return
        screen = _SCREENS[self._stream]
        self._set_width(screen, self._task)
        if completed:
            text = self._summary()
            self._task.fields["text"] = lambda: text
            self._task.total = self._task.total or self._task.completed or 1
            self._task.completed = self._task.completed or 1
        screen.remove_task(self._task.id)
        if not screen.tasks:
            del _SCREENS[self._stream]
            screen.stop()
        if keep:
            screen.console.print(screen.make_tasks_table([self._task]))
        # Printing has drawn the other bars as they were before.
        screen.refresh()

    def _set_width(self, screen: Progress, task: Task) -> None:
        screen.update(task.id, completed=self._count.done)
        task.total = self._count.known_total

    def _text(self) -> str:
        seconds = self._clock() - self._start
        if not self._count.unit:
            return f"{self._count.what}: {time_in_words(seconds)}"
        return f"{self._title()}{self._count.amount()} in {time_in_words(seconds)}, {self._count.so_far(seconds)}"

    def _summary(self) -> str:
        return f"{self._title()}{self._count.summary(self._clock() - self._start)}"

    def _title(self) -> str:
        total = self._count.known_total
        return f"{self._count.what}: " + (f"{100 * self._count.done / total:.0f}%, " if total else "")


class _TextColumn(ProgressColumn):
    """The text of a bar at this moment."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["text"]())


class _Console(Console):
    """A console that never hides the cursor: a killed process could not show it again."""

    def show_cursor(self, show: bool = True) -> bool:
        return False

    def _write_buffer(self) -> None:
        # Also called by the thread, where an error of a terminal that is gone would be printed as a traceback.
        with suppress(OSError, ValueError):
            super()._write_buffer()


def _new_screen(stream: TextIO, clock: Callable[[], float]) -> Progress:
    screen = Progress(
        # On a narrow terminal the bar shrinks first, then the end of the text is cut.
        BarColumn(bar_width=None, table_column=Column(max_width=MAX_BAR_WIDTH)),
        _TextColumn(table_column=Column(no_wrap=True)),
        console=_Console(file=stream, force_terminal=True),
        refresh_per_second=4,
        # Standard output may be a pipe: rich would send it to this terminal.
        redirect_stdout=False,
        redirect_stderr=False,
        transient=True,
        get_time=clock,
    )
    screen.start()
    _SCREENS[stream] = screen
    return screen


@contextmanager
def _hidden() -> Iterator[None]:
    """Context in which no bar is visible, so that other output does not mix with them."""
    screens = list(_SCREENS.values())
    for screen in screens:
        screen.stop()
    try:
        yield
    finally:
        for screen in screens:
            screen.start()


messages.without_bars = _hidden
