"""Digits through an encoder-decoder: the pairs, exact match without decoding step by step, and a small training."""

import numpy as np

from lab.bottleneck import EXPERIMENT, DigitsCondition, digit_pairs, exact_match
from lab.experiment import Result, Results
from schema.encoded import BEGIN, END, IGNORE_INDEX


def test_pairs_are_reversed_or_copied_and_end_after_the_last_digit():
    for task in ("reverse", "copy"):
        inputs, following = digit_pairs(np.random.default_rng(1), task, np.array([3, 1]))
        source = inputs["source"]
        expected = source[0, ::-1] if task == "reverse" else source[0]
        assert source.min() == 0 and source[0].min() >= 4 and source.max() <= 13
        np.testing.assert_array_equal(inputs["target"], [[BEGIN, *expected], [BEGIN, source[1, 0], 0, 0]])
        np.testing.assert_array_equal(following, [[*expected, END], [source[1, 0], END, IGNORE_INDEX, IGNORE_INDEX]])


def copier(inputs: dict[str, np.ndarray], training: bool = False) -> np.ndarray:
    """One-hot logits of a model that copies, but always says 4 after a 5."""
    source, target = inputs["source"], inputs["target"]
    ends = np.full((len(source), 1), END)
    steps = target.shape[1]
    said = np.where(target == 5, 4, np.concatenate([source, ends], axis=1)[:, :steps])
    return np.eye(14)[said]


def generated(source: np.ndarray, steps: int) -> np.ndarray:
    """What a greedy decoder generates with the model above, step by step."""
    target = np.full((len(source), 1), BEGIN)
    for _ in range(steps):
        last = np.argmax(copier({"source": source, "target": target}), axis=-1)[:, -1:]
        target = np.concatenate([target, last], axis=1)
    return target[:, 1:]


def test_exact_match_is_that_of_decoding_step_by_step():
    pairs = digit_pairs(np.random.default_rng(1), "copy", np.full(300, 4))
    right = (generated(pairs[0]["source"], 5) == pairs[1]).all(axis=1)
    assert 0.1 < right.mean() < 0.9
    assert exact_match(copier, pairs) == right.mean()


def test_steps_after_the_end_do_not_count():
    inputs, following = digit_pairs(np.random.default_rng(1), "copy", np.array([3, 1]))
    answers = np.where(following == IGNORE_INDEX, 9, following)
    assert exact_match(lambda inputs, training: np.eye(14)[answers], (inputs, following)) == 1
    answers[1, 1] = 9
    assert exact_match(lambda inputs, training: np.eye(14)[answers], (inputs, following)) == 0.5


def test_a_step_does_not_see_the_digits_that_it_has_to_generate():
    model = DigitsCondition("attention", "multiplicative", 4, "copy").build(seed=1)
    inputs, _ = digit_pairs(np.random.default_rng(1), "copy", np.full(4, 5))
    later = inputs["target"].copy()
    later[:, 3:] = 4 + (later[:, 3:] - 3) % 10
    logits, changed = (np.asarray(model({**inputs, "target": target})) for target in (inputs["target"], later))
    np.testing.assert_allclose(logits[:, :3], changed[:, :3], atol=1e-6)
    assert np.abs(logits[:, 3:] - changed[:, 3:]).max() > 1e-5


def test_a_single_digit_goes_through_one_vector():
    condition = DigitsCondition(
        "one vector", "none", 16, "copy", longest_trained=1, lengths=(1, 3), steps=200, learning_rate=2e-2
    )
    np.testing.assert_array_equal(condition.measure(seed=1)["exact_match"], [1, 0])


def test_finding_follows_the_results():
    conditions = EXPERIMENT.conditions(quick=True)
    matches = {"none": [1, 0.25, 0], "multiplicative": [1, 1, 0.5]}
    results = Results([Result(each, 1, {"exact_match": np.array(matches[each.attention])}) for each in conditions])
    assert EXPERIMENT.finding(results) == (
        "Length up to which at least 90% of the sources come out right, when lengths up to 4 were trained: "
        "one vector, 16 units, reverse 2; attention, 16 units, reverse 4."
    )
    assert EXPERIMENT.table(results).header[-1] == "6 (unseen)"
    assert EXPERIMENT.figures(results)["bottleneck"].axes[0].get_xlabel()
