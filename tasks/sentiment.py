"""Is a review for or against? Many to one, on IMDB (Maas et al. 2011).

python train.py sentiment
python train.py sentiment --cell gru --epochs 3
python train.py sentiment --train-file reviews.tsv
"""

from dataclasses import dataclass

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_labelled_texts, synthetic_texts
from schema.configs import TrainingConfig
from schema.examples import LabelledText
from tasks.text_classification import TextClassification, TextClassificationConfig


@dataclass(frozen=True)
class SentimentConfig(TextClassificationConfig):
    """Train a recurrent network to tell praise from blame."""

    # Without gates, the state becomes unstable at a high learning rate.
    cell_defaults = {"simple_rnn": {"learning_rate": 1e-3}}


class Sentiment(TextClassification):
    """Classes `neg` and `pos`."""

    name = "sentiment"
    summary = "is a review for or against?"
    datasets = ("imdb", SYNTHETIC)
    config_class = SentimentConfig

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[LabelledText]:
        return synthetic_texts(synthetic.sentiment) if dataset == SYNTHETIC else load_labelled_texts(dataset)


TASK = Sentiment()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
