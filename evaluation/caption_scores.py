"""How captions become scores, each held against all that people said of its picture."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from evaluation.scores import ORDERS, table_by_length
from evaluation.statistics import bootstrap_interval, bootstrap_of_sums
from evaluation.text_generation_scores import bleu_of_counts
from schema.errors import UserError
from schema.examples import CaptionedImage
from schema.predictions import TextPrediction
from schema.scores import Scores

_AROUND = '.,;:!?"()'
MANY = 50
_FEW = "CIDEr weighs words by how rare they are among the pictures that are scored: of so few it says little, of one 0."


def caption_tokens(text: str) -> list[str]:
    """Words in lower case, split at spaces, without the punctuation around them, as the scorers of COCO have them."""
    tokens = (token.strip(_AROUND) for token in text.lower().split())
    return [token for token in tokens if any(letter.isalnum() for letter in token)]


def caption_scores(
    examples: Sequence[CaptionedImage], answers: Sequence[TextPrediction], vocabulary: int = 0
) -> Scores:
    """BLEU-1 to 4, CIDEr-D (Vedantam et al. 2015) and ROUGE-L by pycocoevalcap, and how much captions differ.

    vocabulary: words that the model knows. Raises UserError where there is nothing to score.
    """
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    if len(examples) != len(answers):
        raise ValueError(f"{len(examples)} examples and {len(answers)} answers")
    if not examples:
        raise UserError("There are no examples to score; give a split or a folder with at least one captioned picture.")
    references = [[" ".join(caption_tokens(text)) for text in example.captions] for example in examples]
    said = [" ".join(caption_tokens(answer.text)) for answer in answers]
    by_place = dict(enumerate(references)), {place: [text] for place, text in enumerate(said)}
    cider, ciders = Cider().compute_score(*by_place)
    rouge, rouges = Rouge().compute_score(*by_place)
    counts = np.array([_ngram_counts(*pair) for pair in zip(said, references, strict=True)])
    bleus = {f"bleu_{order}": partial(bleu_of_counts, smooth="none", orders=order) for order in ORDERS}
    words = {word for text in said for word in text.split()}
    lengths = np.array([len(text.split()) for text in said])
    return Scores(
        values={
            "cider": 100 * float(cider),
            **{name: float(score(counts.sum(axis=0))) for name, score in bleus.items()},
            "rouge_l_coco": float(rouge),
            "distinct": len(set(said)) / len(said),
        },
        intervals={
            "cider": bootstrap_interval(100 * np.asarray(ciders), np.mean),
            "bleu_4": bootstrap_of_sums(counts, bleus["bleu_4"]),
            "rouge_l_coco": bootstrap_interval(np.asarray(rouges), np.mean),
        },
        examples=len(examples),
        tables=(
            table_by_length(
                lengths,
                "rouge_l_coco",
                lambda places: float(np.asarray(rouges)[places].mean()),
                what="words of the answer",
            ),
        ),
        notes=(
            f"{len(set(said)):,} of {len(said):,} captions differ; they use {len(words):,} words"
            + (f" of the {vocabulary:,} that the model knows." if vocabulary else "."),
            *([_FEW] if len(examples) < MANY else []),
        ),
    )


def sentence_rouge_l(captions: Sequence[str], answer: str) -> float:
    """ROUGE-L of a single caption against all of a picture, from 0 to 1."""
    from pycocoevalcap.rouge.rouge import Rouge

    references = [" ".join(caption_tokens(text)) for text in captions]
    return float(Rouge().calc_score([" ".join(caption_tokens(answer))], references)) if references else 0.0


def _ngram_counts(said: str, references: Sequence[str]) -> list[int]:
    """What a caption adds to BLEU: n-grams that are right and all of them, for n from 1 to 4, and both lengths."""
    from pycocoevalcap.bleu.bleu_scorer import cook_refs, cook_test

    lengths, most = cook_refs(list(references), n=max(ORDERS))
    cooked = cook_test(said, (lengths, most), n=max(ORDERS))
    # Of several references the one whose length is closest counts, the shorter where two are.
    closest = min(lengths, key=lambda length: (abs(length - cooked["testlen"]), length))
    return [*cooked["correct"], *cooked["guess"], cooked["testlen"], closest]
