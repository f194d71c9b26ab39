"""Evaluations: the rows of `predictions/SPLIT.jsonl`, and the baselines in the cache."""

from pathlib import Path

import numpy as np
import pytest

from schema.examples import LabelledText, Splits, TaggedSentence
from schema.predictions import LabelPrediction
from schema.scores import Scores, SeenInTraining
from tasks import get_task
from training.scoring import Evaluation, score_baselines

EXAMPLES = [LabelledText("a fine film", "good"), LabelledText("a dull film", "bad"), LabelledText("dull", "bad")]
PREDICTIONS = [LabelPrediction("good", {"good": p, "bad": 1 - p}) for p in (0.75, 0.5, 0.25)]


def test_rows_have_id_input_reference_prediction_and_score() -> None:
    rows = list(Evaluation(EXAMPLES, PREDICTIONS, Scores({}, 3)).rows(get_task("sentiment")))
    assert [row["id"] for row in rows] == [0, 1, 2]
    assert rows[0] == {
        "id": 0,
        "input": "a fine film",
        "reference": "good",
        "prediction": get_task("sentiment").to_json(EXAMPLES[0], PREDICTIONS[0]),
        "score": 0.75,
    }
    assert [row["score"] for row in rows] == [0.75, 0.5, 0.75]


WORDS = ("walks", "talks", "runs", "quickly", "slowly", "badly", "house", "tree", "dog", "cat")
TAGS = ("VERB",) * 3 + ("ADV",) * 3 + ("NOUN",) * 4
LABELLED = [LabelledText(word, tag) for word, tag in zip(WORDS, TAGS, strict=True)]
TAGGED = [TaggedSentence((word,), (tag,)) for word, tag in zip(WORDS, TAGS, strict=True)]


@pytest.mark.parametrize(
    ("name", "examples", "fit"),
    [
        ("sentiment", LABELLED, "classification_baselines._fit_ngram_classifiers"),
        ("word_class", LABELLED, "classification_baselines._fit_best_regression"),
        ("pos", TAGGED, "classification_baselines.WordRegression.fit"),
    ],
)
def test_baselines_are_fitted_once_for_all_files(
    name: str, examples: list, fit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = get_task(name)
    config = task.config_class(cache=tmp_path)
    splits = Splits("own", "own", examples, examples[::2], [])
    tags = tuple(dict.fromkeys(TAGS))

    def score(split: str, examples: list):
        return score_baselines(task, config, splits, {split: examples}, None, SeenInTraining(tags))

    first = score("test", examples)
    assert first.seconds > 0
    assert all(sums["test"].shape == (len(examples), 2) for sums in first.sums.values())

    def fail(*_: object) -> None:
        pytest.fail("fitted again")

    monkeypatch.setattr(f"evaluation.{fit}", fail)
    cached = score("test", examples)
    # As text, in which an undefined score equals itself.
    assert (repr(cached.values), cached.seconds) == (repr(first.values), first.seconds)
    for baseline, sums in first.sums.items():
        np.testing.assert_array_equal(cached.sums[baseline]["test"], sums["test"])
    # Other examples, of which nothing is in the cache: the same predictors. The accuracies are those of two halves.
    left, right = score("left", examples[:5]), score("right", examples[5:])
    for baseline, values in first.values.items():
        halves = left.values[baseline]["left"]["accuracy"], right.values[baseline]["right"]["accuracy"]
        assert np.mean(halves) == pytest.approx(values["test"]["accuracy"])
    # Nothing in the cache needs pickle.
    for path in tmp_path.rglob("*.npz"):
        assert all(array.dtype != object for array in np.load(path, allow_pickle=False).values())
