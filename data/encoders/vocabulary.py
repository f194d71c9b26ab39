"""From tokens to ids: 0 is padding, 1 is any word that the vocabulary does not hold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from schema.errors import RunError

PADDING, UNKNOWN = 0, 1
_FIRST = 2


class Vocabulary:
    """The words of a text collection, most frequent first; word `words[i]` has id `i + 2`."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    @classmethod
    def fit(cls, texts: Iterable[Sequence[str]], size: int, min_count: int = 1) -> "Vocabulary":
        """The `size` most frequent words seen at least `min_count` times; ties in the order of the char_vocabulary."""
        counts = Counter(token for text in texts for token in text)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, count in ranked[:size] if count >= min_count])

    def __len__(self) -> int:
        """Number of ids, those of padding and unknown included."""
        return len(self.words) + _FIRST

    @cached_property
    def ids(self) -> dict[str, int]:
        """Word -> id."""
        return {word: place for place, word in enumerate(self.words, _FIRST)}

    def encode(self, tokens: Sequence[str]) -> np.ndarray:
        """Ids of tokens, (steps,); a text without any token reads as one unknown word, so that no row is empty."""
        ids = self.ids
        return np.array([ids.get(token, UNKNOWN) for token in tokens] or [UNKNOWN], np.int32)

    def save(self, path: Path) -> None:
        """One word a line, the line's number its id less 1."""
        path.write_text("\n".join(self.words), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read what `save` wrote. Raises RunError for a file that is not a vocabulary."""
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise RunError(f"{path} is damaged (not UTF-8 at byte {error.start}); train the run anew") from error
        # Split at \n alone: str.splitlines would also cut a word at U+0085.
        words = text.split("\n") if text else []
        if len(set(words)) != len(words):
            raise RunError(f"{path} is damaged (a word stands in it twice); train the run anew")
        return cls(words)
