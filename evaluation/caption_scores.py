"""Scores of captions, each against all reference captions of its image."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from pycocoevalcap.bleu.bleu_scorer import cook_refs, cook_test
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from evaluation.scores import NGRAM_ORDERS, mean_sums, table_by_length
from evaluation.statistics import bootstrap_interval, bootstrap_of_sums
from evaluation.text_generation_scores import bleu_from_counts
from schema.errors import UserError
from schema.examples import CaptionedImage
from schema.predictions import TextPrediction
from schema.scores import Scores, SeenInTraining
from schema.segmentation import caption_tokens

MIN_RELIABLE_IMAGES = 50
_FEW_IMAGES_NOTE = (
    "CIDEr weights words by their rarity among the scored images: with so few it is unreliable, with one it is 0."
)


def caption_scores(
    examples: Sequence[CaptionedImage], predictions: Sequence[TextPrediction], seen: SeenInTraining
) -> Scores:
    """BLEU-1 to 4, CIDEr-D (Vedantam et al. 2015) and ROUGE-L by pycocoevalcap, and the rate of distinct captions.

    The notes compare the words used with `seen.vocab_size`, unless it is 0. Raises UserError if there are no examples.
    """
    if len(examples) != len(predictions):
        raise ValueError(f"{len(examples)} examples and {len(predictions)} predictions")
    if not examples:
        raise UserError("There are no examples to score; give a split or a folder with at least one captioned image.")
    references, predicted = _tokenized(examples, predictions)
    cider, ciders = _cider(references, predicted)
    rouge, rouges = _compute_score(Rouge(), references, predicted)
    counts = np.array([_ngram_counts(*pair) for pair in zip(predicted, references, strict=True)])
    bleus = {
        f"bleu_{order}": partial(bleu_from_counts, smooth_method="none", max_order=order) for order in NGRAM_ORDERS
    }
    return Scores(
        values={
            "cider": 100 * cider,
            **{name: float(score(counts.sum(axis=0))) for name, score in bleus.items()},
            "rouge_l_coco": rouge,
            "distinct_captions": len(set(predicted)) / len(predicted),
        },
        intervals={
            "cider": bootstrap_interval(100 * ciders, np.mean),
            "bleu_4": bootstrap_of_sums(counts, bleus["bleu_4"]),
            "rouge_l_coco": bootstrap_interval(rouges, np.mean),
        },
        examples=len(examples),
        sums=mean_sums(100 * ciders),
        tables=(
            table_by_length(
                [len(text.split()) for text in predicted],
                "rouge_l_coco",
                lambda members: float(rouges[members].mean()),
                unit="predicted words",
            ),
        ),
        notes=(
            _diversity_note(predicted, seen.vocab_size),
            *([_FEW_IMAGES_NOTE] if len(examples) < MIN_RELIABLE_IMAGES else []),
        ),
    )


def corpus_cider(examples: Sequence[CaptionedImage], predictions: Sequence[TextPrediction]) -> float:
    """CIDEr-D alone, x 100."""
    return 100 * _cider(*_tokenized(examples, predictions))[0]


def sentence_rouge_l(captions: Sequence[str], prediction: str) -> float:
    """ROUGE-L of a single caption against all reference captions of its image, from 0 to 1."""
    references = [" ".join(caption_tokens(text)) for text in captions]
    return float(Rouge().calc_score([" ".join(caption_tokens(prediction))], references)) if references else 0.0


def _tokenized(
    examples: Sequence[CaptionedImage], predictions: Sequence[TextPrediction]
) -> tuple[list[list[str]], list[str]]:
    """References and prediction of each example, tokens separated by spaces."""
    references = [[" ".join(caption_tokens(text)) for text in example.captions] for example in examples]
    return references, [" ".join(caption_tokens(prediction.text)) for prediction in predictions]


def _cider(references: Sequence[Sequence[str]], predicted: Sequence[str]) -> tuple[float, np.ndarray]:
    """CIDEr-D of the corpus and of each caption; 0 if no reference has a word, for which pycocoevalcap fails."""
    if not any(map(any, references)):
        return 0.0, np.zeros(len(predicted))
    return _compute_score(Cider(), references, predicted)


def _compute_score(
    scorer: Cider | Rouge, references: Sequence[Sequence[str]], predicted: Sequence[str]
) -> tuple[float, np.ndarray]:
    """Score of the corpus and of each caption; pycocoevalcap takes dictionaries from an id to captions."""
    predicted_by_id = {index: [text] for index, text in enumerate(predicted)}
    score, scores = scorer.compute_score(dict(enumerate(references)), predicted_by_id)
    return float(score), np.asarray(scores)


def _diversity_note(predicted: Sequence[str], vocab_size: int) -> str:
    words = {word for text in predicted for word in text.split()}
    used = f"{len(words):,} of the {vocab_size:,} words of the model" if vocab_size else f"{len(words):,} words"
    return f"{len(set(predicted)):,} of {len(predicted):,} captions are distinct; they use {used}."


def _ngram_counts(predicted: str, references: Sequence[str]) -> list[int]:
    """Contribution of a caption to BLEU: correct and all n-grams for n from 1 to 4, and both lengths."""
    lengths, max_counts = cook_refs(list(references), n=max(NGRAM_ORDERS))
    cooked = cook_test(predicted, (lengths, max_counts), n=max(NGRAM_ORDERS))
    # The reference whose length is closest counts; the shorter one if two are equally close.
    closest = min(lengths, key=lambda length: (abs(length - cooked["testlen"]), length))
    return [*cooked["correct"], *cooked["guess"], cooked["testlen"], closest]
