"""Texts in pieces of words: byte pair encoding (Sennrich et al. 2016), learnt on the texts themselves.

    subwords.encode(["A dog barks."])  ->  [[39, 210, 1805, 12]]       "▁A", "▁dog", "▁barks", "."
    subwords.detokenize([[39, 210, 1805, 12]])  ->  ["A dog barks."]

A space is part of the piece that follows it, so that pieces put together are the text again, a line break or a TAB as a
space; punctuation is apart.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schema.errors import RunError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PADDING, UNKNOWN, BEGIN, END = range(4)
_MARKS = ("<pad>", "<unk>", "<s>", "</s>")
_SPACE = "▁"


class Subwords:
    """Pieces of words as ids; the first four are padding, unknown, beginning and end."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        # A text that spells out a mark does not become one.
        tokenizer.encode_special_tokens = True

    @classmethod
    def fit(cls, texts: Iterable[str], size: int, lowercase: bool = False) -> "Subwords":
        """`size` pieces, marks and characters included, or as many as there are of these; deterministic.

        lowercase: texts are learnt and cut in lower case
        """
        from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE(unk_token=_MARKS[UNKNOWN]))
        case = [normalizers.Lowercase()] if lowercase else []
        spaces = normalizers.Replace(Regex(r"[\t\n\v\f\r]"), " ")
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), spaces, *case])
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Metaspace(_SPACE), pre_tokenizers.Punctuation()]
        )
        tokenizer.decoder = decoders.Metaspace(_SPACE)
        trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=list(_MARKS), show_progress=False)
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of the pieces of each text."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def detokenize(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """The text of each row of ids; marks are left out."""
        return [self._tokenizer.decode(list(row)).strip() for row in rows]

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each piece as people read it, a space before it shown as such."""
        return [(self._tokenizer.id_to_token(int(number)) or "").replace(_SPACE, " ") for number in ids]

    def save(self, path: Path) -> None:
        path.write_text(self._tokenizer.to_str(pretty=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Subwords":
        """Read what `save` wrote. Raises RunError for a file that is something else."""
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise
        # The library raises bare exceptions.
        except Exception as error:
            raise RunError(f"{path} is damaged ({str(error).splitlines()[0]}); train the run anew") from error
