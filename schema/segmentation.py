"""Segmentation of text in any language, shared by the data and the scores.

A word is a run of letters, digits and the combining marks that belong to them: vowel signs, accents, points. Scripts
without spaces between words are split into characters, which are grapheme clusters (UAX 29), and so are symbols: an
emoji with its skin tone or its joined parts is one.
"""

import unicodedata
from collections.abc import Iterable

import regex

_UNSPACED_SCRIPTS = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# The joiners are part of words in Persian and in the scripts of India. The ASCII range is there for speed.
LETTER = rf"[a-zA-Z0-9_[[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d]--[{_UNSPACED_SCRIPTS}]]]"
"""A letter, digit, mark or underscore of a script with spaces between words. All patterns need `regex.V1`."""
UNSPACED = rf"(?=[{_UNSPACED_SCRIPTS}])\X"
"""A character, with its marks, of a script without spaces: Chinese, Japanese, Thai, Lao, Khmer, Burmese."""
SYMBOL = r"(?=\p{S})\X"
"""A symbol, such as an emoji."""

_WORD = regex.compile(rf"{LETTER}++|{UNSPACED}", regex.V1)
_UNSPACED = regex.compile(UNSPACED, regex.V1)
_SPACE_INSIDE = regex.compile(rf"(?<=[{_UNSPACED_SCRIPTS}]\p{{M}}*) (?=[{_UNSPACED_SCRIPTS}])", regex.V1)
_CAPTION_TOKEN = regex.compile(rf"{UNSPACED}|(?=\p{{So}})\X|(?:(?!{UNSPACED}|\p{{So}})\S)++", regex.V1)
_CAPTION_WORD = regex.compile(rf"{LETTER}|{UNSPACED}|\p{{So}}", regex.V1)
_PUNCTUATION = '.,;:!?"()。，、；：！？「」『』（）《》“”„«»…؟،؛।'


def normalize(text: str) -> str:
    """Compose letters with their accents (NFC), and write ’ as an apostrophe."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).replace("’", "'")


def fold(text: str) -> str:
    """Normalize a text and fold its case."""
    # The lower case of İ would be an i with a second dot.
    return normalize(text).replace("İ", "i").casefold()


def words(text: str) -> list[str]:
    """The words of a text, and the characters of scripts without spaces; without punctuation and symbols.

    words("It's 好的!")  ->  ["It", "s", "好", "的"]
    """
    return _WORD.findall(text)


def join(tokens: Iterable[str]) -> str:
    """Join tokens by spaces, but for characters of scripts without spaces."""
    return _SPACE_INSIDE.sub("", " ".join(tokens))


def separate(text: str) -> str:
    """Put spaces around the characters of scripts without spaces between words."""
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", text)


def is_unspaced(texts: Iterable[str]) -> bool:
    """Whether most words of the texts are characters of scripts without spaces between words."""
    tokens = [token for text in texts for token in words(text)]
    return 2 * sum(_UNSPACED.match(token) is not None for token in tokens) > len(tokens)


def caption_tokens(text: str) -> list[str]:
    """Split a caption at spaces into lowercase words without punctuation around them, as the COCO scorers expect.

    Characters of scripts without spaces, and symbols, are words of their own.
    """
    found = text.lower().split() if text.isascii() else _CAPTION_TOKEN.findall(normalize(text).lower())
    tokens = (token.strip(_PUNCTUATION) for token in found)
    return [token for token in tokens if _CAPTION_WORD.search(token)]
