"""Which words name persons, places and organizations? Many to many, synchronous, on the Broad Twitter Corpus
(Derczynski et al. 2016).

python train.py ner
python train.py ner --head softmax
python train.py ner --dataset conll2003
python train.py ner --train-file train.conll --test-file test.conll
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import evaluation
import models
from data import synthetic
from data.encoders.sentence import SentenceEncoder
from data.readers.conll import read_entities
from data.readers.conll_inputs import MISC_COLUMN, fill_conllu, merge_misc
from data.readers.datasets import SYNTHETIC, RawSplits, load_tagged_sentences, synthetic_examples
from evaluation.entity_spans import bracketed, entity_spans, entity_texts
from schema.configs import EmaDecay, EntityFlags, Positive, Range, Rate
from schema.examples import Splits, TaggedSentence
from schema.file_format import FileFormat
from schema.predictions import Predictor, Remember, TagsPrediction
from schema.records import PublishedResult
from schema.scores import Scores, SeenInTraining
from tasks.tagging import Head, SequenceTagging, TaggingConfig, TaggingPredictConfig, suffix_features

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class NerConfig(EntityFlags, TaggingConfig):
    """Train a recurrent network for named-entity recognition."""

    min_epochs = 8

    units: Annotated[int, Range(1, 4096)] = 64
    """Units of each recurrent layer and direction."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Batch size in words, padding included. Small batches score better here."""
    ema_decay: EmaDecay = 0.99
    """Decay of the exponential moving average of the weights, which is evaluated and saved; 0 disables averaging."""
    vector_size: Annotated[int, Range(1, 4096)] = 200
    """Size of the vectors fitted on film reviews."""
    word_dropout: Rate = 0.4
    """Probability of replacing a word by unknown in training. Its vector, characters and features stay."""
    orthographic_dropout: Rate = 0.5
    """Dropout rate of the orthographic features."""
    word_vectors: bool = True
    """Add frozen word vectors, fitted on film reviews (IMDB) without tags, to the input."""
    normalize_mentions: bool = True
    """In train, tag the @ of a mention like its name: one section of the Broad Twitter Corpus leaves it untagged."""
    patience: Positive = 5
    """Stop after this many epochs without a better validation score."""
    rare_word_dropout: Rate = 0.9
    """Probability of replacing a word that occurs once in train by unknown in training."""
    head: Head = "crf"
    """Output layer: an independent softmax for each word, or a linear-chain CRF over the sentence."""


class Ner(SequenceTagging[NerConfig]):
    """Entities as IOB2 tags: B-PER begins a person, I-PER continues it, O is not an entity."""

    name = "ner"
    summary = "Which words name persons, places and organizations?"
    primary_metric = "entity_f1"
    datasets = ("broad_twitter_corpus", "conll2003", SYNTHETIC)
    config_class = NerConfig
    file_flags_class = EntityFlags
    tokenizer = "tweets"
    published_results = {
        "broad_twitter_corpus": (
            PublishedResult(
                "feature CRF: affixes, shapes, two words to each side",
                {"entity_f1": 0.687, "entity_f1_merged": 0.614, "entity_f1_without_mentions": 0.511},
                "tuned and measured separately, on the same data",
            ),
        ),
        "conll2003": (
            PublishedResult(
                "LSTM-CRF with characters, without pretrained vectors",
                {"entity_f1": 0.836},
                "Lample et al. 2016, table 5",
            ),
        ),
    }

    def load(self, dataset: str, config: NerConfig) -> RawSplits[TaggedSentence]:
        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.entities)
        raw = load_tagged_sentences(dataset)
        if dataset != "broad_twitter_corpus" or not config.normalize_mentions:
            return raw
        train = [replace(example, tags=normalize_mentions(example.words, example.tags)) for example in raw.train]
        return replace(raw, source=f"{raw.source}:normalized mentions", train=train)

    def collect_seen(self, encoder: SentenceEncoder, train: Sequence[TaggedSentence]) -> SeenInTraining:
        pairs = zip(train, entity_spans([example.tags for example in train]), strict=True)
        entities = (text for example, found in pairs for text in entity_texts(example.normalized_words, found))
        return SeenInTraining(labels=encoder.tags, entities=frozenset(entities))

    def allowed_transitions(self, tags: Sequence[str]) -> list[list[bool]]:
        return [[is_valid_transition(before, tag) for tag in tags] for before in (*tags, "O")]

    def scores(
        self, examples: Sequence[TaggedSentence], predictions: Sequence[TagsPrediction], seen: SeenInTraining
    ) -> Scores:
        return evaluation.tagging_scores.entity_scores(examples, predictions, seen)

    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        reference, predicted = entity_spans([example.tags, tags])
        if not reference and not predicted:
            return 1.0
        return 2 * len(reference & predicted) / (len(reference) + len(predicted))

    def fit_baselines(
        self, splits: Splits[TaggedSentence], encoder: SentenceEncoder, config: NerConfig, remember: Remember
    ) -> Mapping[str, Predictor[TaggedSentence, TagsPrediction]]:
        return evaluation.tagging_baselines.fit_entity_baselines(splits.train, suffix_features, remember)

    def figures(
        self,
        model: "keras.Model",
        encoder: SentenceEncoder,
        examples: Sequence[TaggedSentence],
        predictions: Sequence[TagsPrediction],
    ) -> "Mapping[str, Figure]":
        scores = models.transition_scores(model)
        return {} if scores is None else {"transitions": evaluation.plots.transitions_figure(scores, encoder.tags)}

    def read_file(self, path: Path, file_format: FileFormat) -> list[TaggedSentence]:
        return read_entities(path, file_format)

    def format_prediction(
        self, example: TaggedSentence, prediction: TagsPrediction, config: TaggingPredictConfig
    ) -> str:
        columns = super().format_prediction(example, prediction, config)
        return columns if config.conllu else f"{bracketed(example.words, prediction.tags)}\n{columns}"

    def to_conllu(self, lines: Sequence[str], tags: Sequence[str]) -> str:
        return fill_conllu(lines, MISC_COLUMN, tags, merge_misc("NER"))


def normalize_mentions(words: Sequence[str], tags: Sequence[str]) -> tuple[str, ...]:
    """Tag a lone @ like the name after it, as all but one section of the Broad Twitter Corpus do.

    ["@", "ann", "sings"], ["O", "B-PER", "O"]  ->  ("B-PER", "B-PER", "O")
    """
    rows = zip(words, tags, (*tags[1:], "O"), strict=False)
    return tuple(after if word == "@" and tag == "O" and after.startswith("B-") else tag for word, tag, after in rows)


def is_valid_transition(before: str, tag: str) -> bool:
    """Return whether IOB2 allows `tag` after `before`: I-X continues a B-X or an I-X, and nothing else."""
    return not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag)


TASK = Ner()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
