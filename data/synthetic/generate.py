"""Functions that all generators share: sentences from templates, and neutral words between related words.

Every generator uses `random.Random` with a string as seed, which Python hashes with SHA-512. The results are therefore
equal on every machine, and the seeds 1 and -1 differ.
"""

from collections.abc import Callable, Iterator
from itertools import product
from random import Random

from data.synthetic.lexicon import NEUTRAL_PHRASES, NEUTRAL_WORDS
from schema.errors import UserError
from schema.examples import ExampleT, LabelledText

MAX_CLAUSE_WORDS = 9
MAX_PHRASE_WORDS = 5


def require_non_negative(examples: int, distance: int = 0) -> None:
    """Raise UserError for a negative number of examples or words."""
    if examples < 0 or distance < 0:
        raise UserError(f"synthetic data: {examples} examples at distance {distance}; neither can be below 0")


def generate_examples(name: str, examples: int, seed: int, generate: Callable[[Random], ExampleT]) -> list[ExampleT]:
    """Generate examples one at a time, so that a shorter list is the beginning of a longer one.

    name: makes the random numbers differ from those of other generators with the same seed
    """
    require_non_negative(examples)
    rng = Random(f"{name} {seed}")
    return [generate(rng) for _ in range(examples)]


def generate_pairs(
    name: str,
    examples: int,
    seed: int,
    distance: int,
    generate: Callable[[Random, Iterator[str]], list[LabelledText]],
) -> list[LabelledText]:
    """Like `generate_examples`, but two texts at a time, with asides of `distance` neutral words."""
    require_non_negative(examples, distance)
    rng, asides = Random(f"{name} {seed}"), _generate_asides(Random(f"asides {seed}"), distance)
    texts: list[LabelledText] = []
    while len(texts) < examples:
        texts += generate(rng, asides)
    return texts[:examples]


def fill_template(template: tuple[str, ...], aside: str, **parts: str) -> list[str]:
    """The sentences of a template. {pause} is an aside, or a comma if the aside is empty."""
    return [sentence.format(aside=aside, pause=aside or ",", **parts) for sentence in template]


def punctuate(sentences: list[str]) -> str:
    """Join sentences, each with a capital letter and a full stop."""
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def with_article(noun: str) -> str:
    """A lamp, an umbrella; correct for all words of the synthetic data."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _generate_asides(rng: Random, words: int) -> Iterator[str]:
    """Generate endlessly insertions of exactly `words` neutral words between commas."""
    while True:
        yield f", {_aside(rng, words)}," if words else ""


def _aside(rng: Random, words: int) -> str:
    if words == 1:
        return draw_words(rng, "{adverb}")
    if words <= MAX_PHRASE_WORDS:
        return _neutral_phrases(rng, words)
    return draw_words(rng, "{link} we ") + _neutral_actions(rng, words - 2)


def neutral_sentence(rng: Random) -> str:
    """A sentence that does not affect any label."""
    return "we " + _neutral_actions(rng, rng.randint(3, MAX_CLAUSE_WORDS))


def _neutral_actions(rng: Random, words: int) -> str:
    """Actions in exactly `words` words (three or more): "walked in Oslo and sat by the river"."""
    if words <= MAX_CLAUSE_WORDS:
        return draw_words(rng, "{verb} ") + _neutral_phrases(rng, words - 1)
    # At least three words remain after the "and".
    first = rng.randint(3, min(MAX_CLAUSE_WORDS, words - 4))
    return f"{_neutral_actions(rng, first)} and {_neutral_actions(rng, words - first - 1)}"


def _neutral_phrases(rng: Random, words: int) -> str:
    """Place, company and time in exactly `words` words (two or more): "in Oslo with my cousin"."""
    sizes = rng.choice([sizes for sizes in product((0, 2, 3, 4), repeat=3) if sum(sizes) == words])
    phrases = [draw_words(rng, templates[size]) for templates, size in zip(NEUTRAL_PHRASES, sizes, strict=True) if size]
    return " ".join(phrases)


def draw_words(rng: Random, template: str, **values: str) -> str:
    """Fill the slots of a template with `values`, and other slots, such as {day}, with random `NEUTRAL_WORDS`."""
    # A word is drawn for each slot, also if the template does not have it: the random stream depends on it.
    return template.format(**{slot: rng.choice(words) for slot, words in NEUTRAL_WORDS.items()} | values)
