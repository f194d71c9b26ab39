"""Scores of text generation: translations and summaries, each with one reference."""

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
from schema.segmentation import fold, is_unspaced, separate, words

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer


CHARACTERS = "char"
"""sacreBLEU's name of the tokenization into characters."""
MAX_ORDER = 4
"""Number of words of the largest n-grams of BLEU, for targets that are long enough."""


def translation_scores(
    examples: Sequence[TextPair], predictions: Sequence[TextPrediction], seen: SeenInTraining
) -> Scores:
    """BLEU (Papineni et al. 2002), cased and as the literature on Multi30k reports it, and chrF (Popović 2015).

    `seen.bleu_tokenizer` and `seen.bleu_order` are those of `bleu_settings`; `seen.target_language` decides on the
    Moses tokens of languages with spaces. Raises UserError if there are no examples.
    """
    references, predicted = _texts(examples, predictions)
    # force: no warning about texts that look tokenized, which is up to the user.
    cased = BLEU(force=True, tokenize=seen.bleu_tokenizer, max_ngram_order=seen.bleu_order)
    chrf = CHRF()
    counts = {
        "bleu": _ngram_counts(predicted, references, seen.bleu_tokenizer),
        "bleu_lc_tok": _ngram_counts(_lowercase_tokens(predicted, seen), _lowercase_tokens(references, seen), "none"),
    }
    order = seen.bleu_order
    bleus = {
        "bleu": partial(bleu_from_counts, smooth_method="exp", max_order=order),
        "bleu_lc_tok": partial(bleu_from_counts, smooth_method="none", max_order=order),
    }
    # The corpus scores also set up the signatures.
    values = {"bleu": float(cased.corpus_score(predicted, [references]).score)}
    values["bleu_lc_tok"] = float(bleus["bleu_lc_tok"](counts["bleu_lc_tok"].sum(axis=0)))
    values["chrf"] = float(chrf.corpus_score(predicted, [references]).score)
    values["length_ratio"] = _length_ratio(predicted, references)
    return Scores(
        values=values,
        intervals={name: bootstrap_of_sums(counts[name], bleu) for name, bleu in bleus.items()},
        examples=len(examples),
        sums=ExampleSums(counts["bleu"], bleus["bleu"]),
        tables=(
            table_by_length(
                _word_counts(references),
                "bleu",
                lambda members: float(bleus["bleu"](counts["bleu"][members].sum(axis=0))) / 100,
                unit="reference words",
            ),
        ),
        notes=(
            f"bleu: {cased.get_signature().format()}; chrf: {chrf.get_signature().format()}.",
            "bleu_lc_tok: lower-cased, characters, BLEU without smoothing."
            if seen.bleu_tokenizer == CHARACTERS
            else "bleu_lc_tok: lower-cased, punctuation normalized, Moses tokens (sacremoses), BLEU without smoothing.",
            *(
                [f"BLEU counts n-grams of at most {order} words: most targets of train are short."]
                * (order < MAX_ORDER)
            ),
        ),
    )


def bleu_settings(targets: Sequence[str]) -> tuple[str, int]:
    """The tokenization and the maximum order of BLEU for targets like those of train.

    Characters for scripts without spaces between words. The order is the median number of tokens, at most 4: BLEU is 0
    for predictions without an n-gram of the largest order, even if they are correct.
    """
    tokenizer = CHARACTERS if is_unspaced(targets) else "13a"
    tokenize = BLEU(tokenize=tokenizer).tokenizer
    lengths = [len(tokenize(text).split()) for text in targets]
    return tokenizer, min(MAX_ORDER, max(1, int(np.median(lengths)))) if lengths else MAX_ORDER


def _lowercase_tokens(texts: Sequence[str], seen: SeenInTraining) -> list[str]:
    if seen.bleu_tokenizer == CHARACTERS:
        return [" ".join(text.lower().replace(" ", "")) for text in texts]
    return [moses_tokenize(text, seen.target_language) for text in texts]


ROUGE_TYPES = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}
"""Name of the score -> its name in rouge-score."""


def summary_scores(examples: Sequence[TextPair], predictions: Sequence[TextPrediction], seen: SeenInTraining) -> Scores:
    """ROUGE (Lin 2004), copy rate and length ratio.

    A word is a word in any script, or a character of a script without spaces. A reference without a letter or digit
    scores 0 for any prediction. Raises UserError if there are no examples.
    """
    references, predicted = _texts(examples, predictions)
    sources = [example.source for example in examples]
    rouge = np.array([_rouge(*pair) for pair in zip(references, predicted, strict=True)])
    by_name = dict(zip(ROUGE_TYPES, rouge.T, strict=True))
    predicted_words, reference_words = (_word_counts(texts).mean() for texts in (predicted, references))
    return Scores(
        values={name: float(values.mean()) for name, values in by_name.items()}
        | {
            "chrf": float(CHRF().corpus_score(predicted, [references]).score),
            "copy_rate": _copy_rate(sources, predicted),
            "length_ratio": _length_ratio(predicted, references),
        },
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
    from rouge_score import rouge_scorer, tokenizers

    tokenizer = _AnyScript(tokenizers.DefaultTokenizer(use_stemmer=True).tokenize)
    return rouge_scorer.RougeScorer(list(ROUGE_TYPES.values()), tokenizer=tokenizer)


class _AnyScript:
    """Tokenizer for rouge-score, whose own drops everything but a to z and digits; words of these stay its own."""

    def __init__(self, tokenize_ascii: Callable[[str], list[str]]) -> None:
        self._tokenize_ascii = tokenize_ascii

    def tokenize(self, text: str) -> list[str]:
        parts = [text] if text.isascii() else words(fold(text).replace("_", " "))
        return [token for part in parts for token in (self._tokenize_ascii(part) if part.isascii() else [part])]


def _copy_rate(sources: Sequence[str], texts: Sequence[str]) -> float:
    """Fraction of the words of `texts` that occur in their source, in any case; 0 if there are no words."""
    rows = [(set(words(fold(source))), words(fold(text))) for source, text in zip(sources, texts, strict=True)]
    copied = sum(word in source_words for source_words, row in rows for word in row)
    return copied / max(1, sum(len(row) for _, row in rows))


def _word_counts(texts: Sequence[str]) -> np.ndarray:
    return np.array([len(separate(text).split()) for text in texts])


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
