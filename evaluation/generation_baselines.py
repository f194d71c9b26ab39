"""What a writer has to beat: texts that are copied."""

from collections.abc import Callable, Mapping, Sequence

from console.progress import track
from schema.answers import TextAnswer
from schema.examples import TextPair

Writer = Callable[[Sequence[TextPair]], list[TextAnswer]]
"""What writes a text for each source."""

AT_ONCE = 200


def copy_source(examples: Sequence[TextPair]) -> list[TextAnswer]:
    """The source as it stands."""
    return [TextAnswer(example.source) for example in examples]


def fit_nearest(train: Sequence[TextPair]) -> Writer:
    """The target of the training source that shares most with a source: cosine of tf-idf over words and pairs."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    known = vectorizer.fit_transform(example.source for example in train)

    def write(examples: Sequence[TextPair]) -> list[TextAnswer]:
        answers = []
        for start in track(range(0, len(examples), AT_ONCE), "looking for the nearest text"):
            asked = vectorizer.transform(example.source for example in examples[start : start + AT_ONCE])
            # A source without a known word is as near to all: it gets the first.
            nearest = (asked @ known.T).toarray().argmax(axis=1)
            answers += [TextAnswer(train[place].target or "") for place in nearest]
        return answers

    return write


def copying_baselines(train: Sequence[TextPair]) -> Mapping[str, Writer]:
    """All of them, by name."""
    return {"copy_source": copy_source, "nearest_neighbour": fit_nearest(train)}
