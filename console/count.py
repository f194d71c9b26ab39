"""How much of some work is done, in the words of progress lines and bars."""

from dataclasses import dataclass


@dataclass
class Count:
    """How much of some work is done; `total` is None if unknown."""

    what: str
    total: int | None
    unit: str
    done: int = 0
    note: str = ""

    @property
    def known_total(self) -> int | None:
        """The total, unless more than that is done already."""
        return None if self.total is None or self.done > self.total else self.total

    def amount(self) -> str:
        """For example "4/50 texts"."""
        total = "" if self.known_total is None else f"/{self.known_total:,}"
        return f"{self.done:,}{total} {self.unit}"

    def rate(self, per_second: float) -> str:
        """For example "2.5 texts/s"."""
        return f"{per_second:,.0f} {self.unit}/s" if per_second >= 10 else f"{per_second:.2g} {self.unit}/s"

    def remaining(self, per_second: float) -> str:
        """For example ", 23 s left"; empty if unknown."""
        if self.known_total is None or per_second <= 0:
            return ""
        return f", {time_in_words((self.known_total - self.done) / per_second)} left"

    def mean_rate(self, seconds: float) -> float:
        """Items per second since the start."""
        return self.done / seconds if seconds > 0 else 0.0

    def summary(self, seconds: float) -> str:
        """For example "50 texts in 25 s, 2 texts/s"."""
        return f"{self.done:,} {self.unit} in {time_in_words(seconds)}, {self.rate(self.mean_rate(seconds))}"

    def with_note(self, numbers: str) -> str:
        """The numbers, and the note behind them."""
        return f"{numbers}, {self.note}" if self.note else numbers


def time_in_words(seconds: float) -> str:
    """Format seconds for people: "7 s", "3 min 05 s", "2 h 07 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
