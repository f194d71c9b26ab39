"""What kind of answer does a question ask for? Many to one, on TREC (Li & Roth 2002).

python train.py topic
python train.py topic --labels fine
python train.py topic --train-file questions.tsv
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_labelled_texts, synthetic_texts
from schema.configs import EmaDecay, Positive, Range, Rate
from schema.examples import LabelledText
from tasks.text_classification import TextClassification, TextClassificationConfig


@dataclass(frozen=True)
class TopicConfig(TextClassificationConfig):
    """Train a recurrent network for question classification."""

    labels: Literal["coarse", "fine"] = "coarse"
    """The 6 coarse classes of TREC or its 50 fine ones. Other data sets have their own classes."""
    epochs: Positive | None = 6
    """Maximum number of epochs."""
    word_dropout: Rate = 0.4
    """Probability of replacing a word by unknown in training."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 2e-3
    """Peak learning rate, with linear warm-up and cosine decay."""
    ema_decay: EmaDecay = 0.99
    """Decay of the exponential moving average of the weights, which is evaluated and saved; 0 disables averaging."""


class Topic(TextClassification[TopicConfig]):
    """Classes such as `HUM` and `LOC`, or `HUM:ind` and `LOC:city`."""

    name = "topic"
    summary = "What kind of answer does a question ask for?"
    datasets = ("trec", SYNTHETIC)
    config_class = TopicConfig
    tokenizer = "cased"

    def load(self, dataset: str, config: TopicConfig) -> RawSplits[LabelledText]:
        if dataset == SYNTHETIC:
            return synthetic_texts(synthetic.topic)
        return replace(load_labelled_texts("trec_fine" if config.labels == "fine" else "trec"), dataset=dataset)


TASK = Topic()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
