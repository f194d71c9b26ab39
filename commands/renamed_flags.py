"""Former names of flags, so that a refusal can name the present ones. Delete this module with run folder format 3."""

from collections.abc import Container, Mapping

REMOVED_FLAGS = {"buckets", "ngrams"}
"""Flags without a successor: any suggestion would mislead."""

RENAMED_FLAGS: Mapping[str, str] = {
    "averaging": "ema-decay",
    "beam": "beam-size",
    "character-embedding": "char-embedding",
    "character-units": "char-units",
    "check": "sanity-check",
    "context-dropout": "memory-dropout",
    "coverage": "coverage-weight",
    "embedding": "embedding-size",
    "first-words": "head-tokens",
    "fixed-vectors": "freeze-embeddings",
    "form-dropout": "orthographic-dropout",
    "form-embedding": "orthographic-embedding",
    "kin": "related-words",
    "last-words": "tail-tokens",
    "least-count": "min-count",
    "length-power": "length-penalty",
    "longest": "max-length",
    "longest-source": "max-source-length",
    "longest-target": "max-target-length",
    "longest-word": "max-word-length",
    "look-inside": "diagnostics",
    "lower-case": "lowercase",
    "min-words": "min-feature-count",
    "network": "image-encoder",
    "ngram-evidence": "ngram-features",
    "no-repeat": "no-repeat-ngram-size",
    "prefixes": "max-prefix",
    "shared-embedding": "share-embeddings",
    "shortest": "min-length",
    "smoothing": "label-smoothing",
    "suffixes": "max-suffix",
    "vocabulary": "vocab-size",
    "whole-mentions": "normalize-mentions",
    "window": "chunk-length",
}
"""Former name -> present name, both without dashes in front."""

RENAMED_VALUES: Mapping[tuple[str, str], str] = {("--dataset", "small_world"): "synthetic"}
"""(flag, former value) -> present value."""


def present_name(word: str, flags: Container[str]) -> str | None:
    """The flag among `flags` whose former name is `word` (without dashes in front); switches also with `no-`."""
    for prefix in ("", "no-"):
        renamed = RENAMED_FLAGS.get(word.removeprefix(prefix)) if word.startswith(prefix) else None
        if renamed and f"--{prefix}{renamed}" in flags:
            return f"--{prefix}{renamed}"
    return None
