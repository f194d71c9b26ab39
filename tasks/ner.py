"""Who, where and what organisation? Many to many, in step, on the Broad Twitter Corpus (Derczynski et al. 2016).

python train.py ner
python train.py ner --head softmax
python train.py ner --dataset conll2003
python train.py ner --train-file train.conll --test-file test.conll
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import models
from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_tagged_sentences, synthetic_examples
from schema.configs import DecodingConfig, EmaDecay, Positive, Range, Rate, TrainingConfig
from schema.examples import TaggedSentence
from schema.predictions import Predictor, TagsPrediction
from schema.records import PublishedResult
from schema.scores import Scores
from tasks.tagging import Head, SequenceTagging, TaggingConfig
from tasks.task import Encoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class NerConfig(TaggingConfig):
    """Train a recurrent network to find the names of persons, places and organisations."""

    min_epochs = 8

    units: Annotated[int, Range(1, 4096)] = 64
    """Units of each recurrent layer and direction."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Size of a batch, in words, padding included; small ones score better here."""
    ema_decay: EmaDecay = 0.99
    """EmaDecay of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""
    vector_size: Annotated[int, Range(1, 4096)] = 200
    """Size of the vectors learnt from other texts."""
    word_dropout: Rate = 0.4
    """Rate of the words that are replaced by unknown in training; their vectors, characters and forms stay."""
    orthographic_dropout: Rate = 0.5
    """Rate of the features of forms that are dropped in training."""
    word_vectors: bool = True
    """Give each word a vector beside, learnt from film reviews (IMDB) that nobody has tagged; it is not trained."""
    normalize_mentions: bool = True
    """In train, tag the @ of a mention as its name is tagged: a part of the Broad Twitter Corpus leaves it out."""
    patience: Positive = 5
    """Epochs without a better validation score after which training ends."""
    rare_word_dropout: Rate = 0.9
    """Rate of the words seen only once in train that are replaced by unknown in training."""
    head: Head = "crf"
    """How tags are chosen: each by itself (softmax), or the best sequence of a linear-chain CRF."""


class Ner(SequenceTagging):
    """Entities as IOB2 tags: B-PER begins a person, I-PER goes on with it, O is no entity."""

    name = "ner"
    summary = "which words name persons, places and organisations?"
    primary_metric = "entity_f1"
    datasets = ("broad_twitter_corpus", "conll2003", SYNTHETIC)
    config_class = NerConfig
    tokenizer = "tweets"
    published_results = {
        "broad_twitter_corpus": (
            PublishedResult(
                "feature CRF: affixes, shapes, two words to each side",
                {"entity_f1": 0.687, "entity_f1_merged": 0.614, "entity_f1_without_mentions": 0.511},
                "tuned and measured apart from this program, on the same data",
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

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[TaggedSentence]:
        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.entities)
        official = load_tagged_sentences(dataset)
        assert isinstance(config, NerConfig)
        if dataset != "broad_twitter_corpus" or not config.normalize_mentions:
            return official
        train = [replace(example, tags=normalize_mentions(example.words, example.tags)) for example in official.train]
        return replace(official, source=f"{official.source}:whole mentions", train=train)

    def entities(self, train: Sequence[TaggedSentence]) -> Sequence[str]:
        from evaluation.entity_spans import entity_spans, entity_texts

        found = entity_spans([example.tags for example in train])
        return [
            name for example, these in zip(train, found, strict=True) for name in entity_texts(example.words, these)
        ]

    def allowed_transitions(self, tags: Sequence[str]) -> list[list[bool]]:
        return [[is_valid_transition(before, tag) for tag in tags] for before in (*tags, "O")]

    def score(
        self, encoder: Encoder[TaggedSentence], examples: Sequence[TaggedSentence], answers: Sequence[TagsPrediction]
    ) -> Scores:
        from data.encoders.sentence import SentenceEncoder
        from evaluation.tagging_scores import entity_scores

        known = cast(SentenceEncoder, encoder)
        return entity_scores(examples, answers, known.tags, known.seen_entities)

    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        from evaluation.entity_spans import entity_spans

        real, found = entity_spans([example.tags, tags])
        return 2 * len(real & found) / (len(real) + len(found)) if real or found else 1.0

    def fit_baselines(self, train: Sequence[TaggedSentence]) -> Mapping[str, Predictor[TaggedSentence, TagsPrediction]]:
        from evaluation.tagging_baselines import EntityDictionary

        return {**super().fit_baselines(train), "entity_dictionary": EntityDictionary.fit(train)}

    def draw(
        self, model: "keras.Model", encoder: Encoder[TaggedSentence], examples: Sequence[TaggedSentence]
    ) -> "Mapping[str, Figure]":
        from data.encoders.sentence import SentenceEncoder
        from evaluation.plots import transitions_figure

        scores = models.transitions(model)
        return (
            {} if scores is None else {"transitions": transitions_figure(scores, cast(SentenceEncoder, encoder).tags)}
        )

    def read_file(self, path: Path) -> list[TaggedSentence]:
        from data.readers.conll import read_entities

        return read_entities(path)

    def format_prediction(self, example: TaggedSentence, answer: TagsPrediction, config: DecodingConfig) -> str:
        from evaluation.entity_spans import bracketed

        columns = super().format_prediction(example, answer, config)
        return columns if config.conllu else f"{bracketed(example.words, answer.tags)}\n{columns}"

    def as_conllu(self, words: Sequence[str], tags: Sequence[str]) -> str:
        from data.readers.conll import as_conllu

        return as_conllu(words, misc=[f"NER={tag}" for tag in tags])


def normalize_mentions(words: Sequence[str], tags: Sequence[str]) -> tuple[str, ...]:
    """Tags in which a lone @ is tagged as the name after it, as in all but one section of the Broad Twitter Corpus.

    ["@", "ann", "sings"], ["O", "B-PER", "O"]  ->  ("B-PER", "B-PER", "O")
    """
    rows = zip(words, tags, (*tags[1:], "O"), strict=False)
    return tuple(after if word == "@" and tag == "O" and after.startswith("B-") else tag for word, tag, after in rows)


def is_valid_transition(before: str, tag: str) -> bool:
    """Whether IOB2 allows `tag` after `before`: I-X continues a B-X or an I-X, and nothing else."""
    return not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag)


TASK = Ner()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
