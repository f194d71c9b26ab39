"""Lexicon of the synthetic data: nouns by scene and kind, opinions by kind, and neutral words."""

from collections.abc import Mapping

SCENES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
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

ANTONYMS: Mapping[str, tuple[tuple[str, str], ...]] = {
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
"""Kind of noun ("any" fits all kinds) -> pairs of opinions, in the order of `sentiment.LABELS`."""

DESCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "food": ("first", "second", "usual"),
    "person": ("young", "old", "tall"),
    "place": ("little", "large", "new"),
    "object": ("red", "blue", "white"),
    "work": ("first", "second", "last"),
}
"""Kind of noun -> neutral adjectives."""

NEUTRAL_WORDS: Mapping[str, tuple[str, ...]] = {
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

NEUTRAL_PHRASES: tuple[Mapping[int, str], ...] = (
    {2: "in {city}", 3: "by the {landmark}", 4: "near the {size} {landmark}"},
    {2: "with {name}", 3: "with my {companion}", 4: "with my {companion} {name}"},
    {2: "on {day}", 3: "in the {hour}", 4: "early in the {hour}"},
)
"""Number of words -> phrase, for place, company and time. A clause has at most one of each, in this order."""

SHARED_NAMES = (
    "Florence",
    "Sydney",
    "Austin",
    "Jordan",
    "Victoria",
    "Lincoln",
    "Madison",
    "Hudson",
    "Morgan",
    "Chelsea",
    "Adelaide",
    "Jackson",
)
"""Names that may be a person, a location or an organization."""
