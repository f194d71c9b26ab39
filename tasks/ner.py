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

from data import small_world
from data.sources import SMALL_WORLD, Official, load_tagged_sentences, small_world_examples
from schema.answers import TagsAnswer
from schema.configs import AnswerConfig, Momentum, Positive, Range, Share, TrainingConfig
from schema.examples import TaggedSentence
from schema.records import Quoted
from schema.scores import Scores
from tasks.tagging import Answerer, Head, SentenceTagging, TaggingConfig
from tasks.task import Encoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class NerConfig(TaggingConfig):
    """Train a recurrent network to find the names of persons, places and organisations."""

    units: Annotated[int, Range(1, 4096)] = 64
    """Units of each recurrent layer and direction."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Size of a batch, in words, padding included; small ones score better here."""
    averaging: Momentum = 0.99
    """Momentum of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""
    vector_size: Annotated[int, Range(1, 4096)] = 200
    """Size of the vectors learnt from other texts."""
    word_dropout: Share = 0.4
    """Share of the words that are replaced by unknown in training; their vectors, characters and forms stay."""
    form_dropout: Share = 0.5
    """Share of the features of forms that are dropped in training."""
    word_vectors: bool = True
    """Give each word a vector beside, learnt from film reviews (IMDB) that nobody has tagged; it is not trained."""
    whole_mentions: bool = True
    """In train, tag the @ of a mention as its name is tagged: a part of the Broad Twitter Corpus leaves it out."""
    patience: Positive = 5
    """Epochs without a better validation score after which training ends."""
    rare_word_dropout: Share = 0.9
    """Share of the words seen only once in train that are replaced by unknown in training."""
    head: Head = "crf"
    """How tags are chosen: each by itself (softmax), or the best sequence of a linear-chain CRF."""


class Ner(SentenceTagging):
    """Entities as IOB2 tags: B-PER begins a person, I-PER goes on with it, O is no entity."""

    name = "ner"
    summary = "which words name persons, places and organisations?"
    headline = "entity_f1"
    least_epochs = 8
    datasets = ("broad_twitter_corpus", "conll2003", SMALL_WORLD)
    Config = NerConfig
    tokenizer = "tweets"
    quoted = {
        "broad_twitter_corpus": (
            Quoted(
                "feature CRF: affixes, shapes, two words to each side",
                {"entity_f1": 0.687, "entity_f1_merged": 0.614, "entity_f1_without_mentions": 0.511},
                "tuned and measured apart from this program, on the same data",
            ),
        ),
        "conll2003": (
            Quoted(
                "LSTM-CRF with characters, without pretrained vectors",
                {"entity_f1": 0.836},
                "Lample et al. 2016, table 5",
            ),
        ),
    }

    def load(self, dataset: str, config: TrainingConfig) -> Official[TaggedSentence]:
        if dataset == SMALL_WORLD:
            return small_world_examples(small_world.entities)
        official = load_tagged_sentences(dataset)
        assert isinstance(config, NerConfig)
        if dataset != "broad_twitter_corpus" or not config.whole_mentions:
            return official
        train = [replace(example, tags=whole_mentions(example.words, example.tags)) for example in official.train]
        return replace(official, source=f"{official.source}:whole mentions", train=train)

    def entities(self, train: Sequence[TaggedSentence]) -> Sequence[str]:
        from evaluation.entities import named, spans

        found = spans([example.tags for example in train])
        return [name for example, these in zip(train, found, strict=True) for name in named(example.words, these)]

    def allowed(self, tags: Sequence[str]) -> list[list[bool]]:
        return [[may_follow(before, tag) for tag in tags] for before in (*tags, "O")]

    def score(
        self, encoder: Encoder[TaggedSentence], examples: Sequence[TaggedSentence], answers: Sequence[TagsAnswer]
    ) -> Scores:
        from data.sentence_encoder import SentenceEncoder
        from evaluation.entities import entity_scores

        known = cast(SentenceEncoder, encoder)
        return entity_scores(examples, answers, known.tags, known.seen_entities)

    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        from evaluation.entities import spans

        real, found = spans([example.tags, tags])
        return 2 * len(real & found) / (len(real) + len(found)) if real or found else 1.0

    def fit_baselines(self, train: Sequence[TaggedSentence]) -> Mapping[str, Answerer]:
        from evaluation.tagging_baselines import EntityDictionary

        return {**super().fit_baselines(train), "longest_match": EntityDictionary.fit(train).answer}

    def draw(
        self, model: "keras.Model", encoder: Encoder[TaggedSentence], examples: Sequence[TaggedSentence]
    ) -> "Mapping[str, Figure]":
        from data.sentence_encoder import SentenceEncoder
        from evaluation.plots import transitions_figure
        from models.tagger import transitions

        scores = transitions(model)
        return (
            {} if scores is None else {"transitions": transitions_figure(scores, cast(SentenceEncoder, encoder).tags)}
        )

    def read_file(self, path: Path) -> list[TaggedSentence]:
        from data.conll import read_entities

        return read_entities(path)

    def render(self, example: TaggedSentence, answer: TagsAnswer, config: AnswerConfig) -> str:
        from evaluation.entities import marked

        columns = super().render(example, answer, config)
        return columns if config.conllu else f"{marked(example.words, answer.tags)}\n{columns}"

    def as_conllu(self, words: Sequence[str], tags: Sequence[str]) -> str:
        from data.conll import as_conllu

        return as_conllu(words, misc=[f"NER={tag}" for tag in tags])


def whole_mentions(words: Sequence[str], tags: Sequence[str]) -> tuple[str, ...]:
    """Tags in which a lone @ is tagged as the name after it, as in all but one section of the Broad Twitter Corpus.

    ["@", "ann", "sings"], ["O", "B-PER", "O"]  ->  ("B-PER", "B-PER", "O")
    """
    rows = zip(words, tags, (*tags[1:], "O"), strict=False)
    return tuple(after if word == "@" and tag == "O" and after.startswith("B-") else tag for word, tag, after in rows)


def may_follow(before: str, tag: str) -> bool:
    """Whether IOB2 allows `tag` after `before`: I-X continues a B-X or an I-X, and nothing else."""
    return not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag)


TASK = Ner()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
