"""What a captioner has to beat: captions that were written for other pictures."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from evaluation.caption_scores import caption_tokens
from evaluation.scores import ORDERS
from schema.examples import CaptionedImage
from schema.predictions import TextPrediction

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Captioner = Callable[[Sequence[CaptionedImage]], list[TextPrediction]]
"""What gives a caption for each picture."""
Vectors = Callable[[Sequence[CaptionedImage]], np.ndarray]
"""What pictures are compared by, (pictures, features)."""

NEIGHBOURS = (5, 10, 20, 40, 70, 100)
"""Numbers of neighbours that are tried."""
AT_ONCE = 500


def fit_commonest(train: Sequence[CaptionedImage]) -> Captioner:
    """The same caption for all: the one that was written most often."""
    counts = Counter(" ".join(caption_tokens(caption)) for example in train for caption in example.captions)
    commonest = min(counts, key=lambda caption: (-counts[caption], caption))
    return lambda examples: [TextPrediction(commonest)] * len(examples)


class Neighbours:
    """The pictures of train that are most like another one (cosine), and what was said of them."""

    def __init__(self, train: Sequence[CaptionedImage], vectors: Vectors) -> None:
        captions: dict[bytes, list[str]] = {}
        for example in train:
            captions.setdefault(example.image, []).extend(example.captions)
        self.captions = list(captions.values())
        self.vectors = vectors
        self.known = _unit(vectors([CaptionedImage(picture) for picture in captions]))

    def of(self, examples: Sequence[CaptionedImage], count: int) -> np.ndarray:
        """Places in `captions` of the `count` nearest pictures of each, the nearest first: (examples, count)."""
        asked = _unit(self.vectors(examples))
        count = min(count, len(self.known))
        parts = [asked[start : start + AT_ONCE] @ self.known.T for start in range(0, len(asked), AT_ONCE)]
        return np.concatenate([np.argsort(-part, axis=1, kind="stable")[:, :count] for part in parts])

    def nearest(self, examples: Sequence[CaptionedImage]) -> list[TextPrediction]:
        """The first caption of the nearest picture."""
        return [TextPrediction(self.captions[places[0]][0]) for places in self.of(examples, 1)]


def fit_consensus(
    neighbours: Neighbours, validation: Sequence[CaptionedImage], judge: Callable[[Sequence[TextPrediction]], float]
) -> Captioner:
    """Of all captions of the nearest pictures the one that is most like the others (Devlin et al. 2015).

    judge: how good such captions are for validation, which chooses the number of neighbours
    """
    likeness = _ConsensusSimilarity(neighbours.captions)

    def caption(near: np.ndarray) -> list[TextPrediction]:
        return [TextPrediction(likeness.most_like_the_others(places)) for places in near]

    widest = neighbours.of(validation, max(NEIGHBOURS)) if validation else np.zeros((0, 0), int)
    best = max(NEIGHBOURS, key=lambda count: judge(caption(widest[:, :count]))) if validation else max(NEIGHBOURS)
    return lambda examples: caption(neighbours.of(examples, best))


class _ConsensusSimilarity:
    """How alike captions are: mean cosine of their n-grams for n from 1 to 4, each weighed as CIDEr does, by the log of
    the share of pictures of which it was said (Vedantam et al. 2015, eq. 1)."""

    def __init__(self, captions: Sequence[Sequence[str]]) -> None:
        from scipy.sparse import csr_matrix, hstack

        self.texts = list(chain.from_iterable(captions))
        self.starts = np.cumsum([0, *map(len, captions)])
        longest = max(len(caption_tokens(text)) for text in self.texts)
        parts = [self._weighed(order) for order in range(1, min(ORDERS[-1], longest) + 1)]
        self.vectors = hstack(parts).tocsr() if parts else csr_matrix((len(self.texts), 1))

    def _weighed(self, order: int) -> "csr_matrix":
        """The n-grams of each caption, (captions, n-grams), rows one long."""
        from scipy.sparse import csr_matrix, diags
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.preprocessing import normalize

        counts = CountVectorizer(analyzer=_ngrams(order), dtype=np.float64).fit_transform(self.texts)
        pictures, own = len(self.starts) - 1, np.arange(len(self.texts))
        of_picture = csr_matrix((np.ones(len(own)), own, self.starts), shape=(pictures, len(own)))
        said_of = np.asarray((of_picture @ counts > 0).sum(axis=0)).ravel()
        return normalize(counts @ diags(np.log(pictures / said_of)))

    def most_like_the_others(self, places: np.ndarray) -> str:
        """The caption of the pictures at `places` that is most like all of theirs."""
        rows = np.concatenate([np.arange(self.starts[place], self.starts[place + 1]) for place in places])
        vectors = self.vectors[rows]
        alike = vectors @ np.asarray(vectors.sum(axis=0)).ravel()
        return self.texts[rows[int(alike.argmax())]]


def _ngrams(order: int) -> Callable[[str], list[tuple[str, ...]]]:
    def ngrams(text: str) -> list[tuple[str, ...]]:
        words = caption_tokens(text)
        return [tuple(words[start : start + order]) for start in range(len(words) - order + 1)]

    return ngrams


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def captioning_baselines(
    train: Sequence[CaptionedImage],
    validation: Sequence[CaptionedImage],
    vectors: Vectors,
    judge: Callable[[Sequence[TextPrediction]], float],
) -> Mapping[str, Captioner]:
    """All of them, by name."""
    neighbours = Neighbours(train, vectors)
    return {
        "commonest_caption": fit_commonest(train),
        "nearest_picture": neighbours.nearest,
        "consensus_of_neighbours": fit_consensus(neighbours, validation, judge),
    }
