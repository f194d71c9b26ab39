"""Which activations saturate, which die, and does it matter?

python -m lab activations
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import keras
import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.lag_task import SYMBOLS, lag_batch, lag_batches
from lab.reviews import VOCAB_SIZE, last_words, load_reviews
from lab.training import accuracy, shuffled_batches, training_steps
from models.cells import recurrent_layer
from schema.scores import Table

SLOPES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": lambda output: output * (1 - output),
    "tanh": lambda output: 1 - output**2,
    "relu": lambda output: (output > 0).astype(float),
    "leaky_relu": lambda output: np.where(output > 0, 1.0, 0.2),
    "elu": lambda output: np.where(output > 0, 1.0, output + 1),
}
"""Activation of Keras -> its slope, from its output."""
NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU", "elu": "ELU"}
FLAT = 0.1
"""A unit with a smaller slope passes back less than a tenth of a gradient."""
RATES = (1e-4, 1e-3, 1e-2, 1e-1)
SHOWN_RATE = 1e-2
PROBE = 64


@dataclass(frozen=True)
class ActivationCondition(Condition):
    """A SimpleRNN with one activation and one learning rate, on the lag task or on film reviews.

    length: the lag, or the number of words
    """

    activation: str
    learning_rate: float
    dataset: str
    length: int
    epochs: int = 10
    steps: int = 60
    units: int = 64
    embedding_size: int = 32
    examples: int = 2500

    @property
    def label(self) -> str:
        return f"{self.name}, {self.dataset}, rate {self.learning_rate:g}"

    def measure(self, seed: int) -> Values:
        """Fractions of flat and dead units and the norm of the state, before training and after each epoch."""
        keras.utils.set_random_seed(seed)
        classes, size = (SYMBOLS, SYMBOLS) if self.dataset == "lag" else (2, VOCAB_SIZE + 2)
        embedding = keras.layers.Embedding(size, self.embedding_size)
        layer = recurrent_layer("simple_rnn", self.units, activation=self.activation)
        tokens = keras.Input((None,), dtype="int32")
        model = keras.Model(tokens, keras.layers.Dense(classes)(layer(embedding(tokens))[1]))
        batches, test, targets = self._data(seed)
        training = training_steps(model, batches, learning_rate=self.learning_rate)
        rows = []
        for epoch in range(self.epochs + 1):
            # The first row is the untrained network.
            for _ in islice(training, self.steps if epoch else 0):
                pass
            outputs = np.asarray(layer(embedding(test[:PROBE]))[0], float)
            rows.append((*unit_fractions(self.activation, outputs), accuracy(model, test, targets)))
        dead, flat, norm, right = np.array(rows).T
        return {"dead": dead, "flat": flat, "state_norm": norm, "accuracy": right}

    def _data(self, seed: int) -> tuple[Iterator[tuple[np.ndarray, np.ndarray]], np.ndarray, np.ndarray]:
        if self.dataset == "lag":
            symbols, first = lag_batch(np.random.default_rng(seed + 1000), self.length, 500)
            return lag_batches(seed, self.length, self.epochs * self.steps), symbols, first
        reviews = load_reviews(self.dataset, self.examples, self.length)
        train, test = (last_words(each, reviews.vocabulary, self.length) for each in (reviews.train, reviews.test))
        batches = shuffled_batches(train, reviews.train_classes, 50, self.epochs * self.steps, seed)
        return batches, test, reviews.test_classes


def unit_fractions(activation: str, outputs: np.ndarray) -> tuple[float, float, float]:
    """Fraction of units that are flat at every step, of flat steps of the others, and mean norm of the state.

    outputs: (rows, time, units). A unit without a finite output is flat.
    """
    flat = ~(SLOPES[activation](outputs) >= FLAT) | ~np.isfinite(outputs)
    dead = flat.all(axis=(0, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.linalg.norm(outputs, axis=-1).mean()
    return float(dead.mean()), float(flat[..., ~dead].mean() * (~dead).mean() if not dead.all() else 0.0), float(norm)


class Activations(Experiment):
    """The same SimpleRNN with five activations and four learning rates."""

    name = "activations"
    title = "Activations: which saturate, which die"
    known = (
        "tanh is expected to saturate in training, and ReLU, which does not saturate above, to die or to explode; "
        "leaky ReLU and ELU die less (Le et al. 2015 start ReLU networks from the identity for that reason). A sigmoid "
        "has a slope of at most 0.25 even where it does not saturate."
    )
    method = (
        "A SimpleRNN of 64 units with Adam at four learning rates, gradients clipped at norm 1: the lag task at lag 20 "
        "(10 epochs of 60 batches of 64), and 2,500 IMDB reviews (their last 100 words, 10 epochs of 60 batches of "
        "50). A unit is flat at a step where its slope is below 0.1, and dead if it is flat at all steps of 64 texts."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        lag = [
            ActivationCondition(NAMES[activation], activation, rate, "lag", 20)
            for activation in SLOPES
            for rate in RATES
        ]
        if quick:
            return [
                replace(condition, epochs=2, steps=10) for condition in lag if condition.learning_rate == SHOWN_RATE
            ]
        return [*lag, *(replace(condition, dataset="imdb", length=100) for condition in lag)]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {
            f"activations_{dataset}": _stacked(results, dataset)
            for dataset in dict.fromkeys(each.dataset for each in results.select(ActivationCondition))
        }

    def table(self, results: Results) -> Table:
        rows = [
            (
                _TITLES[condition.dataset],
                condition.name,
                f"{condition.learning_rate:g}",
                *(mean_and_deviation(results.of(condition, name)[:, -1], factor=100) for name in ("dead", "flat")),
                mean_and_deviation(results.of(condition, "state_norm")[:, -1]),
                mean_and_deviation(results.of(condition, "accuracy")[:, -1], factor=100),
            )
            for condition in results.select(ActivationCondition)
        ]
        header = (
            "data",
            "activation",
            "rate",
            "dead units %",
            "flat steps of others %",
            "state norm",
            "accuracy x 100",
        )
        return Table("After training", header, tuple(rows))

    def finding(self, results: Results) -> str:
        sentences = []
        for dataset in dict.fromkeys(each.dataset for each in results.select(ActivationCondition)):
            chosen = [each for each in results.select(ActivationCondition) if each.dataset == dataset]
            best = {
                name: max(
                    (results.of(each, "accuracy")[:, -1].mean() for each in chosen if each.name == name), default=0.0
                )
                for name in dict.fromkeys(each.name for each in chosen)
            }
            dead = [(results.of(each, "dead")[:, -1].mean(), each) for each in chosen]
            share, worst = max(dead, key=lambda pair: pair[0])
            reached = ", ".join(f"{name} {100 * value:.0f}" for name, value in best.items())
            sentences.append(
                f"{_TITLES[dataset]}: accuracy at each activation's best rate {reached}; most dead units: "
                f"{worst.name} at rate {worst.learning_rate:g}, {100 * share:.0f} %."
            )
        return " ".join(sentences)


_TITLES = {"lag": "Lag task", "imdb": "Film reviews", "synthetic": "Synthetic reviews"}


def _stacked(results: Results, dataset: str) -> Figure:
    chosen = [
        each
        for each in results.select(ActivationCondition)
        if each.dataset == dataset and each.learning_rate == SHOWN_RATE
    ]
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    grid = figure.subplots(1, len(chosen), sharey=True)
    for axes, condition in zip(grid, chosen, strict=True):
        dead, flat = (100 * results.of(condition, name).mean(axis=0) for name in ("dead", "flat"))
        axes.stackplot(
            range(len(dead)),
            dead,
            flat,
            100 - dead - flat,
            colors=("#000000", "#E69F00", "#56B4E9"),
            labels=("dead", "flat at this step", "passes the gradient"),
        )
        axes.set(title=condition.name, xlabel="epoch", xlim=(0, len(dead) - 1), ylim=(0, 100))
    grid[0].set_ylabel("share of units (%)")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(f"{_TITLES[dataset]}, learning rate {SHOWN_RATE:g}: units that still pass a gradient")
    return figure


EXPERIMENT = Activations()
