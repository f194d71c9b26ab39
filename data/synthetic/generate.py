"""How anything of the synthetic data is told: sentences from forms, and neutral words between what belongs together.

Every teller draws from `random.Random` seeded with text, which Python hashes with SHA-512: the same on every machine,
and -1 is not 1.
"""

from collections.abc import Iterator
from itertools import product
from random import Random

from data.synthetic.lexicon import NEUTRAL_PHRASES, NEUTRAL_WORDS
from schema.errors import UserError

LONGEST_CLAUSE = 9
LONGEST_PHRASE = 5


def refuse_negative(examples: int, distance: int = 0) -> None:
    """Raises UserError for a negative number of examples or words."""
    if examples < 0 or distance < 0:
        raise UserError(f"synthetic data: {examples} examples at distance {distance}; neither can be below 0")


def fill(form: tuple[str, ...], aside: str, **parts: str) -> list[str]:
    """The sentences of a form; {pause} is an aside where a comma has to stand even without one."""
    return [sentence.format(aside=aside, pause=aside or ",", **parts) for sentence in form]


def punctuate(sentences: list[str]) -> str:
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def with_article(noun: str) -> str:
    """A lamp, an umbrella; right for all words of the synthetic data."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def asides_of(rng: Random, words: int) -> Iterator[str]:
    """Without end, insertions of exactly so many neutral words, between commas."""
    while True:
        yield f", {_aside(rng, words)}," if words else ""


def _aside(rng: Random, words: int) -> str:
    if words == 1:
        return draw_words(rng, "{adverb}")
    if words <= LONGEST_PHRASE:
        return _neutral_phrases(rng, words)
    return draw_words(rng, "{link} we ") + _neutral_actions(rng, words - 2)


def neutral_sentence(rng: Random) -> str:
    return "we " + _neutral_actions(rng, rng.randint(3, LONGEST_CLAUSE))


def _neutral_actions(rng: Random, words: int) -> str:
    """What somebody did, in exactly so many words (three or more): "walked in Oslo and sat by the river"."""
    if words <= LONGEST_CLAUSE:
        return draw_words(rng, "{verb} ") + _neutral_phrases(rng, words - 1)
    # The rest keeps at least three words beside the "and".
    first = rng.randint(3, min(LONGEST_CLAUSE, words - 4))
    return f"{_neutral_actions(rng, first)} and {_neutral_actions(rng, words - first - 1)}"


def _neutral_phrases(rng: Random, words: int) -> str:
    """Where, with whom and when, in exactly so many words (two or more): "in Oslo with my cousin"."""
    sizes = rng.choice([sizes for sizes in product((0, 2, 3, 4), repeat=3) if sum(sizes) == words])
    phrases = [draw_words(rng, forms[size]) for forms, size in zip(NEUTRAL_PHRASES, sizes, strict=True) if size]
    return " ".join(phrases)


def draw_words(rng: Random, form: str, **told: str) -> str:
    """The form with `told` in its slots, and a random word in every other one, such as {day} of `NEUTRAL_WORDS`."""
    return form.format(**{slot: rng.choice(words) for slot, words in NEUTRAL_WORDS.items()} | told)
