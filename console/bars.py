"""Progress bars on a terminal, drawn by rich. The other packages use `console.progress`."""

from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn
from rich.table import Column

from console.count import Count, time_in_words

MAX_BAR_WIDTH = 40

_SCREENS: dict[TextIO, Progress] = {}
"""The visible bars of each terminal: rich draws those of one `Progress` below one another."""


class Bar:
    """One bar, with percentage, amount, elapsed time, the rate of the last 30 seconds, remaining time and note."""

    seconds_between_updates = 0.1

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._task: Task | None = None

    def update(self, count: Count, seconds: float) -> None:
        """Draw the bar; the first call makes it visible."""
        screen = _SCREENS.get(self._stream) or _new_screen(self._stream, self._clock)
        if self._task is None:
            task_id = screen.add_task("", total=count.total, text="")
            (self._task,) = (task for task in screen.tasks if task.id == task_id)
        _update_task(screen, self._task, count, seconds)
        screen.refresh()

    def close(self, count: Count, seconds: float, completed: bool) -> None:
        """Leave the bar as a finished line, above the bars that are still in use."""
        if self._task is None:
            return
        screen = _SCREENS[self._stream]
        _update_task(screen, self._task, count, seconds, completed)
        screen.remove_task(self._task.id)
        if not screen.tasks:
            del _SCREENS[self._stream]
            screen.stop()
        screen.console.print(screen.make_tasks_table([self._task]))
        # Printing has drawn the other bars as they were before.
        screen.refresh()


def _update_task(screen: Progress, task: Task, count: Count, seconds: float, completed: bool = False) -> None:
    screen.update(task.id, completed=count.done)
    task.total = count.known_total
    rate = task.speed or count.mean_rate(seconds)
    percentage = "" if task.total is None else f"{task.percentage:.0f}%, "
    so_far = f"{count.amount()} in {time_in_words(seconds)}, {count.rate(rate)}{count.remaining(rate)}"
    numbers = count.with_note(count.summary(seconds) if completed else so_far)
    task.fields["text"] = f"{count.what}: {percentage}{numbers}"


class _Console(Console):
    """A console that never hides the cursor: a killed process could not show it again."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


def _new_screen(stream: TextIO, clock: Callable[[], float]) -> Progress:
    screen = Progress(
        # On a narrow terminal the bar shrinks first, then the end of the text is cut.
        BarColumn(bar_width=None, table_column=Column(max_width=MAX_BAR_WIDTH)),
        TextColumn("{task.fields[text]}", markup=False),
        console=_Console(file=stream, force_terminal=True),
        # Without a thread, so that none is left behind by an exception or copied by a fork.
        auto_refresh=False,
        # Standard output may be a pipe: rich would send it to this terminal.
        redirect_stdout=False,
        redirect_stderr=False,
        transient=True,
        get_time=clock,
    )
    screen.start()
    _SCREENS[stream] = screen
    return screen
