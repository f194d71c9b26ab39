"""Is the order of the words needed, and which networks use it?

python -m lab order
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import draw_mean
from lab.reviews import Texts, first_words, load_questions, load_reviews
from lab.text_networks import NETWORK_STYLES, NetworkName, text_network
from lab.training import accuracy, shuffled_batches, training_steps
from schema.scores import Table

NETWORKS: Sequence[NetworkName] = ("bag", "cnn", "simple_rnn", "lstm", "gru")
ALL = 10_000
"""A window longer than any text."""
DATASET_NAMES = {"synthetic": "synthetic data: order decides", "imdb": "IMDB: film reviews", "trec": "TREC: questions"}


def shuffle_words(tokens: Sequence[str], window: int, rng: np.random.Generator) -> list[str]:
    """Shuffle the words within each of the windows of `window` words, one after another."""
    windows = (list(tokens[start : start + window]) for start in range(0, len(tokens), window))
    return [words[index] for words in windows for index in rng.permutation(len(words))]


@dataclass(frozen=True)
class OrderCondition(Condition):
    """A network that classifies texts, and is tested on the same texts with their words shuffled."""

    network: NetworkName
    dataset: str
    examples: int
    length: int
    epochs: int
    windows: tuple[int, ...] = (1, 3, 10, ALL)
    units: int = 32
    batch: int = 50
    learning_rate: float = 2e-3

    @property
    def label(self) -> str:
        return f"{self.name} on {self.dataset}"

    def measure(self, seed: int) -> Values:
        """Accuracy by shuffle window, and the share of the most frequent class of the test texts."""
        load = load_questions if self.dataset == "trec" else load_reviews
        texts = load(self.dataset, self.examples)
        train = first_words(texts.train, texts.vocabulary, self.length)
        counts = np.bincount(texts.test_classes)
        model = text_network(self.network, self.length, self.units, len(counts), seed)
        batches = shuffled_batches(train, texts.train_classes, self.batch, self.epochs, seed)
        for _ in training_steps(model, batches, learning_rate=self.learning_rate):
            pass
        predict = tf.function(model, jit_compile=True)
        accuracies = [
            accuracy(predict, test, texts.test_classes, batch=len(test)) for test in self.shuffled(texts, seed)
        ]
        return {"accuracies": np.array(accuracies), "majority": np.array(counts.max() / counts.sum())}

    def shuffled(self, texts: Texts, seed: int) -> list[np.ndarray]:
        """Ids of the test texts, (texts, length), for each window; the words are those that are read unshuffled."""
        rng = np.random.default_rng(seed)
        read = [text[: self.length] for text in texts.test]
        return [
            first_words([shuffle_words(text, window, rng) for text in read], texts.vocabulary, self.length)
            for window in self.windows
        ]


class Order(Experiment):
    """Networks that see the order of words and one that does not, tested on shuffled texts."""

    name = "order"
    title = "What the order of the words is worth"
    known = (
        "Expected to hold where the order is the label, as in the synthetic reviews, half of which have a twin of the "
        "same words and the opposite class: there a bag of words can only guess. Expected to matter little on IMDB, "
        "where most words speak for themselves: a deep averaging network comes close to networks that read in order "
        "(Iyyer et al. 2015), and a language model hardly uses the order of words farther than about 50 back "
        "(Khandelwal et al. 2018). On TREC, expected in between: the first words tell much of what a question asks "
        "for. A bag is the network without feedback; a CNN has none either, and sees the order within its width."
    )
    method = (
        "Texts are classified by a bag of embeddings (deep averaging), a CNN of width 3 with max pooling, and the last "
        "state of the cells: 32 units, embeddings of 16, Adam 2e-3, batches of 50. Trained on texts as written: 4,000 "
        "synthetic reviews (12 epochs), 2,500 reviews of IMDB, their first 100 words (5 epochs), 4,000 questions of "
        "TREC (10 epochs). Tested on texts whose words are shuffled within windows of 1 (as written), 3, 10 and all."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        data = (("synthetic", 4000, 40, 12), ("imdb", 2500, 100, 5), ("trec", 4000, 20, 10))
        conditions = [
            OrderCondition(NETWORK_STYLES[network][0], network, *each) for each in data for network in NETWORKS
        ]
        if not quick:
            return conditions
        return [
            replace(condition, examples=200, length=20, epochs=1)
            for condition in conditions
            if condition.dataset == "synthetic"
        ]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        datasets = _datasets(results)
        figure = Figure(figsize=(1.5 + 3.3 * len(datasets), 4.0), layout="constrained")
        panels = figure.subplots(1, len(datasets), sharey=True, squeeze=False)[0]
        for axes, dataset in zip(panels, datasets, strict=True):
            _draw(axes, results, dataset)
        figure.axes[0].set(ylabel="accuracy (%)")
        figure.axes[0].legend(edgecolor="none", fontsize="small", loc="lower left")
        figure.suptitle("Accuracy on texts whose words are shuffled")
        return {"order": figure}

    def table(self, results: Results) -> Table:
        conditions = results.select(OrderCondition)
        rows = [
            (
                condition.dataset,
                condition.name,
                *(mean_and_deviation(column, factor=100) for column in results.of(condition, "accuracies").T),
            )
            for condition in conditions
        ]
        header = ("data", "network", *(f"window {_window(window)}" for window in conditions[0].windows))
        return Table("Accuracy by shuffle window (%)", header, tuple(rows))

    def finding(self, results: Results) -> str:
        return " ".join(_dataset_finding(results, dataset) for dataset in _datasets(results))


def _datasets(results: Results) -> list[str]:
    return list(dict.fromkeys(condition.dataset for condition in results.select(OrderCondition)))


def _of_dataset(results: Results, dataset: str) -> list[OrderCondition]:
    return [condition for condition in results.select(OrderCondition) if condition.dataset == dataset]


def _dataset_finding(results: Results, dataset: str) -> str:
    """The best accuracy with and without order, and what the best network loses when all words are shuffled."""
    means = {each: 100 * results.of(each, "accuracies").mean(axis=0) for each in _of_dataset(results, dataset)}
    best = max(means, key=lambda condition: means[condition][0])
    bags = [written[0] for condition, written in means.items() if condition.network == "bag"]
    majority = 100 * results.of(best, "majority")[0]
    name = DATASET_NAMES[dataset].partition(":")[0]
    return (
        f"On {name} the best, {best.name}, has {means[best][0]:.1f} % on texts as "
        f"written and {means[best][-1]:.1f} % when all words are shuffled; the bag {bags[0]:.1f} % on both, the most "
        f"frequent class {majority:.1f} %."
    )


def _draw(axes: Axes, results: Results, dataset: str) -> None:
    conditions = _of_dataset(results, dataset)
    windows = conditions[0].windows
    for condition in conditions:
        accuracies = 100 * results.of(condition, "accuracies")
        draw_mean(axes, range(len(windows)), accuracies, *NETWORK_STYLES[condition.network])
    majority = 100 * results.of(conditions[0], "majority")[0]
    axes.axhline(majority, color="black", linewidth=0.8, linestyle=":", label="most frequent class")
    axes.set_xticks(range(len(windows)), [_window(window) for window in windows])
    axes.set(title=DATASET_NAMES[dataset], xlabel="words shuffled within windows of (words)")
    axes.grid(alpha=0.3)


def _window(window: int) -> str:
    return "all" if window == ALL else str(window)


EXPERIMENT = Order()
