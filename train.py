"""Train a task and score it.

python train.py                      the tasks
python train.py sentiment            one of them
python train.py sentiment --help     its flags
"""

from time import perf_counter

BEGAN = perf_counter()


def run_train(*before: str) -> int:
    """Run the command, `before` standing before the words that the user typed."""
    from commands.train import main
    from console.messages import run_command

    return run_command(lambda argv: main([*before, *argv], BEGAN))


if __name__ == "__main__":
    raise SystemExit(run_train())
