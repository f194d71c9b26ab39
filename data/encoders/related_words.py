"""Features of related words: the tags of training words with the same letters or the same stem.

    RelatedWords([("walk", "VERB"), ("Walked", "VERB")]).features("walking")
    ->  ["ending ing> VERB", "ending ing>VERB", "ending ing>ed VERB"]

The model learns the weight of such a feature like that of a suffix. A word is never related to itself: in training that
would reveal its own tag.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from data.encoders.corrupt_files import corrupt_file_errors

MIN_STEM, MAX_ENDING = 3, 5
"""Minimum length of a common stem and maximum length of the endings after it, in letters."""
MAX_FEATURES = 40


class RelatedWords:
    """Training words with their tags, indexed by their letters and by their stems."""

    def __init__(self, tagged: Sequence[tuple[str, str]]) -> None:
        self.tagged = tuple(tagged)
        self._by_letters: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._by_stem: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for word, tag in self.tagged:
            self._by_letters[word.lower()].append((word, tag))
            for stem, ending in _splits(word.lower()):
                self._by_stem[stem].append((ending, word, tag))

    def features(self, word: str) -> Iterator[str]:
        """The features of a word's related words, closest first; at most `MAX_FEATURES`."""
        return islice(dict.fromkeys(self._features(word)), MAX_FEATURES)

    def save(self, path: Path) -> None:
        """Write the words and tags as JSON."""
        path.write_text(json.dumps(self.tagged, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "RelatedWords":
        """Read the file that `save` wrote. Raises RunError for a file without words and tags."""
        with corrupt_file_errors(path):
            return cls([(str(word), str(tag)) for word, tag in json.loads(path.read_text(encoding="utf-8"))])

    def _features(self, word: str) -> Iterable[str]:
        for other, tag in self._by_letters.get(word.lower(), ()):
            if other != word:
                yield f"case {_capital(word)}>{_capital(other)} {tag}"
        for stem, ending in _splits(word.lower()):
            for other_ending, other, tag in self._by_stem.get(stem, ()):
                # Endings with the same first letter have a longer stem in common, which came first.
                if other != word and ending[:1] != other_ending[:1]:
                    yield f"ending {ending}>{other_ending} {tag}"
                    yield f"ending {ending}>{tag}"


def _splits(word: str) -> Iterator[tuple[str, str]]:
    """Stems and endings of a word, longest stem first."""
    for cut in range(len(word), max(len(word) - MAX_ENDING, MIN_STEM) - 1, -1):
        yield word[:cut], word[cut:]


def _capital(word: str) -> str:
    return "X" if word[:1].isupper() else "x"
