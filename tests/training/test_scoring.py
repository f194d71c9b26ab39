"""Evaluations: the rows of `predictions/SPLIT.jsonl`."""

from schema.examples import LabelledText
from schema.predictions import LabelPrediction
from schema.scores import Scores
from tasks import get_task
from training.scoring import Evaluation

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
