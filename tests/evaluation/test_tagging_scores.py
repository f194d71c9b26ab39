"""Scores of tags and of entities, worked out by hand and compared with seqeval."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from evaluation.tagging_scores import entity_scores, tagging_scores
from schema.errors import UserError
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction
from schema.scores import SeenInTraining

# "barks" has a wrong tag; "the", "so", "it" and "dog" occur in train.
LINES = ["the DET dog NOUN barks VERB", "Zed PROPN", "so ADV it PRON"]
PREDICTED = ["DET NOUN NOUN", "PROPN", "ADV PRON"]
TAGS, SEEN = ("ADV", "DET", "NOUN", "PRON", "PROPN", "VERB"), frozenset({"the", "dog", "so", "it", "zed"})


def sentence(line: str) -> TaggedSentence:
    parts = line.split()
    return TaggedSentence(tuple(parts[::2]), tuple(parts[1::2]))


def tag_scores_of(lines, predicted, tags=TAGS, seen=SEEN):
    return tagging_scores(
        [sentence(line) for line in lines],
        [TagsPrediction(tuple(each.split())) for each in predicted],
        SeenInTraining(labels=tags, words=seen),
    )


def rows(scores, title):
    return next(table.rows for table in scores.tables if table.title == title)


def test_scores_worked_out_by_hand():
    scores = tag_scores_of(LINES, PREDICTED)
    assert scores.values == {
        "accuracy": pytest.approx(5 / 6),
        "accuracy_unseen": pytest.approx(1 / 2),  # Zed, which train has in lower case only, and barks
        "accuracy_unseen_types": pytest.approx(1 / 2),
        "sentence_accuracy": pytest.approx(2 / 3),
        "macro_f1": pytest.approx((1 + 1 + 2 / 3 + 1 + 1 + 0) / 6),
    }
    assert scores.examples == 3
    assert scores.notes == ()
    assert scores.intervals.keys() == scores.values.keys()
    assert scores.intervals["sentence_accuracy"] == (0.0, 1.0)
    # A resample of the first sentence alone has 2 of 3 words correct.
    assert scores.intervals["accuracy"] == (pytest.approx(2 / 3), 1.0)
    assert scores.confusion.counts[TAGS.index("VERB")].tolist() == [0, 0, 1, 0, 0, 0]
    assert scores.confusion.counts.sum() == 6


def test_an_unseen_word_form_counts_once_with_its_usual_tag():
    # "runs" is mostly VERB in both; the references of "Zed" are tied, and NOUN is more frequent overall.
    lines = ["runs VERB runs VERB runs NOUN", "Zed PROPN Zed NOUN"]
    scores = tag_scores_of(lines, ["VERB NOUN VERB", "PROPN PROPN"])
    assert scores.values["accuracy_unseen_types"] == pytest.approx(1 / 2)
    assert scores.values["accuracy_unseen"] == pytest.approx(2 / 5)


def test_accuracy_of_unseen_words_is_undefined_without_unseen_words():
    scores = tag_scores_of(["the DET", "dog NOUN"], ["DET", "DET"])
    assert math.isnan(scores.values["accuracy_unseen"])
    assert all(map(math.isnan, scores.intervals["accuracy_unseen"]))


# The first and the last of six words are wrong.
LONG, SHORT = " ".join(f"w{index} X" for index in range(6)), "a X b X"


@pytest.mark.parametrize("empty", [[], [""]], ids=["no empty sentence", "an empty sentence"])
def test_accuracy_by_length_and_by_position(empty):
    scores = tag_scores_of([LONG, *empty, SHORT], ["Y X X X X Y", *empty, "X X"], ("X", "Y"))
    assert rows(scores, "accuracy by length")[-1] == ("6-10", 1, pytest.approx(4 / 6))
    assert rows(scores, "accuracy by length")[0] == ("up to 5", 1 + len(empty), 1.0)
    assert rows(scores, "accuracy by position") == (
        ("1", 2, 0.5),
        ("2", 2, 1.0),
        ("3", 1, 1.0),
        ("4-5", 2, 1.0),
        ("6-10", 1, 0.0),
    )
    assert scores.values["accuracy"] == pytest.approx(6 / 8)


def test_a_tag_unknown_to_the_model_is_an_error_and_is_named():
    scores = tag_scores_of(["dog NOUN", "so PART it PART", "hm INTJ"], ["NOUN", "ADV PRON", "ADV"])
    assert scores.values["accuracy"] == pytest.approx(1 / 4)
    assert len(scores.notes) == 1
    assert "INTJ (1), PART (2)" in scores.notes[0]
    assert scores.confusion.labels == (*TAGS, "INTJ", "PART")
    assert scores.values["macro_f1"] == pytest.approx(1 / 3)


def test_cross_entropy_is_the_mean_over_words():
    # 1, 2 and 3 bits: 2 bits on average, though the mean over the sentences would be another.
    first = TagsPrediction(("a", "b"), ("a", "b"), np.array([[1 / 2, 1 / 2], [1 / 4, 3 / 4]]))
    second = TagsPrediction(("a",), ("a", "b"), np.array([[7 / 8, 1 / 8]]))
    values = tagging_scores(
        [sentence("x a y a"), sentence("z b")], [first, second], SeenInTraining(labels=("a", "b"))
    ).values
    assert values["cross_entropy"] == pytest.approx(2 * math.log(2))


def test_cross_entropy_of_an_unknown_tag_is_finite():
    prediction = TagsPrediction(("a",), ("a",), np.array([[1.0]]))
    values = tagging_scores(
        [sentence("x new"), sentence("y a")], [prediction] * 2, SeenInTraining(labels=("a",))
    ).values
    assert values["cross_entropy"] == pytest.approx(52 * math.log(2) / 2)


def test_there_is_no_cross_entropy_if_a_prediction_has_no_probabilities():
    predictions = [TagsPrediction(("a",), ("a",), np.array([[1.0]])), TagsPrediction(("a",))]
    assert (
        "cross_entropy" not in tagging_scores([sentence("x a")] * 2, predictions, SeenInTraining(labels=("a",))).values
    )


@pytest.mark.parametrize("lines", [[], [""]], ids=["no sentence", "no word"])
def test_no_words_are_a_plain_error(lines):
    with pytest.raises(UserError, match="no examples to score"):
        tag_scores_of(lines, lines)


@pytest.mark.parametrize("predicted", [["X"], ["X", "X X"], ["X", ""]])
def test_wrong_numbers_of_predictions_are_refused(predicted):
    with pytest.raises(ValueError, match="2 examples and 1 predictions|2 words and [31] tags"):
        tag_scores_of(["a X", "b X"], predicted)


CASES = st.lists(st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("XY")), min_size=1, max_size=7), min_size=1)


@settings(deadline=None, max_examples=10)
@given(CASES)
def test_scores_tables_and_confusion_matrix_agree(cases):
    lines = [" ".join(f"w {tag}" for tag, _ in case) for case in cases]
    scores = tag_scores_of(lines, [" ".join(predicted for _, predicted in case) for case in cases], ("X", "Y"))
    words = [tag == predicted for case in cases for tag, predicted in case]
    assert scores.values["accuracy"] == pytest.approx(np.mean(words))
    assert scores.values["accuracy"] == pytest.approx(np.trace(scores.confusion.counts) / len(words))
    positions = rows(scores, "accuracy by position")
    assert sum(row[1] for row in positions) == len(words)
    assert sum(row[1] * row[2] for row in positions) == pytest.approx(sum(words))
    assert sum(row[1] for row in rows(scores, "accuracy by length")) == len(cases)


IOB_TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def entity_scores_of(*cases: tuple[str, str, str], seen=frozenset()):
    """Cases: words, reference tags and predicted tags of each sentence."""
    examples = [TaggedSentence(tuple(words.split()), tuple(reference.split())) for words, reference, _ in cases]
    return entity_scores(
        examples,
        [TagsPrediction(tuple(tags.split())) for *_, tags in cases],
        SeenInTraining(labels=IOB_TAGS, entities=frozenset(seen)),
    )


# Official: (@) (ann) (Bob) (Paris) against (@ ann) (Bob). Merged: the first two are one entity, which is correct.
TWEET = ("@ ann met Bob in Paris", "B-PER B-PER O B-PER O B-LOC", "B-PER I-PER O B-PER O O")


def test_the_three_views_of_a_tweet():
    scores = entity_scores_of(TWEET, ("so it is", "O O O", "O O O"), seen={"PER Bob", "LOC Bob", "PER Paris"})
    assert scores.values == {
        "entity_f1": pytest.approx(2 * 1 / (4 + 2)),
        "entity_f1_merged": pytest.approx(2 * 2 / (3 + 2)),
        "entity_f1_without_mentions": pytest.approx(2 * 1 / (2 + 1)),
        "entity_precision": pytest.approx(1 / 2),
        "entity_recall": pytest.approx(1 / 4),
        "recall_seen": pytest.approx(1 / 1),
        "recall_unseen": pytest.approx(0 / 3),
        "accuracy": pytest.approx(7 / 9),
    }
    assert scores.intervals.keys() == scores.values.keys()


def test_each_entity_type_has_precision_recall_and_f1():
    tables = {table.title: table.rows for table in entity_scores_of(TWEET).tables}
    nan = pytest.approx(math.nan, nan_ok=True)
    assert tables["entities by type, official"] == (
        ("LOC", 1, nan, 0.0, 0.0),
        ("PER", 3, pytest.approx(1 / 2), pytest.approx(1 / 3), pytest.approx(2 / 5)),
        ("all", 4, pytest.approx(1 / 2), pytest.approx(1 / 4), pytest.approx(1 / 3)),
    )
    assert [row[1] for row in tables["entities by type, merged"]] == [1, 2, 3]
    assert [row[1] for row in tables["entities by type, without mentions"]] == [1, 1, 2]


def test_entity_scores_are_undefined_without_entities():
    values = entity_scores_of(("so it", "O O", "O O"), ("", "", ""), ("is", "O", "O")).values
    assert values.pop("accuracy") == 1.0
    assert all(map(math.isnan, values.values()))


def test_a_tag_unknown_to_the_model_is_named():
    notes = entity_scores_of(("IBM is", "B-ORG O", "B-PER O")).notes
    assert any("B-ORG (1)" in note for note in notes)


@pytest.mark.parametrize("seed", range(3))
def test_entity_scores_equal_those_of_seqeval(seed):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 12, 40)
    references, predicted = ([list(random.choice(IOB_TAGS, length)) for length in lengths] for _ in range(2))
    # Half of the predictions are correct.
    predicted = [references[index] if index % 2 else tags for index, tags in enumerate(predicted)]
    values = entity_scores_of(
        *((" ".join(["w"] * len(a)), " ".join(a), " ".join(b)) for a, b in zip(references, predicted, strict=True))
    ).values
    strict = {"mode": "strict", "scheme": IOB2, "average": "micro"}
    for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        assert values[f"entity_{name}"] == pytest.approx(score(references, predicted, **strict))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.lists(st.sampled_from(IOB_TAGS), min_size=1, max_size=6), min_size=1, max_size=5))
def test_reference_tags_themselves_score_1(tagged):
    values = entity_scores_of(
        *((" ".join(["@"] * len(tags)), " ".join(tags), " ".join(tags)) for tags in tagged)
    ).values
    assert all(value == 1.0 or math.isnan(value) for value in values.values())
