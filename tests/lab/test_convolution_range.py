"""Convolutions on the lag task: the receptive field is what the last output depends on, and bounds what is learned."""

from dataclasses import replace

import numpy as np
import pytest

from lab.convolution_range import EXPERIMENT, NETWORKS, RangeCondition, receptive_field
from lab.experiment import Result, Results
from lab.lag_task import SYMBOLS

CONVOLUTIONS = [each for each in NETWORKS if each.network is None]


def test_receptive_fields_by_hand():
    assert receptive_field([]) == 1
    assert receptive_field([1]) == 3
    assert receptive_field([1, 1]) == 5
    assert receptive_field([1, 2, 4]) == 15
    assert receptive_field([1, 2], width=2) == 4
    assert [each.receptive_field for each in CONVOLUTIONS] == [17, 61, 253]


@pytest.mark.parametrize("condition", CONVOLUTIONS, ids=lambda each: each.name)
def test_the_last_output_depends_on_its_receptive_field_alone(condition):
    field = int(condition.receptive_field)
    condition = replace(condition, lag=field + 2)
    model = condition.build(seed=1)
    symbols = np.random.default_rng(1).integers(0, SYMBOLS, (32, condition.lag + 1))
    logits = np.asarray(model(symbols))

    def with_changed(position: int) -> np.ndarray:
        changed = symbols.copy()
        changed[:, position] = (changed[:, position] + 1) % SYMBOLS
        return np.asarray(model(changed))

    assert np.any(with_changed(-field) != logits)
    for outside in (-field - 1, 0):
        np.testing.assert_array_equal(with_changed(outside), logits)


def test_networks_have_the_same_number_of_parameters():
    counts = [replace(each, lag=3).build(seed=1).count_params() for each in NETWORKS]
    assert max(counts) < 1.05 * min(counts)


def test_training_ends_once_the_lag_is_learned():
    # Two convolutions see five symbols.
    values = RangeCondition("CNN", None, 12, (1,), lag=4, max_steps=300, learning_rate=1e-2).measure(seed=1)
    assert values["accuracy"] >= 0.98 and 50 <= values["steps"] < 300


def test_finding_follows_the_results():
    conditions = EXPERIMENT.conditions(quick=True)
    results = Results(
        [
            Result(each, 1, {"accuracy": np.array(1.0 if each.lag < each.receptive_field else 0.13)})
            for each in conditions
        ]
    )
    assert EXPERIMENT.finding(results) == (
        "Longest lag that every seed learned: CNN 5 (it sees 16 steps back), SimpleRNN 20. "
        "Beyond its field no convolution was right in more than 13.0%."
    )
    assert EXPERIMENT.table(results).rows[0] == ("CNN", "17", "100.0", "13.0")
    assert EXPERIMENT.figures(results)["convolution_range"].axes[0].get_xlabel()
