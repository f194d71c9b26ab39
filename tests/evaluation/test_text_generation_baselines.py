"""Baselines for text generation copy from the source or from train."""

from evaluation.text_generation_baselines import (
    copy_source,
    first_line,
    fit_first_words,
    fit_nearest_neighbor,
    fit_summary_baselines,
    fit_translation_baselines,
)
from schema.examples import TextPair

PAIRS = [TextPair("A dog runs.", "Ein Hund rennt."), TextPair("Two men sit down.", "Zwei Männer setzen sich hin.")]
EMAILS = [
    TextPair("The pipeline meeting is on Friday.\nPlease come.", "Pipeline Meeting Friday"),
    TextPair("Your mailbox is full.", "mailbox size"),
]


def texts(predictions):
    return [prediction.text for prediction in predictions]


def test_baselines_copy_the_source_or_the_nearest_target():
    assert texts(copy_source(PAIRS)) == ["A dog runs.", "Two men sit down."]
    nearest = fit_nearest_neighbor(PAIRS)
    queries = [TextPair("Three men sit."), TextPair("dog"), TextPair("")]
    assert texts(nearest(queries)) == [PAIRS[1].target, PAIRS[0].target, PAIRS[0].target]
    assert nearest([]) == []
    assert {name: texts(predict(PAIRS)) for name, predict in fit_translation_baselines(PAIRS).items()} == {
        "copy_source": texts(copy_source(PAIRS)),
        "nearest_neighbor": texts(nearest(PAIRS)),
    }


def test_sources_of_single_characters_have_a_nearest_neighbor():
    nearest = fit_nearest_neighbor([TextPair("1 2 3", "3 2 1"), TextPair("7 8", "8 7")])
    assert texts(nearest([TextPair("8 9"), TextPair("2 1"), TextPair("?")])) == ["8 7", "3 2 1", "3 2 1"]


def test_validation_chooses_the_number_of_first_words():
    validation = [TextPair("a b c d e f g", "a b c d e"), TextPair("h i j k l m", "h i j k l")]

    def exact_matches(predictions):
        pairs = zip(predictions, validation, strict=True)
        return sum(prediction.text == pair.target for prediction, pair in pairs)

    five_words = ["The pipeline meeting is on", "Your mailbox is full."]
    assert texts(fit_first_words(validation, exact_matches)(EMAILS)) == five_words
    assert texts(first_line(EMAILS)) == ["The pipeline meeting is on Friday.", EMAILS[1].source]
    fitted = fit_summary_baselines(EMAILS, validation)
    assert list(fitted) == ["first_words", "first_line", "nearest_neighbor"]
    # ROUGE-L is highest with five words, too.
    assert texts(fitted["first_words"](EMAILS)) == five_words
