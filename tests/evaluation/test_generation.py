"""Scores of written texts, against what their own programs say."""

import pytest

from evaluation.generation import moses_tokens, sentence_chrf, translation_scores
from evaluation.generation_baselines import copy_source, fit_nearest
from schema.answers import TextAnswer
from schema.errors import UserError
from schema.examples import TextPair

PAIRS = [TextPair("A dog runs.", "Ein Hund rennt."), TextPair("Two men sit down.", "Zwei Männer setzen sich hin.")]


def scores_of(*texts):
    return translation_scores(PAIRS, [TextAnswer(text) for text in texts], "de")


def test_the_references_themselves_score_a_hundred():
    scores = scores_of(*(pair.target for pair in PAIRS))
    assert scores.values["bleu"] == pytest.approx(100)
    assert scores.values["bleu_lc_tok"] == pytest.approx(100)
    assert scores.values["chrf"] == pytest.approx(100)
    assert scores.values["length_ratio"] == 1
    assert scores.intervals["bleu"] == pytest.approx((100, 100))
    assert any("sacre" in note or "nrefs:1" in note for note in scores.notes)


def test_case_costs_bleu_but_not_that_of_the_literature():
    scores = scores_of("ein hund rennt.", "zwei männer setzen sich hin.")
    assert scores.values["bleu_lc_tok"] == pytest.approx(100)
    assert scores.values["bleu"] < 60


def test_bleu_worked_out_by_hand():
    # Of 4, 3, 2, 1 n-grams of the first all stand in the reference; the second says 5 of 6 words and less in a row.
    scores = scores_of("Ein Hund rennt.", "Zwei Männer setzen hin sich.")
    precisions = [10 / 10, 5 / 8, 3 / 6, 1 / 4]
    product = 1.0
    for share in precisions:
        product *= share
    assert scores.values["bleu"] == pytest.approx(100 * product**0.25)


def test_sums_over_texts_are_the_corpus():
    from sacrebleu.metrics import BLEU

    said = ["Ein Hund rennt schnell.", "Zwei Frauen setzen sich"]
    scores = scores_of(*said)
    references = [pair.target for pair in PAIRS]
    assert scores.values["bleu"] == pytest.approx(BLEU().corpus_score(said, [references]).score)
    tokens = [[moses_tokens(text, "de") for text in texts] for texts in (said, references)]
    expected = BLEU(tokenize="none", smooth_method="none", force=True).corpus_score(tokens[0], [tokens[1]]).score
    assert scores.values["bleu_lc_tok"] == pytest.approx(expected)
    low, high = scores.intervals["bleu"]
    assert low <= scores.values["bleu"] <= high


def test_empty_answers_score_nothing():
    scores = scores_of("", "")
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
