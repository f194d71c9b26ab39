"""How texts that were written in answer become scores."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np

from evaluation.scores import table_by_length
from evaluation.statistics import bootstrap_of_sums
from schema.answers import TextAnswer
from schema.errors import UserError
from schema.examples import TextPair
from schema.scores import Scores


def translation_scores(examples: Sequence[TextPair], answers: Sequence[TextAnswer], language: str) -> Scores:
    """BLEU (Papineni et al. 2002) as it is and as the literature on Multi30k gives it, and chrF (Popović 2015).

    language: of the answers, two letters. Raises UserError where there is nothing to score.
    """
    from sacrebleu.metrics import BLEU, CHRF

    references, said = _texts(examples, answers)
    cased, characters = BLEU(), CHRF()
    said_tokens, reference_tokens = ([moses_tokens(text, language) for text in texts] for texts in (said, references))
    counts = {
        "bleu": _ngram_counts(said, references, tokenize="13a"),
        "bleu_lc_tok": _ngram_counts(said_tokens, reference_tokens, tokenize="none"),
    }
    smooth = {"bleu": "exp", "bleu_lc_tok": "none"}
    lengths = np.array([len(text.split()) for text in references])
    # Sets up the signature, too.
    values = {"bleu": float(cased.corpus_score(said, [references]).score)}
    values["bleu_lc_tok"] = float(_bleu(counts["bleu_lc_tok"].sum(axis=0), "none"))
    values["chrf"] = float(characters.corpus_score(said, [references]).score)
    values["length_ratio"] = sum(len(text.split()) for text in said) / max(1, int(lengths.sum()))
    return Scores(
        values=values,
        intervals={name: bootstrap_of_sums(counts[name], partial(_bleu, smooth=smooth[name])) for name in counts},
        examples=len(examples),
        tables=(
            table_by_length(
                lengths, "bleu", lambda places: float(_bleu(counts["bleu"][places].sum(axis=0), "exp")) / 100
            ),
        ),
        notes=(
            f"bleu: {cased.get_signature().format()}; chrf: {characters.get_signature().format()}.",
            "bleu_lc_tok: lower-cased, punctuation normalised, tokens of Moses (sacremoses), BLEU unsmoothed.",
        ),
    )


def _ngram_counts(said: Sequence[str], references: Sequence[str], tokenize: str) -> np.ndarray:
    """What each text adds to BLEU: n-grams that are right and all of them, for n from 1 to 4, and both lengths."""
    from sacrebleu.metrics import BLEU

    # Of a single text some orders may be missing; sums over texts have them.
    metric = BLEU(tokenize=tokenize, force=True, effective_order=True)
    found = [metric.sentence_score(text, [reference]) for text, reference in zip(said, references, strict=True)]
    return np.array([[*each.counts, *each.totals, each.sys_len, each.ref_len] for each in found])


def _bleu(sums: np.ndarray, smooth: str) -> np.ndarray:
    """BLEU from sums of `_ngram_counts`, (..., 10) -> (...)."""
    from sacrebleu.metrics import BLEU

    rows = sums.reshape(-1, sums.shape[-1]).tolist()
    scores = [
        BLEU.compute_bleu(row[:4], row[4:8], row[8], row[9], smooth_method=smooth).score if row[8] else 0.0
        for row in rows
    ]
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


def _texts(examples: Sequence[TextPair], answers: Sequence[TextAnswer]) -> tuple[list[str], list[str]]:
    """References and answers, one of each for an example."""
    if len(examples) != len(answers):
        raise ValueError(f"{len(examples)} examples and {len(answers)} answers")
    if not examples:
        raise UserError("There are no examples to score; give a split or a file with at least one pair.")
    return [example.target or "" for example in examples], [answer.text for answer in answers]
