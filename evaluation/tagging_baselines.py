"""Baselines for tagging: each word is tagged by itself, without its context."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.classification_baselines import WordFeatures, WordRegression
from evaluation.entity_spans import entity_spans
from schema.examples import TaggedSentence
from schema.predictions import Predictor, Remember, TagsPrediction, fit_anew

MAX_RARE_COUNT = 5
"""Words of train with at most this count train the suffix guesser: they are most like unseen words."""


@dataclass(frozen=True)
class WordTags:
    """The most frequent tag of each word of train; an unseen word gets that of its lower-cased form, else a guess.

    guess: tags for unseen words, in order
    """

    tags: Mapping[str, str]
    guess: Callable[[Sequence[str]], Sequence[str]]

    def __call__(self, examples: Sequence[TaggedSentence]) -> list[TagsPrediction]:
        """A tag for each word of each sentence."""
        words = {word for example in examples for word in example.normalized_words}
        unseen = [word for word in sorted(words - self.tags.keys()) if word.lower() not in self.tags]
        guessed = dict(zip(unseen, self.guess(unseen), strict=True)) if unseen else {}
        tags = {
            **{word: self.tags[word.lower()] for word in words if word.lower() in self.tags},
            **self.tags,
            **guessed,
        }
        return [TagsPrediction(tuple(tags[word] for word in example.normalized_words)) for example in examples]


def fit_tagging_baselines(
    train: Sequence[TaggedSentence], features: WordFeatures, remember: Remember = fit_anew
) -> Mapping[str, Predictor[TaggedSentence, TagsPrediction]]:
    """Fit `majority`, `most_frequent_tag`, and `suffix_guesser`, which predicts the tags of unseen words.

    features: features of a word for the suffix guesser
    There is no suffix guesser if all rare words of train have the same tag.
    """
    by_word: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in train:
        for word, tag in zip(example.normalized_words, example.tags, strict=True):
            by_word[word][tag] += 1
    overall = sum(by_word.values(), Counter[str]())
    # If tags are tied for a word, the one that is more frequent overall counts.
    tags = {word: max(counts, key=lambda tag: (counts[tag], overall[tag])) for word, counts in by_word.items()}
    majority = max(overall, key=overall.__getitem__)
    baselines = {
        "majority": WordTags({}, lambda words: [majority] * len(words)),
        "most_frequent_tag": WordTags(tags, lambda words: [majority] * len(words)),
    }
    rare = [word for word, counts in by_word.items() if counts.total() <= MAX_RARE_COUNT]
    if len({tags[word] for word in rare}) > 1:
        labels = [tags[word] for word in rare]
        arrays = remember("suffix_guesser", lambda: WordRegression.fit(rare, labels, features, c=1.0).to_arrays())
        baselines["suffix_guesser"] = WordTags(tags, WordRegression.from_arrays(arrays, features).predict)
    return baselines


def fit_entity_baselines(
    train: Sequence[TaggedSentence], features: WordFeatures, remember: Remember = fit_anew
) -> Mapping[str, Predictor[TaggedSentence, TagsPrediction]]:
    """Fit the baselines for tags, and `entity_dictionary`, which predicts the entities of train."""
    return {**fit_tagging_baselines(train, features, remember), "entity_dictionary": EntityDictionary.fit(train)}


@dataclass(frozen=True)
class EntityDictionary:
    """Tags the entities of train wherever their words occur, in any case; the longest match wins.

    types: lower-cased words of an entity -> its type
    """

    types: Mapping[tuple[str, ...], str]
    max_words: int

    @classmethod
    def fit(cls, train: Sequence[TaggedSentence]) -> "EntityDictionary":
        """Keep the word sequences that are an entity in at least half of their occurrences, with their usual type."""
        types: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        sentences = [tuple(word.lower() for word in example.normalized_words) for example in train]
        for words, spans in zip(sentences, entity_spans([example.tags for example in train]), strict=True):
            for start, end, entity_type in spans:
                types[words[start:end]][entity_type] += 1
        max_words = max(map(len, types), default=0)
        occurrences = Counter(
            words[start:end]
            for words in sentences
            for start in range(len(words))
            for end in range(start + 1, min(start + max_words, len(words)) + 1)
            if words[start:end] in types
        )
        kept = {words: counts for words, counts in types.items() if 2 * counts.total() >= occurrences[words]}
        return cls({words: counts.most_common(1)[0][0] for words, counts in kept.items()}, max_words)

    def __call__(self, examples: Sequence[TaggedSentence]) -> list[TagsPrediction]:
        """IOB2 tags for each sentence."""
        return [TagsPrediction(self._tags([word.lower() for word in example.normalized_words])) for example in examples]

    def _tags(self, words: Sequence[str]) -> tuple[str, ...]:
        tags: list[str] = []
        while len(tags) < len(words):
            start = len(tags)
            ends = range(min(start + self.max_words, len(words)), start, -1)
            matched = next((end for end in ends if tuple(words[start:end]) in self.types), None)
            if matched is None:
                tags.append("O")
            else:
                entity_type = self.types[tuple(words[start:matched])]
                tags += [f"B-{entity_type}", *[f"I-{entity_type}"] * (matched - start - 1)]
        return tuple(tags)
