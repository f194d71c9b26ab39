"""Sentences with the names of persons, locations and organizations, distinguished by their context.

Most names may be of any kind ("Florence sings", "in Florence", "shares of Florence"): a gazetteer is not enough. The
tags are IOB2: B-PER begins a person, I-PER continues it, O is outside of names.
"""

from collections.abc import Iterator, Mapping
from random import Random

from data.synthetic.generate import draw_words, generate_examples
from data.synthetic.lexicon import NEUTRAL_WORDS, SHARED_NAMES
from schema.examples import TaggedSentence

PREDICATES: Mapping[str, tuple[str, ...]] = {
    "PER": (
        "sings well",
        "smiled",
        "has lost her umbrella",
        "has sold his bicycle",
        "was born on {day}",
        "was seen with my {companion}",
        "lives in LOC",
        "met PER in the {hour}",
        "works for ORG",
        "walked to LOC on {day}",
    ),
    "LOC": (
        "lies by the {landmark}",
        "has many streets and a large {landmark}",
        "was full of visitors",
        "was built near the {landmark}",
        "is a large city",
        "is an hour from LOC",
    ),
    "ORG": (
        "sells its lamps in LOC",
        "has sold its shares",
        "has doubled its profits",
        "was bought by ORG",
        "pays its drivers well",
        "makes its umbrellas in LOC",
        "has hired PER as its manager",
        "has closed its shops in LOC",
    ),
}
"""Kind -> predicates that fit this kind alone. Other names in them are given by their kind."""

SENTENCES = (
    "PER {verb} in LOC on {day}",
    "PER and PER {verb} by the {landmark}",
    "my {companion} PER {verb} near the {landmark}",
    "a letter that PER wrote came to LOC",
    "we {verb} with PER in the {hour}",
    "the novel by PER was read in LOC",
    "it rained in LOC on {day}",
    "we took the train to LOC with PER",
    "the streets of LOC were empty in the {hour}",
    "the mayor of LOC knows PER",
    "shares of ORG fell on {day}",
    "a manager of ORG {verb} in LOC",
    "my {companion} works for ORG in LOC",
    "shares of ORG and ORG fell in the {hour}",
    "the customers of ORG {verb} near the {landmark}",
)

ASIDES = (
    ", as my {companion} told us on {day} ,",
    ", as we heard in the {hour} ,",
    ", as everybody in LOC knows ,",
    ", says my {companion} PER ,",
)
"""Insertions between a name and its predicate."""

STATEMENT_RATE = 0.6
ASIDE_RATE = 0.4
SHARED_NAME_RATE = 0.9
"""Fraction of the one-word names that may be a person, a location or an organization."""

NAME_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "PER": ("NAME", "NAME", "NAME", "{name} SURNAME", "SURNAME SURNAME"),
    "LOC": ("NAME", "NAME", "NAME", "New NAME", "Port NAME"),
    "ORG": ("NAME", "NAME", "NAME", "Port NAME", "NAME & NAME", "SURNAME SURNAME"),
}
"""Kind -> templates of its names. Some names of two words may be of several kinds, too."""

OWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "PER": NEUTRAL_WORDS["name"],
    "LOC": NEUTRAL_WORDS["city"],
    "ORG": ("Fabrix", "Nordia", "Solvena", "Tekton"),
}
"""Kind -> one-word names of this kind alone."""


def entities(examples: int, seed: int) -> list[TaggedSentence]:
    """Sentences of words and punctuation marks, each with an IOB2 tag of PER, LOC or ORG, or O.

    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples.
    """
    return generate_examples("entities", examples, seed, _sentence)


def _sentence(rng: Random) -> TaggedSentence:
    template = _statement(rng) if rng.random() < STATEMENT_RATE else rng.choice(SENTENCES)
    words, tags = zip(*_tagged(rng, f"{template} ."), strict=True)
    return TaggedSentence((words[0][0].upper() + words[0][1:], *words[1:]), tags)


def _statement(rng: Random) -> str:
    """A kind of name, sometimes an aside, and a predicate that fits this kind alone."""
    kind = rng.choice(list(PREDICATES))
    aside = rng.choice(ASIDES) if rng.random() < ASIDE_RATE else ""
    return f"{kind} {aside} {rng.choice(PREDICATES[kind])}"


def _tagged(rng: Random, template: str) -> Iterator[tuple[str, str]]:
    """The words of a template with their tags; each kind is replaced by a name."""
    for word in draw_words(rng, template).split():
        if word in NAME_TEMPLATES:
            first, *rest = _name(rng, word)
            yield first, f"B-{word}"
            yield from ((other, f"I-{word}") for other in rest)
        else:
            yield word, "O"


def _name(rng: Random, kind: str) -> list[str]:
    template = draw_words(rng, rng.choice(NAME_TEMPLATES[kind]))
    return [_name_word(rng, kind, word) for word in template.split()]


def _name_word(rng: Random, kind: str, word: str) -> str:
    if word == "SURNAME":
        return rng.choice(SHARED_NAMES)
    if word == "NAME":
        return rng.choice(SHARED_NAMES if rng.random() < SHARED_NAME_RATE else OWN_NAMES[kind])
    return word
