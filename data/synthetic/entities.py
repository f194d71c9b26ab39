"""Sentences with the names of people, places and firms; what is said of a name decides which of them it is.

Most names serve for all three ("Florence sings", "in Florence", "shares of Florence"), so that a list of names is not
enough. The tags are those of IOB2: B-PER begins a person, I-PER goes on with it, O is no name.
"""

from collections.abc import Iterator, Mapping
from random import Random

from data.synthetic.generate import draw_words, refuse_negative
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
"""Kind -> what can be said of it alone; other names stand in it by their kind."""

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
"""They keep a name apart from what is said of it."""

STATEMENT_SHARE = 0.6
ASIDE_SHARE = 0.4
SHARED_SHARE = 0.9
"""So many of the single words that are names serve for a person, a place and a firm."""

FORMS: Mapping[str, tuple[str, ...]] = {
    "PER": ("NAME", "NAME", "NAME", "{name} SURNAME", "SURNAME SURNAME"),
    "LOC": ("NAME", "NAME", "NAME", "New NAME", "Port NAME"),
    "ORG": ("NAME", "NAME", "NAME", "Port NAME", "NAME & NAME", "SURNAME SURNAME"),
}
"""Kind -> what a name of it looks like; names of two words serve for several kinds, too."""

OWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "PER": NEUTRAL_WORDS["name"],
    "LOC": NEUTRAL_WORDS["city"],
    "ORG": ("Fabrix", "Nordia", "Solvena", "Tekton"),
}
"""Kind -> names of one word that serve for nothing else."""


def entities(examples: int, seed: int) -> list[TaggedSentence]:
    """Sentences of words and punctuation marks, each with an IOB2 tag of PER, LOC or ORG, or O.

    A longer list begins with the shorter one. Raises UserError for a negative number of examples.
    """
    refuse_negative(examples)
    rng = Random(f"entities {seed}")
    return [_sentence(rng) for _ in range(examples)]


def _sentence(rng: Random) -> TaggedSentence:
    form = _statement(rng) if rng.random() < STATEMENT_SHARE else rng.choice(SENTENCES)
    words, tags = zip(*_tagged(rng, f"{form} ."), strict=True)
    return TaggedSentence((words[0][0].upper() + words[0][1:], *words[1:]), tags)


def _statement(rng: Random) -> str:
    """Who or what, perhaps an aside, and then what tells a person, a place and a firm apart."""
    kind = rng.choice(list(PREDICATES))
    aside = rng.choice(ASIDES) if rng.random() < ASIDE_SHARE else ""
    return f"{kind} {aside} {rng.choice(PREDICATES[kind])}"


def _tagged(rng: Random, form: str) -> Iterator[tuple[str, str]]:
    """The words of a form, a name at each kind."""
    for word in draw_words(rng, form).split():
        if word in FORMS:
            first, *rest = _name(rng, word)
            yield first, f"B-{word}"
            yield from ((other, f"I-{word}") for other in rest)
        else:
            yield word, "O"


def _name(rng: Random, kind: str) -> list[str]:
    form = draw_words(rng, rng.choice(FORMS[kind]))
    return [_name_word(rng, kind, word) for word in form.split()]


def _name_word(rng: Random, kind: str, word: str) -> str:
    if word == "SURNAME":
        return rng.choice(SHARED_NAMES)
    if word == "NAME":
        return rng.choice(SHARED_NAMES if rng.random() < SHARED_SHARE else OWN_NAMES[kind])
    return word
