"""How long learning took, by the clock on the wall and by that of the processor."""

from time import perf_counter, process_time


class Stopwatch:
    """Runs from when it is made. cpu_seconds: of all threads of the process."""

    def __init__(self) -> None:
        self._began, self._cpu_began = perf_counter(), process_time()

    @property
    def seconds(self) -> float:
        return perf_counter() - self._began

    @property
    def cpu_seconds(self) -> float:
        return process_time() - self._cpu_began
