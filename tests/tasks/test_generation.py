"""What tasks that write add to their family: what is quoted beside them, and how mails are read."""

from pathlib import Path

import numpy as np
import pytest

from models.beam_search import MASKED_LOGIT
from schema.examples import Splits, TextPair
from schema.predictions import TextPrediction
from tasks.caption import TASK as CAPTION
from tasks.generation import Generation, _ranked
from tasks.summary import TASK as SUMMARY
from tasks.task import published_results_for
from tasks.translation import TASK as TRANSLATION

MAIL = "The  meeting is \n on Friday.\nThanks,\nSara\n"


@pytest.mark.parametrize(("languages", "best"), [("en-de", 41.02), ("en-fr", 59.02)])
def test_what_others_reached_is_of_the_same_languages(languages: str, best: float) -> None:
    quotes = published_results_for(
        TRANSLATION.published_results, Splits("multi30k", f"multi30k:1.0.0:{languages}", [], [], [])
    )
    assert max(quote.scores["bleu_lc_tok"] for quote in quotes) == best
    assert (
        published_results_for(TRANSLATION.published_results, Splits("multi30k", "multi30k:1.0.0:fr-en", [], [], []))
        == ()
    )
    assert len(published_results_for(SUMMARY.published_results, Splits("aeslc", "aeslc:1.0.0", [], [], []))) == 3


def test_a_text_that_other_pieces_make_too_is_ranked_once() -> None:
    ids = [[4, 5, 0], [6, 0, 0], [4, 7, 8], [9, 0, 0], [0, 0, 0]]
    found = _ranked(["a dog", "dogs", "a dog", "two", ""], ids, np.array([-0.1, -0.2, -0.3, -0.4, MASKED_LOGIT]))
    assert (found.text, found.score) == ("a dog", pytest.approx(-0.1))
    assert found.alternatives == (("dogs", pytest.approx(-0.2)), ("two", pytest.approx(-0.4)))
    assert found.ids == (4, 5)


def test_an_answer_that_may_not_be_given_is_shown_as_impossible() -> None:
    answer = _ranked([""], [[0, 0]], np.array([MASKED_LOGIT]))
    shown = TRANSLATION.format_prediction(TextPair("a dog"), answer, TRANSLATION.predict_config_class(n_best=2))
    assert shown == "-inf  "


def test_mails_that_are_asked_are_cleaned_as_those_of_training_are(tmp_path: Path) -> None:
    config = SUMMARY.predict_config_class()
    asked = SUMMARY.parse_input(MAIL, config)
    assert asked == TextPair("The meeting is\non Friday.")
    lines = tmp_path / "mails.jsonl"
    lines.write_text('{"text": "One.  Two."}\n{"text": ""}\n')
    assert SUMMARY.read_inputs(lines, config) == [TextPair("One. Two."), TextPair("")]
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"source": "One.\\nThanks,\\nSara", "target": "one"}\n')
    assert SUMMARY.read_file(pairs) == [TextPair("One.", "one")]


def test_a_mail_that_is_sent_again_with_another_date_counts_as_seen(tmp_path: Path) -> None:
    letter = "{}: your mailbox has grown beyond what it may hold, please delete what you do not need any more"
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    train.write_text(f"{letter.format('Monday')}\tmailbox\nWho is coming for lunch?\tlunch\n")
    test.write_text(f"Who will pay?\tmoney\n{letter.format('Friday')}\tmailbox\n")
    splits = SUMMARY.splits(SUMMARY.config_class(train_file=train, validation_file=test, test_file=test))
    assert splits.duplicates_of_train() == {1}


@pytest.mark.parametrize("task", [TRANSLATION, CAPTION], ids=["translation", "caption"])
def test_attention_that_is_not_there_is_said_to_be_missing(task: Generation) -> None:
    answer = TextPrediction("ein Hund", -0.5, ())
    plain, asked = task.predict_config_class(), task.predict_config_class(show_attention=True)
    assert task.format_prediction(TextPair("a dog"), answer, plain) == "ein Hund"
    assert task.format_prediction(TextPair("a dog"), answer, asked).splitlines() == [
        "ein Hund",
        "(no attention to show: the model has none)",
    ]
