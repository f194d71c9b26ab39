"""What part of speech is each word? Many to many, in step, on UD English EWT (Silveira et al. 2014).

python train.py pos
python train.py pos --cell gru --no-bidirectional
python train.py pos --train-file de_gsd-ud-train.conllu --validation-file de_gsd-ud-dev.conllu
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from data import small_world
from data.sources import SMALL_WORLD, Official, load_tagged_sentences, small_world_examples
from schema.answers import TagsAnswer
from schema.configs import Positive, TrainingConfig
from schema.examples import TaggedSentence
from schema.records import Quoted
from schema.scores import Scores
from tasks.tagging import SentenceTagging, TaggingConfig
from tasks.task import Encoder


@dataclass(frozen=True)
class PosConfig(TaggingConfig):
    """Train a recurrent network to tell the part of speech of each word."""

    kin: bool = True
    """Read also how words of train are tagged that differ in case or ending alone ("walks" of "walking")."""
    min_words: Positive = 2
    """Different words of train that an affix, a shape or a feature of kin must stand in."""


class Pos(SentenceTagging):
    """The universal parts of speech (UPOS) of syntactic words."""

    name = "pos"
    summary = "what part of speech is each word?"
    headline = "accuracy"
    datasets = ("ewt", SMALL_WORLD)
    Config = PosConfig
    quoted = {
        "ewt": (
            Quoted(
                "feature tagger: averaged perceptron, affixes, shapes, two words to each side",
                {"accuracy": 0.947, "accuracy_unseen": 0.800},
                "tuned and measured apart from this program, on the same data",
            ),
            Quoted("UDPipe 1.2 without word vectors, gold words, UD 2.5", {"accuracy": 0.944}, "its manual"),
        )
    }

    def load(self, dataset: str, config: TrainingConfig) -> Official[TaggedSentence]:
        if dataset == SMALL_WORLD:
            return small_world_examples(small_world.tagged_sentences)
        return load_tagged_sentences(dataset)

    def score(
        self, encoder: Encoder[TaggedSentence], examples: Sequence[TaggedSentence], answers: Sequence[TagsAnswer]
    ) -> Scores:
        from data.sentence_encoder import SentenceEncoder
        from evaluation.tagging import tagging

        known = cast(SentenceEncoder, encoder)
        return tagging(examples, answers, known.tags, known.words.ids.keys())

    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        right = sum(one == other for one, other in zip(example.tags, tags, strict=True)) if example.tags else 0
        return right / max(1, len(tags))

    def read_file(self, path: Path) -> list[TaggedSentence]:
        from data.conll import read_conllu

        return read_conllu(path)

    def as_conllu(self, words: Sequence[str], tags: Sequence[str]) -> str:
        from data.conll import as_conllu

        return as_conllu(words, upos=tags)


TASK = Pos()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
