"""Scores of captions, against what their own programs say and by hand; captions of other pictures as baselines."""

import numpy as np
import pytest

from evaluation import caption_baselines
from evaluation.caption_baselines import Neighbours, captioning_baselines, fit_commonest, fit_consensus
from evaluation.caption_scores import caption_scores, caption_tokens, sentence_rouge_l
from schema.errors import UserError
from schema.examples import CaptionedImage
from schema.predictions import TextPrediction

EXAMPLES = [
    CaptionedImage(b"1", ("A dog runs .", "The dog is running fast .")),
    CaptionedImage(b"2", ("Two men sit .", "Men sit on a bench .")),
]


def score_predictors(*texts: str):
    return caption_scores(EXAMPLES, [TextPrediction(text) for text in texts], vocabulary=50)


def test_tokens_are_words_in_lower_case():
    assert caption_tokens("A dog 's ball , 2 . --") == ["a", "dog", "'s", "ball", "2"]
    assert caption_tokens('A dog\'s ball, "two" (wet). T-shirts!') == ["a", "dog's", "ball", "two", "wet", "t-shirts"]


def test_all_scores_are_those_of_their_own_programs():
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    said = ["a dog runs fast", "two men sit on a bench"]
    pairs = (
        {0: ["a dog runs", "the dog is running fast"], 1: ["two men sit", "men sit on a bench"]},
        {0: [said[0]], 1: [said[1]]},
    )
    scores = score_predictors("A dog runs fast .", "Two men sit on a bench .")
    bleus, _ = Bleu(4).compute_score(*pairs, verbose=0)
    for order, value in enumerate(bleus, 1):
        assert scores.values[f"bleu_{order}"] == pytest.approx(100 * value, rel=1e-6)
    assert scores.values["cider"] == pytest.approx(100 * Cider().compute_score(*pairs)[0])
    assert scores.values["rouge_l_coco"] == pytest.approx(Rouge().compute_score(*pairs)[0])
    for name in ("cider", "bleu_4", "rouge_l_coco"):
        low, high = scores.intervals[name]
        assert low <= scores.values[name] <= high


def test_one_safe_sentence_for_all_is_seen_for_what_it_is():
    scores = score_predictors("a dog runs", "A dog runs .")
    assert scores.values["distinct"] == 0.5
    assert scores.notes[0] == "1 of 2 captions differ; they use 3 words of the 50 that the model knows."


def test_a_single_caption_is_held_against_the_best_of_five():
    assert sentence_rouge_l(EXAMPLES[0].captions, "a dog runs") == pytest.approx(1)
    assert sentence_rouge_l(EXAMPLES[0].captions, "cats") == 0
    assert sentence_rouge_l((), "cats") == 0


def test_empty_captions_score_nothing_and_nothing_is_refused():
    values = score_predictors("", "").values
    assert values["bleu_4"] == values["cider"] == values["rouge_l_coco"] == 0
    with pytest.raises(UserError, match="There are no examples to score"):
        caption_scores([], [])


# Pictures are compared by two numbers.
VECTORS = {b"a": (1, 0), b"b": (0.9, 0.1), b"c": (0.8, 0.2), b"z": (0, 1), b"?": (1, 0.05)}
SAID = {
    b"a": ("a red boat", "boat on a lake"),
    b"b": ("a dog runs fast", "the dog runs"),
    b"c": ("a dog runs", "a dog runs home"),
    b"z": ("snow", "white snow"),
}
TRAIN = [CaptionedImage(picture, (caption,)) for picture, captions in SAID.items() for caption in captions]


def vectors(examples):
    return np.array([VECTORS[example.image] for example in examples], float)


def test_neighbours_are_pictures_each_counted_once():
    neighbours = Neighbours(TRAIN, vectors)
    assert [neighbours.captions[place][0] for place in neighbours.of([CaptionedImage(b"?")], 9)[0]] == [
        "a red boat",
        "a dog runs fast",
        "a dog runs",
        "snow",
    ]


def test_baselines_say_what_was_said_of_other_pictures():
    asked = [CaptionedImage(b"?", ("a dog runs",))]

    def judge(answers):
        return float(answers[0].text == "a dog runs")

    found = {name: write(asked)[0].text for name, write in captioning_baselines(TRAIN, asked, vectors, judge).items()}
    assert found["nearest_picture"] == "a red boat"
    # Of all eight captions "a dog runs" has most in common with the others.
    assert found["consensus_of_neighbours"] == "a dog runs"
    assert found["commonest_caption"] == "a dog runs"


# The one is said where one neighbour is asked, the other where three are.
@pytest.mark.parametrize("wanted", ["boat on a lake", "a dog runs"])
def test_validation_chooses_how_many_neighbours_are_asked(wanted, monkeypatch):
    monkeypatch.setattr(caption_baselines, "NEIGHBOURS", (1, 3))
    asked = [CaptionedImage(b"?", (wanted,))]
    neighbours = Neighbours(TRAIN, vectors)
    consensus = fit_consensus(neighbours, asked, lambda answers: float(answers[0].text == wanted))
    assert consensus(asked)[0].text == wanted


def test_the_commonest_caption_is_counted_without_case_and_full_stop():
    train = [CaptionedImage(b"", (caption,)) for caption in ("A dog .", "a cat", "a dog", "two cats")]
    assert fit_commonest(train)([CaptionedImage(b""), CaptionedImage(b"")]) == [TextPrediction("a dog")] * 2


@pytest.mark.parametrize("captions", [("one", "two two"), ("!", "?")])
def test_captions_of_a_word_or_of_none_are_no_trouble(captions):
    train = [CaptionedImage(b"a", (caption,)) for caption in captions]
    asked = [CaptionedImage(b"?", captions)]
    for write in captioning_baselines(train, asked, vectors, lambda answers: 0.0).values():
        assert len(write(asked)) == 1
