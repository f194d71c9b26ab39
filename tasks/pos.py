"""Which part of speech is each word? Many to many, synchronous, on UD English EWT (Silveira et al. 2014).

python train.py pos
python train.py pos --cell gru --no-bidirectional
python train.py pos --train-file de_gsd-ud-train.conllu --validation-file de_gsd-ud-dev.conllu
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import evaluation
from data import synthetic
from data.encoders.sentence import SentenceEncoder
from data.readers.conll import read_conllu
from data.readers.conll_inputs import UPOS_COLUMN, fill_conllu
from data.readers.datasets import SYNTHETIC, RawSplits, load_tagged_sentences, synthetic_examples
from schema.configs import Positive
from schema.examples import TaggedSentence
from schema.file_format import FileFormat
from schema.predictions import TagsPrediction
from schema.records import PublishedResult
from schema.scores import Scores, SeenInTraining
from tasks.tagging import SequenceTagging, TaggingConfig


@dataclass(frozen=True)
class PosConfig(TaggingConfig):
    """Train a recurrent network for part-of-speech tagging."""

    related_words: bool = True
    """Add the tags of training words that differ in case or ending alone ("walks" for "walking") as features."""
    min_feature_count: Positive = 2
    """Minimum number of different training words with an orthographic or related-words feature."""


class Pos(SequenceTagging[PosConfig]):
    """Universal parts of speech (UPOS) of syntactic words."""

    name = "pos"
    summary = "Which part of speech is each word?"
    primary_metric = "accuracy"
    datasets = ("ewt", SYNTHETIC)
    config_class = PosConfig
    published_results = {
        "ewt": (
            PublishedResult(
                "feature tagger: averaged perceptron, affixes, shapes, two words to each side",
                {"accuracy": 0.947, "accuracy_unseen": 0.800},
                "tuned and measured separately, on the same data",
            ),
            PublishedResult("UDPipe 1.2 without word vectors, gold words, UD 2.5", {"accuracy": 0.944}, "its manual"),
        )
    }

    def load(self, dataset: str, config: PosConfig) -> RawSplits[TaggedSentence]:
        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.tagged_sentences)
        return load_tagged_sentences(dataset)

    def collect_seen(self, encoder: SentenceEncoder, train: Sequence[TaggedSentence]) -> SeenInTraining:
        return SeenInTraining(labels=encoder.tags, words=frozenset(encoder.words.words))

    def scores(
        self, examples: Sequence[TaggedSentence], predictions: Sequence[TagsPrediction], seen: SeenInTraining
    ) -> Scores:
        return evaluation.tagging_scores.tagging_scores(examples, predictions, seen)

    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        correct = sum(one == other for one, other in zip(example.tags, tags, strict=True)) if example.tags else 0
        return correct / max(1, len(tags))

    def read_file(self, path: Path, file_format: FileFormat) -> list[TaggedSentence]:
        return read_conllu(path)

    def to_conllu(self, lines: Sequence[str], tags: Sequence[str]) -> str:
        return fill_conllu(lines, UPOS_COLUMN, tags)


TASK = Pos()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
