"""How texts that were written in answer become scores."""

import re
from collections.abc import Sequence
from functools import cache, partial

import numpy as np

from evaluation.scores import table_by_length
from evaluation.statistics import bootstrap_interval, bootstrap_of_sums
from schema.errors import UserError
from schema.examples import TextPair
from schema.predictions import TextPrediction
from schema.scores import Scores


def translation_scores(examples: Sequence[TextPair], answers: Sequence[TextPrediction], language: str) -> Scores:
    """BLEU (Papineni et al. 2002) as it is and as the literature on Multi30k gives it, and chrF (Popović 2015).

    language: of the answers, two letters. Raises UserError where there is nothing to score.
    """
    from sacrebleu.metrics import BLEU, CHRF

    references, said = _texts(examples, answers)
    # It would warn of texts that look tokenized; whose they are is the user's affair.
    cased, characters = BLEU(force=True), CHRF()
    said_tokens, reference_tokens = ([moses_tokens(text, language) for text in texts] for texts in (said, references))
    counts = {
        "bleu": _ngram_counts(said, references, tokenize="13a"),
        "bleu_lc_tok": _ngram_counts(said_tokens, reference_tokens, tokenize="none"),
    }
    smooth = {"bleu": "exp", "bleu_lc_tok": "none"}
    lengths = np.array([len(text.split()) for text in references])
    # Sets up the signature, too.
    values = {"bleu": float(cased.corpus_score(said, [references]).score)}
    values["bleu_lc_tok"] = float(bleu_of_counts(counts["bleu_lc_tok"].sum(axis=0), "none"))
    values["chrf"] = float(characters.corpus_score(said, [references]).score)
    values["length_ratio"] = sum(len(text.split()) for text in said) / max(1, int(lengths.sum()))
    return Scores(
        values=values,
        intervals={
            name: bootstrap_of_sums(counts[name], partial(bleu_of_counts, smooth=smooth[name])) for name in counts
        },
        examples=len(examples),
        tables=(
            table_by_length(
                lengths,
                "bleu",
                lambda places: float(bleu_of_counts(counts["bleu"][places].sum(axis=0), "exp")) / 100,
                what="words of the reference",
            ),
        ),
        notes=(
            f"bleu: {cased.get_signature().format()}; chrf: {characters.get_signature().format()}.",
            "bleu_lc_tok: lower-cased, punctuation normalised, tokens of Moses (sacremoses), BLEU unsmoothed.",
        ),
    )


ROUGE = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}
"""Names of the scores, here and in rouge-score."""


def summary_scores(examples: Sequence[TextPair], answers: Sequence[TextPrediction]) -> Scores:
    """ROUGE (Lin 2004), how much is copied, and how long answers are. Raises UserError where there is nothing to score.

    A reference without a letter or digit scores 0, whatever is said.
    """
    references, said = _texts(examples, answers)
    found = np.array([_rouge_of(*pair) for pair in zip(references, said, strict=True)])
    by_name = dict(zip(ROUGE, found.T, strict=True))
    lengths = np.array([len(example.source.split()) for example in examples])
    written, wanted = (sum(len(text.split()) for text in texts) for texts in (said, references))
    copied = {
        whose: _copied([example.source for example in examples], texts)
        for whose, texts in (("predictions", said), ("references", references))
    }
    return Scores(
        values={name: float(values.mean()) for name, values in by_name.items()}
        | {"copied": copied["predictions"], "length_ratio": written / max(1, wanted)},
        intervals={name: bootstrap_interval(values, np.mean) for name, values in by_name.items()},
        examples=len(examples),
        tables=(table_by_length(lengths, "rouge_l", lambda places: float(by_name["rouge_l"][places].mean())),),
        notes=(
            f"Answers have {written / len(said):.1f} words on average, references {wanted / len(said):.1f};"
            f" {100 * copied['references']:.0f} % of the words of references stand in their source.",
        ),
    )


def sentence_rouge(reference: str, answer: str) -> float:
    """ROUGE-L of a single text, from 0 to 1."""
    return _rouge_of(reference, answer)[-1]


def _rouge_of(reference: str, answer: str) -> list[float]:
    scores = _rouge().score(reference, answer)
    return [scores[name].fmeasure for name in ROUGE.values()]


@cache
def _rouge():
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(ROUGE.values()), use_stemmer=True)


def _copied(sources: Sequence[str], texts: Sequence[str]) -> float:
    """Share of the words of `texts` that stand in their source, in whatever case; 0 where there are none."""
    words = [(set(_words(source)), _words(text)) for source, text in zip(sources, texts, strict=True)]
    return sum(word in known for known, row in words for word in row) / max(1, sum(len(row) for _, row in words))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _ngram_counts(said: Sequence[str], references: Sequence[str], tokenize: str) -> np.ndarray:
    """What each text adds to BLEU: n-grams that are right and all of them, for n from 1 to 4, and both lengths."""
    from sacrebleu.metrics import BLEU

    # Of a single text some orders may be missing; sums over texts have them.
    metric = BLEU(tokenize=tokenize, force=True, effective_order=True)
    found = [metric.sentence_score(text, [reference]) for text, reference in zip(said, references, strict=True)]
    return np.array([[*each.counts, *each.totals, each.sys_len, each.ref_len] for each in found])


def bleu_of_counts(sums: np.ndarray, smooth: str, orders: int = 4) -> np.ndarray:
    """BLEU from sums of what texts add to it, (..., 10) -> (...): right n-grams, all n-grams, both lengths.

    orders: n-grams up to so many words count
    """
    from sacrebleu.metrics import BLEU

    rows = sums.reshape(-1, sums.shape[-1]).tolist()
    compute = partial(BLEU.compute_bleu, smooth_method=smooth, max_ngram_order=orders)
    scores = [compute(row[:orders], row[4 : 4 + orders], row[8], row[9]).score if row[8] else 0.0 for row in rows]
    return np.array(scores).reshape(sums.shape[:-1])


def sentence_chrf(reference: str, answer: str) -> float:
    """chrF of a single text, from 0 to 1."""
    return _chrf().sentence_score(answer, [reference]).score / 100


def moses_tokens(text: str, language: str) -> str:
    """A text lower-cased, its punctuation normalised, its tokens parted by spaces, as Moses's scripts give it."""
    normalise, tokenize = _moses(language)
    # The end of the line matters to the normaliser.
    clean = normalise(text.strip().lower() + "\n")
    return tokenize(clean, escape=True, aggressive_dash_splits=False, return_str=True)


@cache
def _moses(language: str):
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    return MosesPunctNormalizer(language).normalize, MosesTokenizer(language).tokenize


@cache
def _chrf():
    from sacrebleu.metrics import CHRF

    return CHRF()


def _texts(examples: Sequence[TextPair], answers: Sequence[TextPrediction]) -> tuple[list[str], list[str]]:
    """References and answers, one of each for an example."""
    if len(examples) != len(answers):
        raise ValueError(f"{len(examples)} examples and {len(answers)} answers")
    if not examples:
        raise UserError("There are no examples to score; give a split or a file with at least one pair.")
    return [example.target or "" for example in examples], [answer.text for answer in answers]
