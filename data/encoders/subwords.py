"""Subwords: byte pair encoding (Sennrich et al. 2016), fitted on training texts.

    subwords.encode(["A dog barks."])  ->  [[39, 210, 1805, 12]]       "▁A", "▁dog", "▁barks", "."
    subwords.detokenize([[39, 210, 1805, 12]])  ->  ["A dog barks."]

A space is part of the subword after it, so that joined subwords restore the text; line breaks and tabs become spaces.
Punctuation is separated.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.encoders.corrupt_files import corrupt_file, corrupt_file_errors
from schema.encoded import SPECIAL_TOKENS, UNKNOWN

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_SPACE = "▁"


class Subwords:
    """Subwords of texts as ids; the first ids are those of `SPECIAL_TOKENS`."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        # A special token that is spelled out in a text does not get its id.
        tokenizer.encode_special_tokens = True

    @classmethod
    def fit(cls, texts: Iterable[str], size: int, lowercase: bool = False) -> "Subwords":
        """Fit at most `size` subwords, including special tokens and single characters; deterministic.

        lowercase: lowercase all texts, here and in `encode`
        """
        return cls(_trained(texts, size, lowercase))

    def __len__(self) -> int:
        """Number of ids."""
        return self._tokenizer.get_vocab_size()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of the subwords of each text."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def detokenize(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """The text of each row of ids, without special tokens."""
        return [self._tokenizer.decode(list(row)).strip() for row in rows]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The subword of each id, with its leading space if it has one."""
        return [(self._tokenizer.id_to_token(int(token)) or "").replace(_SPACE, " ") for token in ids]

    def save(self, path: Path) -> None:
        """Write the tokenizer as JSON."""
        path.write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Subwords":
        """Read the file that `save` wrote. Raises RunError for any other file."""
        from tokenizers import Tokenizer

        with corrupt_file_errors(path):
            text = path.read_text(encoding="utf-8")
            _require_own_settings(json.loads(text))
        try:
            return cls(Tokenizer.from_str(text))
        # The library raises bare exceptions.
        except Exception as error:
            raise corrupt_file(path, str(error).splitlines()[0]) from error


def _trained(texts: Iterable[str], size: int, lowercase: bool) -> "Tokenizer":
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS[UNKNOWN]))
    case = [normalizers.Lowercase()] if lowercase else []
    spaces = normalizers.Replace(Regex(r"[\t\n\v\f\r]"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), spaces, *case])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(_SPACE), pre_tokenizers.Punctuation()])
    tokenizer.decoder = decoders.Metaspace(_SPACE)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=list(SPECIAL_TOKENS), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _require_own_settings(content: Any) -> None:
    """Raise ValueError unless a saved tokenizer differs from one of ours in its vocabulary and merges alone.

    Other settings of the library, such as a padding or a stride, may end the process.
    """
    model = content["model"]
    vocabulary = model["vocab"]
    ids_in_order = sorted(vocabulary.values()) == list(range(len(vocabulary)))
    if not ids_in_order or any(vocabulary.get(token) != index for index, token in enumerate(SPECIAL_TOKENS)):
        raise ValueError("its ids are not those of a vocabulary")
    given = {**content, "model": {**model, "vocab": None, "merges": None}}
    for lowercase in (False, True):
        own = json.loads(_trained([], len(SPECIAL_TOKENS), lowercase).to_str())
        if given == {**own, "model": {**own["model"], "vocab": None, "merges": None}}:
            return
    raise ValueError("its settings are not those of this program")
