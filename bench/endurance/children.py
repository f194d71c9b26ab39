"""Commands in child processes that are forked from this one, which has all libraries imported.

The import of TensorFlow takes longer than a tiny training. A fork is safe before TensorFlow starts: importing it starts
neither threads nor its runtime, which `preload` checks.
"""

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TextIO

from bench.endurance.moments import Moment, wait_at
from console.messages import run_command
from schema.errors import RunError

DEADLINE = 600.0
"""Seconds after which a child counts as hanging."""
_LIBRARIES = (
    "tensorflow",
    "keras",
    "commands.train",
    "commands.evaluate",
    "commands.predict",
    "training.fitting",
    "training.final_evaluation",
    "evaluation.plots",
    "evaluation.report",
    "matplotlib.pyplot",
    "sklearn.linear_model",
    "scipy.stats",
    "tensorboard.plugins.hparams.api",
    "tensorboard.plugins.projector",
    "tyro",
)


@dataclass(frozen=True)
class Ended:
    """Exit status of a child (negative: the signal that killed it), and its stderr.

    hit: whether it reached the moment at which it was to be disturbed
    """

    status: int
    errors: str
    hit: bool

    @property
    def error_lines(self) -> list[str]:
        """The lines on stderr that report an error."""
        return [line for line in self.errors.splitlines() if line.startswith(("error:", "Traceback", "Fatal"))]


def preload() -> None:
    """Import what a training imports. Raises RunError if TensorFlow has started: a fork would not be safe."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name in _LIBRARIES:
        import_module(name)
    context = import_module("tensorflow.python.eager.context")
    if context.context()._initialized:
        raise RunError("TensorFlow has started already; run this bench in a process of its own")


def run_forked(
    program: str,
    arguments: Sequence[object],
    errors: Path,
    moment: Moment | None = None,
    number: int = signal.SIGKILL,
    prepare: Callable[[], object] = lambda: None,
) -> Ended:
    """Run `PROGRAM.py ARGUMENTS` in a fork and wait for it; send the signal `number` at `moment`.

    errors: file for its stderr; prepare: called in the child, first
    """
    entered, say_entered = os.pipe()
    may_go_on, let_go_on = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(entered)
        os.close(let_go_on)
        _run(program, [str(argument) for argument in arguments], errors, prepare, moment, say_entered, may_go_on)
    os.close(say_entered)
    os.close(may_go_on)
    try:
        # Nothing to read: the child has ended, or hangs.
        hit = bool(moment and select.select([entered], [], [], DEADLINE)[0] and os.read(entered, 1))
        if hit and moment:
            time.sleep(moment.delay)
            os.kill(child, number)
            os.write(let_go_on, b"g")
        return Ended(_wait(child), errors.read_text(encoding="utf-8", errors="replace"), hit)
    finally:
        os.close(entered)
        os.close(let_go_on)


def _run(
    program: str,
    arguments: list[str],
    errors: Path,
    prepare: Callable[[], object],
    moment: Moment | None,
    say_entered: int,
    may_go_on: int,
) -> None:
    """Run the command; never returns."""
    status: int | str | None = 99
    try:
        _redirect(errors)
        prepare()
        if moment:
            wait_at(moment, say_entered, may_go_on)
        else:
            os.close(say_entered)
        sys.argv = [f"{program}.py", *arguments]
        status = run_command(import_module(f"commands.{program}").main)
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status if isinstance(status, int) else 1)


def _redirect(errors: Path) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), 2)
    # Those of this process may be others, in a test for example.
    sys.stdout, sys.stderr = _writer(1), _writer(2)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def _writer(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def _wait(child: int) -> int:
    """The exit status; a child that hangs is killed, and its status is that of SIGALRM."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGALRM
