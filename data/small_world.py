"""The small world: scenes, people, places and opinions, told in short English texts, from a seed and without a network.

    sentiment(4, seed=1)    # four reviews, labelled "neg" or "pos"

One lexicon stands behind all that is told of it: nouns by scene and kind, antonyms by kind, and neutral words. A review
is built so that the order of its words decides: counting them is little better than guessing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from schema.errors import UserError
from schema.examples import LabelledText

LABELS = ("neg", "pos")

SCENES: dict[str, dict[str, tuple[str, ...]]] = {
    "restaurant": {
        "food": ("soup", "bread", "fish", "salad", "cake", "coffee"),
        "person": ("waiter", "cook"),
        "place": ("restaurant", "kitchen", "terrace"),
    },
    "hotel": {
        "food": ("breakfast",),
        "person": ("porter", "manager"),
        "place": ("hotel", "room", "lobby", "balcony"),
        "object": ("bed", "lamp", "shower"),
    },
    "cinema": {
        "work": ("film", "plot", "ending", "dialogue"),
        "person": ("actor", "director"),
        "place": ("cinema", "foyer"),
        "object": ("screen", "seat"),
    },
    "concert": {
        "work": ("concert", "song", "melody", "encore"),
        "person": ("singer", "pianist", "drummer"),
        "place": ("hall", "stage"),
        "object": ("piano", "guitar"),
    },
    "journey": {
        "food": ("sandwich", "tea"),
        "person": ("driver", "guide", "conductor"),
        "place": ("station", "platform", "cabin"),
        "object": ("train", "bus", "boat"),
    },
    "shop": {
        "person": ("seller", "cashier"),
        "place": ("shop", "entrance"),
        "object": ("chair", "table", "bicycle", "kettle", "umbrella"),
    },
    "library": {
        "work": ("novel", "poem", "lecture"),
        "person": ("author", "librarian", "poet"),
        "place": ("library", "cellar"),
        "object": ("desk", "printer"),
    },
}
"""Scene -> kind -> nouns."""

ANTONYMS: dict[str, tuple[tuple[str, str], ...]] = {
    "any": (
        ("bad", "good"),
        ("awful", "lovely"),
        ("terrible", "wonderful"),
        ("mediocre", "excellent"),
        ("dreadful", "splendid"),
        ("horrible", "perfect"),
    ),
    "food": (("bland", "tasty"), ("stale", "fresh"), ("disgusting", "delicious")),
    "person": (("rude", "polite"), ("unkind", "kind"), ("unfriendly", "friendly"), ("impatient", "patient")),
    "place": (("dirty", "clean"), ("gloomy", "cosy"), ("noisy", "peaceful")),
    "object": (("flimsy", "sturdy"), ("ugly", "beautiful"), ("useless", "useful")),
    "work": (("boring", "gripping"), ("silly", "clever"), ("clumsy", "graceful")),
}
"""Kind of noun ("any" suits all) -> pairs of opinions, in the order of `LABELS`."""

DESCRIPTIONS: dict[str, tuple[str, ...]] = {
    "food": ("first", "second", "usual"),
    "person": ("young", "old", "tall"),
    "place": ("little", "large", "new"),
    "object": ("red", "blue", "white"),
    "work": ("first", "second", "last"),
}
"""Kind of noun -> adjectives that say nothing about its worth."""

NEUTRAL_WORDS: dict[str, tuple[str, ...]] = {
    "name": ("Anna", "Omar", "Mei", "Paul", "Lucia", "Ivan"),
    "companion": ("cousin", "neighbour", "colleague", "teacher", "friend"),
    "city": ("Lisbon", "Oslo", "Vienna", "Cairo", "Osaka"),
    "landmark": ("river", "bridge", "harbour", "market", "tower", "garden"),
    "size": ("old", "new", "little", "large"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "hour": ("morning", "afternoon", "evening"),
    "verb": ("walked", "waited", "sat", "talked", "worked", "rested"),
    "link": ("when", "while", "as", "after"),
    "adverb": ("today", "then", "there", "later"),
}

NEUTRAL_PHRASES: tuple[dict[int, str], ...] = (
    {2: "in {city}", 3: "by the {landmark}", 4: "near the {size} {landmark}"},
    {2: "with {name}", 3: "with my {companion}", 4: "with my {companion} {name}"},
    {2: "on {day}", 3: "in the {hour}", 4: "early in the {hour}"},
)
"""Where, with whom and when: words -> phrase. A clause has at most one of each, in this order."""

PLAIN_CLAIMS = (
    "{subject} was{aside} {opinion}",
    "{subject} was certainly{aside} {opinion}",
    "{subject} was always{aside} {opinion}",
    "I thought{aside} that {subject} was {opinion}",
    "we found{aside} that {subject} was {opinion}",
    "everybody agreed{aside} that {subject} was {opinion}",
)

NEGATED_CLAIMS = (
    "{subject} was not{aside} {opinion}",
    "{subject} was never{aside} {opinion}",
    "{subject} was far from{aside} {opinion}",
    "{subject} was anything but{aside} {opinion}",
    "I did not think{aside} that {subject} was {opinion}",
    "nobody found{aside} that {subject} was {opinion}",
    "everybody denied{aside} that {subject} was {opinion}",
)

CONTRASTS = (
    ("{lost}, but{aside} {won}",),
    ("{lost}", "however{pause} {won}"),
    ("{lost}", "still{pause} {won}"),
    ("{lost}", "what counted{aside} was that {won}"),
    ("although{aside} {lost}, {won}",),
    ("{won}, although{aside} {lost}",),
    ("{won}, and it hardly mattered{aside} that {lost}",),
)
"""Sentences around two claims, of which the one at {won} is the verdict."""

AGREEMENTS = (
    ("{first}, and{aside} {second}",),
    ("{first}", "besides{pause} {second}"),
    ("{first}", "what is more{pause} {second}"),
)

CORRECTIONS = (
    ("{subject} was not{aside} {lost} but {won}",),
    ("{subject} was {won}, not{aside} {lost}",),
    ("{subject} was {won} rather than{aside} {lost}",),
    ("{subject} was less{aside} {lost} than {won}",),
)

NEGATED_SHARE = 0.3
DESCRIBED_SHARE = 0.3
LONGEST_CLAUSE = 9
LONGEST_PHRASE = 5


def sentiment(examples: int, seed: int, distance: int = 3) -> list[LabelledText]:
    """Reviews of one to three sentences, as many "neg" as "pos" ones.

    They come in neighbouring pairs of opposite verdicts, in random order; about half of the pairs differ in nothing but
    the order of their words. Draw validation and test with seeds of their own, so that no pair is parted.

    distance: neutral words between a word that decides (not, but, although ...) and what it decides on; the same seed
        tells the same opinions at any distance
    Of an odd number, the last example may have either label. A longer list begins with the shorter one.
    Raises UserError for a negative number of examples or words.
    """
    if examples < 0 or distance < 0:
        raise UserError(f"small world: {examples} examples at distance {distance}; neither can be below 0")
    # Seeded with text, which Python hashes with SHA-512: the same on every machine, and -1 is not 1.
    opinions, asides = Random(f"sentiment {seed}"), _asides(Random(f"asides {seed}"), distance)
    reviews: list[LabelledText] = []
    while len(reviews) < examples:
        reviews += _pair_of_reviews(opinions, asides)
    return reviews[:examples]


@dataclass(frozen=True)
class _Claim:
    """An opinion on one noun, still open to either verdict."""

    subject: str
    antonyms: tuple[str, str]
    form: str
    negated: bool
    aside: str

    def says(self, verdict: int) -> str:
        """The claim in words; `verdict` is a place in `LABELS`."""
        opinion = self.antonyms[verdict != self.negated]
        return self.form.format(subject=self.subject, aside=self.aside, opinion=opinion)


def _pair_of_reviews(rng: Random, asides: Iterator[str]) -> list[LabelledText]:
    """A negative and a positive review, in random order."""
    tell = rng.choices((_contrast, _correction, _agreement, _one_claim), weights=(40, 10, 25, 25))[0]
    pair = tell(rng, asides)
    if rng.random() < 0.5:
        place, neutral = rng.randint(0, len(pair[0])), _neutral_sentence(rng)
        for sentences in pair:
            sentences.insert(place, neutral)
    reviews = [LabelledText(_punctuate(sentences), label) for sentences, label in zip(pair, LABELS, strict=True)]
    rng.shuffle(reviews)
    return reviews


_Pair = tuple[list[str], list[str]]
"""The sentences of a negative and of a positive review."""


def _contrast(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two opposite claims; the reviews differ in which of them is said where."""
    bad, good = _claims(rng, asides, 2)
    bad_text, good_text = bad.says(0), good.says(1)
    form, aside = rng.choice(CONTRASTS), next(asides)
    return (
        _fill(form, aside, lost=good_text, won=bad_text),
        _fill(form, aside, lost=bad_text, won=good_text),
    )


def _correction(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two opposite words on one noun; the reviews differ in which of them is said where."""
    (claim,) = _claims(rng, asides, 1)
    bad, good = claim.antonyms
    form = rng.choice(CORRECTIONS)
    return (
        _fill(form, claim.aside, subject=claim.subject, lost=good, won=bad),
        _fill(form, claim.aside, subject=claim.subject, lost=bad, won=good),
    )


def _agreement(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two claims with the same verdict."""
    first, second = _claims(rng, asides, 2)
    form, aside = rng.choice(AGREEMENTS), next(asides)
    return (
        _fill(form, aside, first=first.says(0), second=second.says(0)),
        _fill(form, aside, first=first.says(1), second=second.says(1)),
    )


def _one_claim(rng: Random, asides: Iterator[str]) -> _Pair:
    """A single claim."""
    (claim,) = _claims(rng, asides, 1)
    return [claim.says(0)], [claim.says(1)]


def _claims(rng: Random, asides: Iterator[str], number: int) -> list[_Claim]:
    """Claims about different nouns of one scene."""
    scene = rng.choice(list(SCENES.values()))
    nouns = [(kind, noun) for kind, nouns in scene.items() for noun in nouns]
    return [_claim(rng, asides, kind, noun) for kind, noun in rng.sample(nouns, number)]


def _claim(rng: Random, asides: Iterator[str], kind: str, noun: str) -> _Claim:
    described = rng.random() < DESCRIBED_SHARE
    subject = f"the {rng.choice(DESCRIPTIONS[kind])} {noun}" if described else f"the {noun}"
    antonyms = rng.choice(ANTONYMS["any"] + ANTONYMS[kind])
    negated = rng.random() < NEGATED_SHARE
    form = rng.choice(NEGATED_CLAIMS if negated else PLAIN_CLAIMS)
    return _Claim(subject, antonyms, form, negated, next(asides))


def _fill(form: tuple[str, ...], aside: str, **parts: str) -> list[str]:
    """The sentences of a form; {pause} is an aside where a comma has to stand even without one."""
    return [sentence.format(aside=aside, pause=aside or ",", **parts) for sentence in form]


def _punctuate(sentences: list[str]) -> str:
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def _asides(rng: Random, words: int) -> Iterator[str]:
    """Without end, insertions of exactly so many neutral words, between commas."""
    while True:
        yield f", {_aside(rng, words)}," if words else ""


def _aside(rng: Random, words: int) -> str:
    if words == 1:
        return _draw_words(rng, "{adverb}")
    if words <= LONGEST_PHRASE:
        return _neutral_phrases(rng, words)
    return _draw_words(rng, "{link} we ") + _neutral_actions(rng, words - 2)


def _neutral_sentence(rng: Random) -> str:
    return "we " + _neutral_actions(rng, rng.randint(3, LONGEST_CLAUSE))


def _neutral_actions(rng: Random, words: int) -> str:
    """What somebody did, in exactly so many words (three or more): "walked in Oslo and sat by the river"."""
    if words <= LONGEST_CLAUSE:
        return _draw_words(rng, "{verb} ") + _neutral_phrases(rng, words - 1)
    # The rest keeps at least three words beside the "and".
    first = rng.randint(3, min(LONGEST_CLAUSE, words - 4))
    return f"{_neutral_actions(rng, first)} and {_neutral_actions(rng, words - first - 1)}"


def _neutral_phrases(rng: Random, words: int) -> str:
    """Where, with whom and when, in exactly so many words (two or more): "in Oslo with my cousin"."""
    sizes = rng.choice([sizes for sizes in product((0, 2, 3, 4), repeat=3) if sum(sizes) == words])
    phrases = [_draw_words(rng, forms[size]) for forms, size in zip(NEUTRAL_PHRASES, sizes, strict=True) if size]
    return " ".join(phrases)


def _draw_words(rng: Random, form: str) -> str:
    return form.format(**{slot: rng.choice(words) for slot, words in NEUTRAL_WORDS.items()})
