"""Train and evaluate a task.

python train.py                      list the tasks
python train.py sentiment            train one of them
python train.py sentiment --help     list its flags
"""

from time import perf_counter

BEGAN = perf_counter()

# After the clock has started: the time of these imports counts as start-up.
from console.signals import exit_interrupted, set_handlers  # noqa: E402

set_handlers(exit_interrupted)

from commands.train import main  # noqa: E402
from console.messages import run_command  # noqa: E402


def run_train(*arguments: str) -> int:
    """Run the command with `arguments` in front of those of the command line; return the exit status."""
    return run_command(lambda argv: main([*arguments, *argv], BEGAN))


if __name__ == "__main__":
    raise SystemExit(run_train())
