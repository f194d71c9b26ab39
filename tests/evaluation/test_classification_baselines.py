"""Baselines learn, repeat, and never stop a run; the verdict is honest."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from evaluation.classification_baselines import _interpolated, _log_count_ratios, fit_text_baselines, verdict
from evaluation.scores import classification_scores
from schema.errors import UserError
from schema.examples import LabelledText

GOOD, BAD, DULL = ("fine", "lovely", "warm"), ("awful", "nasty", "cold"), ("plain", "grey", "flat")


def reviews(kinds, repeats=4):
    """Texts of one telling word among words that tell nothing; the first class is the commonest."""
    examples = [
        LabelledText(f"the {thing} was {word} and long", label)
        for label, words in kinds.items()
        for word in words
        for thing in ("film", "play", "book", "song")[:repeats]
    ]
    return [*examples, LabelledText("the film", next(iter(kinds)))]


TWO = {"good": GOOD, "bad": BAD}
THREE = TWO | {"dull": DULL}


def accuracies(baselines, examples):
    answers = baselines.answer([example.text for example in examples])
    references = [example.label for example in examples]
    return {
        name: classification_scores(references, given, [1] * len(given), baselines.labels).values["accuracy"]
        for name, given in answers.items()
    }


@pytest.mark.parametrize("kinds", [TWO, THREE], ids=["two classes", "three classes"])
def test_the_learnt_baselines_beat_the_majority(kinds):
    train, held_out = reviews(kinds, 3), reviews(kinds)
    scored = accuracies(fit_text_baselines(train, held_out, str.split), held_out)
    assert scored["majority"] == pytest.approx(13 / (12 * len(kinds) + 1))
    assert scored["nb_bigrams"] > 0.95
    assert scored["tfidf_logistic_regression"] > 0.95


@pytest.mark.parametrize("kinds", [TWO, THREE], ids=["two classes", "three classes"])
def test_answers_are_the_most_probable_class_of_a_distribution(kinds):
    baselines = fit_text_baselines(reviews(kinds), reviews(kinds), str.split)
    for answers in baselines.answer(["so lovely and warm", "words never seen", ""]).values():
        for answer in answers:
            assert set(answer.probabilities) == set(kinds)
            assert sum(answer.probabilities.values()) == pytest.approx(1)
            assert answer.probability == max(answer.probabilities.values())


def test_word_pairs_are_seen():
    texts = {"yes": ("a b", "b a c a b"), "no": ("b a", "a c b a")}
    train = [LabelledText(text, label) for label, group in texts.items() for text in group]
    answers = fit_text_baselines(train, train, str.split).answer(["a b", "b a"])
    assert [answer.label for answer in answers["nb_bigrams"]] == ["yes", "no"]


def test_fitting_again_gives_the_same_answers():
    first, second = (
        fit_text_baselines(reviews(THREE), reviews(THREE), str.split).answer(["cold film", "long play"])
        for _ in range(2)
    )
    assert first == second


def test_each_text_is_tokenised_once_for_all_baselines():
    baselines = fit_text_baselines(reviews(TWO), reviews(TWO), counting := CountingTokenizer())
    counting.calls = 0
    baselines.answer(["one", "two", "three"])
    assert counting.calls == 3


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
def test_where_nothing_can_be_learnt_the_majority_stands_alone(train):
    answers = fit_text_baselines(train, train, str.split).answer(["anything", ""])
    assert {name: [answer.label for answer in given] for name, given in answers.items()} == {"majority": ["a", "a"]}


def test_three_examples_are_enough_to_run():
    train = [LabelledText("a good film", "good"), LabelledText("a bad film", "bad"), LabelledText("meh", "dull")]
    answers = fit_text_baselines(train, train[:1], str.split).answer(["good"])
    assert answers["nb_bigrams"][0].label == "good"


def test_without_validation_the_middle_settings_are_taken():
    choices = fit_text_baselines(reviews(TWO), [], str.split).choices
    assert choices == {"tfidf_logistic_regression": "C 10", "nb_bigrams": "C 1, beta 0.5"}


def test_validation_examples_of_unknown_classes_choose_nothing():
    strange = [LabelledText("a lovely film", "new"), LabelledText("a film", None)]
    assert (
        fit_text_baselines(reviews(TWO), strange, str.split).choices
        == fit_text_baselines(reviews(TWO), [], str.split).choices
    )


def test_no_text_has_no_answers():
    answers = fit_text_baselines(reviews(TWO), [], str.split).answer([])
    assert answers == {"majority": [], "tfidf_logistic_regression": [], "nb_bigrams": []}


def test_training_examples_without_labels_are_a_plain_error():
    with pytest.raises(UserError, match="No training example has a label"):
        fit_text_baselines([LabelledText("text")], [], str.split)


def test_log_count_ratios_are_smoothed_by_one():
    present = csr_matrix(np.array([[1.0, 0.0], [1.0, 1.0]]))
    # GradientRecorder 1 + (1, 0) of 3, outside 1 + (1, 1) of 4.
    expected = [math.log((2 / 3) / (2 / 4)), math.log((1 / 3) / (2 / 4))]
    np.testing.assert_allclose(_log_count_ratios(present, np.array([True, False])), expected)


def test_weights_are_drawn_towards_their_mean_size():
    # Mean size 2: 0.75 * 2 + 0.25 * (3, -1) = (2.25, 1.25).
    given = _interpolated(np.array([1.0, -2.0]), np.array([3.0, -1.0]), beta=0.25)
    np.testing.assert_allclose(given, [2.25, -2.5])


@pytest.mark.parametrize(
    ("value", "baselines", "sentence"),
    [
        (
            0.9189,
            {"majority": 0.5, "nb_bigrams": 0.9154},
            "The network beats the best baseline (nb_bigrams, 91.54) by 0.35 points.",
        ),
        (
            0.8972,
            {"tfidf_logistic_regression": 0.9092, "majority": 0.5},
            "The network loses to tfidf_logistic_regression (90.92) by 1.20 points.",
        ),
        (0.5, {"majority": 0.5}, "The network and the best baseline (majority, 50.00) are level."),
        # 0.004 points apart, which the two shown decimals do not show.
        (0.50004, {"majority": 0.5}, "The network and the best baseline (majority, 50.00) are level."),
        (0.5, {}, "There is no baseline to compare with."),
        (math.nan, {"majority": 0.5}, "The network has no score to compare."),
        (0.5, {"broken": math.nan}, "There is no baseline to compare with."),
    ],
)
def test_the_verdict_says_who_won(value, baselines, sentence):
    assert verdict("accuracy", value, baselines) == sentence
