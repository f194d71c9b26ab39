"""Networks of equal size on texts of a fixed length: sizes and costs are counted right, and padding has no effect."""

import numpy as np
import pytest

from data.encoders.vocabulary import Vocabulary
from lab.dense_fixed_size import (
    CLASSES,
    EMBEDDING_SIZE,
    EXPERIMENT,
    NETWORKS,
    PARAMETERS,
    LengthCondition,
    multiply_adds,
    parameters,
    units_of,
)
from lab.experiment import Result, Results
from lab.reviews import VOCAB_SIZE, Texts
from lab.text_networks import text_network


@pytest.mark.parametrize("network", NETWORKS)
def test_parameters_are_those_that_keras_counts(network):
    model = text_network(network, 25, 5, CLASSES, seed=1, embedding_size=EMBEDDING_SIZE)
    embedding = (VOCAB_SIZE + 2) * EMBEDDING_SIZE
    assert parameters(network, 5, 25) == model.count_params() - embedding


def test_all_networks_have_the_same_number_of_parameters():
    for condition in EXPERIMENT.conditions(quick=False):
        count = parameters(condition.network, condition.units, condition.length)
        assert count == pytest.approx(PARAMETERS, rel=0.05), condition


def test_multiply_adds_by_hand():
    # Three steps of 8 features, 2 units, 2 classes.
    counts = {network: multiply_adds(network, 2, 3) for network in NETWORKS}
    assert counts == {
        "dense": 3 * 8 * 2 + 4,
        "bag": 3 * 8 + 8 * 2 + 2 * 2 + 4,
        "simple_rnn": 3 * (8 * 2 + 2 * 2) + 4,
        "lstm": 3 * 4 * (8 * 2 + 2 * 2) + 4,
    }


@pytest.mark.parametrize("network", ["bag", "cnn", "simple_rnn", "lstm", "gru"])
def test_padding_does_not_change_a_prediction(network):
    padded = text_network(network, 6, 4, CLASSES, seed=1)
    alone = text_network(network, 3, 4, CLASSES, seed=2)
    alone.set_weights(padded.get_weights())
    words = np.array([[7, 2, 9], [4, 4, 3]], np.int32)
    logits = np.asarray(padded(np.pad(words, ((0, 0), (0, 3)))))
    np.testing.assert_allclose(logits, alone(words), atol=1e-6)
    other = np.asarray(padded(np.pad(words, ((0, 0), (0, 3)), constant_values=5)))
    assert np.abs(logits - other).max() > 1e-5


def test_padding_and_words_cut_off_are_counted(monkeypatch):
    train = [["good", "film"], ["bad", "film"]] * 20
    test = [["good", "film"], ["bad", "film", "for", "two", "long", "hours"]]
    texts = Texts(train, np.array([1, 0] * 20), test, np.array([1, 0]), Vocabulary.fit(train, 10))
    monkeypatch.setattr("lab.dense_fixed_size.load_reviews", lambda dataset, examples: texts)
    values = LengthCondition("bag", "bag", 4, epochs=100, batch=40, learning_rate=1e-2).measure(seed=1)
    # Two of eight steps are padding, and two of eight words are not read.
    assert values["padding"] == values["cut_off"] == 0.25
    assert values["accuracy"] == 1
    assert values["multiply_adds"] == multiply_adds("bag", units_of("bag", 4), 4)


def test_finding_follows_the_results():
    conditions = EXPERIMENT.conditions(quick=True)
    results = Results(
        [
            Result(
                each,
                1,
                {
                    "accuracy": np.array(0.9 if each.network == "bag" and each.length == 20 else 0.6),
                    "multiply_adds": np.array({"dense": 200.0, "bag": 100.0, "lstm": 4000.0}.get(each.network, 1.0)),
                    "padding": np.array(0.3),
                    "cut_off": np.array(0.1),
                },
            )
            for each in conditions
        ]
    )
    finding = EXPERIMENT.finding(results)
    assert "bag of embeddings 60.0 to 90.0 %" in finding
    assert "Best of all is the bag of embeddings on 20 words" in finding
    assert "30% of the steps are padding" in finding
    assert "40 times the multiply-adds of the bag, and the flattened dense network 2.0 times" in finding
    assert len(EXPERIMENT.table(results).rows) == len(conditions)
    assert EXPERIMENT.figures(results)["dense_fixed_size"].axes[0].get_xlabel()
