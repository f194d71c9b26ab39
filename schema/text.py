"""Texts as they are displayed."""

import re

_LINE_BREAK = re.compile(r"(<br\s*/?>|\s)+", re.IGNORECASE)


def one_line(text: str) -> str:
    """A text to display on one line: every sequence of spaces, line ends and HTML line breaks is one space."""
    return _LINE_BREAK.sub(" ", text).strip()


def shorten(text: str, length: int) -> str:
    """A text of at most `length` characters; the middle of a longer one is left out."""
    if len(text) <= length:
        return text
    half = (length - 3) // 2
    return f"{text[:half]} … {text[-half:]}"
