"""Words of raw text as UD English treebanks split it.

Tuned on the raw text of validation of UD English EWT.
"""

from functools import cache, lru_cache

import regex

from schema.segmentation import LETTER, UNSPACED

_ABBREVIATIONS = (
    "dr mr mrs ms st ft mt jr sr vs inc co corp ltd bros etc al no vol pp dept est ext approx gen gov sen rep reps rev "
    "col lt sgt capt maj prof hon pres jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur "
    "thurs fri sat sun ave blvd rd attn eg ie cf esp"
).replace(" ", "|")
_PREFIXES = "e|non|pre|anti|re|mid|post|co|over|pro|multi|ex|sub|semi|neo|intra|inter|un|counter|vice"
_UNITS = "hrs?|mm|cm|km|kg|mg|lbs?|k|p|[ap]m|mins?|yrs?"
_SPLIT_WORDS = (
    "can|not gon|na wan|na got|ta out|ta do|nt wo|nt ca|nt did|nt does|nt could|nt would|nt should|nt is|nt was|nt "
    "have|nt has|nt are|nt ai|nt i|m i|ve you|re that|s he|s there|s what|s let|s"
)
_SPLIT_AT = {word.replace("|", ""): word.index("|") for word in _SPLIT_WORDS.split()}
"""Words that are two words of the treebank -> number of letters of the first."""


@cache
def _token_pattern(tweets: bool) -> regex.Pattern[str]:
    """Pattern of a token; tweets: keep hyphens inside words, and hashtags."""
    joiners = ".&*@" + "-" * tweets
    letter = LETTER
    negation, clitic = rf"n['’]t(?!{letter})", rf"['’`](?:s|re|ve|ll|d|m)(?!{letter})"
    alternatives = (
        # Most tokens, for speed: a word that neither continues nor is an abbreviation, and frequent punctuation.
        rf"[a-z]{{2,}}+(?!['’`&*@/:+\-\w]|\.(?:[.\w]|(?<=(?<!{letter})(?:{_ABBREVIATIONS})\.)))|[,()\"“”]",
        r"(?:\p{L}+://|www\.)[^\s<>\"“”]*[^\s<>\p{P}]/?",  # addresses
        r"[\w.+-]*@[\w.-]*\w",
        rf"(?<![\p{{L}}\p{{N}}])(?:[:;=8][-'o]?[()DPpO/\\|*\[\]]+|<3)(?!{letter})",  # emoticons
        r"\d{3}-\d{4}(?!\d)|\d+(?:-\d+){2,}",  # telephone numbers, dates
        r"(?<!\S)\+\d+|\d+(?:[.,:/]\d+)+|\.\d+",  # numbers
        rf"\d+(?=(?:{_UNITS})(?!{letter}))|\d+['’]s(?!{letter})",
        rf"(?:\p{{L}}\.){{2,}}|(?<!{letter})(?:{_ABBREVIATIONS}|(?-i:\p{{Lu}}))\.(?!\.)|[bw]/[co](?!{letter})",
        rf"{negation}|{clitic}|['’]\d\ds?(?!{letter})|['’]em(?!{letter})",
        rf"(?:{_PREFIXES})-{letter}+|{letter}+?(?={negation})",
        rf"{UNSPACED}|(?=\p{{So}})\X",
        rf"{'[#]?' * tweets}{letter}(?:{letter}|[{joiners}](?={letter}))*+(?:(?!{clitic})['’]{letter}++)?",
        r"[.!?]{2,}|''|``|‘’|’’|[-=_*~+|\#<>$]{2,}|\.*…[.…]*|//+|:\?|\X",  # punctuation
    )
    return regex.compile("|".join(alternatives), regex.V1 | regex.I)


@lru_cache(maxsize=2**16)
def _split(chunk: str, tweets: bool) -> tuple[str, ...]:
    """The tokens of text without spaces. Cached, since most of a text are frequent words."""
    found = [chunk] if chunk.isascii() and chunk.isalpha() else _token_pattern(tweets).findall(chunk)
    # Tweets are full of "dont" and "im", which their data set does not split.
    return tuple(found) if tweets else tuple(part for token in found for part in _split_word(token))


def _split_word(token: str) -> tuple[str, ...]:
    end = _SPLIT_AT.get(token.lower())
    return (token[:end], token[end:]) if end else (token,)


def treebank_tokens(text: str, tweets: bool = False) -> list[str]:
    """The tokens of a text; tweets: do not split hyphens inside words, hashtags and "dont"."""
    tokens = [token for chunk in text.split() for token in _split(chunk, tweets)]
    # A full stop is part of an abbreviation, except at the end of the text.
    if tokens and regex.fullmatch(r".*[\w\p{M}]\.", tokens[-1]):
        tokens[-1:] = [tokens[-1][:-1], "."]
    return tokens
