"""What kind of answer does a question want? Many to one, on TREC (Li & Roth 2002).

python train.py topic
python train.py topic --labels fine
python train.py topic --train-file questions.tsv
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_labelled_texts, synthetic_texts
from schema.configs import EmaDecay, Positive, Range, Rate, TrainingConfig
from schema.examples import LabelledText
from tasks.text_classification import TextClassification, TextClassificationConfig


@dataclass(frozen=True)
class TopicConfig(TextClassificationConfig):
    """Train a recurrent network to tell what a question asks for."""

    labels: Literal["coarse", "fine"] = "coarse"
    """The 6 coarse classes of TREC or its 50 fine ones; other data have classes of their own."""
    epochs: Positive | None = 6
    """Times that the training examples are gone through, at most."""
    word_dropout: Rate = 0.4
    """Rate of the words that are replaced by unknown in training."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 2e-3
    """Highest learning rate; it warms up to it and then falls along a cosine."""
    ema_decay: EmaDecay = 0.99
    """EmaDecay of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""


class Topic(TextClassification):
    """Classes such as `HUM` and `LOC`, or `HUM:ind` and `LOC:city`."""

    name = "topic"
    summary = "what does a question ask for?"
    datasets = ("trec", SYNTHETIC)
    config_class = TopicConfig
    tokenizer = "cased"

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[LabelledText]:
        assert isinstance(config, TopicConfig)
        if dataset == SYNTHETIC:
            return synthetic_texts(synthetic.topic)
        return replace(load_labelled_texts("trec_fine" if config.labels == "fine" else "trec"), dataset=dataset)


TASK = Topic()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
