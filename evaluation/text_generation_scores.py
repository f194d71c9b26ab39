"""Scores of text generation: translations and summaries, each with one reference."""

import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from evaluation.scores import mean_sums, table_by_length
from evaluation.statistics import bootstrap_interval, bootstrap_of_sums
from schema.errors import UserError
from schema.examples import TextPair
from schema.predictions import TextPrediction
from schema.scores import ExampleSums, Scores, SeenInTraining

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer


def translation_scores(
    examples: Sequence[TextPair], predictions: Sequence[TextPrediction], seen: SeenInTraining
) -> Scores:
    """BLEU (Papineni et al. 2002), cased and as the literature on Multi30k reports it, and chrF (Popović 2015).

    `seen.target_language` decides on the Moses tokens. Raises UserError if there are no examples.
    """
    references, predicted = _texts(examples, predictions)
    # force: no warning about texts that look tokenized, which is up to the user.
    cased, chrf = BLEU(force=True), CHRF()
    predicted_tokens, reference_tokens = (
        [moses_tokenize(text, seen.target_language) for text in texts] for texts in (predicted, references)
    )
    counts = {
        "bleu": _ngram_counts(predicted, references, tokenize="13a"),
        "bleu_lc_tok": _ngram_counts(predicted_tokens, reference_tokens, tokenize="none"),
    }
    smooth_methods = {"bleu": "exp", "bleu_lc_tok": "none"}
    lengths = _word_counts(references)
    # The corpus scores also set up the signatures.
    values = {"bleu": float(cased.corpus_score(predicted, [references]).score)}
    values["bleu_lc_tok"] = float(bleu_from_counts(counts["bleu_lc_tok"].sum(axis=0), "none"))
    values["chrf"] = float(chrf.corpus_score(predicted, [references]).score)
    values["length_ratio"] = _length_ratio(predicted, references)
    return Scores(
        values=values,
        intervals={
            name: bootstrap_of_sums(counts[name], partial(bleu_from_counts, smooth_method=smooth_methods[name]))
            for name in counts
        },
        examples=len(examples),
        sums=ExampleSums(counts["bleu"], partial(bleu_from_counts, smooth_method=smooth_methods["bleu"])),
        tables=(
            table_by_length(
                lengths,
                "bleu",
                lambda members: float(bleu_from_counts(counts["bleu"][members].sum(axis=0), "exp")) / 100,
                unit="reference words",
            ),
        ),
        notes=(
            f"bleu: {cased.get_signature().format()}; chrf: {chrf.get_signature().format()}.",
            "bleu_lc_tok: lower-cased, punctuation normalized, Moses tokens (sacremoses), BLEU without smoothing.",
        ),
    )


ROUGE_TYPES = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}
"""Name of the score -> its name in rouge-score."""


def summary_scores(examples: Sequence[TextPair], predictions: Sequence[TextPrediction], seen: SeenInTraining) -> Scores:
    """ROUGE (Lin 2004), copy rate and length ratio.

    A reference without a letter or digit scores 0 for any prediction. Raises UserError if there are no examples.
    """
    references, predicted = _texts(examples, predictions)
    sources = [example.source for example in examples]
    rouge = np.array([_rouge(*pair) for pair in zip(references, predicted, strict=True)])
    by_name = dict(zip(ROUGE_TYPES, rouge.T, strict=True))
    predicted_words, reference_words = (_word_counts(texts).mean() for texts in (predicted, references))
    return Scores(
        values={name: float(values.mean()) for name, values in by_name.items()}
        | {"copy_rate": _copy_rate(sources, predicted), "length_ratio": _length_ratio(predicted, references)},
        intervals={name: bootstrap_interval(values, np.mean) for name, values in by_name.items()},
        examples=len(examples),
        sums=mean_sums(by_name["rouge_l"]),
        tables=(
            table_by_length(
                _word_counts(sources), "rouge_l", lambda members: float(by_name["rouge_l"][members].mean())
            ),
        ),
        notes=(
            f"Predictions have {predicted_words:.1f} words on average, references {reference_words:.1f};"
            f" {100 * _copy_rate(sources, references):.0f} % of the words of references occur in their source.",
        ),
    )


def sentence_rouge(reference: str, prediction: str) -> float:
    """ROUGE-L of a single text, from 0 to 1."""
    return _rouge(reference, prediction)[-1]


def _rouge(reference: str, prediction: str) -> list[float]:
    scores = _rouge_scorer().score(reference, prediction)
    return [scores[name].fmeasure for name in ROUGE_TYPES.values()]


@cache
def _rouge_scorer() -> "RougeScorer":
    # Not at the top: rouge-score imports NLTK, which takes a second that translation does not need.
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(ROUGE_TYPES.values()), use_stemmer=True)


def _copy_rate(sources: Sequence[str], texts: Sequence[str]) -> float:
    """Fraction of the words of `texts` that occur in their source, in any case; 0 if there are no words."""
    words = [(set(_words(source)), _words(text)) for source, text in zip(sources, texts, strict=True)]
    copied = sum(word in source_words for source_words, row in words for word in row)
    return copied / max(1, sum(len(row) for _, row in words))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _word_counts(texts: Sequence[str]) -> np.ndarray:
    return np.array([len(text.split()) for text in texts])


def _length_ratio(predicted: Sequence[str], references: Sequence[str]) -> float:
    return int(_word_counts(predicted).sum()) / max(1, int(_word_counts(references).sum()))


def _ngram_counts(predicted: Sequence[str], references: Sequence[str], tokenize: str) -> np.ndarray:
    """Contribution of each text to BLEU: correct and all n-grams for n from 1 to 4, and both lengths, (texts, 10)."""
    # A single text may lack n-grams of some orders; sums over texts have them.
    metric = BLEU(tokenize=tokenize, force=True, effective_order=True)
    scores = [metric.sentence_score(text, [reference]) for text, reference in zip(predicted, references, strict=True)]
    return np.array([[*score.counts, *score.totals, score.sys_len, score.ref_len] for score in scores])


def bleu_from_counts(sums: np.ndarray, smooth_method: str, max_order: int = 4) -> np.ndarray:
    """BLEU from sums of the contributions of texts, (..., 10) -> (...): correct n-grams, all n-grams, both lengths.

    max_order: maximum number of words of the n-grams
    """
    rows = sums.reshape(-1, sums.shape[-1]).tolist()
    compute = partial(BLEU.compute_bleu, smooth_method=smooth_method, max_ngram_order=max_order)
    scores = [compute(row[:max_order], row[4 : 4 + max_order], row[8], row[9]).score if row[8] else 0.0 for row in rows]
    return np.array(scores).reshape(sums.shape[:-1])


def sentence_chrf(reference: str, prediction: str) -> float:
    """chrF of a single text, from 0 to 1."""
    return _chrf().sentence_score(prediction, [reference]).score / 100


def moses_tokenize(text: str, language: str) -> str:
    """Lower-case a text, normalize its punctuation and separate its tokens by spaces, as the scripts of Moses do."""
    normalize, tokenize = _moses(language)
    # The normalizer treats the end of the line specially.
    clean = normalize(text.strip().lower() + "\n")
    return tokenize(clean, escape=True, aggressive_dash_splits=False, return_str=True)


@cache
def _moses(language: str) -> tuple[Callable[..., str], Callable[..., str]]:
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    return MosesPunctNormalizer(language).normalize, MosesTokenizer(language).tokenize


@cache
def _chrf() -> CHRF:
    return CHRF()


def _texts(examples: Sequence[TextPair], predictions: Sequence[TextPrediction]) -> tuple[list[str], list[str]]:
    """References and predictions, one of each for an example."""
    if len(examples) != len(predictions):
        raise ValueError(f"{len(examples)} examples and {len(predictions)} predictions")
    if not examples:
        raise UserError("There are no examples to score; give a split or a file with at least one pair.")
    return [example.target or "" for example in examples], [prediction.text for prediction in predictions]
