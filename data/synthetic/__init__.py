"""The synthetic data: scenes, people, places and opinions, told and drawn from a seed and without a network.

    sentiment(4, seed=1)           # four reviews, labelled "neg" or "pos"
    topic(4, seed=1)               # four texts, labelled with the scene that they are about
    word_class(4, seed=1)          # four made-up words, labelled with the class that their form tells
    tagged_sentences(4, seed=1)    # four sentences with their parts of speech
    entities(4, seed=1)            # four sentences with the names of people, places and firms
    translation(4, seed=1)         # four English sentences in German
    headlines(4, seed=1)           # four paragraphs with their headlines
    images(4, seed=1)            # four drawn pictures with five captions each

One lexicon stands behind all that is told of it: nouns by scene and kind, antonyms by kind, neutral words and names.
All of it is built so that order decides, be it of words, of letters or of things: counting them is not enough.
"""

from data.synthetic.entities import entities
from data.synthetic.headlines import headlines
from data.synthetic.images import images
from data.synthetic.sentiment import sentiment
from data.synthetic.tagging import tagged_sentences
from data.synthetic.topic import topic
from data.synthetic.translation import translation
from data.synthetic.word_class import word_class

__all__ = [
    "entities",
    "headlines",
    "images",
    "sentiment",
    "tagged_sentences",
    "topic",
    "translation",
    "word_class",
]
