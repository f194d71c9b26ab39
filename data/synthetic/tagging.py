"""Sentences with parts of speech in which many words are ambiguous, such as noun or verb, and need their context.

The tags are universal parts of speech (UPOS), used as in the English treebanks of Universal Dependencies.
"""

from collections.abc import Iterator, Mapping
from random import Random

from data.synthetic.generate import generate_examples
from data.synthetic.lexicon import SCENES
from schema.examples import TaggedSentence

RULES: Mapping[str, tuple[str, ...]] = {
    "SENTENCE": (
        "CLAUSE ./PUNCT",
        "CLAUSE ./PUNCT",
        "CLAUSE WHEN ./PUNCT",
        "ONE says/VERB that/SCONJ CLAUSE ./PUNCT",
        "MANY hope/VERB that/SCONJ CLAUSE ./PUNCT",
        "does/AUX ONE DO ?/PUNCT",
        "do/AUX MANY DO ?/PUNCT",
        "can/AUX SOMEBODY DO ?/PUNCT",
        "ACT ./PUNCT",
        "that/PRON is/AUX HERS ./PUNCT",
        "there/PRON is/AUX no/DET WATCH/NOUN PLACE ./PUNCT",
        "there/PRON are/AUX two/NUM GUARDS/NOUN PLACE ./PUNCT",
    ),
    "CLAUSE": (
        "ONE DOES",
        "ONE DOES",
        "ONE that/PRON DOES STATE",
        "MANY DO",
        "MANY DO",
        "MANY can/AUX DO",
        "that/DET SUBJECT is/AUX CLEAN/ADJ",
    ),
    "STATE": ("is/AUX CLEAN/ADJ", "DOES"),
    "SOMEBODY": ("ONE", "MANY"),
    "ONE": (
        "the/DET GUARD/NOUN",
        "that/DET GUARD/NOUN",
        "the/DET cook/NOUN",
        "her/PRON GUARD/NOUN",
        "the/DET CLEAN/ADJ GUARD/NOUN",
        "a/DET CLEAN/ADJ PORTER/NOUN",
        "the/DET early/ADJ GUARD/NOUN",
    ),
    "MANY": (
        "they/PRON",
        "we/PRON",
        "the/DET GUARDS/NOUN",
        "the/DET cooks/NOUN",
        "her/PRON CLEAN/ADJ GUARDS/NOUN",
        "those/DET GUARDS/NOUN",
        "two/NUM late/ADJ GUARDS/NOUN",
    ),
    "DOES": (
        "GUARDS/VERB WHOM",
        "GUARDS/VERB WHOM",
        "WATCHES/VERB THING",
        "WATCHES/VERB THING",
        "WALKS/VERB HOW",
        "WALKS/VERB HOW",
        "cooks/VERB the/DET SOUP/NOUN",
        "wants/VERB to/PART ACT",
        "wants/VERB to/PART ACT",
        "has/VERB THING",
        "has/AUX DONE",
        "likes/VERB THING",
    ),
    "DO": ("ACT", "ACT", "ACT", "want/VERB to/PART ACT", "have/VERB THING", "like/VERB THING"),
    "ACT": (
        "GUARD/VERB WHOM",
        "WATCH/VERB THING",
        "WATCH/VERB THING",
        "WALK/VERB HOW",
        "WALK/VERB HOW",
        "cook/VERB the/DET SOUP/NOUN",
        "CLEAN/VERB the/DET ROOM/NOUN",
        "CLEAN/VERB that/DET CLEAN/ADJ can/NOUN",
    ),
    "DONE": ("WATCHED/VERB THING", "WALKED/VERB HOW"),
    "WHOM": (
        "the/DET GUARD/NOUN",
        "her/PRON GUARDS/NOUN",
        "that/DET CLEAN/ADJ PORTER/NOUN",
        "those/DET CLEAN/ADJ GUARDS/NOUN",
    ),
    "THING": (
        "the/DET WATCH/NOUN",
        "that/DET WALK/NOUN",
        "her/PRON WATCHES/NOUN",
        "the/DET CLEAN/ADJ WATCHES/NOUN",
        "the/DET late/ADJ WALK/NOUN",
        "the/DET early/ADJ WALKS/NOUN",
        "the/DET empty/ADJ can/NOUN",
        "the/DET can/NOUN",
    ),
    "HERS": ("her/PRON WATCH/NOUN", "the/DET WATCH/NOUN of/ADP the/DET GUARD/NOUN", "her/PRON CLEAN/ADJ can/NOUN"),
    "SUBJECT": ("ROOM/NOUN", "can/NOUN", "WATCH/NOUN", "WALK/NOUN"),
    "HOW": (
        "early/ADV",
        "late/ADV",
        "there/ADV",
        "to/ADP the/DET ROOM/NOUN",
        "like/ADP the/DET GUARDS/NOUN",
        "like/ADP her/PRON GUARD/NOUN",
        "PLACE",
    ),
    "PLACE": ("behind/ADP the/DET ROOM/NOUN", "near/ADP the/DET CLEAN/ADJ ROOM/NOUN"),
    "WHEN": (
        "before/ADP the/DET WALK/NOUN",
        "after/ADP her/PRON late/ADJ WALK/NOUN",
        "before/SCONJ the/DET GUARD/NOUN WALKS/VERB",
        "after/SCONJ her/PRON GUARDS/NOUN WALK/VERB",
        "before/SCONJ they/PRON WALK/VERB",
    ),
}
"""Symbol -> its expansions: further symbols, and words with their tags. A symbol before a "/" is one of `WORDS`.

Every noun phrase begins with a word other than the noun, so that each sentence has only one complete reading.
"""

WORDS: Mapping[str, tuple[str, ...]] = {
    "GUARD": ("guard", "guide", "nurse", "coach", "host", "judge", "escort"),
    "GUARDS": ("guards", "guides", "nurses", "coaches", "hosts", "judges", "escorts"),
    "WATCH": ("watch", "light", "plan", "order", "show", "paint", "book", "film"),
    "WATCHES": ("watches", "lights", "plans", "orders", "shows", "paints", "books", "films"),
    "WATCHED": ("watched", "planned", "ordered", "painted", "booked", "filmed"),
    "WALK": ("walk", "dance", "talk", "work", "rest", "play"),
    "WALKS": ("walks", "dances", "talks", "works", "rests", "plays"),
    "WALKED": ("walked", "danced", "talked", "worked", "rested", "played"),
    "CLEAN": ("clean", "warm", "cool", "calm", "light", "dry"),
    "PORTER": tuple(
        person for scene in SCENES.values() for person in scene["person"] if person not in ("cook", "guide")
    ),
    "ROOM": tuple(place for scene in SCENES.values() for place in scene["place"]),
    "SOUP": SCENES["restaurant"]["food"],
}
"""Words by their use. Those of the first lists and of CLEAN have two parts of speech each, and so have cook, can, that,
to, like, there, early, late, before and after.
"""


def tagged_sentences(examples: int, seed: int) -> list[TaggedSentence]:
    """Sentences of words and punctuation marks, each with its part of speech.

    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples.
    """
    return generate_examples("tagged sentences", examples, seed, _sentence)


def _sentence(rng: Random) -> TaggedSentence:
    words, tags = zip(*_expand(rng, "SENTENCE"), strict=True)
    return TaggedSentence((words[0].capitalize(), *words[1:]), tags)


def _expand(rng: Random, expansion: str) -> Iterator[tuple[str, str]]:
    for part in expansion.split():
        if part in RULES:
            yield from _expand(rng, rng.choice(RULES[part]))
        else:
            word, tag = part.split("/")
            yield rng.choice(WORDS.get(word, (word,))), tag
