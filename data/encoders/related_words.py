"""Which words of train a word is akin to, and how they are tagged: the same letters, or the same stem.

    RelatedWords([("walk", "VERB"), ("Walked", "VERB")]).features("walking")
    ->  ["kin ing> VERB", "kin ing>VERB", "kin ing>ed VERB"]

What such a feature says is learnt like that of an ending. A word is never its own kin: in training it would tell its
own tag.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from data.encoders.corrupt_files import corrupt_file_errors

LEAST_STEM, LONGEST_ENDING = 3, 5
"""Letters of the stem that two words must share, at least, and of what comes after it, at most."""
MOST_FEATURES = 40


class RelatedWords:
    """Words of train with their tags, to be found by their letters and by their stems."""

    def __init__(self, tagged: Sequence[tuple[str, str]]) -> None:
        self.tagged = tuple(tagged)
        self._same: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._by_stem: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for word, tag in self.tagged:
            self._same[word.lower()].append((word, tag))
            for stem, ending in _parted(word.lower()):
                self._by_stem[stem].append((ending, word, tag))

    def features(self, word: str) -> Iterator[str]:
        """What the kin of a word tell, the closest first; at most `MOST_FEATURES`."""
        return islice(dict.fromkeys(self._features(word)), MOST_FEATURES)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.tagged, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "RelatedWords":
        """Read what `save` wrote. Raises RunError for a file that is no list of words and their tags."""
        with corrupt_file_errors(path):
            return cls([(str(word), str(tag)) for word, tag in json.loads(path.read_text(encoding="utf-8"))])

    def _features(self, word: str) -> Iterable[str]:
        for other, tag in self._same.get(word.lower(), ()):
            if other != word:
                yield f"case {_capital(word)}>{_capital(other)} {tag}"
        for stem, ending in _parted(word.lower()):
            for others, other, tag in self._by_stem.get(stem, ()):
                # Endings that begin alike have a longer stem in common, which comes first.
                if other != word and ending[:1] != others[:1]:
                    yield f"kin {ending}>{others} {tag}"
                    yield f"kin {ending}>{tag}"


def _parted(word: str) -> Iterator[tuple[str, str]]:
    """Stems and endings of a word, the longest stem first."""
    for cut in range(len(word), max(len(word) - LONGEST_ENDING, LEAST_STEM) - 1, -1):
        yield word[:cut], word[cut:]


def _capital(word: str) -> str:
    return "X" if word[:1].isupper() else "x"
