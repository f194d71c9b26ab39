"""Paragraphs about two events, and the headline of the main event.

The other event is described in the same words, and often first. Only the main event has several follow-up sentences.
"""

from dataclasses import dataclass
from random import Random

from data.synthetic.generate import draw_words, generate_examples, punctuate, with_article
from data.synthetic.lexicon import NEUTRAL_WORDS, SCENES
from schema.examples import TextPair

PERSONS = tuple(person for scene in SCENES.values() for person in scene["person"])
OBJECTS = tuple(noun for scene in ("shop", "concert", "library") for noun in SCENES[scene]["object"])

DEEDS = (
    ("lost", "lost", "{Object} of {person} lost in {city}"),
    ("found", "found", "{Person} finds {object} in {city}"),
    ("bought", "bought", "{Person} buys {object} in {city}"),
    ("sold", "sold", "{Object} sold by {person} in {city}"),
    ("repaired", "repaired", "{Person} repairs {object} in {city}"),
    ("painted", "painted", "{Person} paints {object} in {city}"),
    ("broke", "broken", "{City}: {person} breaks {object}"),
    ("hid", "hidden", "{City}: {person} hides {object}"),
    ("stole", "stolen", "{Object} stolen by {person} in {city}"),
    ("borrowed", "borrowed", "{Person} borrows {object} in {city}"),
)
"""Simple past, past participle, headline."""

OPENINGS = (
    "{a_person} {did} {an_object} in {city} on {day}",
    "on {day} {a_person} {did} {an_object} in {city}",
    "in {city} {an_object} was {done} by {a_person} early in the {hour}",
    "{an_object} was {done} by {a_person} in {city} on {day}",
)

FOLLOW_UPS = (
    "the {person} spoke of the {object} all {hour}",
    "the {person} {verb} near the {landmark} with my {companion}",
    "everybody asked the {person} about it",
    "the {object} had once stood near the {landmark}",
    "a picture of the {object} was in the paper",
    "many came to the {landmark} to see the {object}",
    "nobody knows what the {person} will do now",
    "my {companion} knows the {person} well",
)
"""Follow-up sentences that fit any event."""

NEUTRAL = ("it rained in the {hour}", "the {landmark} was quiet on {day}", "we {verb} by the {landmark} all {hour}")


@dataclass(frozen=True)
class _Event:
    """Person, object, city and deed of an event."""

    person: str
    object: str
    city: str
    deed: tuple[str, str, str]

    def fill(self, rng: Random, template: str) -> str:
        """Fill a template with this event, and its other slots with random words."""
        did, done, _ = self.deed
        values = {
            "did": did,
            "done": done,
            "person": self.person,
            "a_person": with_article(self.person),
            "object": self.object,
            "an_object": with_article(self.object),
        }
        return draw_words(rng, template, city=self.city, **values)

    @property
    def headline(self) -> str:
        person, thing = self.person, self.object
        names = {"Person": person.capitalize(), "Object": thing.capitalize(), "City": self.city}
        return self.deed[2].format(person=person, object=thing, city=self.city, **names)


def headlines(examples: int, seed: int) -> list[TextPair]:
    """Paragraphs of four to seven sentences with their headlines.

    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples.
    """
    return generate_examples("headlines", examples, seed, _paragraph)


def _paragraph(rng: Random) -> TextPair:
    main, aside = _events(rng)
    story = _story(rng, main, follow_ups=rng.randint(2, 3))
    interruption = _story(rng, aside, follow_ups=rng.randint(0, 1))
    # In half of the paragraphs, the other event comes first; in the others, anywhere after the first sentence.
    position = 0 if rng.random() < 0.5 else rng.randint(1, len(story))
    sentences = [*story[:position], *interruption, *story[position:]]
    if rng.random() < 0.5:
        sentences.insert(rng.randint(0, len(sentences)), draw_words(rng, rng.choice(NEUTRAL)))
    return TextPair(punctuate(sentences), main.headline)


def _events(rng: Random) -> tuple[_Event, _Event]:
    """Two events with different persons, objects, cities and deeds."""
    parts = (rng.sample(words, 2) for words in (PERSONS, OBJECTS, NEUTRAL_WORDS["city"], DEEDS))
    main, aside = zip(*parts, strict=True)
    return _Event(*main), _Event(*aside)


def _story(rng: Random, event: _Event, follow_ups: int) -> list[str]:
    templates = [rng.choice(OPENINGS), *rng.sample(FOLLOW_UPS, follow_ups)]
    return [event.fill(rng, template) for template in templates]
