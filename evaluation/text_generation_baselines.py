"""What a writer has to beat: texts that are copied."""

import re
from collections.abc import Callable, Sequence

from console.progress import track
from schema.examples import TextPair
from schema.predictions import TextPrediction

Writer = Callable[[Sequence[TextPair]], list[TextPrediction]]
"""What writes a text for each source."""

AT_ONCE = 200
_WORD = re.compile(r"\w\w")


def copy_source(examples: Sequence[TextPair]) -> list[TextPrediction]:
    """The source as it stands."""
    return [TextPrediction(example.source) for example in examples]


def fit_nearest(train: Sequence[TextPair]) -> Writer:
    """The target of the training source that shares most with a source: cosine of tf-idf over words and pairs."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Words of one letter say little, unless there are no others.
    words = {} if any(_WORD.search(example.source) for example in train) else {"analyzer": "char"}
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, **words)
    known = vectorizer.fit_transform(example.source for example in train)

    def write(examples: Sequence[TextPair]) -> list[TextPrediction]:
        answers = []
        for start in track(range(0, len(examples), AT_ONCE), "looking for the nearest text"):
            asked = vectorizer.transform(example.source for example in examples[start : start + AT_ONCE])
            # A source without a known word is as near to all: it gets the first.
            nearest = (asked @ known.T).toarray().argmax(axis=1)
            answers += [TextPrediction(train[place].target or "") for place in nearest]
        return answers

    return write


FEWEST, MOST = 3, 30
"""Lengths that are tried, in words."""


def fit_first_words(validation: Sequence[TextPair], judge: Callable[[Sequence[TextPrediction]], float]) -> Writer:
    """The first words of the source, as many as do best on validation; judge: how good such answers to it are."""
    best = max(range(FEWEST, MOST + 1), key=lambda count: judge(first_words(validation, count))) if validation else MOST
    return lambda examples: first_words(examples, best)


def first_words(examples: Sequence[TextPair], count: int) -> list[TextPrediction]:
    """The first `count` words of each source."""
    return [TextPrediction(" ".join(example.source.split()[:count])) for example in examples]


def first_line(examples: Sequence[TextPair]) -> list[TextPrediction]:
    """The first line of each source, in mails its first sentence."""
    return [TextPrediction(example.source.split("\n", 1)[0]) for example in examples]
