"""Do gates keep a long and a short memory?

python -m lab lstm_gates
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
from matplotlib.figure import Figure

from evaluation.plots import BLUE, ORANGE
from evaluation.state_plots import KEEPING_GATES, half_lives, unit_heat_maps
from lab.experiment import Condition, Experiment, Results, Values, mean_and_deviation
from lab.figures import CELL_STYLES
from lab.lag_task import LagCondition
from lab.reviews import ReviewCondition, review_condition
from lab.training import training_steps
from models.cells import unit_activations
from models.inspection import unit_states
from schema.configs import CellName
from schema.scores import Table

PROBE = 64
SHOWN_STEPS = 40
CELLS: Sequence[CellName] = ("lstm", "gru")
NONE = "none"


@dataclass(frozen=True)
class GateCondition(Condition):
    """A network with gates; `network` says how it is built and trained."""

    network: LagCondition | ReviewCondition

    def measure(self, seed: int) -> Values:
        """Half-lives of the units before and after training, accuracy with each gate fixed, and one text's states."""
        model, embedding, layer = self.network.build(seed)
        inputs, targets = self.network.test(seed)
        before = mean_gates(layer, embedding(inputs[:PROBE]))
        for _ in training_steps(model, self.network.batches(seed), learning_rate=self.network.learning_rate):
            pass
        steps = np.asarray(embedding(inputs))
        after = mean_gates(layer, steps[:PROBE])
        values = {"half_lives_before": _half_lives(before), "half_lives_after": _half_lives(after)}
        for gate in (NONE, *after):
            fixed = {gate: after[gate]} if gate != NONE else {}
            logits = np.asarray(model.layers[-1](last_outputs(layer, steps, fixed)))
            values[f"accuracy/{gate}"] = np.array(np.mean(logits.argmax(axis=-1) == targets))
        for name, states in unit_states(layer, steps[0]).items():
            values[f"states/{name.removeprefix('forward/')}"] = states[-SHOWN_STEPS:].round(3)
        return values | {"words": np.array(self.network.first_text(seed)[-SHOWN_STEPS:])}


def mean_gates(layer: keras.layers.Layer, steps: np.ndarray) -> dict[str, np.ndarray]:
    """Geometric mean of each gate over inputs (rows, time, features), by name -> (units,)."""
    activations = unit_activations(layer, steps, np.ones(steps.shape[:2], bool))
    return {
        name.removeprefix("forward/"): np.exp(np.log(np.maximum(values, 1e-12)).mean(axis=(0, 1)))
        for name, values in activations.items()
        if name.endswith("gate")
    }


def _half_lives(gates: Mapping[str, np.ndarray]) -> np.ndarray:
    (keeping,) = (gates[name] for name in KEEPING_GATES if name in gates)
    return half_lives(keeping[None])


def last_outputs(layer: keras.layers.Layer, steps: np.ndarray, fixed: Mapping[str, np.ndarray]) -> np.ndarray:
    """Output after the last of the inputs (rows, time, features), (rows, units), with some gates at fixed values.

    layer: an LSTM or a GRU of Keras's form; fixed: name of a gate -> its value at every step, (units,)
    """
    advance = _lstm_step if isinstance(layer, keras.layers.LSTM) else _gru_step
    weights = [np.asarray(weight) for weight in layer.get_weights()]
    output, cell = np.zeros((2, len(steps), layer.units), np.float32)
    for step in range(steps.shape[1]):
        output, cell = advance(weights, steps[:, step], output, cell, fixed)
    return output


Weights = Sequence[np.ndarray]


def _lstm_step(
    weights: Weights, inputs: np.ndarray, output: np.ndarray, cell: np.ndarray, fixed: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    kernel, recurrent, bias = weights
    write, forget, candidate, show = np.split(inputs @ kernel + output @ recurrent + bias, 4, axis=-1)
    cell = fixed.get("forget_gate", _sigmoid(forget)) * cell + fixed.get("input_gate", _sigmoid(write)) * np.tanh(
        candidate
    )
    return fixed.get("output_gate", _sigmoid(show)) * np.tanh(cell), cell


def _gru_step(
    weights: Weights, inputs: np.ndarray, output: np.ndarray, cell: np.ndarray, fixed: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    kernel, recurrent, bias = weights
    from_inputs = np.split(inputs @ kernel + bias[0], 3, axis=-1)
    from_state = np.split(output @ recurrent + bias[1], 3, axis=-1)
    keep = fixed.get("update_gate", _sigmoid(from_inputs[0] + from_state[0]))
    reset = fixed.get("reset_gate", _sigmoid(from_inputs[1] + from_state[1]))
    return keep * output + (1 - keep) * np.tanh(from_inputs[2] + reset * from_state[2]), cell


def _sigmoid(sums: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-sums))


class Gates(Experiment):
    """LSTM and GRU on the lag task and on film reviews, before and after training."""

    name = "lstm_gates"
    title = "What gates do"
    known = (
        "Expected after training rather than at the start, where all units of a gate are alike: units with long "
        "half-lives appear beside short ones (Karpathy et al. 2015; Tallec & Ollivier 2018). Of the LSTM's parts the "
        "forget gate matters most (Greff et al. 2017; Jozefowicz et al. 2015)."
    )
    method = (
        "LSTM and GRU of 64 units on the lag task at lag 20 (1,500 steps) and on 2,500 IMDB reviews (their last 200 "
        "words, 10 epochs). A unit's half-life follows from the geometric mean of its forget (update) gate over 64 "
        "texts. Then one gate after another is fixed at that mean, and the accuracy is measured again."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        found: list[Condition] = []
        for cell in CELLS:
            name = CELL_STYLES[cell][0]
            lag = LagCondition(name, cell, lag=20)
            found.append(GateCondition(f"{name}, lag task", replace(lag, lag=5, max_steps=20) if quick else lag))
            found.append(GateCondition(f"{name}, film reviews", review_condition(cell, quick)))
        return found

    def figures(self, results: Results) -> Mapping[str, Figure]:
        figures = {"lstm_gates": _histograms(results)}
        for condition in results.select(GateCondition):
            if isinstance(condition.network, ReviewCondition):
                figures[f"states_{condition.network.cell}"] = _heat_maps(condition, results)
        return figures

    def table(self, results: Results) -> Table:
        rows = []
        for condition in results.select(GateCondition):
            before, after = (results.of(condition, f"half_lives_{when}") for when in ("before", "after"))
            spread = [f"{np.median(each):,.1f} ({each.min():,.1f} to {each.max():,.0f})" for each in (before, after)]
            gates = ("forget_gate", "input_gate", "output_gate", "update_gate", "reset_gate")
            rows.append((condition.name, *spread, *(_accuracy(results, condition, gate) for gate in (NONE, *gates))))
        header = ("network", "half-life before", "half-life after", "accuracy", *(f"{gate} fixed" for gate in _GATES))
        return Table("Median half-life in steps (shortest to longest unit), and accuracy x 100", header, tuple(rows))

    def finding(self, results: Results) -> str:
        sentences = []
        for condition in results.select(GateCondition):
            before, after = (results.of(condition, f"half_lives_{when}").max(axis=1) for when in ("before", "after"))
            full = results.of(condition, f"accuracy/{NONE}").mean()
            gates = [gate for gate in _names(results, condition) if gate != NONE]
            losses = {gate: full - results.of(condition, f"accuracy/{gate}").mean() for gate in gates}
            worst = max(losses, key=lambda gate: losses[gate])
            sentences.append(
                f"{condition.name}: the longest half-life went from {before.mean():,.1f} to {after.mean():,.1f} steps; "
                f"fixing the {worst.replace('_', ' ')} costs most, {100 * losses[worst]:.1f} points."
            )
        return " ".join(sentences)


_GATES = ("forget", "input", "output", "update", "reset")


def _names(results: Results, condition: GateCondition) -> list[str]:
    """Gates for which the condition has an accuracy."""
    values = next(each.values for each in results.results if each.condition == condition)
    return [name.removeprefix("accuracy/") for name in values if name.startswith("accuracy/")]


def _accuracy(results: Results, condition: GateCondition, gate: str) -> str:
    if gate not in _names(results, condition):
        return "-"
    return mean_and_deviation(results.of(condition, f"accuracy/{gate}"), factor=100)


def _histograms(results: Results) -> Figure:
    conditions = results.select(GateCondition)
    figure = Figure(figsize=(10.5, 5.4), layout="constrained")
    grid = figure.subplots(2, -(-len(conditions) // 2), sharex=True, sharey=True, squeeze=False)
    bins = np.geomspace(0.5, 500, 40)
    for axes, condition in zip(grid.flat, conditions, strict=False):
        for when, color in (("before", ORANGE), ("after", BLUE)):
            lives = np.clip(results.of(condition, f"half_lives_{when}").ravel(), bins[0], bins[-1])
            share = np.full(len(lives), 100 / len(lives))
            axes.hist(lives, bins, weights=share, color=color, alpha=0.6, label=f"{when} training")
        axes.set(title=condition.name, xscale="log")
        axes.grid(alpha=0.3)
    for axes in grid[-1]:
        axes.set_xlabel("half-life of a unit (steps)")
    for axes in grid[:, 0]:
        axes.set_ylabel("units (%)")
    grid[0, 0].legend(edgecolor="none")
    figure.suptitle("Training gives units memories of different length")
    return figure


def _heat_maps(condition: GateCondition, results: Results) -> Figure:
    """States of the first seed."""
    first = next(each.values for each in results.results if each.condition == condition)
    states = {name.removeprefix("states/"): each for name, each in first.items() if name.startswith("states/")}
    words = [str(word) for word in first["words"]]
    return unit_heat_maps(states, words, f"{condition.name}: the end of one review, unit by unit")


EXPERIMENT = Gates()
