"""Texts that name two scenes and are about one of them; the order of the words decides which."""

from collections.abc import Iterator
from random import Random

from data.synthetic.generate import fill_template, generate_pairs, neutral_sentence, punctuate
from data.synthetic.lexicon import SCENES
from schema.examples import LabelledText

TEMPLATES = (
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
"""Templates around two scenes; the scene at {won} is the topic."""

MAX_NOUNS = 2
"""Maximum number of nouns that name a scene."""


def topic(examples: int, seed: int, distance: int = 3) -> list[LabelledText]:
    """Texts of one to three sentences, each labelled with one of `SCENES`.

    Neighbors are pairs, in random order, that differ only in which scene is named where. All scenes are the topic
    equally often on average. Generate validation and test with other seeds, so that no pair is split between them.

    distance: number of neutral words between a function word (not, but, although ...) and the words in its scope
    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples or words.
    """
    return generate_pairs("topic", examples, seed, distance, _pair_of_texts)


def _pair_of_texts(rng: Random, asides: Iterator[str]) -> list[LabelledText]:
    """Two texts about the same two scenes, each of which is the topic once."""
    scenes = rng.sample(list(SCENES), 2)
    named = {scene: _name(rng, scene) for scene in scenes}
    template, aside = rng.choice(TEMPLATES), next(asides)
    position, neutral = rng.random(), neutral_sentence(rng) if rng.random() < 0.5 else None
    texts = []
    for won, lost in (scenes, scenes[::-1]):
        sentences = fill_template(template, aside, won=named[won], lost=named[lost])
        if neutral:
            sentences.insert(round(position * len(sentences)), neutral)
        texts.append(LabelledText(punctuate(sentences), won))
    return texts


def _name(rng: Random, scene: str) -> str:
    nouns = [noun for nouns in SCENES[scene].values() for noun in nouns]
    return " and ".join(f"the {noun}" for noun in rng.sample(nouns, rng.randint(1, MAX_NOUNS)))
