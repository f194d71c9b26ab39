"""What part of speech is each word? Many to many, in step, on UD English EWT (Silveira et al. 2014).

python train.py pos
python train.py pos --cell gru --no-bidirectional
python train.py pos --train-file de_gsd-ud-train.conllu --validation-file de_gsd-ud-dev.conllu
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_tagged_sentences, synthetic_examples
from schema.configs import Positive, TrainingConfig
from schema.examples import TaggedSentence
from schema.predictions import TagsPrediction
from schema.records import PublishedResult
from schema.scores import Scores
from tasks.tagging import SequenceTagging, TaggingConfig
from tasks.task import Encoder


@dataclass(frozen=True)
class PosConfig(TaggingConfig):
    """Train a recurrent network to tell the part of speech of each word."""

    related_words: bool = True
    """Read also how words of train are tagged that differ in case or ending alone ("walks" of "walking")."""
    min_feature_count: Positive = 2
    """Different words of train that an affix, a shape or a feature of kin must stand in."""


class Pos(SequenceTagging):
    """The universal parts of speech (UPOS) of syntactic words."""

    name = "pos"
    summary = "what part of speech is each word?"
    primary_metric = "accuracy"
    datasets = ("ewt", SYNTHETIC)
    config_class = PosConfig
    published_results = {
        "ewt": (
            PublishedResult(
                "feature tagger: averaged perceptron, affixes, shapes, two words to each side",
                {"accuracy": 0.947, "accuracy_unseen": 0.800},
                "tuned and measured apart from this program, on the same data",
            ),
            PublishedResult("UDPipe 1.2 without word vectors, gold words, UD 2.5", {"accuracy": 0.944}, "its manual"),
        )
    }

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[TaggedSentence]:
        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.tagged_sentences)
        return load_tagged_sentences(dataset)

    def score(
        self, encoder: Encoder[TaggedSentence], examples: Sequence[TaggedSentence], answers: Sequence[TagsPrediction]
    ) -> Scores:
        from data.encoders.sentence import SentenceEncoder
        from evaluation.tagging_scores import tagging_scores

        known = cast(SentenceEncoder, encoder)
        return tagging_scores(examples, answers, known.tags, known.words.ids.keys())

    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        right = sum(one == other for one, other in zip(example.tags, tags, strict=True)) if example.tags else 0
        return right / max(1, len(tags))

    def read_file(self, path: Path) -> list[TaggedSentence]:
        from data.readers.conll import read_conllu

        return read_conllu(path)

    def as_conllu(self, words: Sequence[str], tags: Sequence[str]) -> str:
        from data.readers.conll import as_conllu

        return as_conllu(words, upos=tags)


TASK = Pos()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
