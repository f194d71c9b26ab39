"""Scores of captions equal those of pycocoevalcap, and values worked out by hand."""

import pytest
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from evaluation.caption_scores import caption_scores, caption_tokens, corpus_cider, sentence_rouge_l
from schema.errors import UserError
from schema.examples import CaptionedImage
from schema.predictions import TextPrediction
from schema.scores import SeenInTraining

EXAMPLES = [
    CaptionedImage(b"1", ("A dog runs .", "The dog is running fast .")),
    CaptionedImage(b"2", ("Two men sit .", "Men sit on a bench .")),
]


def scores_of(*texts: str):
    return caption_scores(EXAMPLES, [TextPrediction(text) for text in texts], SeenInTraining(vocab_size=50))


def test_tokens_are_lower_cased_words():
    assert caption_tokens("A dog 's ball , 2 . --") == ["a", "dog", "'s", "ball", "2"]
    assert caption_tokens('A dog\'s ball, "two" (wet). T-shirts!') == ["a", "dog's", "ball", "two", "wet", "t-shirts"]


def test_scores_equal_those_of_pycocoevalcap():
    predicted = ["a dog runs fast", "two men sit on a bench"]
    pairs = (
        {0: ["a dog runs", "the dog is running fast"], 1: ["two men sit", "men sit on a bench"]},
        {0: [predicted[0]], 1: [predicted[1]]},
    )
    texts = ("A dog runs fast .", "Two men sit on a bench .")
    scores = scores_of(*texts)
    bleus, _ = Bleu(4).compute_score(*pairs, verbose=0)
    for order, value in enumerate(bleus, 1):
        assert scores.values[f"bleu_{order}"] == pytest.approx(100 * value, rel=1e-6)
    assert scores.values["cider"] == pytest.approx(100 * Cider().compute_score(*pairs)[0])
    assert corpus_cider(EXAMPLES, [TextPrediction(text) for text in texts]) == scores.values["cider"]
    assert scores.values["rouge_l_coco"] == pytest.approx(Rouge().compute_score(*pairs)[0])
    for name in ("cider", "bleu_4", "rouge_l_coco"):
        low, high = scores.intervals[name]
        assert low <= scores.values[name] <= high


def test_repeated_captions_are_reported():
    scores = scores_of("a dog runs", "A dog runs .")
    assert scores.values["distinct_captions"] == 0.5
    assert scores.notes[0] == "1 of 2 captions are distinct; they use 3 of the 50 words of the model."


def test_a_single_caption_is_scored_against_the_best_reference():
    assert sentence_rouge_l(EXAMPLES[0].captions, "a dog runs") == pytest.approx(1)
    assert sentence_rouge_l(EXAMPLES[0].captions, "cats") == 0
    assert sentence_rouge_l((), "cats") == 0


def test_empty_captions_score_zero_and_no_examples_are_an_error():
    values = scores_of("", "").values
    assert values["bleu_4"] == values["cider"] == values["rouge_l_coco"] == 0
    with pytest.raises(UserError, match="There are no examples to score"):
        caption_scores([], [], SeenInTraining())
