"""Evaluate a saved run.

python evaluate.py latest
python evaluate.py sentiment/lstm-imdb-001 --split validation
python evaluate.py latest --file reviews.tsv
"""

from console.signals import exit_interrupted, set_handlers

# Before the other imports, which take a while.
set_handlers(exit_interrupted)

from commands.evaluate import main  # noqa: E402
from console.messages import exit_with, run_command  # noqa: E402

if __name__ == "__main__":
    exit_with(run_command(main))
