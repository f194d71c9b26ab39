"""How do numbers run forward through the steps, and gradients back?

python -m lab backprop

A worked example of three steps, and the equations of `numpy_cells.py` against Keras and against finite differences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from console.tables import plain_table
from lab.experiment import Condition, Experiment, Results, Values
from lab.figures import CELL_STYLES
from lab.gradient_check import STATES, Problem, finite_differences, keras_gradients, numpy_gradients, random_problem
from lab.graph import GRADIENT_COLOR, INPUT_COLOR, OUTPUT_COLOR, STATE_COLOR, Arrow, Node, draw_graph, inch_axes
from lab.numpy_cells import NUMPY_CELLS, forward
from schema.configs import CellName
from schema.scores import Table

LIMITS = {"float32": 1e-5, "float64": 1e-8}
"""Precision -> largest difference that rounding explains."""
COMPARED = ("hand_keras", "hand_differences", "keras_differences")


def worked_example(cell: CellName) -> Problem:
    """Three steps, two inputs and two units, with numbers of one decimal."""
    problem = random_problem(cell, seed=4, steps=3, features=2, units=2)
    weights = {name: weight.round(1) for name, weight in problem.weights.items()}
    inputs = np.array([[1.0, 0.5], [-0.5, 1.0], [0.5, -1.0]])
    return replace(problem, weights=weights, inputs=inputs, output_weights=np.array([1.0, -1.0]))


@dataclass(frozen=True)
class WorkedExample(Condition):
    """The worked example of a cell; it is the same with every seed."""

    cell: CellName

    def measure(self, seed: int) -> Values:
        """The states, and all gradients, by hand and by Keras (keras_...)."""
        problem = worked_example(self.cell)
        steps = forward(NUMPY_CELLS[self.cell], problem.weights, problem.inputs)
        states = zip(*(step.after for step in steps), strict=True)
        return {
            **{f"state_{name}": np.stack(values) for name, values in zip(STATES, states, strict=False)},
            **numpy_gradients(problem),
            **{f"keras_{name}": gradient for name, gradient in keras_gradients(problem).items()},
        }


@dataclass(frozen=True)
class Comparison(Condition):
    """Random weights and inputs of a cell, at one precision."""

    cell: CellName
    dtype: str
    steps: int = 8

    def measure(self, seed: int) -> Values:
        """Largest difference between the gradients: by hand, by Keras, and finite differences in float64."""
        problem = random_problem(self.cell, seed, self.steps).as_type(self.dtype)
        by_hand, by_keras = numpy_gradients(problem), keras_gradients(problem)
        differences = finite_differences(problem.as_type("float64"))
        return {
            "hand_keras": _largest_difference(by_hand, by_keras),
            "hand_differences": _largest_difference(by_hand, differences),
            "keras_differences": _largest_difference(by_keras, differences),
        }


def _largest_difference(one: Values, other: Values) -> np.ndarray:
    names = set(one) & set(other)
    return np.array(max(np.abs(one[name].astype(float) - other[name]).max() for name in names))


class Backprop(Experiment):
    """A worked example, and equations against Keras and finite differences."""

    name = "backprop"
    title = "Forward and backward through three steps"
    known = (
        "It holds always: it is the chain rule (Werbos 1990). What differs from one cell to the next is the path back: "
        "in SimpleRNN each step multiplies by the matrix U and by tanh', in LSTM the cell state c passes back by the "
        "forget gate alone (Hochreiter & Schmidhuber 1997), in GRU by the update gate and the candidate."
    )
    method = (
        "A sequence of three steps with two inputs and two units, y = v . h_3 and L = (y - target)^2 / 2; all numbers "
        "are in the figure. The equations of lab/numpy_cells.py are compared with Keras and with central differences "
        "in float64, on random sequences of 8 steps with 3 inputs and 4 units: every weight, input and state h."
    )

    def conditions(self, quick: bool) -> Sequence[Condition]:
        examples = [WorkedExample(f"{CELL_STYLES[cell][0]}, worked example", cell) for cell in CELL_STYLES]
        steps = 3 if quick else 8
        compared = [
            Comparison(f"{CELL_STYLES[cell][0]} in {dtype}", cell, dtype, steps)
            for cell in CELL_STYLES
            for dtype in LIMITS
        ]
        return [*examples, *compared]

    def figures(self, results: Results) -> Mapping[str, Figure]:
        return {
            "backprop" if example.cell == "simple_rnn" else f"backprop_{example.cell}": _figure(results, example)
            for example in results.select(WorkedExample)
        }

    def table(self, results: Results) -> Table:
        header = ("cell", "precision", "by hand - Keras", "by hand - differences", "Keras - differences", "limit")
        rows = []
        for condition in results.select(Comparison):
            maxima = (results.of(condition, name).max() for name in COMPARED)
            cells = (CELL_STYLES[condition.cell][0], condition.dtype, *(f"{value:.1e}" for value in maxima))
            rows.append((*cells, f"{LIMITS[condition.dtype]:.0e}"))
        return Table("Largest difference between two gradients, of all weights, inputs and seeds", header, tuple(rows))

    def finding(self, results: Results) -> str:
        largest = {
            dtype: max(
                float(results.of(condition, name).max())
                for condition in results.select(Comparison)
                if condition.dtype == dtype
                for name in COMPARED
            )
            for dtype in LIMITS
        }
        holds = all(largest[dtype] < limit for dtype, limit in LIMITS.items())
        numbers = ", ".join(f"{value:.1e} in {dtype} (limit {LIMITS[dtype]:.0e})" for dtype, value in largest.items())
        example = results.select(WorkedExample)[0]
        parts = results.of(example, "parts_recurrent_kernel")[0]
        share = np.linalg.norm(parts[-1] - parts.sum(axis=0)) / np.linalg.norm(parts.sum(axis=0))
        return (
            f"{'Holds' if holds else 'Fails'} for all three cells: the largest difference is {numbers}. In the worked "
            f"example of {CELL_STYLES[example.cell][0]} the last step alone would miss dL/dU by {100 * share:.0f} %."
        )

    def text(self, results: Results) -> str:
        return "\n\n".join(_text(results, example) for example in results.select(WorkedExample))


def _text(results: Results, example: WorkedExample) -> str:
    """All numbers of a worked example; the parts of the weights for SimpleRNN alone, as the others have many."""
    values = results.first(example)
    problem = worked_example(example.cell)
    names = [name for name in STATES if name in values]
    numbers = range(1, len(problem.inputs) + 1)
    y = problem.output_weights @ values["state_h"][-1]
    forward_rows = [
        (f"{t}", _vector(problem.inputs[t - 1], 1), *(_vector(values[f"state_{name}"][t - 1]) for name in names))
        for t in numbers
    ]
    backward_rows = [(f"{t}", *(_vector(values[name][t - 1]) for name in names)) for t in reversed(numbers)]
    lines = [
        f"{CELL_STYLES[example.cell][0]}, forward",
        plain_table(("t", "x_t", *(f"{name}_t" for name in names)), forward_rows),
        f"y = v . h_3 = {y:.4f}, target = {problem.target:.0f}, L = (y - target)^2 / 2 = "
        f"{problem.loss(values['state_h'][-1]):.4f}, dL/dy = {y - problem.target:.4f}",
        f"{CELL_STYLES[example.cell][0]}, backward",
        plain_table(("t", *(f"dL/d{name}_t" for name in names)), backward_rows),
    ]
    if example.cell == "simple_rnn":
        header = ("weight", *(f"step {t}" for t in numbers), "sum", "Keras")
        lines += ["The gradient of a shared weight is a sum over the steps:", plain_table(header, _parts(values))]
    return "\n".join(lines)


def _parts(values: Values) -> list[tuple[str, ...]]:
    """For each weight: its name, the part of each step, their sum, and the gradient by Keras."""
    rows = []
    for symbol, name in (("W", "kernel"), ("U", "recurrent_kernel"), ("b", "bias")):
        for index in np.ndindex(values[name].shape):
            numbers = (*values[f"parts_{name}"][:, *index], values[name][index], values[f"keras_{name}"][index])
            place = ",".join(str(one + 1) for one in index)
            rows.append((f"dL/d{symbol}[{place}]", *(_number(number) for number in numbers)))
    return rows


def _vector(values: np.ndarray, decimals: int = 4) -> str:
    return f"({', '.join(_number(value, decimals) for value in values)})"


def _number(value: float, decimals: int = 4) -> str:
    # Without the sign of a zero.
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}"


def _figure(results: Results, example: WorkedExample) -> Figure:
    """The unrolled graph with its numbers: forward black, gradients in their color."""
    values, problem = results.first(example), worked_example(example.cell)
    states = [name for name in STATES if name in values]
    bottom = 2.05 if example.cell == "simple_rnn" else 0.8
    height = bottom + len(states) * ROW + 0.85
    figure = Figure(figsize=(FIRST + COLUMN * len(problem.inputs) + 1.1, height))
    axes = inch_axes(figure, *figure.get_size_inches())
    draw_graph(axes, *_graph(problem, values, states, bottom))
    if example.cell == "simple_rnn":
        _draw_parts(axes, problem, values)
    else:
        text = "Not drawn: the gates, through which $x_t$ and $h_{t-1}$ act on the state."
        axes.text(FIRST - 1.1, 0.25, text, fontsize=9)
    title = f"{CELL_STYLES[example.cell][0]}: numbers forward (black) and gradients of the loss back (orange, dashed)"
    axes.set_title(title, y=1, pad=-18)
    return figure


COLUMN, FIRST, ROW = 3.0, 1.5, 1.1
"""Inches between the steps, to the first of them, and between inputs, h and c."""


def _graph(
    problem: Problem, values: Values, states: Sequence[str], bottom: float
) -> tuple[dict[str, Node], list[Arrow]]:
    nodes: dict[str, Node] = {}
    arrows: list[Arrow] = []
    for t in range(1, len(problem.inputs) + 1):
        x = FIRST + COLUMN * (t - 1)
        text = f"$x_{t}$ = {_vector(problem.inputs[t - 1], 1)}"
        gradient = f"$\\partial L/\\partial x_{t}$ = {_vector(values['inputs'][t - 1], 3)}"
        nodes[f"x{t}"] = Node(x, bottom, text, INPUT_COLOR, 2.2, 0.55, gradient)
        for row, name in enumerate(states):
            text = f"${name}_{t}$ = {_vector(values[f'state_{name}'][t - 1], 3)}"
            gradient = f"$\\partial L/\\partial {name}_{t}$ = {_vector(values[name][t - 1], 3)}"
            nodes[f"{name}{t}"] = Node(x, bottom + ROW * (row + 1), text, STATE_COLOR, 2.2, 0.55, gradient)
            if t > 1:
                arrows.append(Arrow(f"{name}{t - 1}", f"{name}{t}", "$U$" if name == "h" else "$f$", gradient=True))
        arrows.append(Arrow(f"x{t}", f"h{t}", "$W$", gradient=True))
        if "c" in states:
            arrows.append(Arrow(f"c{t}", f"h{t}", gradient=True))
    last = len(problem.inputs)
    y = float(problem.output_weights @ values["state_h"][-1])
    text = f"$y$ = {y:.3f}, target {problem.target:.0f}\n$L$ = {problem.loss(values['state_h'][-1]):.3f}"
    gradient = f"$\\partial L/\\partial y$ = {y - problem.target:.3f}"
    nodes["y"] = Node(FIRST + COLUMN * last, bottom + ROW, text, OUTPUT_COLOR, 1.7, 0.8, gradient)
    arrows.append(Arrow(f"h{last}", "y", "$v$", gradient=True))
    return nodes, arrows


def _draw_parts(axes: Axes, problem: Problem, values: Values) -> None:
    """Below each step its part of dL/dW and of dL/dU, and at the end the sums."""
    steps = len(problem.inputs)
    for row, (symbol, name) in enumerate((("W", "kernel"), ("U", "recurrent_kernel"))):
        y = 1.05 - 0.6 * row
        for column, part in enumerate([*values[f"parts_{name}"], values[name]]):
            sign = "+ " if 0 < column < steps else "= " if column else f"$\\partial L/\\partial {symbol}$ = "
            place = FIRST + COLUMN * column
            axes.text(place - 0.62, y, sign, ha="right", va="center", fontsize=9, color=GRADIENT_COLOR)
            axes.text(place - 0.6, y, _matrix(part), va="center", fontsize=9, color=GRADIENT_COLOR, family="monospace")
    for column in range(steps + 1):
        text = f"part of step {column + 1}" if column < steps else "sum over the steps"
        axes.text(FIRST + COLUMN * column, 1.42, text, ha="center", fontsize=9, color=GRADIENT_COLOR)


def _matrix(values: np.ndarray) -> str:
    return "\n".join("[" + " ".join(f"{value:6.3f}" for value in row) + "]" for row in values)


EXPERIMENT = Backprop()
