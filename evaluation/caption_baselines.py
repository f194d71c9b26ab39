"""Baselines for captioning: captions of other images."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from evaluation.caption_scores import corpus_cider
from evaluation.scores import NGRAM_ORDERS
from schema.examples import CaptionedImage
from schema.predictions import Arrays, Predictor, Remember, TextPrediction, fit_anew
from schema.segmentation import caption_tokens

Captioner = Predictor[CaptionedImage, TextPrediction]
ImageVectors = Callable[[Sequence[CaptionedImage]], np.ndarray]
"""Feature vectors by which images are compared, (images, features)."""

NUM_NEIGHBORS = (5, 10, 20, 40, 70, 100)
"""Grid of the number of neighbors for `fit_neighbor_consensus`."""
QUERY_BATCH_SIZE = 500


def fit_caption_baselines(
    train: Sequence[CaptionedImage],
    validation: Sequence[CaptionedImage],
    image_vectors: ImageVectors,
    remember: Remember = fit_anew,
) -> Mapping[str, Captioner]:
    """`most_frequent_caption`, `nearest_image` and `neighbor_consensus`, which is tuned by CIDEr on validation."""
    neighbors = NearestImages(train, image_vectors)
    return {
        "most_frequent_caption": fit_most_frequent_caption(train),
        "nearest_image": neighbors.first_captions,
        "neighbor_consensus": fit_neighbor_consensus(
            neighbors, validation, partial(corpus_cider, validation), remember
        ),
    }


def fit_most_frequent_caption(train: Sequence[CaptionedImage]) -> Captioner:
    """Predict the same caption for all images: the most frequent one."""
    counts = Counter(" ".join(caption_tokens(caption)) for example in train for caption in example.captions)
    most_frequent = min(counts, key=lambda caption: (-counts[caption], caption))
    return lambda examples: [TextPrediction(most_frequent)] * len(examples)


class NearestImages:
    """Nearest-neighbor search among the images of train, by cosine similarity.

    captions: the captions of each image of train
    """

    def __init__(self, train: Sequence[CaptionedImage], image_vectors: ImageVectors) -> None:
        captions: dict[bytes, list[str]] = {}
        for example in train:
            captions.setdefault(example.image, []).extend(example.captions)
        self.captions = list(captions.values())
        self._image_vectors = image_vectors
        self._keys = _unit_vectors(image_vectors([CaptionedImage(image) for image in captions]))

    def search(self, examples: Sequence[CaptionedImage], count: int) -> np.ndarray:
        """Indices into `captions` of the `count` nearest images of each example, nearest first: (examples, count)."""
        queries = _unit_vectors(self._image_vectors(examples))
        count = min(count, len(self._keys))
        starts = range(0, len(queries), QUERY_BATCH_SIZE)
        similarities = (queries[start : start + QUERY_BATCH_SIZE] @ self._keys.T for start in starts)
        return np.concatenate([np.argsort(-batch, axis=1, kind="stable")[:, :count] for batch in similarities])

    def first_captions(self, examples: Sequence[CaptionedImage]) -> list[TextPrediction]:
        """Predict the first caption of the nearest image."""
        return [TextPrediction(self.captions[indices[0]][0]) for indices in self.search(examples, 1)]


def fit_neighbor_consensus(
    neighbors: NearestImages,
    validation: Sequence[CaptionedImage],
    score: Callable[[Sequence[TextPrediction]], float],
    remember: Remember = fit_anew,
) -> Captioner:
    """Predict, of all captions of the nearest images, the one most similar to the others (Devlin et al. 2015).

    score: quality of predictions for validation, by which the number of neighbors is chosen; higher is better
    """
    similarity = _ConsensusSimilarity(neighbors.captions)

    def consensus(nearest: np.ndarray) -> list[TextPrediction]:
        return [TextPrediction(similarity.consensus_caption(indices)) for indices in nearest]

    max_count = max(NUM_NEIGHBORS)
    if not validation:
        return lambda examples: consensus(neighbors.search(examples, max_count))

    def fit() -> Arrays:
        nearest = neighbors.search(validation, max_count)
        return {"count": np.array(max(NUM_NEIGHBORS, key=lambda count: score(consensus(nearest[:, :count]))))}

    best = int(remember("neighbor_consensus", fit)["count"])
    return lambda examples: consensus(neighbors.search(examples, best))


class _ConsensusSimilarity:
    """Similarity of captions: mean cosine of their n-grams for n from 1 to 4.

    N-grams are weighted as in CIDEr, by the log of their inverse image frequency (Vedantam et al. 2015, eq. 1).
    """

    def __init__(self, captions: Sequence[Sequence[str]]) -> None:
        self.texts = list(chain.from_iterable(captions))
        self.starts = np.cumsum([0, *map(len, captions)])
        max_tokens = max(len(caption_tokens(text)) for text in self.texts)
        parts = [self._weighted_ngrams(order) for order in range(1, min(NGRAM_ORDERS[-1], max_tokens) + 1)]
        self.vectors = hstack(parts).tocsr() if parts else csr_matrix((len(self.texts), 1))

    def _weighted_ngrams(self, order: int) -> csr_matrix:
        """Unit vectors of the n-grams of each caption, (captions, n-grams)."""
        counts = CountVectorizer(analyzer=_ngrams(order), dtype=np.float64).fit_transform(self.texts)
        num_images, captions = len(self.starts) - 1, np.arange(len(self.texts))
        captions_of_images = csr_matrix(
            (np.ones(len(captions)), captions, self.starts), shape=(num_images, len(captions))
        )
        image_frequency = np.asarray((captions_of_images @ counts > 0).sum(axis=0)).ravel()
        return normalize(counts @ diags(np.log(num_images / image_frequency)))

    def consensus_caption(self, images: np.ndarray) -> str:
        """The caption of the images at these indices with the highest summed similarity to all their captions."""
        rows = np.concatenate([np.arange(self.starts[image], self.starts[image + 1]) for image in images])
        vectors = self.vectors[rows]
        similarity = vectors @ np.asarray(vectors.sum(axis=0)).ravel()
        return self.texts[rows[int(similarity.argmax())]]


def _ngrams(order: int) -> Callable[[str], list[tuple[str, ...]]]:
    def ngrams(text: str) -> list[tuple[str, ...]]:
        words = caption_tokens(text)
        return [tuple(words[start : start + order]) for start in range(len(words) - order + 1)]

    return ngrams


def _unit_vectors(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
