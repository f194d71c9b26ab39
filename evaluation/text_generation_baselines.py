"""Baselines for text generation: texts copied from the source or from train."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from console.progress import track
from evaluation.text_generation_scores import sentence_rouge
from schema.examples import TextPair
from schema.predictions import Arrays, Predictor, Remember, TextPrediction, fit_anew
from schema.segmentation import is_unspaced, join, separate, words

TextGenerator = Predictor[TextPair, TextPrediction]

QUERY_BATCH_SIZE = 200
MIN_WORDS, MAX_WORDS = 3, 30
"""Smallest and largest number of words that `fit_first_words` tries."""


def fit_translation_baselines(train: Sequence[TextPair]) -> Mapping[str, TextGenerator]:
    """`copy_source` and `nearest_neighbor`."""
    return {"copy_source": copy_source, "nearest_neighbor": fit_nearest_neighbor(train)}


def fit_summary_baselines(
    train: Sequence[TextPair], validation: Sequence[TextPair], remember: Remember = fit_anew
) -> Mapping[str, TextGenerator]:
    """`first_words`, whose number is chosen by ROUGE-L on validation, `first_line` and `nearest_neighbor`."""

    def total_rouge(predictions: Sequence[TextPrediction]) -> float:
        pairs = zip(validation, predictions, strict=True)
        return sum(sentence_rouge(example.target or "", prediction.text) for example, prediction in pairs)

    return {
        "first_words": fit_first_words(validation, total_rouge, remember),
        "first_line": first_line,
        "nearest_neighbor": fit_nearest_neighbor(train),
    }


def copy_source(examples: Sequence[TextPair]) -> list[TextPrediction]:
    """The source, unchanged."""
    return [TextPrediction(example.source) for example in examples]


def fit_nearest_neighbor(train: Sequence[TextPair]) -> TextGenerator:
    """Predict the target of the most similar source of train: cosine of tf-idf over words and word pairs."""
    words_or_characters = (
        {"tokenizer": _long_words, "token_pattern": None}
        if any(_long_words(example.source) for example in train)
        else {"analyzer": "char"}
    )
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, **words_or_characters)
    keys = vectorizer.fit_transform(example.source for example in train)

    def predict(examples: Sequence[TextPair]) -> list[TextPrediction]:
        predictions = []
        for start in track(range(0, len(examples), QUERY_BATCH_SIZE), "finding the nearest text"):
            batch = examples[start : start + QUERY_BATCH_SIZE]
            queries = vectorizer.transform(example.source for example in batch)
            # A source without a word of train has the same similarity to all: it gets the first.
            nearest = (queries @ keys.T).toarray().argmax(axis=1)
            predictions += [TextPrediction(train[index].target or "") for index in nearest]
        return predictions

    return predict


def _long_words(text: str) -> list[str]:
    """Words of two characters or more, as scikit-learn's, and all characters of scripts without spaces."""
    return [word for word in words(text) if len(word) > 1 or is_unspaced([word])]


def fit_first_words(
    validation: Sequence[TextPair],
    score: Callable[[Sequence[TextPrediction]], float],
    remember: Remember = fit_anew,
) -> TextGenerator:
    """Predict the first words of the source; their number is the one with the best score on validation.

    score: quality of predictions for validation, higher is better
    """
    counts = range(MIN_WORDS, MAX_WORDS + 1) if validation else [MAX_WORDS]

    def fit() -> Arrays:
        return {"count": np.array(max(counts, key=lambda count: score(first_words(validation, count))))}

    return partial(first_words, count=int(remember("first_words", fit)["count"]))


def first_words(examples: Sequence[TextPair], count: int) -> list[TextPrediction]:
    """The first `count` words of each source."""
    return [TextPrediction(join(separate(example.source).split()[:count])) for example in examples]


def first_line(examples: Sequence[TextPair]) -> list[TextPrediction]:
    """The first line of each source, which is the first sentence of an email."""
    return [TextPrediction(example.source.split("\n", 1)[0]) for example in examples]
