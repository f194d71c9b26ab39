"""Words shuffled within windows: what is shuffled, and that a bag is blind to it while a cell is not."""

from collections import Counter

import numpy as np

from data.encoders.vocabulary import Vocabulary
from lab.experiment import Result, Results
from lab.order import ALL, EXPERIMENT, OrderCondition, shuffle_words
from lab.reviews import Texts

WORDS = [str(number) for number in range(25)]


def shuffled(window: int, seed: int = 1) -> list[str]:
    return shuffle_words(WORDS, window, np.random.default_rng(seed))


def test_words_are_shuffled_within_their_window_alone():
    assert shuffled(1) == WORDS
    for window in (3, 10, ALL):
        words = shuffled(window)
        assert words != WORDS
        for start in range(0, len(WORDS), window):
            assert Counter(words[start : start + window]) == Counter(WORDS[start : start + window])
    assert shuffled(ALL) != shuffled(ALL, seed=2)
    # Words of the first half reach the second.
    assert set(shuffled(ALL)[:12]) != set(WORDS[:12])


def texts_of_two_orders() -> Texts:
    """The same two words, in an order that is the class."""
    pairs, classes = [["a", "b"], ["b", "a"]] * 50, np.array([0, 1] * 50, np.int32)
    return Texts(pairs, classes, pairs, classes, Vocabulary.fit(pairs, 10))


def test_shuffled_texts_keep_their_words_and_their_padding():
    condition = OrderCondition("LSTM", "lstm", "synthetic", 100, length=4, epochs=1)
    for ids in condition.shuffled(texts_of_two_orders(), seed=1):
        assert np.all(ids[:, 2:] == 0) and np.all(np.sort(ids[:, :2]) == [2, 3])


def test_a_bag_cannot_tell_orders_apart_and_a_cell_can(monkeypatch):
    monkeypatch.setattr("lab.order.load_reviews", lambda dataset, examples: texts_of_two_orders())
    sizes = {"examples": 100, "length": 3, "epochs": 40, "windows": (1, ALL), "units": 8, "learning_rate": 2e-2}
    bag = OrderCondition("bag", "bag", "synthetic", **sizes).measure(seed=1)
    cell = OrderCondition("SimpleRNN", "simple_rnn", "synthetic", **sizes).measure(seed=1)
    np.testing.assert_array_equal(bag["accuracies"], [0.5, 0.5])
    assert cell["accuracies"][0] == 1 and cell["accuracies"][1] < 0.8
    assert bag["majority"] == 0.5


def test_finding_follows_the_results():
    conditions = EXPERIMENT.conditions(quick=True)
    accuracies = {"bag": [0.5] * 4, "lstm": [0.9, 0.8, 0.7, 0.6]}
    results = Results(
        [
            Result(
                each,
                1,
                {"accuracies": np.array(accuracies.get(each.network, [0.55] * 4)), "majority": np.array(0.5)},
            )
            for each in conditions
        ]
    )
    assert EXPERIMENT.finding(results) == (
        "On synthetic data the best, LSTM, has 90.0 % on texts as written and 60.0 % when all words are shuffled; the "
        "bag 50.0 % on both, the most frequent class 50.0 %."
    )
    assert EXPERIMENT.table(results).header[-4:] == ("window 1", "window 3", "window 10", "window all")
    assert EXPERIMENT.figures(results)["order"].axes[0].get_xlabel()
