"""N-gram features, compared with a straightforward computation of the linear model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from data.encoders.ngram_features import NgramFeatures, NgramSettings
from schema.errors import RunError

WORDS = ("good", "bad", "not", "film", "very")
random = np.random.default_rng(4)
TEXTS = [list(random.choice(WORDS, random.integers(1, 9))) for _ in range(60)]
TARGETS = np.array([text.count("good") > text.count("bad") for text in TEXTS], np.int32)
THREE = np.array([len(text) % 3 for text in TEXTS], np.int32)


def fit(targets=TARGETS, classes=2, texts=TEXTS, **settings):
    return NgramFeatures.fit(texts, targets, classes, NgramSettings(**{"orders": 3, **settings}))


def weights_in(path) -> dict[str, np.ndarray]:
    """N-gram -> weight of each channel, from the file that `save` writes."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")]
    return {ngram: np.array(weights, float) for ngram, *weights in lines}


def assert_equal(actual, expected):
    for name in ("ngram_features", "ngram_totals"):
        np.testing.assert_array_equal(actual[name].values, expected[name].values)


@pytest.fixture(scope="module", params=[(TARGETS, 2), (THREE, 3)], ids=["two classes", "three classes"])
def fitted(request, tmp_path_factory):
    """(n-gram features, their weights)"""
    path = tmp_path_factory.mktemp("ngrams") / "ngrams.tsv"
    ngrams, _ = fit(*request.param)
    ngrams.save(path)
    return ngrams, weights_in(path)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "unheard-of"]), max_size=12))
def test_features_are_the_weights_that_end_at_each_step_and_totals_sum_to_the_linear_score(fitted, text):
    ngrams, weights = fitted
    channels = ngrams.channels
    columns = ngrams.encode([text])
    features, totals = columns["ngram_features"].values, columns["ngram_totals"].values
    zeros = np.zeros(channels)
    distinct = set()
    for step in range(len(text)):
        for order in (1, 2, 3):
            ngram = " ".join(text[max(0, step + 1 - order) : step + 1]) if step + 1 >= order else "too short"
            actual = features[step, (order - 1) * channels : order * channels]
            np.testing.assert_allclose(actual, weights.get(ngram, zeros), atol=1e-6)
            distinct.add(ngram)
    score = sum((weights.get(ngram, zeros) for ngram in distinct), zeros)
    np.testing.assert_allclose(totals.sum(axis=0), score, atol=1e-5)


def test_the_score_is_that_of_a_linear_model_over_binary_n_grams():
    """Wang & Manning's naive Bayes features, computed with scikit-learn."""
    ngrams, _ = fit(beta=1.0, orders=2)
    counter = CountVectorizer(analyzer=lambda t: {*t, *map(" ".join, zip(t, t[1:], strict=False))}, min_df=3)
    present = counter.fit_transform(TEXTS).toarray()
    inside, outside = present[TARGETS == 1].sum(axis=0) + 1.0, present[TARGETS == 0].sum(axis=0) + 1.0
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    linear = LogisticRegression(solver="liblinear", dual=True, tol=1e-4, max_iter=10_000).fit(present * ratio, TARGETS)
    scores = [ngrams.encode([text])["ngram_totals"].values.sum() for text in TEXTS]
    np.testing.assert_allclose(scores, linear.decision_function(present * ratio) - linear.intercept_, atol=0.1)


def test_texts_that_are_encoded_together_do_not_influence_each_other(fitted):
    ngrams, _ = fitted
    together = ngrams.encode(TEXTS)
    for index, text in enumerate(TEXTS):
        for name, column in ngrams.encode([text]).items():
            np.testing.assert_array_equal(together[name][index], column.values)


def test_the_total_of_a_word_has_the_sign_of_its_class():
    ngrams, _ = fit()
    good, bad = ngrams.encode([["good"], ["bad"]])["ngram_totals"].values
    assert good > 0 > bad


def test_each_class_has_its_channel():
    texts = [[word] for word in ("how", "who", "where") for _ in range(5)]
    ngrams, out_of_fold = fit(np.repeat([0, 1, 2], 5), 3, texts)
    assert ngrams.channels == 3
    totals = ngrams.encode([["how"], ["who"], ["where"]])["ngram_totals"].values
    assert totals.argmax(axis=1).tolist() == [0, 1, 2]
    assert out_of_fold["ngram_features"].values.shape == (15, 3 * 3)
    assert out_of_fold["ngram_totals"].values.shape == (15, 3)


@pytest.mark.parametrize("index", [0, 7, 31])
def test_the_features_of_a_training_text_do_not_depend_on_its_own_label(index):
    flipped = TARGETS.copy()
    flipped[index] = 1 - flipped[index]
    _, before = fit(TARGETS)
    _, after = fit(flipped)
    for name, column in before.items():
        np.testing.assert_array_equal(after[name][index], column[index])
        assert (after[name].values != column.values).any()  # other texts depend on it


@pytest.mark.parametrize(
    "texts, targets, classes",
    [
        (TEXTS, TARGETS, 2),
        (TEXTS, THREE, 3),
        ([["good"]] * 3 + [["bad"]] * 3, np.array([1, 1, 1, 0, 0, 0]), 2),
        ([["good", "film"], ["bad"], []], np.array([1, 0, 2]), 3),
    ],
    ids=["two classes", "three classes", "no pair of words", "no n-gram in enough texts"],
)
def test_the_file_gives_the_same_columns(tmp_path, texts, targets, classes):
    ngrams, _ = fit(targets, classes, texts)
    ngrams.save(tmp_path / "ngrams.tsv")
    loaded = NgramFeatures.load(tmp_path / "ngrams.tsv")
    inputs = [*texts, ["unheard-of", "good", "good"], []]
    assert loaded.channels == ngrams.channels
    assert_equal(loaded.encode(inputs), ngrams.encode(inputs))


@pytest.mark.parametrize(
    "content", [b"good\t0.1\nbad\tworse", b"good\t0.1\nbad\t0.1\t0.2", b"g\xff\t0.1", b"", b"good"]
)
def test_a_corrupt_file_is_an_error(tmp_path, content):
    (tmp_path / "ngrams.tsv").write_bytes(content)
    with pytest.raises(RunError, match="ngrams.tsv is damaged"):
        NgramFeatures.load(tmp_path / "ngrams.tsv")


def test_features_of_a_single_class_are_zeros():
    _, out_of_fold = fit(np.zeros(len(TEXTS), np.int32))
    assert not out_of_fold["ngram_features"].values.any()
    assert not out_of_fold["ngram_totals"].values.any()


@pytest.mark.parametrize("texts", [[["good"]], [["good"], []], [[], [], []]])
def test_texts_shorter_than_the_order_and_fewer_than_the_folds(texts):
    ngrams, out_of_fold = fit(np.arange(len(texts)) % 2, 2, texts, orders=3, min_texts=1)
    for columns in (ngrams.encode(texts), out_of_fold):
        for name, channels in (("ngram_features", 3), ("ngram_totals", 1)):
            assert columns[name].lengths.tolist() == [1] * len(texts)
            assert columns[name].values.shape == (len(texts), channels)
            assert np.isfinite(columns[name].values).all()
