"""Evaluate a saved run.

python evaluate.py latest
python evaluate.py sentiment/lstm-imdb-001 --split validation
python evaluate.py latest --file reviews.tsv
"""

from commands.evaluate import main
from console.messages import run_command

if __name__ == "__main__":
    raise SystemExit(run_command(main))
