"""Synthetic data for every task, generated from a seed and without a network.

    sentiment(4, seed=1)           # four reviews, labelled "neg" or "pos"
    topic(4, seed=1)               # four texts, labelled with the scene that they are about
    word_class(4, seed=1)          # four invented words, labelled with the class that their ending indicates
    tagged_sentences(4, seed=1)    # four sentences with parts of speech
    entities(4, seed=1)            # four sentences with the names of persons, locations and organizations
    translation(4, seed=1)         # four English sentences with German translations
    headlines(4, seed=1)           # four paragraphs with headlines
    images(4, seed=1)              # four images with five captions each

Most texts use one lexicon: nouns by scene and kind, antonyms by kind, neutral words and names. In all tasks the order
of words, letters or things is decisive, so that a bag of words is not enough.
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
