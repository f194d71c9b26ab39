"""Heat maps of what each unit of a recurrent layer does while it reads one text.

figure = unit_heat_maps(states, words, "LSTM reads one validation example")
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.plots import shortened_label

KEEPING_GATES = ("forget_gate", "update_gate")
"""Gates by which a unit keeps its state: LSTM's (Gers et al. 2000), and GRU's in Keras's convention."""
TITLES: Mapping[str, str] = {
    "forget_gate": "forget gate: 1 keeps the cell state",
    "input_gate": "input gate: 1 writes to the cell state",
    "output_gate": "output gate: 1 shows the cell state",
    "update_gate": "update gate: 1 keeps the state",
    "reset_gate": "reset gate: 0 leaves the state out of the new content",
    "saturated_units": "saturated units: 1 where tanh is flat",
    "cell_state": "cell state c",
    "output": "output h",
}
MAX_HALF_LIFE = 1e4


def half_lives(keeping: np.ndarray) -> np.ndarray:
    """Steps after which a unit has kept half of its state, (units,), from the gate that keeps it, (time, units).

    The state is multiplied by the gate at each step, so that the logarithms add up.
    """
    rate = -np.log(np.clip(keeping, 1e-12, 1 - 1e-12)).mean(axis=0)
    return np.minimum(np.log(2) / rate, MAX_HALF_LIFE)


def unit_order(states: Mapping[str, np.ndarray]) -> np.ndarray:
    """Units by decreasing half-life; of a cell without a gate that keeps, by decreasing mean change of the output."""
    for name in KEEPING_GATES:
        if name in states:
            return np.argsort(-half_lives(states[name]), kind="stable")
    change = (
        np.abs(np.diff(states["output"], axis=0)).mean(axis=0) if len(states["output"]) > 1 else states["output"][0]
    )
    return np.argsort(change, kind="stable")


def unit_heat_maps(
    states: Mapping[str, np.ndarray], words: Sequence[str], title: str, borders: Sequence[int] = ()
) -> Figure:
    """A heat map of units x words for each gate and state of one direction.

    states: name as in `TITLES` -> (time, units); words: (time,)
    borders: steps at which the layer starts anew, drawn as lines
    Raises ValueError if the number of words is not that of the steps.
    """
    if any(len(values) != len(words) for values in states.values()):
        raise ValueError(f"{len(words)} words for other numbers of steps")
    order = unit_order(states)
    width = min(14.0, 3.2 + 0.24 * len(words))
    figure = Figure(figsize=(width, 1.4 + 1.55 * len(states)), layout="constrained")
    panels = figure.subplots(len(states), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, values) in zip(panels, states.items(), strict=True):
        _draw(figure, axes, name, values[:, order])
        for border in borders:
            axes.axvline(border - 0.5, color="white", linewidth=2)
            axes.axvline(border - 0.5, color="black", linewidth=0.8, linestyle="--")
    labels = [shortened_label(word) for word in words]
    panels[-1].set_xticks(range(len(words)), labels, rotation=90, fontsize="small")
    figure.supylabel(f"units, {_order_name(states)}", fontsize="medium")
    figure.suptitle(title)
    return figure


def _order_name(states: Mapping[str, np.ndarray]) -> str:
    has_gate = any(name in states for name in KEEPING_GATES)
    return "longest memory at the top" if has_gate else "slowest at the top"


def _draw(figure: Figure, axes: Axes, name: str, values: np.ndarray) -> None:
    """values: (time, units)"""
    signed = name in ("cell_state", "output")
    limit = max(1.0, float(np.abs(values).max())) if signed else 1.0
    image = axes.imshow(
        values.T,
        aspect="auto",
        interpolation="nearest",
        cmap="PuOr" if signed else "viridis",
        vmin=-limit if signed else 0.0,
        vmax=limit,
    )
    axes.set_title(TITLES.get(name, name), fontsize="medium")
    axes.set_yticks([])
    figure.colorbar(image, ax=axes, pad=0.01, aspect=8)
