"""Reviews in which the order of the words decides: who was bad, what was not bad, and which of two claims counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from data.synthetic.generate import asides_of, fill, neutral_sentence, punctuate, refuse_negative
from data.synthetic.lexicon import ANTONYMS, DESCRIPTIONS, SCENES
from schema.examples import LabelledText

LABELS = ("neg", "pos")

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


def sentiment(examples: int, seed: int, distance: int = 3) -> list[LabelledText]:
    """Reviews of one to three sentences, as many "neg" as "pos" ones.

    They come in neighbouring pairs of opposite verdicts, in random order; about half of the pairs differ in nothing but
    the order of their words. Draw validation and test with seeds of their own, so that no pair is parted.

    distance: neutral words between a word that decides (not, but, although ...) and what it decides on; the same seed
        tells the same opinions at any distance
    Of an odd number, the last example may have either label. A longer list begins with the shorter one.
    Raises UserError for a negative number of examples or words.
    """
    refuse_negative(examples, distance)
    opinions, asides = Random(f"sentiment {seed}"), asides_of(Random(f"asides {seed}"), distance)
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
        place, neutral = rng.randint(0, len(pair[0])), neutral_sentence(rng)
        for sentences in pair:
            sentences.insert(place, neutral)
    reviews = [LabelledText(punctuate(sentences), label) for sentences, label in zip(pair, LABELS, strict=True)]
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
        fill(form, aside, lost=good_text, won=bad_text),
        fill(form, aside, lost=bad_text, won=good_text),
    )


def _correction(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two opposite words on one noun; the reviews differ in which of them is said where."""
    (claim,) = _claims(rng, asides, 1)
    bad, good = claim.antonyms
    form = rng.choice(CORRECTIONS)
    return (
        fill(form, claim.aside, subject=claim.subject, lost=good, won=bad),
        fill(form, claim.aside, subject=claim.subject, lost=bad, won=good),
    )


def _agreement(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two claims with the same verdict."""
    first, second = _claims(rng, asides, 2)
    form, aside = rng.choice(AGREEMENTS), next(asides)
    return (
        fill(form, aside, first=first.says(0), second=second.says(0)),
        fill(form, aside, first=first.says(1), second=second.says(1)),
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
