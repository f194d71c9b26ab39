"""What do recurrent networks save by using the same weights at each step, and which patterns do they find?

python -m lab shared_weights
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import process_time

import keras
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import COLORS, draw_mean
from lab.keyword_task import CLASSES, KEYWORDS, LENGTH, Readout, Target, keyword_examples, keyword_model
from lab.training import shuffled_batches, training_steps
from schema.scores import Table

NAMES = {True: "shared", False: "of each step"}
STYLES = {True: ("o-", COLORS[1]), False: ("s--", COLORS[0])}
BATCH = 50
BYTES = 4 * 4
"""Of a weight in training: the weight, its gradient and Adam's two moments, 4 bytes each."""
TEST_EXAMPLES = 200
"""Test examples of each position."""
CHANCE = 1 / KEYWORDS


@dataclass(frozen=True)
class Cost(Condition):
    """What a network costs at one length."""

    shared: bool
    length: int
    timed_steps: int = 30

    def measure(self, seed: int) -> Values:
        """Parameters, memory, multiply-adds of a sequence, and CPU time of a training step of 50 sequences."""
        keras.utils.set_random_seed(seed)
        model = keyword_model(self.shared, self.length, KEYWORDS)
        symbols = np.random.default_rng(seed).integers(0, KEYWORDS, (BATCH, self.length), dtype=np.int32)
        steps = training_steps(model, [(symbols, symbols[:, 0])] * (self.timed_steps + 1))
        # The first step compiles.
        next(steps)
        times = []
        while True:
            began = process_time()
            if next(steps, None) is None:
                break
            times.append(process_time() - began)
        parameters = model.count_params()
        return {
            "parameters": np.array(parameters),
            "megabytes": np.array(parameters * BYTES / 1e6),
            "multiply_adds": np.array(multiply_adds(model)),
            "milliseconds": np.array(1000 * np.min(times)),
        }


@dataclass(frozen=True)
class Keyword(Condition):
    """A network that is trained with the keyword at the positions `first` to `last`, and tested at all."""

    shared: bool
    first: int = 1
    last: int = LENGTH
    examples: int = 2000
    target: Target = "keyword"
    readout: Readout = "last"
    steps: int = 600

    def measure(self, seed: int) -> Values:
        """Fraction of right answers by position of the keyword, (20,)."""
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        model = keyword_model(self.shared, LENGTH, CLASSES[self.target], readout=self.readout)
        positions = rng.integers(self.first - 1, self.last, self.examples)
        train = keyword_examples(rng, positions, self.target)
        epochs = -(-self.steps * BATCH // self.examples)
        for _ in training_steps(model, shuffled_batches(*train, BATCH, epochs, seed), learning_rate=3e-3):
            pass
        positions = np.repeat(np.arange(LENGTH), TEST_EXAMPLES)
        symbols, classes = keyword_examples(np.random.default_rng(seed + 1000), positions, self.target)
        right = np.argmax(model(symbols, training=False), axis=-1) == classes
        return {"accuracies": right.reshape(LENGTH, TEST_EXAMPLES).mean(axis=1)}


def multiply_adds(model: keras.Model) -> int:
    """Number of multiply-adds of the model for one sequence, counted in TensorFlow's graph of it."""
    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.int32)
    graph = tf.function(model).get_concrete_function(spec).graph
    products = [operation for operation in graph.get_operations() if operation.type == "MatMul"]
    return sum(int(np.prod(product.inputs[0].shape) * product.inputs[1].shape[1]) for product in products)


BLOCKS = ((1, 5), (6, 10), (11, 15), (16, 20))
READOUTS: Mapping[Readout, str] = {"last": "last state", "maximum": "maximum over the states"}


class SharedWeights(Experiment):
    """Cost by length, a keyword at unseen positions, and the number of examples, with and without shared weights."""

    name = "shared_weights"
    title = "The same weights at each step, or others"
    known = (
        "Parameters and memory: holds always, by a factor of the length. Computation: fails, the multiply-adds are the "
        "same; what is saved is memory and data. Patterns: weights of a step learn nothing about a keyword that it "
        "never saw; shared ones give the keyword the same effect at each position (Goodfellow et al. 2016, chapter "
        "10), but an answer read from the last state has to hold for each distance from the end, too. Expected to "
        "fail where the position itself is the label, unless the state, which changes at each step, tells the position."
    )
    method = (
        f"h_t = tanh(x_t W + h_(t-1) U + b) beside h_t = tanh(x_t W_t + h_(t-1) U_t + b_t), 32 units, one-hot inputs. "
        f"A sequence of {LENGTH} symbols holds one of {KEYWORDS} keywords among random others (chance "
        f"{100 * CHANCE:.0f} %); 600 steps of Adam, 3e-3, batches of {BATCH}; 2,000 examples unless stated otherwise. "
        "Multiply-adds are counted in the graph of a forward pass, the memory of a training is that of weights, "
        "gradient and Adam's moments, the time is CPU time of a training step."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        lengths, sizes = ((5, 10), (200,)) if quick else ((5, 10, 20, 40, 80), (100, 400, 1600))
        steps = 20 if quick else 600
        trained: list[Condition] = []
        for shared, name in NAMES.items():
            trained += [Cost(f"cost, {name}, length {length}", shared, length) for length in lengths]
            trained += [
                Keyword(f"{name}, positions {first}-{last}", shared, first, last, steps=steps)
                for first, last in BLOCKS[: 1 if quick else None]
            ]
            trained += [
                Keyword(f"{name}, positions 1-10, {readout}", shared, 1, 10, readout=readout, steps=steps)
                for readout in READOUTS
            ]
            trained += [
                Keyword(f"{name}, target {target}, {size} examples", shared, examples=size, target=target, steps=steps)
                for target in CLASSES
                for size in sizes
            ]
        return trained

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {
            "shared_weights": _heat_maps(results),
            "shared_weights_unseen": _unseen(results),
            "shared_weights_examples": _curves(results),
            "shared_weights_cost": _cost(results),
        }

    def table(self, results: Results) -> Table:
        columns = ("shared", "of each step")
        rows = []
        for shared_cost, other_cost in _pairs(results, Cost):
            for name, unit, decimals in COSTS:
                cells = (mean_and_deviation(results.of(each, name), decimals) for each in (shared_cost, other_cost))
                rows.append((f"{unit}, length {shared_cost.length}", *cells))
        for pair in _pairs(results, Keyword):
            cells = (mean_and_deviation(results.of(each, "accuracies").mean(axis=1), factor=100) for each in pair)
            rows.append((f"accuracy (%), {_described(pair[0])}", *cells))
        return Table("Cost, and accuracy over all test positions", ("", *columns), tuple(rows))

    def finding(self, results: Results) -> str:
        cost = {each.shared: each for each in results.select(Cost)}
        ratios = {name: np.divide(*(results.of(cost[each], name).mean() for each in (False, True))) for name in RATIOS}
        return (
            f"At length {cost[True].length}, weights of each step take {ratios['parameters']:.1f} times the parameters "
            f"and the memory of shared ones, {ratios['multiply_adds']:.2f} times the multiply-adds and "
            f"{ratios['milliseconds']:.1f} times the CPU time. {_at_unseen_positions(results)} {_by_target(results)}"
        )


RATIOS = ("parameters", "multiply_adds", "milliseconds")
COSTS = (
    ("parameters", "parameters", 0),
    ("megabytes", "memory (MB)", 2),
    ("multiply_adds", "multiply-adds", 0),
    ("milliseconds", "CPU time (ms)", 2),
)


def _pairs(results: Results, kind: type[Cost] | type[Keyword]) -> list[tuple]:
    """The conditions of a class with shared weights, each with the one that differs in this alone."""
    conditions = results.select(kind)
    half = len(conditions) // 2
    return list(zip(conditions[:half], conditions[half:], strict=True))


def _described(condition: Keyword) -> str:
    if condition.last - condition.first + 1 < LENGTH:
        return f"keyword at {condition.first} to {condition.last}, {READOUTS[condition.readout]}"
    return f"label: {condition.target}, {condition.examples:,} examples"


def _at_unseen_positions(results: Results) -> str:
    """The accuracies at positions 11 to 20 after training at 1 to 10."""
    found = {
        (each.shared, each.readout): f"{100 * results.of(each, 'accuracies')[:, 10:].mean():.0f} %"
        for each in results.select(Keyword)
        if (each.first, each.last) == (1, 10)
    }
    return (
        f"A keyword trained at positions 1 to 10 is found at 11 to 20 by shared weights in {found[True, 'last']} "
        f"(maximum over the states: {found[True, 'maximum']}), by weights of each step in {found[False, 'last']} "
        f"({found[False, 'maximum']}), by chance in {100 * CHANCE:.0f} %."
    )


def _by_target(results: Results) -> str:
    """The accuracies of each label with the number of examples at which the two differ most."""
    sentences = []
    for target in CLASSES:
        pairs = [pair for pair in _learning_pairs(results) if pair[0].target == target]
        means = [[results.of(each, "accuracies").mean() for each in pair] for pair in pairs]
        widest = int(np.argmax([abs(one - other) for one, other in means]))
        one, other = means[widest]
        sentences.append(f"{target} {100 * one:.0f} against {100 * other:.0f} % ({pairs[widest][0].examples} examples)")
    return f"Where the two differ most, by label: {', '.join(sentences)}."


def _learning_pairs(results: Results) -> list[tuple[Keyword, Keyword]]:
    return [pair for pair in _pairs(results, Keyword) if (pair[0].first, pair[0].last) == (1, LENGTH)]


def _heat_maps(results: Results) -> Figure:
    """Accuracy by the positions of training (rows) and of testing (columns)."""
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (shared, name) in zip(panels, NAMES.items(), strict=True):
        rows = [
            each
            for each in results.select(Keyword)
            if each.shared == shared and (each.first, each.last) in BLOCKS and each.readout == "last"
        ]
        values = 100 * np.stack([results.of(each, "accuracies").mean(axis=0) for each in rows])
        image = axes.imshow(values, vmin=100 * CHANCE, vmax=100, cmap="viridis", aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            color = "white" if value < 65 else "black"
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", color=color, fontsize="small")
        axes.set_yticks(range(len(rows)), [f"{each.first} to {each.last}" for each in rows])
        axes.set(title=f"weights {name}", ylabel="position in training")
    panels[1].set_xticks(range(LENGTH), [str(position + 1) for position in range(LENGTH)])
    panels[1].set_xlabel("position of the keyword in the test (step)")
    figure.colorbar(image, ax=panels, label="accuracy (%); dark: chance")
    figure.suptitle("Accuracy by the position of the keyword in training and in the test")
    return figure


def _unseen(results: Results) -> Figure:
    """Accuracy by position after training with the keyword in the first half."""
    figure = Figure(figsize=(7.5, 4), layout="constrained")
    axes = figure.subplots()
    for each in results.select(Keyword):
        if (each.first, each.last) == (1, 10):
            style, color = STYLES[each.shared]
            label = f"weights {NAMES[each.shared]}, {READOUTS[each.readout]}"
            # Lighter lines for the other readout.
            line, color = (style, color) if each.readout == "last" else (f"{style[0]}:", color)
            positions = range(1, LENGTH + 1)
            draw_mean(axes, positions, 100 * results.of(each, "accuracies"), label, line, color)
    axes.axvspan(0.5, 10.5, color="#eeeeee", zorder=0)
    axes.text(1, 103, "positions seen in training", fontsize="small")
    _draw_chance(axes, CHANCE)
    axes.set(
        title="A keyword at positions that training never showed",
        xlabel="position of the keyword in the test (step)",
        ylabel="accuracy (%)",
        ylim=(0, 109),
        xticks=range(1, LENGTH + 1),
    )
    axes.legend(edgecolor="none", fontsize="small", loc="lower left")
    return figure


def _curves(results: Results) -> Figure:
    """Accuracy over the number of examples, a panel for each label."""
    figure = Figure(figsize=(10.5, 3.8), layout="constrained")
    panels = figure.subplots(1, len(CLASSES), sharey=True)
    for axes, (target, classes) in zip(panels, CLASSES.items(), strict=True):
        for number, (shared, name) in enumerate(NAMES.items()):
            chosen = [pair[number] for pair in _learning_pairs(results) if pair[number].target == target]
            sizes = [each.examples for each in chosen]
            values = np.stack([100 * results.of(each, "accuracies").mean(axis=1) for each in chosen], axis=1)
            style, color = STYLES[shared]
            draw_mean(axes, sizes, values, f"weights {name}", style, color)
        _draw_chance(axes, 1 / classes)
        axes.set(title=f"label: {target}", xlabel="training examples", xscale="log")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="accuracy (%)", ylim=(0, 104))
    panels[0].legend(edgecolor="none", fontsize="small")
    figure.suptitle("How many examples the two need, keyword at all positions")
    return figure


def _draw_chance(axes: Axes, chance: float) -> None:
    axes.axhline(100 * chance, color="gray", linestyle=":", label="chance")


def _cost(results: Results) -> Figure:
    """Bars of each cost by length."""
    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    panels = figure.subplots(1, len(COSTS))
    for axes, (name, unit, _) in zip(panels, COSTS, strict=True):
        lowest = [results.of(each, name).mean() for each in results.select(Cost)]
        for number, (shared, label) in enumerate(NAMES.items()):
            chosen = [pair[number] for pair in _pairs(results, Cost)]
            heights = [results.of(each, name).mean() for each in chosen]
            places = np.arange(len(chosen)) + 0.4 * (number - 0.5)
            hatch = None if shared else "//"
            axes.bar(
                places, heights, 0.4, color=STYLES[shared][1], hatch=hatch, edgecolor="white", label=f"weights {label}"
            )
        axes.set_xticks(range(len(chosen)), [str(each.length) for each in chosen])
        axes.set(title=unit, xlabel="length (steps)", yscale="log", ylim=(0.5 * min(lowest), None))
    panels[0].legend(edgecolor="none", fontsize="small")
    figure.suptitle("Cost by length: a sequence forward, the memory and the time of a training step")
    return figure


EXPERIMENT = SharedWeights()
