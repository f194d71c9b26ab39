"""Tokenizers.

tokenize("It wasn't GOOD!<br />At all.")  ->  ["it", "was", "n't", "good", "!", "at", "all"]
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

# Negations and clitics are separate tokens, so that "wasn't" shares the embedding of "was".
_TOKEN = re.compile(r"n't|\w+?(?=n't)|'\w+|\w+|[!?]+")
# Opening punctuation, the word, a clitic (but "1960's" is one word), closing punctuation.
_CHUNK = re.compile(r"""([("“`\[]*)(\S*?[\w.])((?<!\d)(?:'s|'re|'ve|'ll|'d|'m)|(?<=\w)n't)?((?:[?!,;:"”')\]]+\.?)?)""")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
MARKUP = re.compile(r"<br\s*/?>")


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which JSON and command lines can contain but UTF-8 files cannot, by U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def tokenize(text: str) -> list[str]:
    """Split a text into words, clitics, exclamation and question marks; folds case and canonical Unicode variants."""
    text = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return _TOKEN.findall(MARKUP.sub(" ", text))


def tokenize_cased(text: str) -> list[str]:
    """Split a text into words and punctuation like a treebank, keeping case. A tokenized text is split at its spaces.

    tokenize_cased("What's the U.S. capital?")  ->  ["What", "'s", "the", "U.S.", "capital", "?"]
    """
    text = replace_surrogates(unicodedata.normalize("NFC", text)).replace("’", "'")
    tokens: list[str] = []
    for chunk in text.split():
        parts = _CHUNK.fullmatch(chunk)
        tokens += [part for part in parts.groups() if part] if parts else [chunk]
    # A full stop is part of an abbreviation, except at the end of the text.
    if tokens and re.fullmatch(r".*\w\.", tokens[-1]):
        tokens[-1:] = [tokens[-1][:-1], "."]
    return tokens


def tokenize_tweets(text: str) -> list[str]:
    """Like `tokenize_cased`, with the "@" of a mention as a separate token: "@colgo" -> ["@", "colgo"]."""
    return tokenize_cased(re.sub(r"(?<!\w)@(?=[\w@])", " @ ", text))


TOKENIZERS: Mapping[str, Callable[[str], list[str]]] = {
    "words": tokenize,
    "cased": tokenize_cased,
    "tweets": tokenize_tweets,
}
