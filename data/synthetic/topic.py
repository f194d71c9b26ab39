"""Texts that name two scenes and are about one of them: the order of the words says which."""

from collections.abc import Iterator
from random import Random

from data.synthetic.generate import asides_of, fill, neutral_sentence, punctuate, refuse_negative
from data.synthetic.lexicon import SCENES
from schema.examples import LabelledText

FORMS = (
    ("we spoke of {won} rather than{aside} {lost}",),
    ("we spoke of {won}, not{aside} of {lost}",),
    ("this is not{aside} about {lost} but about {won}",),
    ("this is about {won}, although{aside} it began with {lost}",),
    ("although{aside} we had asked for {lost}, all that we heard of was {won}",),
    ("instead of{aside} {lost} we were shown {won}",),
    ("nobody mentioned{aside} {lost}", "everybody talked of {won}"),
    ("{lost} can wait", "{won}{aside} cannot"),
    ("{won} came first{aside} and {lost} not at all",),
)
"""Sentences around two scenes, of which the one at {won} is the topic."""

NOUNS = 2
"""A scene is named by up to so many of its nouns."""


def topic(examples: int, seed: int, distance: int = 3) -> list[LabelledText]:
    """Texts of one to three sentences, each labelled with one of `SCENES`.

    They come in neighbouring pairs, in random order, that differ in nothing but which scene is named where; over all,
    each scene is the topic equally often. Draw validation and test with seeds of their own, so that no pair is parted.

    distance: neutral words between a word that decides (not, but, although ...) and what it decides on
    A longer list begins with the shorter one. Raises UserError for a negative number of examples or words.
    """
    refuse_negative(examples, distance)
    rng, asides = Random(f"topic {seed}"), asides_of(Random(f"asides {seed}"), distance)
    texts: list[LabelledText] = []
    while len(texts) < examples:
        texts += _pair_of_texts(rng, asides)
    return texts[:examples]


def _pair_of_texts(rng: Random, asides: Iterator[str]) -> list[LabelledText]:
    """Two texts about two scenes, each once the topic."""
    scenes = rng.sample(list(SCENES), 2)
    named = {scene: _name(rng, scene) for scene in scenes}
    form, aside = rng.choice(FORMS), next(asides)
    place, neutral = rng.random(), neutral_sentence(rng) if rng.random() < 0.5 else None
    texts = []
    for won, lost in (scenes, scenes[::-1]):
        sentences = fill(form, aside, won=named[won], lost=named[lost])
        if neutral:
            sentences.insert(round(place * len(sentences)), neutral)
        texts.append(LabelledText(punctuate(sentences), won))
    return texts


def _name(rng: Random, scene: str) -> str:
    nouns = [noun for nouns in SCENES[scene].values() for noun in nouns]
    return " and ".join(f"the {noun}" for noun in rng.sample(nouns, rng.randint(1, NOUNS)))
