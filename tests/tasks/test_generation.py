"""Generation tasks: published results, ranking of hypotheses, formatting, and cleaning of emails."""

from pathlib import Path

import numpy as np
import pytest

from models.beam_search import MASKED_LOGIT
from schema.examples import Splits, TextPair
from schema.file_format import FileFormat
from schema.predictions import TextPrediction
from tasks.caption import TASK as CAPTION
from tasks.generation import Generation, _ranked
from tasks.summary import TASK as SUMMARY
from tasks.task import published_results_for
from tasks.translation import TASK as TRANSLATION

EMAIL = "The  meeting is \n on Friday.\nThanks,\nSara\n"


@pytest.mark.parametrize(("languages", "best"), [("en-de", 41.02), ("en-fr", 59.02)])
def test_published_results_are_those_of_the_same_languages(languages: str, best: float) -> None:
    results = published_results_for(
        TRANSLATION.published_results, Splits("multi30k", f"multi30k:1.0.0:{languages}", [], [], [])
    )
    assert max(result.scores["bleu_lc_tok"] for result in results) == best
    assert (
        published_results_for(TRANSLATION.published_results, Splits("multi30k", "multi30k:1.0.0:fr-en", [], [], []))
        == ()
    )
    assert len(published_results_for(SUMMARY.published_results, Splits("aeslc", "aeslc:1.0.0", [], [], []))) == 3


def test_equal_texts_of_different_subwords_are_ranked_once() -> None:
    ids = [[4, 5, 0], [6, 0, 0], [4, 7, 8], [9, 0, 0], [0, 0, 0]]
    prediction = _ranked(["a dog", "dogs", "a dog", "two", ""], ids, np.array([-0.1, -0.2, -0.3, -0.4, MASKED_LOGIT]))
    assert (prediction.text, prediction.score) == ("a dog", pytest.approx(-0.1))
    assert prediction.alternatives == (("dogs", pytest.approx(-0.2)), ("two", pytest.approx(-0.4)))
    assert prediction.ids == (4, 5)


def test_an_impossible_hypothesis_has_the_score_of_minus_infinity() -> None:
    prediction = _ranked([""], [[0, 0]], np.array([MASKED_LOGIT]))
    text = TRANSLATION.format_prediction(TextPair("a dog"), prediction, TRANSLATION.predict_config_class(n_best=2))
    assert text == "-inf  "


def test_inputs_are_cleaned_like_training_emails(tmp_path: Path) -> None:
    config = SUMMARY.predict_config_class()
    assert SUMMARY.parse_input(EMAIL, config) == TextPair("The meeting is\non Friday.")
    lines = tmp_path / "emails.jsonl"
    lines.write_text('{"text": "One.  Two."}\n{"text": ""}\n')
    assert SUMMARY.read_inputs(lines, config) == [TextPair("One. Two."), TextPair("")]
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"source": "One.\\nThanks,\\nSara", "target": "one"}\n')
    assert SUMMARY.read_file(pairs, FileFormat()) == [TextPair("One.", "one")]


def test_an_email_with_another_date_is_a_near_duplicate(tmp_path: Path) -> None:
    letter = "{}: your mailbox has grown beyond what it may hold, please delete what you do not need any more"
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    train.write_text(f"{letter.format('Monday')}\tmailbox\nWho is coming for lunch?\tlunch\n")
    test.write_text(f"Who will pay?\tmoney\n{letter.format('Friday')}\tmailbox\n")
    splits = SUMMARY.splits(SUMMARY.config_class(train_file=train, validation_file=test, test_file=test))
    assert splits.duplicates_of_train() == {1}


@pytest.mark.parametrize("task", [TRANSLATION, CAPTION], ids=["translation", "caption"])
def test_missing_attention_is_reported(task: Generation) -> None:
    prediction = TextPrediction("ein Hund", -0.5, ())
    plain, with_attention = task.predict_config_class(), task.predict_config_class(show_attention=True)
    assert task.format_prediction(TextPair("a dog"), prediction, plain) == "ein Hund"
    assert task.format_prediction(TextPair("a dog"), prediction, with_attention).splitlines() == [
        "ein Hund",
        "(no attention to show: the model has none)",
    ]
