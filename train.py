"""Train and evaluate a task.

python train.py                      list the tasks
python train.py sentiment            train one of them
python train.py sentiment --help     list its flags
"""

from time import perf_counter
from typing import NoReturn

BEGAN = perf_counter()

# After the clock has started: the time of these imports counts as start-up.
from console.signals import exit_interrupted, set_handlers  # noqa: E402

set_handlers(exit_interrupted)

from commands.train import main  # noqa: E402
from console.messages import exit_with, run_command  # noqa: E402


def run_train(*arguments: str) -> NoReturn:
    """Run the command with `arguments` in front of those of the command line, and end the process."""
    exit_with(run_command(lambda argv: main([*arguments, *argv], BEGAN)))


if __name__ == "__main__":
    run_train()
