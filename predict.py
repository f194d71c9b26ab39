"""Predict with a saved run.

python predict.py latest "Not bad at all."
python predict.py latest --file texts.txt --json
python predict.py latest                             interactive
"""

from console.signals import exit_interrupted, set_handlers

# Before the other imports, which take a while.
set_handlers(exit_interrupted)

from commands.predict import main  # noqa: E402
from console.messages import exit_with, run_command  # noqa: E402

if __name__ == "__main__":
    exit_with(run_command(main))
