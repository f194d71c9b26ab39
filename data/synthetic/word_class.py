"""Invented words whose spelling indicates their class, by the endings, capitals and digits of English."""

from collections.abc import Callable, Mapping
from random import Random

from data.synthetic.generate import require_non_negative
from schema.examples import LabelledText

ONSETS = ("b", "br", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "k", "kr", "m", "n", "p", "pl", "r", "t", "tr", "z")
VOWELS = ("a", "e", "i", "o", "u")
CODAS = ("b", "d", "g", "k", "ll", "m", "n", "nd", "nk", "p", "rd", "rk", "rm", "rn", "st", "t")
"""A syllable has one of each. No coda of a stem makes one ending look like another."""

PLAIN_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "noun": ("ness", "ment", "ity", "ship", "hood", "ism", "ation", "age"),
    "verb": ("ify", "ise", "ated", "ating", "ised", "ising", "ifies", "ates"),
    "adjective": ("ous", "ful", "less", "able", "ive", "ish", "ic", "al"),
}

LONG_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "noun": ("fulness", "lessness", "iveness", "alism", "ability", "isation", "nesses", "ments"),
    "verb": ("alise", "icised", "alising", "icises", "alises", "icate", "icated", "icating"),
    "adjective": ("ational", "ageless", "mentous", "istic", "ifiable", "isable", "hoodless", "ative"),
    "adverb": ("ly", "fully", "lessly", "ously", "ably", "ively", "ishly", "wards", "wise", "ically"),
}
"""Endings that contain the ending of another class: the last one counts."""

NAME_ENDINGS = ("a", "o", "en", "ia", "son", "ton", "ville", "berg", "ford", "ley")
ORIGIN_ENDINGS = ("ish", "ese", "ian")
"""Names begin with a capital letter, and so do the adjectives of names ("Bradenese")."""

TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
GROUPS = ("hundred", "thousand", "million")


def word_class(examples: int, seed: int) -> list[LabelledText]:
    """Distinct words, each labelled with one of `CLASSES`.

    All classes are equally frequent: the words come in blocks with one word of each class, in random order.
    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples.
    """
    require_non_negative(examples)
    rng, used = Random(f"word class {seed}"), set[str]()
    words: list[LabelledText] = []
    while len(words) < examples:
        for name in rng.sample(list(CLASSES), len(CLASSES)):
            word = _new_word(rng, CLASSES[name], used)
            words.append(LabelledText(word, name))
    return words[:examples]


def _new_word(rng: Random, generate: Callable[[Random], str], used: set[str]) -> str:
    while (word := generate(rng)) in used:
        pass
    used.add(word)
    return word


def _noun(rng: Random) -> str:
    return f"{rng.randint(110, 199)}0s" if rng.random() < 0.1 else _with_ending(rng, "noun")


def _verb(rng: Random) -> str:
    return _with_ending(rng, "verb")


def _adjective(rng: Random) -> str:
    draw = rng.random()
    if draw < 0.2:
        return _stem(rng).capitalize() + rng.choice(ORIGIN_ENDINGS)
    if draw < 0.3:
        return _ordinal(rng)
    return _with_ending(rng, "adjective")


def _adverb(rng: Random) -> str:
    return _stem(rng) + rng.choice(LONG_ENDINGS["adverb"])


def _name(rng: Random) -> str:
    return _stem(rng).capitalize() + rng.choice(NAME_ENDINGS)


def _number(rng: Random) -> str:
    """In digits ("41", "3,570", "2.6") or in letters ("sixty-one", "eight-hundred-and-thirteen")."""
    draw = rng.random()
    if draw < 0.6:
        whole = rng.randrange(10 ** rng.randint(1, 6))
        return f"{whole:,}" if rng.random() < 0.5 else f"{whole}.{rng.randrange(10)}"
    small = rng.choice((rng.choice(TEENS), rng.choice(UNITS), f"{rng.choice(TENS)}-{rng.choice(UNITS)}"))
    return f"{rng.choice(UNITS + TEENS)}-{rng.choice(GROUPS)}-and-{small}" if draw < 0.9 else small


def _ordinal(rng: Random) -> str:
    """In digits ("21st") or in letters ("eighty-third")."""
    if rng.random() < 0.5:
        return f"{rng.choice(TENS)}-{rng.choice(ORDINALS)}"
    tens, unit = rng.randint(2, 999), rng.randint(0, 9)
    # 11th, 12th and 13th end in "th".
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(unit, "th") if tens % 10 != 1 else "th"
    return f"{tens}{unit}{suffix}"


def _with_ending(rng: Random, name: str) -> str:
    endings = LONG_ENDINGS if rng.random() < 0.4 else PLAIN_ENDINGS
    return _stem(rng) + rng.choice(endings[name])


def _stem(rng: Random) -> str:
    syllables = rng.choice((1, 1, 2))
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(syllables))


CLASSES: Mapping[str, Callable[[Random], str]] = {
    "noun": _noun,
    "verb": _verb,
    "adjective": _adjective,
    "adverb": _adverb,
    "name": _name,
    "number": _number,
}
"""Class -> function that generates a word of it."""
