"""Examples with their predictions as Markdown, for TensorBoard's Text tab."""

from collections.abc import Iterator, Sequence
from textwrap import indent

from console.interlinear import named_rows
from schema.scores import ScoredExample
from schema.text import one_line, shorten

EXAMPLES_PER_KIND = 3
MAX_CHARACTERS = 400
"""Maximum number of characters of an input, a reference or a prediction."""


def examples_as_markdown(examples: Sequence[ScoredExample]) -> str:
    """The best and the worst examples, and the first ones, which can be followed over the epochs.

    Without a table, since TensorBoard breaks the words of a narrow column at any letter.
    """
    return "\n\n".join(
        f"**{kind}**, score {100 * example.score:.1f}\n\n{_rows_or_text(example)}"
        for kind, example in _select(examples)
    )


def _select(examples: Sequence[ScoredExample]) -> Iterator[tuple[str, ScoredExample]]:
    best = sorted(examples, key=lambda example: -example.score)
    worst = sorted(examples, key=lambda example: example.score)
    for kind, ranked in (("best", best), ("worst", worst), ("fixed", examples)):
        yield from ((kind, example) for example in ranked[:EXAMPLES_PER_KIND])


def _rows_or_text(example: ScoredExample) -> str:
    if example.rows:
        return indent(named_rows(example.rows), "    ")
    parts = {"input": example.input, "reference": example.reference, "prediction": example.prediction}
    return "\n>\n".join(f"> *{name}*: {_escape(text)}" for name, text in parts.items())


def _escape(text: str) -> str:
    """Shorten a text, and escape all Markdown and HTML in it."""
    text = _encodable(shorten(one_line(text), MAX_CHARACTERS)).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]|#" else letter for letter in text)


def _encodable(text: str) -> str:
    # A lone surrogate of a damaged text cannot be encoded.
    return text.encode("utf-8", "replace").decode("utf-8")
