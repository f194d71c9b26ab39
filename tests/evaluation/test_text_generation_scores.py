"""Scores of generated texts equal those of sacreBLEU, sacremoses and rouge-score."""

import pytest
from sacrebleu.metrics import BLEU

from evaluation.text_generation_scores import (
    moses_tokenize,
    sentence_chrf,
    sentence_rouge,
    summary_scores,
    translation_scores,
)
from schema.errors import UserError
from schema.examples import TextPair
from schema.predictions import TextPrediction
from schema.scores import SeenInTraining

PAIRS = [TextPair("A dog runs.", "Ein Hund rennt."), TextPair("Two men sit down.", "Zwei Männer setzen sich hin.")]

GERMAN = SeenInTraining(target_language="de")


def scores_of(*texts):
    return translation_scores(PAIRS, [TextPrediction(text) for text in texts], GERMAN)


def test_the_references_themselves_score_100():
    scores = scores_of(*(pair.target for pair in PAIRS))
    assert scores.values["bleu"] == pytest.approx(100)
    assert scores.values["bleu_lc_tok"] == pytest.approx(100)
    assert scores.values["chrf"] == pytest.approx(100)
    assert scores.values["length_ratio"] == 1
    assert scores.intervals["bleu"] == pytest.approx((100, 100))
    assert any("sacre" in note or "nrefs:1" in note for note in scores.notes)


def test_case_affects_bleu_but_not_lower_cased_bleu():
    scores = scores_of("ein hund rennt.", "zwei männer setzen sich hin.")
    assert scores.values["bleu_lc_tok"] == pytest.approx(100)
    assert scores.values["bleu"] < 60


def test_bleu_worked_out_by_hand():
    # All 4, 3, 2 and 1 n-grams of the first are correct; all 6 words of the second, and fewer n-grams of each order.
    scores = scores_of("Ein Hund rennt.", "Zwei Männer setzen hin sich.")
    precisions = [10 / 10, 5 / 8, 3 / 6, 1 / 4]
    product = 1.0
    for precision in precisions:
        product *= precision
    assert scores.values["bleu"] == pytest.approx(100 * product**0.25)


def test_sums_over_texts_equal_the_corpus_score():
    predicted = ["Ein Hund rennt schnell.", "Zwei Frauen setzen sich"]
    scores = scores_of(*predicted)
    references = [pair.target for pair in PAIRS]
    assert scores.values["bleu"] == pytest.approx(BLEU().corpus_score(predicted, [references]).score)
    tokens = [[moses_tokenize(text, "de") for text in texts] for texts in (predicted, references)]
    expected = BLEU(tokenize="none", smooth_method="none", force=True).corpus_score(tokens[0], [tokens[1]]).score
    assert scores.values["bleu_lc_tok"] == pytest.approx(expected)
    low, high = scores.intervals["bleu"]
    assert low <= scores.values["bleu"] <= high


def test_empty_predictions_score_zero():
    scores = scores_of("", "")
    assert scores.values["bleu"] == scores.values["chrf"] == scores.values["length_ratio"] == 0


def test_tokens_are_those_of_moses():
    assert moses_tokenize("L'homme d'à côté.", "fr") == "l&apos; homme d&apos; à côté ."
    assert moses_tokenize('Ein "Hund" rennt.', "de") == "ein &quot; hund &quot; rennt ."


def test_a_single_text_has_a_chrf_from_0_to_1():
    assert sentence_chrf("Ein Hund.", "Ein Hund.") == 1
    assert 0 < sentence_chrf("Ein Hund.", "Ein Hut.") < 1
    assert sentence_chrf("Ein Hund.", "") == 0


def test_no_examples_are_an_error():
    with pytest.raises(UserError, match="There are no examples to score"):
        translation_scores([], [], GERMAN)


EMAILS = [
    TextPair("The pipeline meeting is on Friday.\nPlease come.", "Pipeline Meeting Friday"),
    TextPair("Your mailbox is full.", "mailbox size"),
]


def test_rouge_worked_out_by_hand():
    scores = summary_scores(
        EMAILS, [TextPrediction("friday pipelines meeting"), TextPrediction("your mailbox")], SeenInTraining()
    )
    # The first has all words of its reference (stemmed), two of them in order, and one pair of two.
    assert scores.values["rouge_1"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores.values["rouge_2"] == pytest.approx((1 / 2 + 0) / 2)
    assert scores.values["rouge_l"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # One of five words, "pipelines", does not occur in its email.
    assert scores.values["copy_rate"] == pytest.approx(4 / 5)
    assert scores.values["length_ratio"] == 1
    assert "Predictions have 2.5 words on average, references 2.5; 80 % of the words of references" in scores.notes[0]
    low, high = scores.intervals["rouge_l"]
    assert low <= scores.values["rouge_l"] <= high


def test_empty_predictions_and_references_without_words_have_rouge_zero():
    examples = [TextPair("Hi.", "!!!"), TextPair("Hi.", "Hi")]
    scores = summary_scores(examples, [TextPrediction("Hi"), TextPrediction("")], SeenInTraining())
    assert scores.values["rouge_1"] == scores.values["rouge_l"] == 0
    assert sentence_rouge("Hi", "hi!") == 1
