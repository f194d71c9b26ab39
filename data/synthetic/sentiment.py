"""Reviews whose labels depend on the order of their words: negated opinions, and contrasts of two opinions."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from data.synthetic.generate import fill_template, generate_pairs, neutral_sentence, punctuate
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
"""Templates around two claims; the label is that of the claim at {won}."""

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

NEGATED_RATE = 0.3
DESCRIBED_RATE = 0.3


def sentiment(examples: int, seed: int, distance: int = 3) -> list[LabelledText]:
    """Reviews of one to three sentences, half of them "neg" and half "pos".

    Neighbors are pairs with opposite labels, in random order. About half of the pairs differ only in their word order.
    Generate validation and test with other seeds, so that no pair is split between them.

    distance: number of neutral words between a function word (not, but, although ...) and the words in its scope; the
        same seed generates the same opinions at any distance
    With an odd number of examples, the last one may have either label. A shorter list is the beginning of a longer one.
    Raises UserError for a negative number of examples or words.
    """
    return generate_pairs("sentiment", examples, seed, distance, _pair_of_reviews)


@dataclass(frozen=True)
class _Claim:
    """An opinion on a noun, without its label."""

    subject: str
    antonyms: tuple[str, str]
    template: str
    negated: bool
    aside: str

    def text(self, label: int) -> str:
        """The claim in words; `label` is an index in `LABELS`."""
        opinion = self.antonyms[label != self.negated]
        return self.template.format(subject=self.subject, aside=self.aside, opinion=opinion)


def _pair_of_reviews(rng: Random, asides: Iterator[str]) -> list[LabelledText]:
    """A negative and a positive review, in random order."""
    generate = rng.choices((_contrast, _correction, _agreement, _one_claim), weights=(40, 10, 25, 25))[0]
    pair = generate(rng, asides)
    if rng.random() < 0.5:
        position, neutral = rng.randint(0, len(pair[0])), neutral_sentence(rng)
        for sentences in pair:
            sentences.insert(position, neutral)
    reviews = [LabelledText(punctuate(sentences), label) for sentences, label in zip(pair, LABELS, strict=True)]
    rng.shuffle(reviews)
    return reviews


_Pair = tuple[list[str], list[str]]
"""The sentences of a negative and of a positive review."""


def _contrast(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two opposite claims, which change places between the two reviews."""
    bad, good = _claims(rng, asides, 2)
    bad_text, good_text = bad.text(0), good.text(1)
    template, aside = rng.choice(CONTRASTS), next(asides)
    return (
        fill_template(template, aside, lost=good_text, won=bad_text),
        fill_template(template, aside, lost=bad_text, won=good_text),
    )


def _correction(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two opposite words about one noun, which change places between the two reviews."""
    (claim,) = _claims(rng, asides, 1)
    bad, good = claim.antonyms
    template = rng.choice(CORRECTIONS)
    return (
        fill_template(template, claim.aside, subject=claim.subject, lost=good, won=bad),
        fill_template(template, claim.aside, subject=claim.subject, lost=bad, won=good),
    )


def _agreement(rng: Random, asides: Iterator[str]) -> _Pair:
    """Two claims with the same label."""
    first, second = _claims(rng, asides, 2)
    template, aside = rng.choice(AGREEMENTS), next(asides)
    return (
        fill_template(template, aside, first=first.text(0), second=second.text(0)),
        fill_template(template, aside, first=first.text(1), second=second.text(1)),
    )


def _one_claim(rng: Random, asides: Iterator[str]) -> _Pair:
    """A single claim."""
    (claim,) = _claims(rng, asides, 1)
    return [claim.text(0)], [claim.text(1)]


def _claims(rng: Random, asides: Iterator[str], number: int) -> list[_Claim]:
    """Claims about different nouns of one scene."""
    scene = rng.choice(list(SCENES.values()))
    nouns = [(kind, noun) for kind, nouns in scene.items() for noun in nouns]
    return [_claim(rng, asides, kind, noun) for kind, noun in rng.sample(nouns, number)]


def _claim(rng: Random, asides: Iterator[str], kind: str, noun: str) -> _Claim:
    described = rng.random() < DESCRIBED_RATE
    subject = f"the {rng.choice(DESCRIPTIONS[kind])} {noun}" if described else f"the {noun}"
    antonyms = rng.choice(ANTONYMS["any"] + ANTONYMS[kind])
    negated = rng.random() < NEGATED_RATE
    template = rng.choice(NEGATED_CLAIMS if negated else PLAIN_CLAIMS)
    return _Claim(subject, antonyms, template, negated, next(asides))
