"""Is a review positive or negative? Many to one, on IMDB (Maas et al. 2011).

python train.py sentiment
python train.py sentiment --cell gru --epochs 3
python train.py sentiment --train-file reviews.tsv
"""

from dataclasses import dataclass

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_labelled_texts, synthetic_texts
from schema.examples import LabelledText
from tasks.text_classification import TextClassification, TextClassificationConfig


@dataclass(frozen=True)
class SentimentConfig(TextClassificationConfig):
    """Train a recurrent network for sentiment classification."""

    # Without gates a high rate destabilizes the state.
    cell_defaults = {"simple_rnn": {"learning_rate": 1e-3}}


class Sentiment(TextClassification[SentimentConfig]):
    """Classes `neg` and `pos`."""

    name = "sentiment"
    summary = "Is a review positive or negative?"
    datasets = ("imdb", SYNTHETIC)
    config_class = SentimentConfig

    def load(self, dataset: str, config: SentimentConfig) -> RawSplits[LabelledText]:
        return synthetic_texts(synthetic.sentiment) if dataset == SYNTHETIC else load_labelled_texts(dataset)


TASK = Sentiment()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
