"""How far back do convolutions see, and how far do recurrent cells?

python -m lab convolution_range
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import KerasTensor
from matplotlib.figure import Figure

from evaluation.plots import TEXT_BOX
from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import CELL_STYLES, draw_mean
from lab.lag_task import BATCH, LEARNED, SYMBOLS, WINDOW, lag_batches
from lab.training import training_steps
from models.cells import recurrent_layer
from schema.configs import CellName
from schema.scores import Table

WIDTH = 3
STYLES = {
    "CNN": ("v:", "#E69F00"),
    "TCN, 4 blocks": ("D-", "#CC79A7"),
    "TCN, 6 blocks": ("P-", "#000000"),
    **{name: (style, color) for name, style, color in CELL_STYLES.values()},
}


def receptive_field(dilations: Sequence[int], width: int = WIDTH) -> int:
    """The number of inputs that the last output of causal convolutions, one after another, depends on."""
    return 1 + (width - 1) * sum(dilations)


@dataclass(frozen=True)
class RangeCondition(Condition):
    """A network that learns one lag.

    network: a cell, or residual blocks of two causal convolutions each (Bai et al. 2018, section 3)
    units: of the cell, or channels
    dilations: of the blocks; none for a cell
    """

    network: CellName | None
    units: int
    dilations: tuple[int, ...] = ()
    lag: int = 0
    embedding_size: int = 16
    max_steps: int = 500
    learning_rate: float = 5e-3

    @property
    def label(self) -> str:
        return f"{self.name}, lag {self.lag}"

    @property
    def receptive_field(self) -> float:
        """The number of steps whose symbols the answer can depend on: of a cell, all."""
        return np.inf if self.network else receptive_field(np.repeat(self.dilations, 2).tolist())

    def build(self, seed: int) -> keras.Model:
        """Make a model from symbols (batch, lag + 1) to logits (batch, 8)."""
        keras.utils.set_random_seed(seed)
        symbols = keras.Input((self.lag + 1,), dtype="int32")
        features = keras.layers.Embedding(SYMBOLS, self.embedding_size)(symbols)
        return keras.Model(symbols, keras.layers.Dense(SYMBOLS)(self._last(features)))

    def _last(self, features: KerasTensor) -> KerasTensor:
        """The features of the last step, (batch, units)."""
        if self.network:
            return recurrent_layer(self.network, self.units)(features)[1]
        for dilation in self.dilations:
            features = residual_block(features, self.units, dilation)
        return features[:, -1]

    def measure(self, seed: int) -> Values:
        """Accuracy over the last batches, and the steps taken; stopped once the lag is learned."""
        accuracies: list[float] = []
        batches = lag_batches(seed, self.lag, self.max_steps)
        for step in training_steps(self.build(seed), batches, learning_rate=self.learning_rate):
            accuracies.append(step.accuracy)
            if len(accuracies) >= WINDOW and np.mean(accuracies[-WINDOW:]) >= LEARNED:
                break
        # Each batch is drawn anew, so that this is the accuracy on symbols that were not trained on.
        return {"accuracy": np.array(np.mean(accuracies[-WINDOW:])), "steps": np.array(len(accuracies))}


def residual_block(features: KerasTensor, channels: int, dilation: int) -> KerasTensor:
    """Two causal convolutions (batch, time, channels), added to their input (Bai et al. 2018, figure 1b).

    Their weight normalization and dropout are left out, which a network of this size does not need.
    """
    output = features
    for _ in range(2):
        convolution = keras.layers.Conv1D(
            channels, WIDTH, padding="causal", dilation_rate=dilation, activation="relu", kernel_initializer="he_normal"
        )
        output = convolution(output)
    if features.shape[-1] != channels:
        features = keras.layers.Dense(channels)(features)
    return keras.layers.ReLU()(keras.layers.Add()([features, output]))


NETWORKS = (
    RangeCondition("CNN", None, 12, (1, 1, 1, 1)),
    RangeCondition("TCN, 4 blocks", None, 12, (1, 2, 4, 8)),
    RangeCondition("TCN, 6 blocks", None, 10, (1, 2, 4, 8, 16, 32)),
    RangeCondition("SimpleRNN", "simple_rnn", 53),
    RangeCondition("LSTM", "lstm", 24),
    RangeCondition("GRU", "gru", 28),
)
"""Networks of equal size: about 4,200 parameters. The lag is set for each training."""


class ConvolutionRange(Experiment):
    """The lag task, learned by convolutions and by cells."""

    name = "convolution_range"
    title = "The reach of convolutions"
    known = (
        "A convolution cannot answer once the symbol lies outside of its receptive field, whatever the training; but "
        "the field grows with the number of layers, and exponentially with it if the layers are dilated (Bai et al. "
        "2018). Nothing limits the reach of a cell but what it learns: see the experiment `memory`."
    )
    method = (
        "The first of 8 symbols has to be named after a number of random others, the lag. Networks of about 4,200 "
        "parameters, within 5 %: residual blocks of two causal convolutions of width 3, four without dilation (CNN), "
        "four and six with dilations 1, 2, 4, ... (TCN), and the cells at Keras's defaults. Embeddings of 16, Adam "
        f"5e-3, batches of {BATCH}, stopped once 98 % of 50 batches are right or after 500 steps."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        lags = (5, 20) if quick else (5, 10, 20, 40, 80, 160)
        networks = NETWORKS[::3] if quick else NETWORKS
        return [replace(each, lag=lag, max_steps=100 if quick else 500) for each in networks for lag in lags]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {"convolution_range": _figure(results)}

    def table(self, results: Results) -> Table:
        lags = sorted({condition.lag for condition in results.select(RangeCondition)})
        rows = []
        for own in _by_network(results):
            field, first = own[0].receptive_field, own[0]
            accuracies = (mean_and_deviation(results.of(condition, "accuracy"), factor=100) for condition in own)
            rows.append((first.name, f"{field:.0f}" if np.isfinite(field) else "all", *accuracies))
        header = ("network", "receptive field", *(f"lag {lag}" for lag in lags))
        return Table("Accuracy by lag (%); chance is 12.5", header, tuple(rows))

    def finding(self, results: Results) -> str:
        longest = []
        for own in _by_network(results):
            learned = [each.lag for each in own if np.all(results.of(each, "accuracy") >= LEARNED - 1e-9)]
            field = own[0].receptive_field
            seen = f" (it sees {field - 1:.0f} steps back)" if np.isfinite(field) else ""
            longest.append(f"{own[0].name} {max(learned, default='none')}{seen}")
        outside = [
            results.of(each, "accuracy").max()
            for each in results.select(RangeCondition)
            if each.lag >= each.receptive_field
        ]
        beyond = f" Beyond its field no convolution was right in more than {max(outside):.1%}." if outside else ""
        return f"Longest lag that every seed learned: {', '.join(longest)}.{beyond}"


def _by_network(results: Results) -> list[list[RangeCondition]]:
    """The conditions of each network, by lag."""
    conditions = results.select(RangeCondition)
    names = dict.fromkeys(condition.name for condition in conditions)
    return [[condition for condition in conditions if condition.name == name] for name in names]


def _figure(results: Results) -> Figure:
    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.subplots()
    networks = _by_network(results)
    for index, own in enumerate(networks):
        style, color = STYLES[own[0].name]
        accuracies = np.stack([100 * results.of(condition, "accuracy") for condition in own], axis=1)
        # Side by side, since most points are at 100 % or at chance.
        lags = np.array([condition.lag for condition in own]) * 1.03 ** (index - len(networks) / 2)
        draw_mean(axes, lags, accuracies, own[0].name, style, color)
        last_seen = own[0].receptive_field - 1
        if last_seen < own[-1].lag:
            axes.axvline(last_seen, color=color, linestyle="--", linewidth=1)
            text = f"{own[0].name} sees {last_seen:.0f} steps back"
            axes.text(last_seen, 25, text, rotation=90, ha="right", va="bottom", fontsize="small", bbox=TEXT_BOX)
    axes.axhline(100 / SYMBOLS, color="black", linewidth=0.8, linestyle=":", label="chance")
    lags = sorted({condition.lag for condition in results.select(RangeCondition)})
    axes.set(
        title="Which was the first symbol? (dashed: the last lag inside a receptive field)",
        xlabel="lag: steps between the symbol and the answer (points of a lag are side by side)",
        ylabel="accuracy (%)",
        xscale="log",
        ylim=(0, 104),
    )
    axes.set_xticks(lags, [str(lag) for lag in lags])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(edgecolor="none", fontsize="small", loc="center left")
    return figure


EXPERIMENT = ConvolutionRange()
