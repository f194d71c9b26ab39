"""The small world: scenes, people, places and opinions, told and drawn from a seed and without a network.

    sentiment(4, seed=1)           # four reviews, labelled "neg" or "pos"
    topic(4, seed=1)               # four texts, labelled with the scene that they are about
    word_class(4, seed=1)          # four made-up words, labelled with the class that their form tells
    tagged_sentences(4, seed=1)    # four sentences with their parts of speech
    entities(4, seed=1)            # four sentences with the names of people, places and firms
    translation(4, seed=1)         # four English sentences in German
    headlines(4, seed=1)           # four paragraphs with their headlines
    pictures(4, seed=1)            # four drawn pictures with five captions each

One lexicon stands behind all that is told of it: nouns by scene and kind, antonyms by kind, neutral words and names.
All of it is built so that order decides, be it of words, of letters or of things: counting them is not enough.
"""

from data.small_world.entities import entities
from data.small_world.headlines import headlines
from data.small_world.pictures import pictures
from data.small_world.sentiment import sentiment
from data.small_world.tagging import tagged_sentences
from data.small_world.topic import topic
from data.small_world.translation import translation
from data.small_world.word_class import word_class

__all__ = [
    "entities",
    "headlines",
    "pictures",
    "sentiment",
    "tagged_sentences",
    "topic",
    "translation",
    "word_class",
]
