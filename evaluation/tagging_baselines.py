"""What a tagger has to beat: tags that are learnt word by word, without a look at the neighbours."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from console.progress import track
from evaluation.entities import spans
from schema.examples import LabelledText, TaggedSentence
from schema.predictions import LabelPrediction, TagsPrediction

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Features = Callable[[str], Iterable[str]]
"""What a word's form tells, as names of features."""

RARE = 5
"""Words of train seen at most so often teach how to guess the tag of an unseen one: they are most like it."""
PENALTIES = (0.3, 1.0, 3.0)
"""C of the logistic regression on forms: the larger, the closer it follows its words."""


@dataclass(frozen=True)
class FormGuesser:
    """A logistic regression from the form of a word, without its neighbours, to a label."""

    model: "Pipeline"

    @classmethod
    def fit(cls, words: Sequence[str], labels: Sequence[str], features: Features, penalty: float) -> "FormGuesser":
        """Learn from words and their labels; there are two labels or more."""
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        counter = CountVectorizer(analyzer=features, binary=True, dtype=np.float64)
        return cls(make_pipeline(counter, LogisticRegression(C=penalty, max_iter=1000)).fit(words, labels))

    def probabilities(self, words: Sequence[str]) -> np.ndarray:
        """Of each of `labels` for each word, (words, labels)."""
        return self.model.predict_proba(words) if words else np.zeros((0, len(self.labels)))

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""
        return tuple(map(str, self.model[-1].classes_))


def fit_form_baselines(
    train: Sequence[LabelledText], validation: Sequence[LabelledText], regressions: Mapping[str, Features]
) -> Mapping[str, Callable[[Sequence[LabelledText]], list[LabelPrediction]]]:
    """`majority` and logistic regressions for single words, by what answers them; C is chosen on validation.

    regressions: name -> what such a regression reads of a word
    """
    words, labels = [example.text for example in train], [example.label or "" for example in train]
    counts = Counter(labels)
    known = tuple(sorted(counts))
    shares = np.array([counts[label] for label in known]) / len(labels)
    rivals: dict[str, Callable[[Sequence[LabelledText]], list[LabelPrediction]]] = {
        "majority": lambda asked: _label_answers(known, np.tile(shares, (len(asked), 1)))
    }
    for name, features in regressions.items() if len(known) > 1 else ():
        # Without validation the middle one is taken.
        penalties = PENALTIES if validation else PENALTIES[1:2]
        fitted = [
            FormGuesser.fit(words, labels, features, penalty)
            for penalty in track(penalties, f"fitting {name.replace('_', ' ')}", unit="settings")
        ]
        best = max(fitted, key=lambda guesser: _accuracy(guesser, validation)) if validation else fitted[0]
        rivals[name] = partial(_answers_of, best)
    return rivals


def _answers_of(guesser: FormGuesser, asked: Sequence[LabelledText]) -> list[LabelPrediction]:
    return _label_answers(guesser.labels, guesser.probabilities(_texts(asked)))


def _texts(examples: Sequence[LabelledText]) -> list[str]:
    return [example.text for example in examples]


def _accuracy(guesser: FormGuesser, examples: Sequence[LabelledText]) -> float:
    chosen = guesser.probabilities(_texts(examples)).argmax(axis=1)
    pairs = zip(examples, chosen, strict=True)
    return float(np.mean([guesser.labels[place] == example.label for example, place in pairs]))


def _label_answers(labels: Sequence[str], probabilities: np.ndarray) -> list[LabelPrediction]:
    return [
        LabelPrediction(labels[row.argmax()], dict(zip(labels, row.tolist(), strict=True))) for row in probabilities
    ]


@dataclass(frozen=True)
class WordTags:
    """The most frequent tag of each form of train; an unseen form gets that of its lower-cased form, else a guess."""

    tags: Mapping[str, str]
    guess: Callable[[Sequence[str]], Sequence[str]]

    def answer(self, examples: Sequence[TaggedSentence]) -> list[TagsPrediction]:
        """A tag for each word of each sentence."""
        words = {word for example in examples for word in example.words}
        unseen = [word for word in sorted(words - self.tags.keys()) if word.lower() not in self.tags]
        guessed = dict(zip(unseen, self.guess(unseen), strict=True)) if unseen else {}
        known = {
            **{word: self.tags[word.lower()] for word in words if word.lower() in self.tags},
            **self.tags,
            **guessed,
        }
        return [TagsPrediction(tuple(known[word] for word in example.words)) for example in examples]


def fit_word_tags(train: Sequence[TaggedSentence], features: Features) -> Mapping[str, WordTags]:
    """`majority`, `most_frequent_tag`, and with a suffix guesser for unseen words `suffix_guesser`."""
    by_word: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in train:
        for word, tag in zip(example.words, example.tags, strict=True):
            by_word[word][tag] += 1
    overall = sum(by_word.values(), Counter())
    # Of tags that a word has equally often, the more frequent one.
    tags = {word: max(counts, key=lambda tag: (counts[tag], overall[tag])) for word, counts in by_word.items()}
    majority = max(overall, key=overall.__getitem__)
    rare = [word for word, counts in by_word.items() if counts.total() <= RARE]
    rivals = {
        "majority": WordTags({}, lambda words: [majority] * len(words)),
        "most_frequent_tag": WordTags(tags, lambda words: [majority] * len(words)),
    }
    if len({tags[word] for word in rare}) > 1:
        guesser = FormGuesser.fit(rare, [tags[word] for word in rare], features, penalty=1.0)
        rivals["suffix_guesser"] = WordTags(
            tags, lambda words: [guesser.labels[place] for place in guesser.probabilities(words).argmax(axis=1)]
        )
    return rivals


@dataclass(frozen=True)
class EntityDictionary:
    """Entities of train, found again wherever their words stand, the longest first; case does not count.

    types: lower-cased words of an entity -> its type
    """

    types: Mapping[tuple[str, ...], str]
    longest: int

    @classmethod
    def fit(cls, train: Sequence[TaggedSentence]) -> "EntityDictionary":
        """Keep what is an entity in at least half of the places where its words stand in train, as its usual type."""
        kinds: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        sentences = [tuple(word.lower() for word in example.words) for example in train]
        for words, found in zip(sentences, spans([example.tags for example in train]), strict=True):
            for first, end, kind in found:
                kinds[words[first:end]][kind] += 1
        longest = max(map(len, kinds), default=0)
        seen = Counter(
            words[first:end]
            for words in sentences
            for first in range(len(words))
            for end in range(first + 1, min(first + longest, len(words)) + 1)
            if words[first:end] in kinds
        )
        kept = {words: counts for words, counts in kinds.items() if 2 * counts.total() >= seen[words]}
        return cls({words: counts.most_common(1)[0][0] for words, counts in kept.items()}, longest)

    def answer(self, examples: Sequence[TaggedSentence]) -> list[TagsPrediction]:
        """IOB2 tags for each sentence."""
        return [TagsPrediction(self._tags([word.lower() for word in example.words])) for example in examples]

    def _tags(self, words: Sequence[str]) -> tuple[str, ...]:
        tags: list[str] = []
        while len(tags) < len(words):
            first = len(tags)
            ends = range(min(first + self.longest, len(words)), first, -1)
            found = next((end for end in ends if tuple(words[first:end]) in self.types), None)
            if found is None:
                tags.append("O")
            else:
                kind = self.types[tuple(words[first:found])]
                tags += [f"B-{kind}", *[f"I-{kind}"] * (found - first - 1)]
        return tuple(tags)
