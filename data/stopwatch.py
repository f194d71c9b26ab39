"""Elapsed wall-clock and processor time."""

from time import perf_counter, process_time


class Stopwatch:
    """Measures the time since its creation. cpu_seconds: of all threads of the process."""

    def __init__(self) -> None:
        self._start, self._cpu_start = perf_counter(), process_time()

    @property
    def seconds(self) -> float:
        return perf_counter() - self._start

    @property
    def cpu_seconds(self) -> float:
        return process_time() - self._cpu_start
