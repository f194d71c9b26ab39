"""English sentences with German translations that need gender, case and word order; word by word hardly any is correct.

Subjects are in the third person, objects in the accusative or dative case. The finite verb is second in a main clause
and last in a subordinate clause; its prefix, participle or infinitive is at the end of a main clause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from data.synthetic.generate import generate_examples, with_article
from schema.examples import TextPair

MASCULINE, FEMININE, NEUTER = 0, 1, 2

DEFINITE: Mapping[str, tuple[str, str, str]] = {
    "nominative": ("der", "die", "das"),
    "accusative": ("den", "die", "das"),
    "dative": ("dem", "der", "dem"),
}
INDEFINITE: Mapping[str, tuple[str, str, str]] = {
    "nominative": ("ein", "eine", "ein"),
    "accusative": ("einen", "eine", "ein"),
    "dative": ("einem", "einer", "einem"),
}
"""Case -> article by gender. The nominative definite articles are also the relative pronouns."""

ENDINGS_AFTER_DEFINITE: Mapping[str, tuple[str, str, str]] = {
    "nominative": ("e", "e", "e"),
    "accusative": ("en", "e", "e"),
    "dative": ("en", "en", "en"),
}
ENDINGS_AFTER_INDEFINITE: Mapping[str, tuple[str, str, str]] = {
    "nominative": ("er", "e", "es"),
    "accusative": ("en", "e", "es"),
    "dative": ("en", "en", "en"),
}
"""Case -> ending of an adjective by gender."""

PRONOUNS = ("er", "sie", "es")

NOUNS: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "person": {
        "cook": ("Koch", MASCULINE),
        "waiter": ("Kellner", MASCULINE),
        "driver": ("Fahrer", MASCULINE),
        "teacher": ("Lehrer", MASCULINE),
        "singer": ("Sänger", MASCULINE),
        "woman": ("Frau", FEMININE),
        "aunt": ("Tante", FEMININE),
        "mother": ("Mutter", FEMININE),
        "child": ("Kind", NEUTER),
        "girl": ("Mädchen", NEUTER),
    },
    "object": {
        "table": ("Tisch", MASCULINE),
        "chair": ("Stuhl", MASCULINE),
        "kettle": ("Kessel", MASCULINE),
        "umbrella": ("Regenschirm", MASCULINE),
        "lamp": ("Lampe", FEMININE),
        "guitar": ("Gitarre", FEMININE),
        "bicycle": ("Fahrrad", NEUTER),
        "boat": ("Boot", NEUTER),
    },
    "food": {
        "fish": ("Fisch", MASCULINE),
        "cake": ("Kuchen", MASCULINE),
        "salad": ("Salat", MASCULINE),
        "soup": ("Suppe", FEMININE),
        "pear": ("Birne", FEMININE),
        "roll": ("Brötchen", NEUTER),
        "egg": ("Ei", NEUTER),
    },
    "work": {
        "novel": ("Roman", MASCULINE),
        "letter": ("Brief", MASCULINE),
        "newspaper": ("Zeitung", FEMININE),
        "story": ("Geschichte", FEMININE),
        "poem": ("Gedicht", NEUTER),
        "book": ("Buch", NEUTER),
    },
}
"""Kind -> English noun -> German noun and gender."""

ADJECTIVES: Mapping[str, Mapping[str, str]] = {
    "person": {"old": "alt", "young": "jung", "tall": "groß", "friendly": "freundlich", "polite": "höflich"},
    "object": {"old": "alt", "new": "neu", "red": "rot", "blue": "blau", "white": "weiß", "beautiful": "schön"},
    "food": {"fresh": "frisch", "good": "gut", "cold": "kalt", "warm": "warm"},
    "work": {"new": "neu", "old": "alt", "good": "gut", "beautiful": "schön"},
}

PLACES: Mapping[str, str] = {
    "in the garden": "im Garten",
    "in the hotel": "im Hotel",
    "in the shop": "im Laden",
    "in the kitchen": "in der Küche",
    "in the library": "in der Bibliothek",
    "at the station": "am Bahnhof",
    "near the bridge": "bei der Brücke",
}

PRESENT_TIMES: Mapping[str, str] = {"today": "heute", "now": "jetzt", "every morning": "jeden Morgen"}
PAST_TIMES: Mapping[str, str] = {"yesterday": "gestern", "on Monday": "am Montag", "a week ago": "vor einer Woche"}


@dataclass(frozen=True)
class _Verb:
    """A verb with an object.

    english: third person singular, infinitive, simple past
    german: separable prefix or "", third person singular, infinitive and participle without the prefix
    objects: kinds of nouns that fit as the object; case: case of the object
    """

    english: tuple[str, str, str]
    german: tuple[str, str, str, str]
    objects: tuple[str, ...]
    case: str = "accusative"


THINGS = ("object", "food", "work")

VERBS = (
    _Verb(("buys", "buy", "bought"), ("", "kauft", "kaufen", "gekauft"), THINGS),
    _Verb(("sells", "sell", "sold"), ("", "verkauft", "verkaufen", "verkauft"), THINGS),
    _Verb(("finds", "find", "found"), ("", "findet", "finden", "gefunden"), THINGS),
    _Verb(("needs", "need", "needed"), ("", "braucht", "brauchen", "gebraucht"), ("object",)),
    _Verb(("repairs", "repair", "repaired"), ("", "repariert", "reparieren", "repariert"), ("object",)),
    _Verb(("eats", "eat", "ate"), ("", "isst", "essen", "gegessen"), ("food",)),
    _Verb(("reads", "read", "read"), ("", "liest", "lesen", "gelesen"), ("work",)),
    _Verb(("sees", "see", "saw"), ("", "sieht", "sehen", "gesehen"), ("person",)),
    _Verb(("looks for", "look for", "looked for"), ("", "sucht", "suchen", "gesucht"), ("person", *THINGS)),
    _Verb(("praises", "praise", "praised"), ("", "lobt", "loben", "gelobt"), ("person", "work")),
    _Verb(("calls", "call", "called"), ("an", "ruft", "rufen", "gerufen"), ("person",)),
    _Verb(("picks up", "pick up", "picked up"), ("ab", "holt", "holen", "geholt"), ("person",)),
    _Verb(("invites", "invite", "invited"), ("ein", "lädt", "laden", "geladen"), ("person",)),
    _Verb(("brings along", "bring along", "brought along"), ("mit", "bringt", "bringen", "gebracht"), THINGS),
    _Verb(("throws away", "throw away", "threw away"), ("weg", "wirft", "werfen", "geworfen"), THINGS),
    _Verb(("unpacks", "unpack", "unpacked"), ("aus", "packt", "packen", "gepackt"), ("object",)),
    _Verb(("reads out", "read out", "read out"), ("vor", "liest", "lesen", "gelesen"), ("work",)),
    _Verb(("helps", "help", "helped"), ("", "hilft", "helfen", "geholfen"), ("person",), "dative"),
    _Verb(("thanks", "thank", "thanked"), ("", "dankt", "danken", "gedankt"), ("person",), "dative"),
    _Verb(("answers", "answer", "answered"), ("", "antwortet", "antworten", "geantwortet"), ("person",), "dative"),
)

GIVING_VERBS = (
    _Verb(("gives", "give", "gave"), ("", "gibt", "geben", "gegeben"), THINGS),
    _Verb(("shows", "show", "showed"), ("", "zeigt", "zeigen", "gezeigt"), THINGS),
    _Verb(("lends", "lend", "lent"), ("", "leiht", "leihen", "geliehen"), ("object",)),
    _Verb(("sends", "send", "sent"), ("", "schickt", "schicken", "geschickt"), THINGS),
)
"""Verbs with an indirect object, the receiver."""

MODALS: Mapping[str, str] = {"wants to": "will", "can": "kann", "must": "muss"}

DEFINITE_RATE = 0.6
DESCRIBED_RATE = 0.5
PLACE_RATE = 0.3
NEGATED_RATE = 0.2
MODAL_RATE = 0.4


@dataclass(frozen=True)
class _Noun:
    """A noun phrase: article, optional adjective and noun, in English and, by case, in German."""

    kind: str
    word: str
    english: str
    gender: int
    german: Mapping[str, str]


@dataclass(frozen=True)
class _Action:
    """A verb in one tense.

    english: the whole English verb
    finite, final: the parts of the verb in a German main clause, at the second and at the last position
    verb_last: the whole verb at the end of a German subordinate clause
    """

    english: str
    finite: str
    final: str
    verb_last: str


@dataclass(frozen=True)
class _Clause:
    """A clause without its word order.

    thing: the direct object
    english: the words after the English verb
    middle: the words between the parts of the German verb
    """

    subject: _Noun
    action: _Action
    thing: _Noun
    english: str
    middle: str


def translation(examples: int, seed: int) -> list[TextPair]:
    """English sentences with their German translations.

    A shorter list is the beginning of a longer one. Raises UserError for a negative number of examples.
    """
    return generate_examples("translation", examples, seed, _sentence)


def _sentence(rng: Random) -> TextPair:
    generate = rng.choice(
        (_main, _main_with_time, _with_reason, _with_reason_first, _reported, _relative, _with_pronoun)
    )
    english, german = generate(rng)
    return TextPair(*(f"{text[0].upper()}{text[1:]}." for text in (english, german)))


def _main(rng: Random) -> tuple[str, str]:
    clause = _clause(rng)
    return _english(clause), _verb_second(clause)


def _main_with_time(rng: Random) -> tuple[str, str]:
    """A main clause with a time; after a time, the German verb precedes the subject."""
    past = rng.random() < 0.5
    english, german = rng.choice(list((PAST_TIMES if past else PRESENT_TIMES).items()))
    clause = _clause(rng, past=past)
    if rng.random() < 0.5:
        return f"{english} {_english(clause)}", f"{german} {_verb_first(clause)}"
    # The time is last in English, and before the objects in German.
    return f"{_english(clause)} {english}", _verb_second(replace(clause, middle=f"{german} {clause.middle}"))


def _with_reason(rng: Random) -> tuple[str, str]:
    one, other = _clause(rng), _clause(rng)
    return f"{_english(one)} because {_english(other)}", f"{_verb_second(one)}, weil {_verb_last(other)}"


def _with_reason_first(rng: Random) -> tuple[str, str]:
    one, other = _clause(rng), _clause(rng)
    return f"because {_english(one)}, {_english(other)}", f"weil {_verb_last(one)}, {_verb_first(other)}"


def _reported(rng: Random) -> tuple[str, str]:
    english, german = rng.choice((("says", "sagt"), ("knows", "weiß"), ("hopes", "hofft")))
    speaker, clause = _noun(rng, "person"), _clause(rng)
    return (
        f"{speaker.english} {english} that {_english(clause)}",
        f"{speaker.german['nominative']} {german}, dass {_verb_last(clause)}",
    )


def _relative(rng: Random) -> tuple[str, str]:
    """A clause with a relative clause about its subject; the relative pronoun agrees with the noun."""
    one = _clause(rng)
    other = _clause(rng, subject=one.subject)
    who = DEFINITE["nominative"][one.subject.gender]
    return (
        f"{one.subject.english} who {_english_predicate(one)} {_english_predicate(other)}",
        f"{one.subject.german['nominative']}, {who} {one.middle} {one.action.verb_last}, "
        + _join(other.action.finite, other.middle, other.action.final),
    )


def _with_pronoun(rng: Random) -> tuple[str, str]:
    """A reason with a pronoun; the German "it" agrees with its antecedent."""
    clause = _clause(rng, about_thing=True)
    english, german = rng.choice(list(ADJECTIVES[clause.thing.kind].items()))
    be, sein = rng.choice((("is", "ist"), ("was", "war")))
    pronoun = PRONOUNS[clause.thing.gender]
    return (
        f"{_english(clause)} because it {be} {english}",
        f"{_verb_second(clause)}, weil {pronoun} {german} {sein}",
    )


def _english(clause: _Clause) -> str:
    return f"{clause.subject.english} {_english_predicate(clause)}"


def _english_predicate(clause: _Clause) -> str:
    return f"{clause.action.english} {clause.english}"


def _verb_second(clause: _Clause) -> str:
    return _join(clause.subject.german["nominative"], clause.action.finite, clause.middle, clause.action.final)


def _verb_first(clause: _Clause) -> str:
    return _join(clause.action.finite, clause.subject.german["nominative"], clause.middle, clause.action.final)


def _verb_last(clause: _Clause) -> str:
    return f"{clause.subject.german['nominative']} {clause.middle} {clause.action.verb_last}"


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _clause(rng: Random, past: bool | None = None, subject: _Noun | None = None, about_thing: bool = False) -> _Clause:
    """A clause in a random tense, or in the past or present.

    about_thing: the object is a thing without an adjective, and the only possible antecedent of "it"
    """
    verbs = [verb for verb in VERBS if "person" not in verb.objects] if about_thing else VERBS + GIVING_VERBS
    verb = rng.choice(verbs)
    kind = rng.choice(verb.objects)
    past = rng.random() < 0.5 if past is None else past
    negated = rng.random() < NEGATED_RATE
    placed = rng.random() < PLACE_RATE and not (about_thing or negated)
    subject = subject or _noun(rng, "person")
    # A negated indefinite noun would need another article.
    thing = _noun(rng, kind, other_than=subject, definite=negated or None, described=not about_thing)
    english, middle = _after_the_verb(rng, verb, subject, thing, placed)
    action = _action(rng, verb, past, negated)
    return _Clause(subject, action, thing, english, f"{middle} nicht" if negated else middle)


def _after_the_verb(rng: Random, verb: _Verb, subject: _Noun, thing: _Noun, placed: bool) -> tuple[str, str]:
    """The words after the English verb, and the middle of the German clause."""
    english, german = thing.english, thing.german[verb.case]
    if verb in GIVING_VERBS:
        receiver = _noun(rng, "person", other_than=subject, definite=True)
        return f"{receiver.english} {english}", f"{receiver.german['dative']} {german}"
    if placed:
        place = rng.choice(list(PLACES))
        return f"{english} {place}", f"{german} {PLACES[place]}"
    return english, german


def _action(rng: Random, verb: _Verb, past: bool, negated: bool) -> _Action:
    third_person, base, simple_past = verb.english
    prefix, present, infinitive, participle = verb.german
    if past:
        english = f"did not {base}" if negated else simple_past
        return _Action(english, "hat", prefix + participle, f"{prefix}{participle} hat")
    if not negated and rng.random() < MODAL_RATE:
        modal = rng.choice(list(MODALS))
        german = MODALS[modal]
        return _Action(f"{modal} {base}", german, prefix + infinitive, f"{prefix}{infinitive} {german}")
    return _Action(f"does not {base}" if negated else third_person, present, prefix, prefix + present)


def _noun(
    rng: Random, kind: str, other_than: _Noun | None = None, definite: bool | None = None, described: bool = True
) -> _Noun:
    word = rng.choice([word for word in NOUNS[kind] if other_than is None or word != other_than.word])
    german, gender = NOUNS[kind][word]
    definite = rng.random() < DEFINITE_RATE if definite is None else definite
    articles, endings = (DEFINITE, ENDINGS_AFTER_DEFINITE) if definite else (INDEFINITE, ENDINGS_AFTER_INDEFINITE)
    english, by_case = word, {case: german for case in articles}
    if described and rng.random() < DESCRIBED_RATE:
        adjective, stem = rng.choice(list(ADJECTIVES[kind].items()))
        english = f"{adjective} {word}"
        by_case = {case: f"{stem}{endings[case][gender]} {german}" for case in articles}
    return _Noun(
        kind,
        word,
        f"the {english}" if definite else with_article(english),
        gender,
        {case: f"{articles[case][gender]} {words}" for case, words in by_case.items()},
    )
