"""Tokenizers of raw text, for any language.

    tokenize("It wasn't GOOD!<br />At all 😀")  ->  ["it", "was", "n't", "good", "!", "at", "all", "😀"]

All share the segmentation of `schema.segmentation`: marks belong to their letter, an emoji is one token, and text in a
script without spaces between words is split into characters.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import regex

from data.readers.treebank_tokens import treebank_tokens
from schema.segmentation import LETTER, SYMBOL, UNSPACED, fold, normalize

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
MARKUP = re.compile(r"<br\s*/?>")


def _word_pattern(letter: str) -> str:
    """Pattern of a word, such as "C++", or a clitic: "wasn't" is split so that it shares the embedding of "was"."""
    # Most words have no apostrophe, and need only the first alternative.
    return rf"{letter}++(?!')(?:(?:\+\++|\#)(?!{letter}))?|n't|{letter}+?(?=n't)|'{letter}+|{letter}+"


_TOKEN = regex.compile(rf"{_word_pattern(LETTER)}|[!?！？؟]+|{UNSPACED}|{SYMBOL}", regex.V1)
# The same for texts in ASCII, in half the time.
_ASCII_TOKEN = re.compile(rf"{_word_pattern('[a-z0-9_]')}|[!?]+|[$+<=>^`|~]")


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which JSON and command lines can contain but UTF-8 files cannot, by U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def tokenize(text: str) -> list[str]:
    """Split a text into words, clitics, symbols, exclamation and question marks; folds case."""
    text = MARKUP.sub(" ", fold(text))
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)


# Opening punctuation, the word, a clitic (but "1960's" is one word), closing punctuation.
_CHUNK = regex.compile(
    r"""(["“`\[(]*)(\S*?[\w.])((?<!\d)(?:'s|'re|'ve|'ll|'d|'m)|(?<=\w)n't)?(?:(''|[?!]+|[,;:"”')\]])+(\.?))?"""
)
# A character of a script without spaces, an emoji, or the text between them.
_RUN = regex.compile(rf"{UNSPACED}|(?=\p{{So}})\X|(?:(?!{UNSPACED}|\p{{So}})\S)++", regex.V1)


def tokenize_cased(text: str) -> list[str]:
    """Split a text into words and punctuation, keeping case and hyphens. A tokenized text is split at its spaces.

    tokenize_cased("What's the U.S. capital?")  ->  ["What", "'s", "the", "U.S.", "capital", "?"]
    """
    text = replace_surrogates(normalize(text))
    tokens = [token for chunk in text.split() for token in _split(chunk)]
    # A full stop is part of an abbreviation, except at the end of the text.
    if tokens and re.fullmatch(r".*\w\.", tokens[-1]):
        tokens[-1:] = [tokens[-1][:-1], "."]
    return tokens


@lru_cache(maxsize=2**16)
def _split(chunk: str) -> tuple[str, ...]:
    """The tokens of text without spaces. Cached, since most of a text are frequent words."""
    tokens: list[str] = []
    for run in _RUN.findall(chunk):
        parts = _CHUNK.fullmatch(run)
        tokens += [part for group in parts.allcaptures()[1:] for part in group if part] if parts else [run]
    return tuple(tokens)


def tokenize_treebank(text: str) -> list[str]:
    """Split a text into the words of UD English treebanks, which split at hyphens; the characters stay as they are.

    tokenize_treebank("The 5-year plan (of $5,000) isn’t mine.")
    ->  ["The", "5", "-", "year", "plan", "(", "of", "$", "5,000", ")", "is", "n’t", "mine", "."]
    """
    return treebank_tokens(replace_surrogates(text))


def tokenize_tweets(text: str) -> list[str]:
    """Like `tokenize_treebank`, with hyphens inside words and the "@" of a mention as a token: ["@", "colgo"]."""
    return treebank_tokens(replace_surrogates(re.sub(r"(?<!\w)@(?=[\w@])", " @ ", text)), tweets=True)


TOKENIZERS: Mapping[str, Callable[[str], list[str]]] = {
    "words": tokenize,
    "cased": tokenize_cased,
    "treebank": tokenize_treebank,
    "tweets": tokenize_tweets,
}
