"""Scores of written texts, against what their own programs say."""

import pytest

from evaluation.text_generation_baselines import copy_source, first_line, fit_first_words, fit_nearest
from evaluation.text_generation_scores import (
    moses_tokens,
    sentence_chrf,
    sentence_rouge,
    summary_scores,
    translation_scores,
)
from schema.errors import UserError
from schema.examples import TextPair
from schema.predictions import TextPrediction

PAIRS = [TextPair("A dog runs.", "Ein Hund rennt."), TextPair("Two men sit down.", "Zwei Männer setzen sich hin.")]


def score_predictors(*texts):
    return translation_scores(PAIRS, [TextPrediction(text) for text in texts], "de")


def test_the_references_themselves_score_a_hundred():
    scores = score_predictors(*(pair.target for pair in PAIRS))
    assert scores.values["bleu"] == pytest.approx(100)
    assert scores.values["bleu_lc_tok"] == pytest.approx(100)
    assert scores.values["chrf"] == pytest.approx(100)
    assert scores.values["length_ratio"] == 1
    assert scores.intervals["bleu"] == pytest.approx((100, 100))
    assert any("sacre" in note or "nrefs:1" in note for note in scores.notes)


def test_case_costs_bleu_but_not_that_of_the_literature():
    scores = score_predictors("ein hund rennt.", "zwei männer setzen sich hin.")
    assert scores.values["bleu_lc_tok"] == pytest.approx(100)
    assert scores.values["bleu"] < 60


def test_bleu_worked_out_by_hand():
    # Of 4, 3, 2, 1 n-grams of the first all stand in the reference; the second says 5 of 6 words and less in a row.
    scores = score_predictors("Ein Hund rennt.", "Zwei Männer setzen hin sich.")
    precisions = [10 / 10, 5 / 8, 3 / 6, 1 / 4]
    product = 1.0
    for share in precisions:
        product *= share
    assert scores.values["bleu"] == pytest.approx(100 * product**0.25)


def test_sums_over_texts_are_the_corpus():
    from sacrebleu.metrics import BLEU

    said = ["Ein Hund rennt schnell.", "Zwei Frauen setzen sich"]
    scores = score_predictors(*said)
    references = [pair.target for pair in PAIRS]
    assert scores.values["bleu"] == pytest.approx(BLEU().corpus_score(said, [references]).score)
    tokens = [[moses_tokens(text, "de") for text in texts] for texts in (said, references)]
    expected = BLEU(tokenize="none", smooth_method="none", force=True).corpus_score(tokens[0], [tokens[1]]).score
    assert scores.values["bleu_lc_tok"] == pytest.approx(expected)
    low, high = scores.intervals["bleu"]
    assert low <= scores.values["bleu"] <= high


def test_empty_answers_score_nothing():
    scores = score_predictors("", "")
    assert scores.values["bleu"] == scores.values["chrf"] == scores.values["length_ratio"] == 0


def test_tokens_are_those_of_moses():
    assert moses_tokens("L'homme d'à côté.", "fr") == "l&apos; homme d&apos; à côté ."
    assert moses_tokens('Ein "Hund" rennt.', "de") == "ein &quot; hund &quot; rennt ."


def test_a_single_text_has_a_chrf_from_0_to_1():
    assert sentence_chrf("Ein Hund.", "Ein Hund.") == 1
    assert 0 < sentence_chrf("Ein Hund.", "Ein Hut.") < 1
    assert sentence_chrf("Ein Hund.", "") == 0


def test_nothing_to_score_is_refused():
    with pytest.raises(UserError, match="There are no examples to score"):
        translation_scores([], [], "de")


def test_baselines_copy():
    assert [answer.text for answer in copy_source(PAIRS)] == ["A dog runs.", "Two men sit down."]
    nearest = fit_nearest(PAIRS)
    asked = [TextPair("Three men sit."), TextPair("dog"), TextPair("")]
    assert [answer.text for answer in nearest(asked)] == [PAIRS[1].target, PAIRS[0].target, PAIRS[0].target]
    assert nearest([]) == []


def test_sources_of_single_characters_have_a_nearest_too():
    nearest = fit_nearest([TextPair("1 2 3", "3 2 1"), TextPair("7 8", "8 7")])
    assert [answer.text for answer in nearest([TextPair("8 9"), TextPair("2 1"), TextPair("?")])] == [
        "8 7",
        "3 2 1",
        "3 2 1",
    ]


MAILS = [
    TextPair("The pipeline meeting is on Friday.\nPlease come.", "Pipeline Meeting Friday"),
    TextPair("Your mailbox is full.", "mailbox size"),
]


def test_rouge_worked_out_by_hand():
    scores = summary_scores(MAILS, [TextPrediction("friday pipelines meeting"), TextPrediction("your mailbox")])
    # The first has all words of its reference (stemmed), two of them in order, and one pair of two.
    assert scores.values["rouge_1"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores.values["rouge_2"] == pytest.approx((1 / 2 + 0) / 2)
    assert scores.values["rouge_l"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # Of five words "pipelines" does not stand in its mail.
    assert scores.values["copied"] == pytest.approx(4 / 5)
    assert scores.values["length_ratio"] == 1
    assert "Answers have 2.5 words on average, references 2.5; 80 % of the words of references" in scores.notes[0]
    low, high = scores.intervals["rouge_l"]
    assert low <= scores.values["rouge_l"] <= high


def test_empty_answers_and_references_of_signs_have_no_rouge():
    scores = summary_scores([TextPair("Hi.", "!!!"), TextPair("Hi.", "Hi")], [TextPrediction("Hi"), TextPrediction("")])
    assert scores.values["rouge_1"] == scores.values["rouge_l"] == 0
    assert sentence_rouge("Hi", "hi!") == 1


def test_first_words_are_as_many_as_do_best_on_validation():
    wanted = [TextPair("a b c d e f g", "a b c d e"), TextPair("h i j k l m", "h i j k l")]

    def judge(answers):
        return sum(answer.text == pair.target for answer, pair in zip(answers, wanted, strict=True))

    assert [answer.text for answer in fit_first_words(wanted, judge)(MAILS)] == [
        "The pipeline meeting is on",
        "Your mailbox is full.",
    ]
    assert [answer.text for answer in first_line(MAILS)] == ["The pipeline meeting is on Friday.", MAILS[1].source]
