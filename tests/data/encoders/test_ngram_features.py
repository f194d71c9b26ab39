"""The evidence of n-grams, against a linear model that is worked out slowly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from data.encoders.ngram_features import NgramFeatures, NgramSettings, fit_ngram_features
from schema.errors import RunError

WORDS = ("good", "bad", "not", "film", "very")
random = np.random.default_rng(4)
TEXTS = [list(random.choice(WORDS, random.integers(1, 9))) for _ in range(60)]
TARGETS = np.array([text.count("good") > text.count("bad") for text in TEXTS], np.int32)
THREE = np.array([len(text) % 3 for text in TEXTS], np.int32)


def fit(targets=TARGETS, classes=2, texts=TEXTS, **settings):
    return fit_ngram_features(texts, targets, classes, NgramSettings(**{"orders": 3, **settings}))


def weights_in(path) -> dict[str, np.ndarray]:
    """N-gram -> weight of each channel, from the file that `save` writes."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")]
    return {ngram: np.array(weights, float) for ngram, *weights in lines}


@pytest.fixture(scope="module", params=[(TARGETS, 2), (THREE, 3)], ids=["two classes", "three classes"])
def fitted(request, tmp_path_factory):
    """(evidence, its weights)"""
    path = tmp_path_factory.mktemp("evidence") / "ngrams.tsv"
    evidence, _ = fit(*request.param)
    evidence.save(path)
    return evidence, weights_in(path)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "unheard-of"]), max_size=12))
def test_each_step_says_what_ends_there_and_the_last_part_sums_to_the_linear_score(fitted, text):
    evidence, weights = fitted
    channels = evidence.channels
    trace = evidence.features([text]).values
    nothing = np.zeros(channels)
    distinct = set()
    for step in range(len(text)):
        for order in (1, 2, 3):
            ngram = " ".join(text[max(0, step + 1 - order) : step + 1]) if step + 1 >= order else "too short"
            said = trace[step, (order - 1) * channels : order * channels]
            np.testing.assert_allclose(said, weights.get(ngram, nothing), atol=1e-6)
            distinct.add(ngram)
    score = sum((weights.get(ngram, nothing) for ngram in distinct), nothing)
    np.testing.assert_allclose(trace[:, -channels:].sum(axis=0), score, atol=1e-5)


def test_the_score_is_that_of_a_linear_model_over_which_n_grams_occur():
    """Wang & Manning's naive Bayes features in scikit-learn's own words."""
    evidence, _ = fit(beta=1.0, orders=2)
    counter = CountVectorizer(analyzer=lambda t: {*t, *map(" ".join, zip(t, t[1:], strict=False))}, min_df=3)
    present = counter.fit_transform(TEXTS).toarray()
    inside, outside = present[TARGETS == 1].sum(axis=0) + 1.0, present[TARGETS == 0].sum(axis=0) + 1.0
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    linear = LogisticRegression(solver="liblinear", dual=True, tol=1e-4, max_iter=10_000).fit(present * ratio, TARGETS)
    scores = [evidence.features([text]).values[:, -1].sum() for text in TEXTS]
    np.testing.assert_allclose(scores, linear.decision_function(present * ratio) - linear.intercept_, atol=0.1)


def test_texts_in_one_trace_do_not_see_each_other(fitted):
    evidence, _ = fitted
    together = evidence.features(TEXTS)
    for place, text in enumerate(TEXTS):
        np.testing.assert_array_equal(together[place], evidence.features([text]).values)


def test_the_words_speak_for_their_class():
    evidence, _ = fit()
    good, bad = evidence.features([["good"], ["bad"]]).values[:, -1]
    assert good > 0 > bad


def test_each_class_has_its_channel():
    texts = [[word] for word in ("how", "who", "where") for _ in range(5)]
    evidence, crossed = fit(np.repeat([0, 1, 2], 5), 3, texts)
    assert evidence.channels == 3
    totals = evidence.features([["how"], ["who"], ["where"]]).values[:, -3:]
    assert totals.argmax(axis=1).tolist() == [0, 1, 2]
    assert crossed.values.shape == (15, (3 + 1) * 3)


@pytest.mark.parametrize("place", [0, 7, 31])
def test_a_text_is_not_told_its_own_label(place):
    flipped = TARGETS.copy()
    flipped[place] = 1 - flipped[place]
    _, before = fit(TARGETS)
    _, after = fit(flipped)
    np.testing.assert_array_equal(after[place], before[place])
    assert (after.values != before.values).any()  # while others are told


@pytest.mark.parametrize(
    "texts, targets, classes",
    [
        (TEXTS, TARGETS, 2),
        (TEXTS, THREE, 3),
        ([["good"]] * 3 + [["bad"]] * 3, np.array([1, 1, 1, 0, 0, 0]), 2),  # no pair of words at all
        ([["good", "film"], ["bad"], []], np.array([1, 0, 2]), 3),  # no n-gram in enough texts
    ],
    ids=["two classes", "three classes", "no pairs", "nothing known"],
)
def test_the_file_gives_the_same_trace(tmp_path, texts, targets, classes):
    evidence, _ = fit(targets, classes, texts)
    evidence.save(tmp_path / "ngrams.tsv")
    loaded = NgramFeatures.load(tmp_path / "ngrams.tsv")
    asked = [*texts, ["unheard-of", "good", "good"], []]
    assert loaded.channels == evidence.channels
    np.testing.assert_array_equal(loaded.features(asked).values, evidence.features(asked).values)


@pytest.mark.parametrize(
    "content", [b"good\t0.1\nbad\tworse", b"good\t0.1\nbad\t0.1\t0.2", b"g\xff\t0.1", b"", b"good"]
)
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "ngrams.tsv").write_bytes(content)
    with pytest.raises(RunError, match="ngrams.tsv is damaged"):
        NgramFeatures.load(tmp_path / "ngrams.tsv")


def test_one_class_alone_gives_no_evidence():
    _, crossed = fit(np.zeros(len(TEXTS), np.int32))
    assert not crossed.values.any()


@pytest.mark.parametrize("texts", [[["good"]], [["good"], []], [[], [], []]])
def test_texts_shorter_than_the_order_and_fewer_than_the_folds(texts):
    evidence, crossed = fit(np.arange(len(texts)) % 2, 2, texts, orders=3, min_texts=1)
    assert crossed.lengths.tolist() == [1] * len(texts)
    assert crossed.values.shape == evidence.features(texts).values.shape == (len(texts), 4)
    assert np.isfinite(crossed.values).all()
