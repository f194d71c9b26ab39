"""Predict with a saved run.

python predict.py latest "Not bad at all."
python predict.py latest --file texts.txt --json
python predict.py latest                             interactive
"""

from commands.predict import main
from console.messages import run_command

if __name__ == "__main__":
    raise SystemExit(run_command(main))
