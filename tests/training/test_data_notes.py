"""Notes on data with which a good score is out of reach."""

import numpy as np
import pytest

from data.encoders.text import TextEncoder, TextSettings
from schema.encoded import EncodedDataset
from schema.examples import LabelledText, TextPair
from schema.scores import SeenInTraining
from tasks import get_task
from training.data_notes import reachable_note, unknown_note


@pytest.mark.parametrize(
    "text, note",
    [
        ("good film nothing new", None),
        ("film nothing new here", "75 % of the words of validation are not in the vocabulary of train"),
        ("没有好的电影", "100 % of the words of validation are not in the vocabulary of train"),
    ],
)
def test_a_note_tells_that_most_words_of_validation_are_unknown(text, note):
    train = [LabelledText("good film here", "a"), LabelledText("good film", "b")]
    encoder, _, _ = TextEncoder.fit(train, TextSettings("words", 9, 9), vocab_size=9)
    assert unknown_note(encoder.encode([LabelledText(text)]), "validation") == note


def test_data_without_words_have_no_note_on_them():
    assert unknown_note(EncodedDataset({"orthographic": np.zeros((1, 2), np.int32)}), "validation") is None


def test_a_note_tells_that_the_references_themselves_miss_the_maximum():
    summary, translation = get_task("summary"), get_task("translation")
    pairs = [TextPair("The film is new.", "new film"), TextPair("Hello!", "!!!")]
    note = "the references of validation score rouge_l 50.00 themselves; in 1 of them nothing counts"
    assert reachable_note(summary, pairs, SeenInTraining()) == note
    assert reachable_note(summary, pairs[:1], SeenInTraining()) is None
    short = SeenInTraining(target_language="de")
    assert reachable_note(translation, pairs[:1], short) == "the references of validation score bleu 0.00 themselves"
    assert reachable_note(get_task("sentiment"), [LabelledText("good", "a")], SeenInTraining()) is None
