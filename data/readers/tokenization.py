"""From a text to its tokens.

tokenize("It wasn't GOOD!<br />At all.")  ->  ["it", "was", "n't", "good", "!", "at", "all"]
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

# A negation is a word of its own, so that "wasn't" shares what is known of "was"; clitics likewise.
_TOKEN = re.compile(r"n't|\w+?(?=n't)|'\w+|\w+|[!?]+")
# Opening marks, the word itself, a clitic (but "1960's" is one word), closing marks.
_CHUNK = re.compile(r"""([("“`\[]*)(\S*?[\w.])((?<!\d)(?:'s|'re|'ve|'ll|'d|'m)|(?<=\w)n't)?((?:[?!,;:"”')\]]+\.?)?)""")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
MARKUP = re.compile(r"<br\s*/?>")


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for halves of characters, which JSON and a command line can spell and no file can hold."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def tokenize(text: str) -> list[str]:
    """Words, clitics, exclamation and question marks; case and canonical Unicode variants folded."""
    text = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return _TOKEN.findall(MARKUP.sub(" ", text))


def tokenize_cased(text: str) -> list[str]:
    """Words and punctuation as a treebank has them; case kept. A text that is split so already stays as it stands.

    tokenize_cased("What's the U.S. capital?")  ->  ["What", "'s", "the", "U.S.", "capital", "?"]
    """
    text = replace_surrogates(unicodedata.normalize("NFC", text)).replace("’", "'")
    tokens: list[str] = []
    for chunk in text.split():
        parts = _CHUNK.fullmatch(chunk)
        tokens += [part for part in parts.groups() if part] if parts else [chunk]
    # A full stop belongs to an abbreviation, unless it is the last of all.
    if tokens and re.fullmatch(r".*\w\.", tokens[-1]):
        tokens[-1:] = [tokens[-1][:-1], "."]
    return tokens


def tokenize_tweets(text: str) -> list[str]:
    """The same with the sign of a mention as a token of its own: "@colgo" -> ["@", "colgo"]."""
    return tokenize_cased(re.sub(r"(?<!\w)@(?=[\w@])", " @ ", text))


TOKENIZERS: Mapping[str, Callable[[str], list[str]]] = {
    "words": tokenize,
    "cased": tokenize_cased,
    "tweets": tokenize_tweets,
}
