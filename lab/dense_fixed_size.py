"""What do padding and truncation cost a network of a fixed size, and which networks pay it?

python -m lab dense_fixed_size
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import draw_mean
from lab.reviews import first_words, load_reviews
from lab.text_networks import NETWORK_STYLES, NetworkName, text_network
from lab.training import accuracy, shuffled_batches, training_steps
from schema.encoded import PADDING
from schema.scores import Table

NETWORKS: Sequence[NetworkName] = ("dense", "bag", "simple_rnn", "lstm")
CLASSES = 2
EMBEDDING_SIZE = 8
PARAMETERS = 12_800
"""Parameters of each network after its embedding: four units of a dense layer over 400 words."""


def parameters(network: NetworkName, units: int, length: int) -> int:
    """Count the parameters after the embedding."""
    features = EMBEDDING_SIZE
    layers = {
        "dense": (length * features + 1) * units,
        "bag": (features + 1) * units + (units + 1) * units,
        "simple_rnn": (features + units + 1) * units,
        "lstm": 4 * (features + units + 1) * units,
    }
    return layers[network] + (units + 1) * CLASSES


def units_of(network: NetworkName, length: int) -> int:
    """The number of units with which a network comes closest to `PARAMETERS`."""
    return min(range(1, 200), key=lambda units: abs(parameters(network, units, length) - PARAMETERS))


def multiply_adds(network: NetworkName, units: int, length: int) -> int:
    """Multiplications, each with its addition, that one text of `length` steps takes; padding is computed too."""
    features = EMBEDDING_SIZE
    layers = {
        "dense": length * features * units,
        "bag": length * features + features * units + units * units,
        "simple_rnn": length * (features + units) * units,
        "lstm": length * 4 * (features + units) * units,
    }
    return layers[network] + units * CLASSES


@dataclass(frozen=True)
class LengthCondition(Condition):
    """A network that classifies reviews by their first `length` words."""

    network: NetworkName
    length: int
    dataset: str = "imdb"
    examples: int = 2500
    epochs: int = 4
    batch: int = 50
    learning_rate: float = 2e-3

    @property
    def label(self) -> str:
        return f"{self.name}, {self.length} words"

    @property
    def units(self) -> int:
        """Units of the hidden layers or of the cell."""
        return units_of(self.network, self.length)

    def measure(self, seed: int) -> Values:
        """Accuracy, multiply-adds of a review, fractions of padding and of truncated words."""
        reviews = load_reviews(self.dataset, self.examples)
        train, test = (first_words(texts, reviews.vocabulary, self.length) for texts in (reviews.train, reviews.test))
        model = text_network(self.network, self.length, self.units, CLASSES, seed, EMBEDDING_SIZE)
        batches = shuffled_batches(train, reviews.train_classes, self.batch, self.epochs, seed)
        for _ in training_steps(model, batches, learning_rate=self.learning_rate):
            pass
        predict = tf.function(model, jit_compile=True)
        return {
            "accuracy": np.array(accuracy(predict, test, reviews.test_classes, batch=len(test))),
            "multiply_adds": np.array(multiply_adds(self.network, self.units, self.length)),
            "padding": np.array(np.mean(test == PADDING)),
            "cut_off": np.array(1 - np.sum(test != PADDING) / sum(map(len, reviews.test))),
        }


class DenseFixedSize(Experiment):
    """Networks of equal size on the first words of film reviews."""

    name = "dense_fixed_size"
    title = "What a fixed size costs"
    known = (
        "Expected to hold for the flattened dense network, which needs weights for each position, so that with equal "
        "parameters its layer becomes narrower the longer the texts are. Expected to fail for a dense network over the "
        "mean of the embeddings (a deep averaging network, Iyyer et al. 2015), which takes any length and is cheaper "
        "than a recurrent network. In a batch, recurrent networks compute padded steps too."
    )
    method = (
        f"2,500 reviews of IMDB, their first 25 to 400 words; shorter reviews are padded. All networks have "
        f"{PARAMETERS:,} parameters after embeddings of {EMBEDDING_SIZE}, within 5 %, and the same 4 epochs of Adam "
        "(2e-3, batches of 50). Padding is masked: the mean leaves it out, and the cells skip it. Multiply-adds are "
        "counted for one review at its padded length."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        lengths = (10, 20) if quick else (25, 50, 100, 200, 400)
        conditions = [
            LengthCondition(NETWORK_STYLES[network][0], network, length) for network in NETWORKS for length in lengths
        ]
        if not quick:
            return conditions
        return [replace(condition, dataset="synthetic", examples=200, epochs=1) for condition in conditions]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {"dense_fixed_size": _figure(results)}

    def table(self, results: Results) -> Table:
        rows = [
            (
                condition.name,
                str(condition.length),
                str(condition.units),
                mean_and_deviation(results.of(condition, "accuracy"), factor=100),
                f"{results.of(condition, 'multiply_adds')[0] / 1000:,.0f}",
                f"{results.of(condition, 'padding')[0]:.0%}",
                f"{results.of(condition, 'cut_off')[0]:.0%}",
            )
            for condition in results.select(LengthCondition)
        ]
        header = ("network", "words", "units", "accuracy (%)", "1,000 multiply-adds", "padding", "words cut off")
        return Table("Accuracy and cost by the number of words read", header, tuple(rows))

    def finding(self, results: Results) -> str:
        conditions = results.select(LengthCondition)
        shortest, longest = (bound(condition.length for condition in conditions) for bound in (min, max))
        ends = {(each.network, each.length): each for each in conditions if each.length in (shortest, longest)}
        changes = []
        for network in dict.fromkeys(condition.network for condition in conditions):
            first, last = (100 * results.of(ends[network, length], "accuracy").mean() for length in (shortest, longest))
            changes.append(f"{NETWORK_STYLES[network][0]} {first:.1f} to {last:.1f} %")
        best = max(conditions, key=lambda condition: results.of(condition, "accuracy").mean())
        cost = {network: results.of(ends[network, longest], "multiply_adds")[0] for network in NETWORKS}
        padding = results.of(ends["dense", longest], "padding")[0]
        return (
            f"From the first {shortest} to the first {longest} words: {'; '.join(changes)}. Best of all is the "
            f"{best.name} on {best.length} words. At {longest} words {padding:.0%} of the steps are padding; a review "
            f"then costs the LSTM {cost['lstm'] / cost['bag']:,.0f} times the multiply-adds of the bag, and the "
            f"flattened dense network {cost['dense'] / cost['bag']:,.1f} times."
        )


def _figure(results: Results) -> Figure:
    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.subplots()
    conditions = results.select(LengthCondition)
    for network in dict.fromkeys(condition.network for condition in conditions):
        own = [condition for condition in conditions if condition.network == network]
        cost = np.array([results.of(condition, "multiply_adds")[0] for condition in own])
        accuracies = np.stack([100 * results.of(condition, "accuracy") for condition in own], axis=1)
        draw_mean(axes, cost, accuracies, *NETWORK_STYLES[network])
        # The dense network and the bag cost about the same: labels to the left of one, to the right of the others.
        offset, side = ((-8, -3), "right") if network == "dense" else ((8, -3), "left")
        for condition, x, y in zip(own, cost, accuracies.mean(axis=0), strict=True):
            text = str(condition.length)
            axes.annotate(text, (x, y), offset, textcoords="offset points", fontsize="small", ha=side)
    axes.margins(x=0.1)
    axes.axhline(100 / CLASSES, color="black", linewidth=0.8, linestyle=":")
    axes.set(
        title="Reviews read to a fixed length (numbers at the points: words read)",
        xlabel="multiply-adds for one review",
        ylabel="accuracy (%)",
        xscale="log",
    )
    axes.grid(alpha=0.3)
    axes.legend(edgecolor="none")
    return figure


EXPERIMENT = DenseFixedSize()
