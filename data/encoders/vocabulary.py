"""Vocabularies: ids of tokens, with 0 for padding and 1 for unknown tokens."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from data.encoders.corrupt_files import corrupt_file_errors
from schema.encoded import UNKNOWN

FIRST_ID = UNKNOWN + 1


class Vocabulary:
    """The words of a text collection, most frequent first; word `words[i]` has id `i + 2`."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    @classmethod
    def fit(cls, texts: Iterable[Sequence[str]], size: int, min_count: int = 1) -> "Vocabulary":
        """The `size` most frequent words with at least `min_count` occurrences; ties in alphabetical order."""
        counts = Counter(token for text in texts for token in text)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, count in ranked[:size] if count >= min_count])

    def __len__(self) -> int:
        """Number of ids, including padding and unknown."""
        return len(self.words) + FIRST_ID

    @cached_property
    def ids(self) -> dict[str, int]:
        """Word -> id."""
        return {word: index for index, word in enumerate(self.words, FIRST_ID)}

    def encode(self, tokens: Sequence[str]) -> np.ndarray:
        """Ids of tokens, (steps,); an empty text becomes one unknown word, so that no row is empty."""
        ids = self.ids
        return np.array([ids.get(token, UNKNOWN) for token in tokens] or [UNKNOWN], np.int32)

    def save(self, path: Path) -> None:
        """Write one word per line; the id of a word is its line number plus 1."""
        path.write_text("\n".join(self.words), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read the file that `save` wrote. Raises RunError for a file that is not a vocabulary."""
        with corrupt_file_errors(path):
            text = path.read_bytes().decode("utf-8")
            # Split at \n only: str.splitlines would also split a word at U+0085.
            words = text.split("\n") if text else []
            if len(set(words)) != len(words):
                raise ValueError("it contains a word twice")
        return cls(words)
