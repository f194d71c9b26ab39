"""How much of some work is done, in the words of progress lines and bars."""

from collections import deque
from dataclasses import dataclass, field

RATE_SECONDS = 30.0
"""Period over which the rate is measured."""
KNOWN_SECONDS = 1.0
"""A rate that was measured for less is not extrapolated to the remaining time."""


@dataclass
class Count:
    """How much of some work is done; `total` is None if unknown. Work that is not counted has no `unit`."""

    what: str
    total: int | None = None
    unit: str = ""
    done: int = 0
    note: str = ""
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def record(self, seconds: float) -> None:
        """Remember that `done` items were done `seconds` after the start, for the rate."""
        self._samples.append((seconds, self.done))
        while len(self._samples) > 2 and self._samples[1][0] <= seconds - RATE_SECONDS:
            self._samples.popleft()

    def restart_rate(self, seconds: float) -> None:
        """Measure the rate from here on: what came before was unlike the rest."""
        self._samples.clear()
        self.record(seconds)

    @property
    def known_total(self) -> int | None:
        """The total, unless more than that is done already."""
        return None if self.total is None or self.done > self.total else self.total

    def amount(self) -> str:
        """For example "4/50 texts"."""
        if self.known_total is None:
            return counted(self.done, self.unit)
        return f"{self.done:,}/{counted(self.known_total, self.unit)}"

    def so_far(self, seconds: float) -> str:
        """For example "2.5 texts/s, 23 s left, loss 0.31"; the remaining time is left out while it is unknown."""
        recent = self._recent_rate()
        rate = recent if recent is not None else self._mean_rate(seconds)
        left = ""
        if recent and self.known_total is not None:
            left = f", {time_in_words((self.known_total - self.done) / recent)} left"
        return self._with_note(f"{self._rate_in_words(rate)}{left}")

    def summary(self, seconds: float) -> str:
        """For example "50 texts in 25 s, 2 texts/s"; work that is not counted has its time alone."""
        if not self.unit:
            return time_in_words(seconds)
        rate = self._rate_in_words(self._mean_rate(seconds))
        return self._with_note(f"{counted(self.done, self.unit)} in {time_in_words(seconds)}, {rate}")

    def _recent_rate(self) -> float | None:
        """Items per second over the last `RATE_SECONDS`, without the first item, which is often slow; else None."""
        if not self._samples:
            return None
        (start, done_before), (end, done) = self._samples[0], self._samples[-1]
        return (done - done_before) / (end - start) if end - start >= KNOWN_SECONDS else None

    def _mean_rate(self, seconds: float) -> float:
        return self.done / seconds if seconds > 0 else 0.0

    def _rate_in_words(self, per_second: float) -> str:
        return f"{per_second:,.0f} {self.unit}/s" if per_second >= 10 else f"{per_second:.2g} {self.unit}/s"

    def _with_note(self, numbers: str) -> str:
        return f"{numbers}, {self.note}" if self.note else numbers


def counted(number: int, unit: str) -> str:
    """A number of things, whose name is given in the plural: "1 epoch", "1,200 steps"."""
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


def time_in_words(seconds: float) -> str:
    """Format seconds for people: "7 s", "3 min 05 s", "2 h 07 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
