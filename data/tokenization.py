"""From a text to its tokens.

tokenize("It wasn't GOOD!<br />At all.")  ->  ["it", "was", "n't", "good", "!", "at", "all"]
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

# A negation is a word of its own, so that "wasn't" shares what is known of "was"; clitics likewise.
_TOKEN = re.compile(r"n't|\w+?(?=n't)|'\w+|\w+|[!?]+")
_MARKUP = re.compile(r"<br\s*/?>")


def tokenize(text: str) -> list[str]:
    """Words, clitics, exclamation and question marks; case and canonical Unicode variants folded."""
    text = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return _TOKEN.findall(_MARKUP.sub(" ", text))


def split_at_spaces(text: str) -> list[str]:
    """Tokens of a text that somebody has tokenised already; case kept."""
    return text.split()


TOKENIZERS: Mapping[str, Callable[[str], list[str]]] = {"words": tokenize, "spaces": split_at_spaces}
