"""Baselines for classification beat the majority, are deterministic and accept degenerate data."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from data.encoders.orthography import OrthographicSettings, orthographic_features
from evaluation.classification_baselines import (
    WordRegression,
    _interpolate,
    _log_count_ratios,
    fit_text_baselines,
    fit_word_baselines,
)
from evaluation.classification_scores import classification_scores
from schema.errors import UserError
from schema.examples import LabelledText
from schema.scores import SeenInTraining

GOOD, BAD, DULL = ("fine", "lovely", "warm"), ("awful", "nasty", "cold"), ("plain", "grey", "flat")


def reviews(words_of_labels, repeats=4):
    """Texts with one informative word among uninformative ones; the first class is the most frequent."""
    examples = [
        LabelledText(f"the {thing} was {word} and long", label)
        for label, words in words_of_labels.items()
        for word in words
        for thing in ("film", "play", "book", "song")[:repeats]
    ]
    return [*examples, LabelledText("the film", next(iter(words_of_labels)))]


TWO = {"good": GOOD, "bad": BAD}
THREE = TWO | {"dull": DULL}


def predict_texts(baselines, *texts):
    """Predictions of each baseline for the texts."""
    return {name: predict([LabelledText(text) for text in texts]) for name, predict in baselines.items()}


def settings_of(baselines):
    """Chosen settings of the baselines that have some."""
    return {name: baseline.setting for name, baseline in baselines.items() if name != "majority"}


def accuracies(baselines, examples, labels):
    seen = SeenInTraining(labels=tuple(labels))
    return {
        name: classification_scores(examples, predict(examples), seen).values["accuracy"]
        for name, predict in baselines.items()
    }


@pytest.mark.parametrize("words_of_labels", [TWO, THREE], ids=["two classes", "three classes"])
def test_fitted_baselines_beat_the_majority(words_of_labels):
    train, held_out = reviews(words_of_labels, 3), reviews(words_of_labels)
    scored = accuracies(fit_text_baselines(train, held_out, str.split), held_out, sorted(words_of_labels))
    assert scored["majority"] == pytest.approx(13 / (12 * len(words_of_labels) + 1))
    assert scored["nb_bigrams"] > 0.95
    assert scored["tfidf_logistic_regression"] > 0.95


@pytest.mark.parametrize("words_of_labels", [TWO, THREE], ids=["two classes", "three classes"])
def test_predictions_are_the_most_probable_class_of_a_distribution(words_of_labels):
    baselines = fit_text_baselines(reviews(words_of_labels), reviews(words_of_labels), str.split)
    for predictions in predict_texts(baselines, "so lovely and warm", "words never seen", "").values():
        for prediction in predictions:
            assert set(prediction.probabilities) == set(words_of_labels)
            assert sum(prediction.probabilities.values()) == pytest.approx(1)
            assert prediction.probability == max(prediction.probabilities.values())


def test_word_pairs_are_features():
    texts = {"yes": ("a b", "b a c a b"), "no": ("b a", "a c b a")}
    train = [LabelledText(text, label) for label, group in texts.items() for text in group]
    predictions = predict_texts(fit_text_baselines(train, train, str.split), "a b", "b a")
    assert [prediction.label for prediction in predictions["nb_bigrams"]] == ["yes", "no"]


def test_fitting_is_deterministic():
    first, second = (
        predict_texts(fit_text_baselines(reviews(THREE), reviews(THREE), str.split), "cold film", "long play")
        for _ in range(2)
    )
    assert first == second


def test_each_text_is_tokenized_once_for_all_baselines():
    baselines = fit_text_baselines(reviews(TWO), reviews(TWO), counting := CountingTokenizer())
    counting.calls = 0
    predict_texts(baselines, "one", "two", "three")
    assert counting.calls == 3


def test_predictions_are_those_of_the_given_texts_and_not_of_earlier_ones():
    baselines = fit_text_baselines(reviews(TWO), reviews(TWO), str.split)
    for _ in range(2):
        for text, label in (("so lovely", "good"), ("so nasty", "bad")):
            assert predict_texts(baselines, text)["nb_bigrams"][0].label == label


class CountingTokenizer:
    calls = 0

    def __call__(self, text):
        self.calls += 1
        return text.split()


@pytest.mark.parametrize(
    "train",
    [
        [LabelledText("one class", "a"), LabelledText("alone", "a")],
        [LabelledText("", "a"), LabelledText(" ", "a"), LabelledText("", "b")],
    ],
    ids=["one class", "no token"],
)
def test_majority_is_the_only_baseline_if_nothing_else_can_be_fitted(train):
    predictions = predict_texts(fit_text_baselines(train, train, str.split), "anything", "")
    assert {name: [prediction.label for prediction in group] for name, group in predictions.items()} == {
        "majority": ["a", "a"]
    }


def test_three_examples_are_enough():
    train = [LabelledText("a good film", "good"), LabelledText("a bad film", "bad"), LabelledText("meh", "dull")]
    predictions = predict_texts(fit_text_baselines(train, train[:1], str.split), "good")
    assert predictions["nb_bigrams"][0].label == "good"


def test_middle_settings_are_used_without_validation():
    settings = settings_of(fit_text_baselines(reviews(TWO), [], str.split))
    assert settings == {"tfidf_logistic_regression": "C 10", "nb_bigrams": "C 1, beta 0.5"}


def test_validation_examples_of_unknown_classes_are_ignored():
    unknown = [LabelledText("a lovely film", "new"), LabelledText("a film", None)]
    assert settings_of(fit_text_baselines(reviews(TWO), unknown, str.split)) == settings_of(
        fit_text_baselines(reviews(TWO), [], str.split)
    )


def test_no_texts_have_no_predictions():
    predictions = predict_texts(fit_text_baselines(reviews(TWO), [], str.split))
    assert predictions == {"majority": [], "tfidf_logistic_regression": [], "nb_bigrams": []}


def test_training_examples_without_labels_are_a_plain_error():
    with pytest.raises(UserError, match="No training example has a label"):
        fit_text_baselines([LabelledText("text")], [], str.split)


def test_log_count_ratios_are_smoothed_by_one():
    present = csr_matrix(np.array([[1.0, 0.0], [1.0, 1.0]]))
    # Inside 1 + (1, 0) of 3, outside 1 + (1, 1) of 4.
    expected = [math.log((2 / 3) / (2 / 4)), math.log((1 / 3) / (2 / 4))]
    np.testing.assert_allclose(_log_count_ratios(present, np.array([True, False])), expected)


def test_weights_are_shrunk_towards_their_mean_magnitude():
    # Mean magnitude 2: 0.75 * 2 + 0.25 * (3, -1) = (2.25, 1.25).
    interpolated = _interpolate(np.array([1.0, -2.0]), np.array([3.0, -1.0]), beta=0.25)
    np.testing.assert_allclose(interpolated, [2.25, -2.5])


STEMS = ("bold", "calm", "cool", "dear", "fair", "fond", "glad", "kind", "loud", "mild")
ADVERBS, VERBS = [stem + "ly" for stem in STEMS], [stem + "ing" for stem in STEMS]


def features(word):
    return orthographic_features(word, OrthographicSettings(max_prefix=2, max_suffix=3))


def words(*groups: tuple[list[str], str]) -> list[LabelledText]:
    return [LabelledText(word, label) for group, label in groups for word in group]


def test_suffixes_are_learned():
    classifier = WordRegression.fit(ADVERBS + VERBS, ["ADV"] * 10 + ["VERB"] * 10, features, c=1.0)
    probabilities = classifier.probabilities(["warmly", "warming"])
    assert classifier.labels == ("ADV", "VERB")
    assert [classifier.labels[index] for index in probabilities.argmax(axis=1)] == ["ADV", "VERB"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_word_baselines_are_a_majority_and_a_regression():
    train, validation = words((ADVERBS[:6], "ADV"), (VERBS[:9], "VERB")), words((ADVERBS[6:], "ADV"), (["new"], "ADJ"))
    fitted = fit_word_baselines(train, validation, {"logistic_regression": features})
    predictions = predict_texts(fitted, "warmly", "warming")
    majority, regression = predictions["majority"], predictions["logistic_regression"]
    assert [prediction.label for prediction in majority] == ["VERB", "VERB"]
    assert majority[0].probabilities == {"ADV": pytest.approx(6 / 15), "VERB": pytest.approx(9 / 15)}
    assert [prediction.label for prediction in regression] == ["ADV", "VERB"]
    for prediction in (*majority, *regression):
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.probability == max(prediction.probabilities.values())


def test_a_regression_is_fitted_without_validation():
    fitted = fit_word_baselines(words((ADVERBS, "ADV"), (VERBS, "VERB")), [], {"logistic_regression": features})
    assert [prediction.label for prediction in predict_texts(fitted, "warmly")["logistic_regression"]] == ["ADV"]
    assert list(predict_texts(fitted).values()) == [[], []]


def test_a_single_class_has_a_majority_only():
    fitted = fit_word_baselines(words((ADVERBS, "ADV")), words((VERBS, "ADV")), {"logistic_regression": features})
    assert [prediction.label for prediction in predict_texts(fitted, "new")["majority"]] == ["ADV"]
    assert set(fitted) == {"majority"}
